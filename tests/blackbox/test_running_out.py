"""No room left: on the disk of the log, on the disk of the state, in the memory of the control group. Traffic goes on, the
operator is told once, and all recovers by itself. test_descriptors.py is about descriptors."""
import json
import pathlib

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.metrics import Metrics
from harness.mounts import Mounts, Seen, may_mount
from harness.upgrades import Lineage
from harness.waiting import eventually
from harness.wire import Wire, head, request

pytestmark = pytest.mark.skipif(not may_mount(), reason="no mount namespaces here")


@pytest.fixture
def pools(stage):
    return {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}


def lines_with(daemon, words):
    return [line for line in daemon.output().splitlines() if words in line]


# The disk of the log


def test_full_disk_of_the_log_costs_lines_and_nothing_else(stage, pools):
    daemon = stage.daemon(shop(pools), start=False)
    folder = daemon.folder / "logs"
    daemon.config["logs"] = {"access": str(folder / "access.log")}
    daemon.supervisor = Mounts()
    daemon.supervisor.small(folder, "256k")
    daemon.start()
    port, disk = daemon.port, Seen(daemon, folder)
    disk.fill()

    def event(name):
        events = map(json.loads, daemon.cli("events", "--json").stdout.splitlines())
        return next((each for each in events if each["event"] == name), None)

    def is_told():
        assert request(port, "/").status == 200
        return lines_with(daemon, "takes nothing, lines are dropped: No space left on device")

    eventually(is_told, what="the word of the full disk")
    eventually(lambda: event("log.failing"), what="the event of the full disk, which the page and top show")
    assert event("log.failing")["level"] == "error" and "No space left on device" in event("log.failing")["message"]
    for _ in range(200):
        assert request(port, "/").status == 200
    eventually(lambda: Metrics.of(daemon).sum("tealgate_log_dropped_total") >= 200, what="200 lines dropped")
    assert daemon.cli("switch", "green").returncode == 0, "nothing else is concerned"
    assert len(is_told()) == 1
    disk.make_room()

    def is_well():
        assert request(port, "/after").status == 200
        return lines_with(daemon, "is written again; ")

    said = eventually(is_well, what="the recovery")
    assert int(said[0].split("is written again; ")[1].split()[0]) >= 200
    eventually(lambda: event("log.works"), what="the event of the recovery")
    text = eventually(lambda: "/after" in (disk.path / "access.log").read_text() and (disk.path / "access.log").read_text())
    for line in text.splitlines():
        json.loads(line)


# The disk of the state


@pytest.fixture
def on_small_disk(stage, pools):
    daemon = stage.daemon(shop(pools), start=False)
    daemon.supervisor = Mounts()
    daemon.supervisor.small(daemon.state_folder, "256k")
    daemon.start()
    return daemon


def test_decision_that_cannot_be_stored_is_refused(on_small_disk):
    daemon, port = on_small_disk, on_small_disk.port
    assert daemon.cli("switch", "green").returncode == 0
    disk = Seen(daemon, daemon.state_folder)
    before = (disk.path / "history.jsonl").read_text()
    disk.fill()
    for words in (["switch", "blue"], ["rollback"], ["drain", f"{daemon.service()['pools'][0]['servers'][0]['name']}"], ["lock"]):
        done = daemon.cli(*words)
        assert done.returncode == 1, (words, done.stdout, done.stderr)
        assert "No space left on device" in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 3, done.stderr
    service = daemon.service()
    assert (service["split"], service["revision"], service["lock"]) == (["green"], 2, None)
    assert request(port, "/").body == b"green"
    assert json.loads((disk.path / "state.json").read_text())["services"]["shop"]["revision"] == 2
    assert (disk.path / "history.jsonl").read_text().startswith(before)
    disk.make_room()
    assert daemon.cli("switch", "blue").returncode == 0
    assert request(port, "/").body == b"blue"
    for line in (disk.path / "history.jsonl").read_text().splitlines():
        json.loads(line)


@pytest.mark.usefixtures("reaper")
def test_upgrade_works_on_a_full_disk_and_a_reload_is_refused(on_small_disk):
    daemon = on_small_disk
    lineage = Lineage(daemon)
    assert daemon.cli("switch", "green").returncode == 0
    Seen(daemon, daemon.state_folder).fill()
    done = daemon.cli("reload")
    assert done.returncode == 1
    assert "No space left on device; nothing was changed" in done.stderr
    lineage.demand_upgrade()
    assert request(daemon.port, "/").body == b"green"
    Seen(daemon, daemon.state_folder).make_room()
    assert daemon.cli("switch", "blue").returncode == 0
    lineage.stop()


# Memory


class Group:
    """What a daemon reads of the control group that it shares with this process: files of the test."""

    def __init__(self, root, limit):
        lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
        paths = [line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
        if not paths:
            pytest.skip("no cgroup v2 here")
        self.root = root
        self.folder = root / paths[0]
        self.folder.mkdir(parents=True)
        (self.folder / "memory.max").write_text(f"{limit}\n")
        (self.folder / "memory.stat").write_text("anon 1\ninactive_file 0\n")
        self.use(0)

    def use(self, count):
        (self.folder / "memory.current").write_text(f"{count}\n")


def test_short_of_memory_it_accepts_nobody_and_serves_who_is_connected(stage, pools):
    daemon = stage.daemon(shop(pools), start=False)
    group = Group(stage.folder / "group", 1000 << 20)
    daemon.supervisor = Mounts()
    daemon.supervisor.cover("/sys/fs/cgroup", group.root)
    daemon.start()
    port = daemon.port
    with Wire(port) as old:
        assert old.exchange(head("GET", "/")).status == 200
        group.use(950 << 20)
        eventually(lambda: lines_with(daemon, "950 of 1000 MiB of the control group are used"), what="its word")
        assert daemon.control.status()["ok"], "and what it says of has been done"
        new = stage.also_close(Wire(port, timeout=20))
        new.send(head("GET", "/"))
        assert new.stays_open(0.5)
        for _ in range(20):
            assert old.exchange(head("GET", "/")).status == 200
        assert daemon.cli("switch", "green").returncode == 0
        group.use(850 << 20)
        assert new.stays_open(0.5), "between the two thresholds"
        group.use(700 << 20)
        assert new.receive().body == b"green"
    assert request(port, "/").status == 200
    assert len(lines_with(daemon, "of the control group are used")) == 1
    assert len(lines_with(daemon, "memory: there is room again")) == 1
