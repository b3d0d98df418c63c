"""Whatever Loki does, traffic does not feel it, what is lost is counted, and it is said plainly."""
import re
import threading
import time

import pytest

from harness.events import Events
from harness.loki import DRIPS, ENDLESS, GARBAGE, NEVER, TAKEN
from harness.loki_scene import LokiScene, ask, metric, sentences
from harness.metrics import Metrics
from harness.waiting import eventually
from harness.wire import Wire, head


@pytest.fixture
def scene(stage):
    scene = LokiScene(stage)
    yield scene
    scene.demand_no_faults()


@pytest.mark.parametrize("trouble", [429, 500, 503, GARBAGE, "down"])
def test_lines_wait_for_a_loki_in_trouble_which_is_told_once(scene, trouble):
    loki = scene.loki()
    daemon = scene.gate(loki)
    ask(daemon, 1)
    loki.wait_for_access(1)
    with Events(daemon) as events:
        loki.down() if trouble == "down" else loki.answer(trouble, "no room\nat all")
        ask(daemon, 10)
        assert "which wait" in events.until("event", lambda event: event["event"] == "loki.failing")["message"]
        eventually(lambda: metric(daemon, "push_failures_total") >= 3, what="three pushes that failed")
        ask(daemon, 10)
        assert len(loki.access()) == 1 and metric(daemon, "queue_bytes") > 0
        loki.up() if trouble == "down" else loki.answer(204)
        loki.wait_for_access(21, within=40)
        assert "again; 0 were dropped" in events.until("event", lambda event: event["event"] == "loki.works")["message"]
    assert len(sentences(daemon, "takes no log lines, which wait")) == 1
    if trouble in (429, 500, 503):
        assert sentences(daemon, "takes no log lines")[0].endswith(f"{trouble}: no room")
    assert len(sentences(daemon, "takes log lines again")) == 1
    assert metric(daemon, "dropped_lines_total") == 0
    eventually(lambda: metric(daemon, "queue_bytes") == 0, what="an empty queue")


def test_a_retry_after_is_obeyed(scene):
    loki = scene.loki()
    daemon = scene.gate(loki)
    loki.wait_for_attempts(1)
    loki.answer(429, "slow down", Retry_After=3)
    ask(daemon, 5)
    loki.wait_for_attempts(2)
    loki.answer(204)
    loki.wait_for_access(5)
    assert loki.attempts[2] - loki.attempts[1] >= 3


def test_what_loki_refuses_is_dropped_counted_and_told_once(scene):
    loki = scene.loki()
    daemon = scene.gate(loki)
    ask(daemon, 1)
    loki.wait_for_access(1)
    loki.answer(400, "entry too far behind")
    with Events(daemon) as events:
        ask(daemon, 10)
        eventually(lambda: metric(daemon, "dropped_lines_total", reason="refused") >= 10, what="ten lines refused")
        assert "400: entry too far behind" in events.until("event", lambda event: event["event"] == "loki.refusing")["message"]
        ask(daemon, 1)
        eventually(lambda: metric(daemon, "dropped_lines_total", reason="refused") >= 12, what="one more, and the sentence")
        refused = metric(daemon, "dropped_lines_total")
        loki.answer(204)
        ask(daemon, 2)
        loki.wait_for_access(3)
        assert f"again; {refused:.0f} were dropped" in events.until("event", lambda e: e["event"] == "loki.works")["message"]
    assert len(sentences(daemon, "refuses log lines, which are dropped: 400: entry too far behind")) == 1


@pytest.mark.parametrize("wrong", ["tenant", "token", "password"])
def test_a_wrong_tenant_or_secret_is_said_plainly_and_mended_by_a_reload(scene, stage, wrong):
    secret = stage.folder / "secret"
    secret.write_text("wrong\n")
    right = {
        "tenant": {"tenant": "b"},
        "token": {"authorization": "Bearer right"},
        "password": {"authorization": "Basic Z2F0ZTpyaWdodA=="},
    }[wrong]
    given = {
        "tenant": {"tenant": "a"},
        "token": {"token_file": str(secret)},
        "password": {"username": "gate", "password_file": str(secret)},
    }[wrong]
    loki = scene.loki(**right)
    daemon = scene.gate(loki, **given)
    eventually(lambda: sentences(daemon, "401, is it the right tenant, name, password or token?"), what="the sentence")
    secret.write_text("right\n")
    daemon.write_config(scene.config(loki, **(given | ({"tenant": "b"} if wrong == "tenant" else {}))))
    assert daemon.control.post("/v1/reload").ok
    ask(daemon, 3)
    loki.wait_for_access(3)
    assert "wrong" not in daemon.output() and "right\n" not in daemon.output()


