"""Log lines at Loki: each arrives once, by the rules of the push API. test_loki_trouble.py has what Loki may do besides taking them."""
import json
import os
import pathlib
import re
import socket
import time

import pytest

from harness.certificates import Authority
from harness.loki import NEVER
from harness.loki_scene import LokiScene, ask, metric, sentences
from harness.metrics import Metrics
from harness.upgrades import Lineage
from harness.waiting import eventually
from harness.wire import Wire, head

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def scene(stage):
    scene = LokiScene(stage)
    yield scene
    scene.demand_no_faults()


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


def test_the_end_pushes_what_waits(scene):
    for _ in range(5):
        loki = scene.loki()
        daemon = scene.gate(loki)
        ask(daemon, 50)
        began = time.monotonic()
        daemon.stop()
        if time.monotonic() - began < 1.5:
            break  # else something was held up, and the farewell of 2 s may have been too short
    loki.wait_for_access(50, within=0)
    assert any("stopped (pid" in line for line in loki.lines(stream="daemon"))


def test_a_reload_of_the_same_settings_disturbs_nothing_and_other_labels_count_at_once(scene):
    loki = scene.loki(labels=["site"])
    loki.answer(NEVER)
    daemon = scene.gate(loki)
    ask(daemon, 2)
    loki.wait_for_attempts(1)
    for _ in range(3):
        assert daemon.control.post("/v1/reload").ok
    assert (loki.connections, len(loki.attempts)) == (1, 1), "the push goes on"
    loki.answer(204)
    daemon.write_config(scene.config(loki, labels={"site": "berlin"}))
    assert daemon.control.post("/v1/reload").ok
    loki.wait_for_access(2)
    assert metric(daemon, "push_failures_total") == 0, "the push that hangs was given up, not waited for"
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


@pytest.mark.usefixtures("reaper")
def test_an_upgrade_loses_no_line(scene):
    for _ in range(5):
        loki = scene.loki()
        daemon = scene.gate(loki)
        lineage = Lineage(daemon)
        ask(daemon, 20, "/before")
        loki.is_ordered = False  # two daemons push to one stream for a while
        began = time.monotonic()
        lineage.demand_upgrade()
        ask(daemon, 20, "/after")
        lineage.wait_until_alone()
        lineage.stop()
        if time.monotonic() - began < 1.5:
            break  # else something was held up, and the 2 s of a farewell may have been too short
    paths = [line["path"] for line in loki.wait_for_access(40)]
    assert (paths.count("/before"), paths.count("/after")) == (20, 20)


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


@pytest.mark.usefixtures("reaper")
def test_daemons_that_follow_one_another_inherit_no_descriptor_that_they_do_not_know(scene):
    loki = scene.loki()
    loki.is_ordered = False
    lineage = Lineage(scene.gate(loki))
    counts = []
    for turn in range(3):
        pid = lineage.demand_upgrade()
        lineage.wait_until_alone()
        eventually(lambda: metric(lineage.daemon, "pushed_lines_total") > 0, what="a push")
        counts.append(len([fd for fd in os.listdir(f"/proc/{pid}/fd") if is_pair(pid, fd)]))
    lineage.stop()
    assert counts[0] == counts[1] == counts[2], counts


def is_pair(pid, fd):
    """Whether it is a socket that has no address: one of a pair, as libcurl has one to be woken by."""
    try:
        inode = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
    except FileNotFoundError:
        return False
    rows = [row.split() for row in open(f"/proc/{pid}/net/unix").readlines()[1:]]
    return bool(inode) and any(row[6] == inode.group(1) and len(row) == 7 for row in rows)


def is_stream_to(pid, fd, loki):
    try:
        inode = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
    except FileNotFoundError:
        return False  # it was open for a moment
    rows = [row.split() for row in open(f"/proc/{pid}/net/tcp").readlines()[1:]]
    return bool(inode) and any(
        row[9] == inode.group(1) and int(row[2].split(":")[1], 16) == loki.port.number for row in rows
    )


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
    assert "HOSTNAME" not in text, "systemd sets none"
    daemon = stage.daemon(text, start=False)
    text += f"control: {{socket: {daemon.socket_path}, state: {daemon.state_folder}}}\n"
    daemon.config = text
    daemon.start()
    ask(daemon, 3)
    loki.wait_for_access(3)
    pushed = next(entry for entry in loki.entries if entry.labels["stream"] == "access")
    assert pushed.labels["proxy"] == socket.gethostname()
    alloy = (EXAMPLE / "config.alloy").read_text()
    target = set(re.findall(r'"([a-z]+)"\s*=', re.search(r"path_targets = \[\{(.*?)\}\]", alloy, re.S).group(1)))
    assert target | names_in(alloy, "labels") == pushed.labels.keys()
    assert names_in(alloy, "structured_metadata") == {"request_id", "trace_id"}


def names_in(alloy, stage):
    return set(re.findall(r'(\w+) = ""', re.search(rf"stage\.{stage} \{{(.*?\}})\s*\}}", alloy, re.S).group(1)))
