"""Log lines at Loki: each arrives once, by the rules of the push API; and whatever Loki does, traffic does not feel it."""
import gzip
import http.client
import json
import os
import pathlib
import re
import time

import pytest

from harness.behaviours import Named
from harness.certificates import Authority
from harness.daemon import shop
from harness.events import Events
from harness.loki import GARBAGE, NEVER, Loki
from harness.metrics import Metrics
from harness.upgrades import Lineage, set_reaper
from harness.waiting import eventually
from harness.wire import Wire, head

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def scene(stage):
    """Two pools; loki() makes a stand-in, gate(loki, …) a daemon that pushes to it."""

    class Scene:
        pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
        lokis = []

        @staticmethod
        def loki(**settings):
            Scene.lokis.append(stage.also_close(Loki(**settings)))
            return Scene.lokis[-1]

        @staticmethod
        def config(loki, access=None, **settings):
            config = shop(Scene.pools)
            config["logs"] = {"access": access or str(stage.folder / "access.log"), "loki": {"url": loki.url, **settings}}
            return config

        @staticmethod
        def gate(loki, **settings):
            daemon = stage.daemon(Scene.config(loki, **settings))
            daemon.access_log_path = stage.folder / "access.log"
            return daemon

    yield Scene
    for loki in Scene.lokis:
        assert not loki.faults, loki.faults[:5]


def ask(daemon, count, path="/", *fields):
    with Wire(daemon.port) as wire:
        for _ in range(count):
            assert wire.exchange(head("GET", path, *fields)).status == 200


def metric(daemon, name, **labels):
    return Metrics.of(daemon).sum(f"tealgate_loki_{name}", **labels)


def sentences(daemon, words):
    return [line for line in daemon.output().splitlines() if words in line]