def test_lines_that_wait_are_bounded_the_oldest_go_and_all_are_accounted_for(scene, is_sanitized):
    loki = scene.loki()
    daemon = scene.gate(loki, access="off", queue="1MiB")
    ask(daemon, 1)
    loki.wait_for_access(1)
    loki.answer(NEVER)
    before = daemon.resident_bytes()
    count, long = 3000, "/" + "x" * 3000  # 9 MiB of lines
    ask(daemon, count, long)
    eventually(lambda: metric(daemon, "dropped_lines_total", reason="queue_full") > 1000, what="a queue that overflows")
    assert metric(daemon, "queue_bytes") < 3.5 * 2**20  # a batch besides
    if not is_sanitized:
        # The ring is written once round (4 MiB a worker), then come the queue and the batch.
        assert daemon.resident_bytes() - before < 24 * 2**20
    loki.answer(204)
    ask(daemon, 1, "/newest")
    eventually(lambda: any(line["path"] == "/newest" for line in loki.access()), within=40, what="the newest line")

    def settled():
        metrics = Metrics.of(daemon)
        pushed = metrics.sum("tealgate_loki_pushed_lines_total")
        return pushed == len(loki.entries) and metrics.sum("tealgate_loki_queue_bytes") == 0 and metrics

    metrics = eventually(settled, what="all pushed")
    told = len(loki.lines(stream="daemon"))
    assert metrics.sum("tealgate_loki_dropped_lines_total") + len(loki.access()) + told >= count + 2
    assert len(loki.access()) < count and metrics.sum("tealgate_log_dropped_total") == 0
    lost = count + 2 - len(loki.access())
    assert 0 <= metrics.sum("tealgate_loki_dropped_lines_total") - lost <= 3, "but for what the daemon itself said"


def test_traffic_does_not_feel_a_loki_that_never_answers_nor_does_the_control_loop(scene):
    loki = scene.loki()
    loki.answer(NEVER)
    daemon = scene.gate(loki)
    loki.wait_for_attempts(1)
    slowest = 0
    with Wire(daemon.port) as wire:
        for _ in range(300):
            began = time.monotonic()
            assert wire.exchange(head("GET", "/")).status == 200
            slowest = max(slowest, time.monotonic() - began)
    began = time.monotonic()
    assert daemon.control.switch("green").ok and daemon.control.post("/v1/reload").ok
    assert slowest < 9 and time.monotonic() - began < 9, "less than one push waits"
    began = time.monotonic()
    daemon.stop()
    assert 1.5 < time.monotonic() - began < 8, "the farewell of 2 s, less than one push waits"
    assert sentences(daemon, "log lines did not get to Loki before the end")


LONG = "/" + "x" * 12_000


def test_a_batch_that_loki_never_takes_gives_way_where_there_is_no_room(scene):
    loki = scene.loki()
    daemon = scene.gate(loki, access="off", queue="1MiB")
    ask(daemon, 1)
    loki.wait_for_access(1)
    loki.answer(lambda entries: 500 if any("/poison" in entry.line for entry in entries) else 204)
    with Events(daemon, "?figures=0") as events:
        ask(daemon, 1, "/poison")
        events.until("event", lambda event: event["event"] == "loki.failing")
        ask(daemon, 150, LONG)
    ask(daemon, 1, "/newest")
    eventually(lambda: any(line["path"] == "/newest" for line in loki.access()), within=30, what="the newest line")
    assert not any(line["path"] == "/poison" for line in loki.access())
    eventually(lambda: metric(daemon, "pushed_lines_total") == len(loki.entries), what="the count of lines")
    lost = 153 - len(loki.access())
    assert lost > 1 and 0 <= metric(daemon, "dropped_lines_total", reason="queue_full") - lost <= 2, "and what the daemon said"


def test_lines_that_come_faster_than_loki_takes_them_are_told(scene):
    loki = scene.loki()
    daemon = scene.gate(loki, access="off", queue="1MiB")
    ask(daemon, 1)
    loki.wait_for_access(1)
    may_take = threading.Event()
    loki.answer(lambda entries: may_take.wait(9) and 204)
    with Events(daemon, "?figures=0", timeout=30) as events:
        ask(daemon, 400, LONG)  # 4.8 MB of lines
        eventually(lambda: metric(daemon, "dropped_lines_total", reason="queue_full") > 0, what="a queue that overflows")
        may_take.set()
        eventually(lambda: sentences(daemon, "not room for all that waited"), what="the sentence")
        said = events.until("event", lambda event: event["event"] == "loki.lagging")
    assert said["level"] == "warning"
    told = int(re.search(r"not room for all that waited; (\d+) were dropped", said["message"]).group(1))
    assert 0 < told <= metric(daemon, "dropped_lines_total", reason="queue_full"), "more may have gone since"
    assert len(sentences(daemon, "not room for all that waited")) == 1
    assert not sentences(daemon, "which wait")


