"""While the daemon that was replaced finishes what it has, both together keep every promise of one."""
import os
import signal
import time

import pytest

from harness.behaviours import Named, Withholding
from harness.message import Malformed
from harness.upgrade_scene import UpgradeScene
from harness.waiting import eventually
from harness.wire import Wire, head, request
from test_drain import Switching

pytestmark = pytest.mark.usefixtures("reaper")


@pytest.fixture
def scene(stage):
    return UpgradeScene(stage)


def test_switch_after_an_upgrade_waits_for_what_the_old_daemon_has_in_flight(stage):
    blue = Withholding("blue")
    scene = UpgradeScene(stage, blue, switch={"drain": "20s", "stream_drain": "20s"})
    with Wire(scene.port) as waiting:
        waiting.send(head("POST", "/", "Content-Length: 0"))
        eventually(lambda: blue.asked, what="the request at blue")
        scene.lineage.demand_upgrade()
        switching = Switching(scene.daemon, "green", until="drained")
        drain = eventually(lambda: (scene.daemon.service()["operation"] or {}).get("drain"), what="the drain's report")
        assert (drain["left"], scene.daemon.server("blue")["in_flight"]) == (1, 1)
        blue.let_go()
        assert waiting.receive("POST").status == 200
        assert switching.result()["drain"]["finished"] == 1
    assert scene.daemon.child.wait(20) == 0
    scene.lineage.stop()


def test_old_daemons_clients_go_where_the_new_one_switched(scene):
    with Wire(scene.port) as idle:
        assert idle.exchange(head("GET", "/")).body == b"blue"
        began = time.monotonic()
        scene.lineage.demand_upgrade()
        assert scene.daemon.control.switch("green", until="switched").ok
        try:
            answer = idle.exchange(head("GET", "/"))
            assert (answer.body, answer.announces_close) == (b"green", True)
        except (ConnectionError, Malformed):
            assert time.monotonic() - began > 5, "it is let go before its grace is over"
    scene.lineage.stop()


def test_drain_after_an_upgrade_cuts_what_the_old_daemon_has(stage):
    scene = UpgradeScene(stage, Withholding("blue"), switch={"drain": "300ms", "stream_drain": "1s"})
    with Wire(scene.port) as waiting:
        waiting.send(head("GET", "/", "X-Request-Id: cut"))
        eventually(lambda: scene.daemon.server("blue")["in_flight"] == 1, what="the request")
        scene.lineage.demand_upgrade()
        drain = Switching(scene.daemon, "green", until="done").result()["drain"]
        assert (drain["drained"], drain["cut"]) == (True, {"http": 1, "stream": 0})
        assert waiting.receive().status == 504
    assert scene.daemon.wait_for_log(lambda line: line["request_id"] == "cut")["end"] == "drain_cut"
    scene.lineage.stop()


def test_old_daemon_that_cannot_follow_ends_and_the_switch_waits_for_that(stage):
    scene = UpgradeScene(stage, Withholding("blue", begin=True))
    red = stage.scripted(Named("red"))
    with Wire(scene.port) as waiting:
        waiting.send(head("GET", "/"))
        eventually(lambda: scene.daemon.server("blue")["in_flight"] == 1, what="the request")
        scene.lineage.demand_upgrade()
        config = scene.daemon.config
        config["services"]["shop"]["pools"]["red"] = [red.address]
        scene.daemon.write_config(config)
        assert scene.daemon.cli("reload").returncode == 0
        assert scene.daemon.cli("switch", "red", "--until", "switched").returncode == 0
        assert f"the daemon before (pid {scene.lineage.first}) has ended" in scene.daemon.output()
        eventually(lambda: scene.lineage.first not in scene.lineage.living(), what="its last moment")
        assert request(scene.port, "/").body == b"red"
    assert "what the new daemon decided cannot be followed here" in scene.daemon.output()
    scene.lineage.stop()


def test_old_daemon_that_hangs_is_killed_so_that_decisions_go_on(stage):
    scene = UpgradeScene(stage, Withholding("blue"))
    with Wire(scene.port) as waiting:
        waiting.send(head("GET", "/"))
        eventually(lambda: scene.daemon.server("blue")["in_flight"] == 1, what="the request")
        scene.lineage.demand_upgrade()
        os.kill(scene.lineage.first, signal.SIGSTOP)
        assert scene.daemon.cli("switch", "green", "--until", "switched").returncode == 0
        assert scene.daemon.child.wait(20) == -signal.SIGKILL
    assert "does not answer any more: it is killed" in scene.daemon.output()
    scene.lineage.stop()


def test_next_upgrade_waits_for_the_end_of_the_one_before(stage):
    blue = Withholding("blue")
    scene = UpgradeScene(stage, blue)
    with Wire(scene.port) as waiting:
        waiting.send(head("GET", "/"))
        eventually(lambda: blue.asked, what="the request at blue")
        second = scene.lineage.demand_upgrade()
        done = scene.lineage.upgrade()
        assert done.returncode == 5
        assert f"the daemon before this one (pid {scene.lineage.first}) still finishes what it had" in done.stderr
        blue.let_go()
        assert waiting.receive().status == 200
    scene.lineage.demand_upgrade("--lock-wait", "20s")
    assert scene.lineage.wait_for_end(second) == 0
    scene.lineage.stop()