def test_each_line_arrives_once_with_its_labels_time_and_metadata(scene):
    loki = scene.loki(tenant="shop-1", labels=["site"])
    daemon = scene.gate(loki, tenant="shop-1", labels={"site": "berlin"})
    ask(daemon, 20, "/blue", "User-Agent: \"quoted\"\t\\ ü")
    assert daemon.control.switch("green").ok
    ask(daemon, 10, "/green", f"traceparent: 00-{TRACE}-00f067aa0ba902b7-01", "X-Request-Id: one")
    with Wire(daemon.port) as wire:
        assert wire.exchange(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status == 400
    loki.wait_for_access(31)
    eventually(lambda: len(daemon.access_log()) == 31, what="31 lines in the file")
    assert sorted(loki.lines(stream="access")) == sorted(daemon.access_log_path.read_text().splitlines())
    for entry in loki.entries:
        assert entry.labels["site"] == "berlin"
        if entry.labels["stream"] == "daemon":
            continue
        line = json.loads(entry.line)
        assert {name: entry.labels.get(name) for name in ("service", "pool")} == {
            name: line.get(name) for name in ("service", "pool")
        }
        assert entry.metadata == {name: line[name] for name in ("request_id", "trace_id") if name in line}
        seconds = line["ts"][17:23]
        assert abs(entry.time / 1e9 % 60 - float(seconds)) < 0.01
    assert len(loki.lines(pool="blue")) == 20 and len(loki.lines(pool="green")) == 10
    assert {line.get("trace_id") for line in map(json.loads, loki.lines(pool="green"))} == {TRACE}
    assert not any("trace_id" in json.loads(line) for line in loki.lines(pool="blue"))
    eventually(lambda: any("serves on" in line for line in loki.lines(stream="daemon")), what="the daemon's own log")
    eventually(lambda: metric(daemon, "pushed_lines_total") == len(loki.entries), what="the count of lines")
    assert abs(metric(daemon, "last_push_timestamp_seconds") - time.time()) < 60
    assert loki.connections == 1, "the connection is kept"


def test_lines_are_pushed_where_the_access_log_is_off_and_reload_turns_it_on_and_off(scene, stage):
    loki = scene.loki()
    daemon = scene.gate(loki, access="off")
    ask(daemon, 5)
    loki.wait_for_access(5)
    assert not daemon.access_log_path.exists()
    config = scene.config(loki, access="off")
    del config["logs"]["loki"]
    daemon.write_config(config)
    ask(daemon, 3)
    eventually(lambda: metric(daemon, "queue_bytes") > 0 or len(loki.access()) == 8, what="lines that wait")
    assert daemon.control.post("/v1/reload").ok
    loki.wait_for_access(8)  # what waited is not lost
    ask(daemon, 4)
    assert not Metrics.of(daemon).series("tealgate_loki_pushed_lines_total")
    daemon.write_config(scene.config(loki, access="off"))
    assert daemon.control.post("/v1/reload").ok
    ask(daemon, 2)
    loki.wait_for_access(10)


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
    assert slowest < 2 and time.monotonic() - began < 8, "less than one push waits"
    began = time.monotonic()
    daemon.stop()
    assert 1.5 < time.monotonic() - began < 6
    assert sentences(daemon, "log lines did not get to Loki before the end")


def test_the_end_pushes_what_waits(scene):
    loki = scene.loki()
    daemon = scene.gate(loki)
    ask(daemon, 50)
    daemon.stop()
    loki.wait_for_access(50, within=0)
    assert any("stopped (pid" in line for line in loki.lines(stream="daemon"))


def test_a_reload_of_the_same_settings_disturbs_nothing_and_other_labels_count_at_once(scene):
    loki = scene.loki(labels=["site"])
    daemon = scene.gate(loki)
    loki.answer(NEVER)
    ask(daemon, 2)
    loki.wait_for_attempts(1)
    for _ in range(3):
        assert daemon.control.post("/v1/reload").ok
    assert (loki.connections, len(loki.attempts)) == (1, 1), "the push goes on"
    loki.answer(204)
    daemon.write_config(scene.config(loki, labels={"site": "berlin"}))
    assert daemon.control.post("/v1/reload").ok
    loki.wait_for_access(2, within=5)  # the push that hangs was given up
    assert all(entry.labels["site"] == "berlin" for entry in loki.entries)


def test_https_with_an_authority_of_ones_own(scene, stage):
    authority = Authority(stage.folder / "ca")
    stranger = Authority(stage.folder / "stranger", "A stranger")
    certificate = authority.issue("loki", "IP:127.0.0.1")
    loki = scene.loki(context=authority.server_context(certificate))
    daemon = scene.gate(loki, ca=str(stranger.cert))
    eventually(lambda: sentences(daemon, "certificate"), what="a certificate that is not believed")
    assert not loki.attempts
    daemon.write_config(scene.config(loki, ca=str(authority.cert)))
    assert daemon.control.post("/v1/reload").ok
    ask(daemon, 5)
    loki.wait_for_access(5)


def test_an_upgrade_loses_no_line(scene):
    set_reaper(True)
    try:
        loki = scene.loki()
        daemon = scene.gate(loki)
        lineage = Lineage(daemon)
        ask(daemon, 20, "/before")
        loki.is_ordered = False  # two daemons push to one stream for a while
        lineage.demand_upgrade()
        ask(daemon, 20, "/after")
        lineage.wait_until_alone()
        lineage.stop()
        paths = [line["path"] for line in loki.wait_for_access(40)]
        assert (paths.count("/before"), paths.count("/after")) == (20, 20)
    finally:
        set_reaper(False)


def test_no_child_inherits_a_connection_to_loki(scene):
    loki = scene.loki()
    daemon = scene.gate(loki)
    ask(daemon, 1)
    loki.wait_for_access(1)
    sockets = [fd for fd in os.listdir(f"/proc/{daemon.child.pid}/fdinfo") if is_stream_to(daemon.child.pid, fd, loki)]
    assert len(sockets) == 1
    for fd in sockets:
        flags = int(re.search(r"flags:\s+(\d+)", open(f"/proc/{daemon.child.pid}/fdinfo/{fd}").read()).group(1), 8)
        assert flags & os.O_CLOEXEC


def is_stream_to(pid, fd, loki):
    try:
        inode = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
    except FileNotFoundError:
        return False  # it was open for a moment
    rows = [row.split() for row in open(f"/proc/{pid}/net/tcp").readlines()[1:]]
    return bool(inode) and any(
        row[9] == inode.group(1) and int(row[2].split(":")[1], 16) == loki.port.number for row in rows
    )


def push(loki, streams, path="/loki/api/v1/push", pack=gzip.compress, **fields):
    fields = {"Content-Type": "application/json", "Content-Encoding": "gzip", **fields}
    connection = http.client.HTTPConnection("127.0.0.1", loki.port.number, timeout=10)
    connection.request("POST", path, pack(json.dumps({"streams": streams}).encode()), fields)
    answer = connection.getresponse()
    connection.close()
    return answer.status


def stream(*values, **labels):
    return {"stream": {"stream": "access", **labels}, "values": list(values)}


NOW = "1795356131123000000"
WRONG = {
    "path": dict(streams=[stream([NOW, "a"])], path="/loki/push"),
    "type": dict(streams=[stream([NOW, "a"])], **{"Content-Type": "text/plain"}),
    "encoding": dict(streams=[stream([NOW, "a"])], **{"Content-Encoding": "identity"}),
    "nothing": dict(streams=[]),
    "label's name": dict(streams=[stream([NOW, "a"], **{"a-b": "c"})]),
    "label of many values": dict(streams=[stream([NOW, "a"], request_id="c")]),
    "label that is a number": dict(streams=[stream([NOW, "a"], pool=1)]),
    "empty label": dict(streams=[stream([NOW, "a"], pool="")]),
    "stream twice": dict(streams=[stream([NOW, "a"]), stream([NOW, "b"])]),
    "time as a number": dict(streams=[stream([int(NOW), "a"])]),
    "time in milliseconds": dict(streams=[stream([NOW[:13], "a"])]),
    "line that is an object": dict(streams=[stream([NOW, {"a": 1}])]),
    "metadata that is a number": dict(streams=[stream([NOW, "a", {"request_id": 1}])]),
    "order": dict(streams=[stream([NOW, "a"], [NOW[:-1] + "1", "b"], [NOW, "c"])]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_stand_in_notices(stage_without_daemon, wrong):
    loki = stage_without_daemon.also_close(Loki())
    assert push(loki, [stream([NOW, "a", {"request_id": "r"}], service="shop", pool="blue")]) == 204
    assert not loki.faults
    push(loki, **WRONG[wrong])
    assert loki.faults


EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples/loki"


def test_the_example_pushes_and_alloy_is_told_the_same_labels(scene, stage):
    loki = scene.loki(labels=["site", "proxy"])
    text = (EXAMPLE / "tealgate.yaml").read_text()
    for old, new in (
        ("http://loki.example.com:3100", loki.url),
        (":8080", "127.0.0.1:0"),
        ("health: /health", "health: none"),
        (":8081", scene.pools["blue"][0]),
        (":8082", scene.pools["green"][0]),
        ("/var/log/tealgate/access.log", str(stage.folder / "access.log")),
    ):
        assert old in text
        text = text.replace(old, new)
    daemon = stage.daemon(text, start=False)
    text += f"control: {{socket: {daemon.socket_path}, state: {daemon.state_folder}}}\n"
    daemon.config = text
    daemon.start()
    ask(daemon, 3)
    loki.wait_for_access(3)
    pushed = next(entry for entry in loki.entries if entry.labels["stream"] == "access")
    alloy = (EXAMPLE / "config.alloy").read_text()
    target = set(re.findall(r'"([a-z]+)"\s*=', re.search(r"path_targets = \[\{(.*?)\}\]", alloy, re.S).group(1)))
    assert target | names_in(alloy, "labels") == pushed.labels.keys()
    assert names_in(alloy, "structured_metadata") == {"request_id", "trace_id"}


def names_in(alloy, stage):
    return set(re.findall(r'(\w+) = ""', re.search(rf"stage\.{stage} \{{(.*?\}})\s*\}}", alloy, re.S).group(1)))