@pytest.mark.parametrize("status, body", [(200, ENDLESS), (400, ENDLESS), (400, DRIPS)])
def test_an_answer_without_end_is_as_good_as_its_status(scene, status, body):
    loki = scene.loki()
    daemon = scene.gate(loki)
    ask(daemon, 1)
    loki.wait_for_access(1)
    stored = len(loki.entries)
    loki.answer(status, body)
    ask(daemon, 5)
    counter, labels = ("pushed", {}) if status == 200 else ("dropped", {"reason": "refused"})
    before = 5 if status == 400 else stored + 5
    eventually(lambda: metric(daemon, f"{counter}_lines_total", **labels) >= before, within=30, what="lines that are done with")
    assert metric(daemon, "push_failures_total") == 0


def test_an_answer_of_odd_bytes_is_told_as_text(scene):
    loki = scene.loki()
    daemon = scene.gate(loki)
    loki.wait_for_attempts(1)
    loki.answer(500, b"\xff\xfe\x1b[31m\x00" + "ü".encode() * 200)
    with Events(daemon, "?figures=0") as events:
        ask(daemon, 1)
        message = events.until("event", lambda event: event["event"] == "loki.failing")["message"]
    assert ": 500: \ufffd\ufffd" in message and len(message) < 400
    said = sentences(daemon, "takes no log lines")[0]
    assert "\\x1b[31m\\x00" in said
    loki.answer(204)
    loki.wait_for_access(1)
    eventually(lambda: any("\\x1b[31m" in line for line in loki.lines(stream="daemon")), what="the sentence at Loki")


@pytest.mark.parametrize("status, hint", [(301, "is it the right url?"), (404, "is it the right url?"), (413, "less than a batch")])
def test_an_answer_that_hints_at_a_mistake_is_told_with_it(scene, status, hint):
    loki = scene.loki()
    loki.answer(status, Location="http://127.0.0.1:9/")
    daemon = scene.gate(loki)
    said = eventually(lambda: sentences(daemon, f"refuses log lines, which are dropped: {status}"), what="the sentence")
    assert hint in said[0]


def test_settings_that_change_while_a_push_hangs_double_no_line(scene):
    loki = scene.loki()
    daemon = scene.gate(loki)
    ask(daemon, 1)
    loki.wait_for_access(1)
    loki.answer(TAKEN)
    ask(daemon, 5)
    loki.wait_for_access(6)
    pushed = metric(daemon, "pushed_lines_total")
    loki.answer(204)
    scene.reload(daemon, scene.config(loki, queue="2MiB"))
    eventually(lambda: metric(daemon, "pushed_lines_total") >= pushed + 5, what="the same lines, pushed again")
    loki.wait_for_access(6)


def turn_off_and_on(scene):
    """A daemon and its Loki, after two reloads while five lines waited; and how long it had no Loki, at most."""
    loki = scene.loki()
    daemon = scene.gate(loki)
    ask(daemon, 1)
    loki.wait_for_access(1)
    attempts = len(loki.attempts)
    loki.answer(NEVER)
    ask(daemon, 5)
    eventually(lambda: metric(daemon, "queue_bytes") > 0, what="lines that wait")
    with_loki = scene.config(loki)
    without = scene.config(loki)
    del without["logs"]["loki"]
    began = time.monotonic()
    scene.reload(daemon, without)
    eventually(lambda: len(loki.attempts) > attempts or time.monotonic() - began > 2.5, what="the farewell")
    scene.reload(daemon, with_loki)
    return daemon, loki, time.monotonic() - began


def test_what_waits_outlives_a_reload_that_turns_loki_off_and_one_that_turns_it_on_again(scene):
    for _ in range(5):
        daemon, loki, took = turn_off_and_on(scene)
        if took < 1.5:
            break  # else something was held up, and the farewell of 2 s may have been over
    assert took < 1.5, "five times"
    loki.answer(204)
    loki.wait_for_access(6)
    assert metric(daemon, "dropped_lines_total") == 0
