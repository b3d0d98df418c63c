"""One of two daemons dies by SIGKILL in the middle of an upgrade: exactly one is left, it serves, and no decision is
lost."""
import os
import random
import signal
import socket
import time

import pytest

from harness.behaviours import Named, Withholding
from harness.control import Control
from harness.daemon import shop
from harness.message import Malformed, Message
from harness.ports import Port
from harness.upgrade_scene import last_event
from harness.upgrades import Lineage
from harness.waiting import eventually
from harness.wire import Wire, head, request
from test_drain import Switching

# Progress words of an upgrade; the last is a part of its result.
MOMENTS = (b"starting", b"checking", b"handing_over", b"took_ms")
LONGEST_PAUSE = 0.02  # between such a word and the death

pytestmark = pytest.mark.usefixtures("reaper")


class Deaths:
    def __init__(self, stage):
        pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
        self.daemon = stage.daemon(shop(pools) | {"shutdown_grace": "5s"})
        self.lineage = Lineage(self.daemon)
        self.port = self.daemon.port
        self.announced = "blue"
        self.revision = 1
        self.survivors = {"old": 0, "new": 0, "none": 0}

    def other(self):
        return "green" if self.announced == "blue" else "blue"

    def switch(self):
        to = self.other()
        result = self.daemon.control.switch(to, until="switched")
        assert result.ok, result
        self.announced, self.revision = to, result.result["revision"]

    def die(self, victim, moment, pause, races):
        """A decision, an upgrade, perhaps another decision that races it, and the death of `victim` at `moment`."""
        self.switch()
        old = self.lineage.serving()
        with self.daemon.control.open("POST", "/v1/upgrade", {"timeout": "20s", "lock_wait": "20s"}) as upgrade:
            message = Message(method="POST")
            try:
                upgrade.receive_until(message, lambda: moment in message.body)
            except Malformed:
                raise AssertionError(f"no {moment}: {message.body}") from None
            racing = self._race() if races else None
            until = time.monotonic() + pause
            while time.monotonic() < until:
                pass
            new = [pid for pid in self.lineage.living() if pid != old]
            dead = old if victim == "old" else new[0] if new else None
            if dead:
                os.kill(dead, signal.SIGKILL)
            survivor = self._one_serves(dead)
        self.survivors["old" if survivor == old else "new" if survivor else "none"] += 1
        if not survivor:
            assert victim == "new", "it died when the old one had ended already"
            self.daemon.start()
            self.lineage, self.port = Lineage(self.daemon), self.daemon.port
        if self.daemon.port != self.port:
            assert "an ordinary start" in self.daemon.output(), "nothing had been handed over"
            self.port = self.daemon.port
        self._demand_decisions(racing)

    def _race(self):
        try:
            return Switching(self.daemon, self.other(), until="switched")
        except OSError:
            return None

    def _one_serves(self, dead):
        """The pid of the one that is left; 0 if nobody is."""

        def served():
            if not self.lineage.living():
                return (0,)
            try:
                status = self.daemon.control.status()
            except (OSError, Malformed):
                return None
            pid = status["pid"]
            return (pid,) if status["listening"] and pid != dead and self.lineage.living() == [pid] else None

        return eventually(served, 30, "one daemon that serves")[0]

    def _demand_decisions(self, racing):
        """What was announced holds; what raced may have been decided, and if it was announced it was."""
        if racing:
            racing.settle()
        service = self.daemon.service()
        possible = {self.announced}
        if racing:
            possible.add(self.other())
            if racing.answer and any(line.get("progress") == "announced" or line.get("ok") for line in racing.answer):
                possible = {self.other()}
        assert service["split"][0] in possible, (service["split"], possible)
        assert service["revision"] >= self.revision
        self.announced, self.revision = service["split"][0], service["revision"]
        assert request(self.port, "/").field("x-pool") == self.announced
        decided = [line["revision"] for line in self.daemon.history_lines() if line["event"] == "decided"]
        assert decided == sorted(set(decided)), "each once"
        assert not decided or decided[-1] == self.revision


def test_one_survives_and_nothing_decided_is_lost(stage, is_long):
    deaths, dice = Deaths(stage), random.Random(17)
    cases = [(victim, moment) for moment in MOMENTS for victim in ("old", "new")]
    for number in range(80 if is_long else 16):
        victim, moment = cases[number % len(cases)]
        deaths.die(victim, moment, dice.random() * LONGEST_PAUSE if number >= len(cases) else 0, races=number % 3 == 2)
    print(deaths.survivors)
    assert deaths.survivors["old"] and deaths.survivors["new"]
    deaths.lineage.stop()


def test_new_daemon_dies_while_the_old_one_still_finishes(stage):
    blue = Withholding("blue")
    pools = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(pools) | {"shutdown_grace": "20s"})
    lineage, port = Lineage(daemon), daemon.port
    with Wire(port, timeout=20) as waiting:
        waiting.send(head("GET", "/"))
        eventually(lambda: blue.asked, what="the request at blue")
        new = lineage.demand_upgrade()
        assert daemon.control.switch("green", until="switched").ok
        os.kill(new, signal.SIGKILL)
        eventually(lambda: lineage.living() == [lineage.first], what="the end of the new one")
        eventually(lambda: serving_or_none(lineage) == lineage.first, what="the old one's return")
        assert daemon.service()["split"] == ["green"]
        assert request(port, "/").body == b"green"
        eventually(lambda: last_event(daemon, "upgrade_taken_back"), what="its line in the history")
        blue.let_go()
        assert waiting.receive().status == 200
    lineage.demand_upgrade()
    lineage.stop()


class Finishing:
    """A request at blue keeps the first daemon while the second one decides; `end` lets it go."""

    def __init__(self, stage, blue=None, **config):
        self.stage, self.blue = stage, blue or Withholding("blue")
        pools = {"blue": [stage.scripted(self.blue).address], "green": [stage.scripted(Named("green")).address]}
        self.daemon = stage.daemon(shop(pools) | {"shutdown_grace": "20s"} | config)
        self.lineage, self.port = Lineage(self.daemon), self.daemon.port
        self.waiting = Wire(self.port, timeout=20)
        self.waiting.send(head("GET", "/"))
        eventually(lambda: self.blue.asked, what="the request at blue")
        self.new = self.lineage.demand_upgrade()

    def reload(self, change):
        config = self.daemon.config
        change(config)
        self.daemon.write_config(config)
        done = self.daemon.cli("reload")
        assert done.returncode == 0, done.stderr

    def add_red(self):
        red = self.stage.scripted(Named("red")).address
        self.reload(lambda config: config["services"]["shop"]["pools"].update(red=[red]))

    def kill_new(self):
        os.kill(self.new, signal.SIGKILL)
        eventually(lambda: self.new not in self.lineage.living(), what="the end of the new one")

    def kill_new_and_wait(self):
        self.kill_new()
        eventually(lambda: serving_or_none(self.lineage) == self.lineage.first, what="the old one's return")

    def end(self):
        with self.waiting:
            self.blue.let_go()
            assert self.waiting.receive().status == 200
        self.lineage.stop()


def test_what_was_reloaded_holds_after_a_take_back(stage):
    scene = Finishing(stage)
    scene.add_red()
    scene.kill_new_and_wait()
    assert "red" in {pool["name"] for pool in scene.daemon.service()["pools"]}
    line = eventually(lambda: next(filter(lambda one: one["event"] == "upgrade_taken_back", scene.daemon.history_lines()), None),
                      what="its line in the history")
    assert "the config was read again" in line["message"]
    assert scene.daemon.cli("switch", "red", "--until", "switched").returncode == 0
    assert request(scene.port, "/").body == b"red"
    scene.end()


def test_invalid_config_leaves_the_own_one_in_force(stage):
    scene = Finishing(stage)
    scene.daemon.config_path.write_text("nonsense: true\n")
    scene.kill_new_and_wait()
    assert "the file is wrong" in scene.daemon.output()
    assert scene.daemon.cli("switch", "green", "--until", "switched").returncode == 0
    scene.daemon.write_config()
    scene.end()


def test_decisions_that_no_config_here_allows_end_the_old_daemon(stage):
    scene = Finishing(stage)
    scene.add_red()
    os.kill(scene.lineage.first, signal.SIGSTOP)  # it must not end because it cannot follow
    switching = Switching(scene.daemon, "red", until="switched")
    eventually(lambda: scene.daemon.state()["services"]["shop"]["split"] == ["red"], what="the decision")
    scene.daemon.config_path.write_text("nonsense: true\n")
    scene.kill_new()
    switching.settle()
    os.kill(scene.lineage.first, signal.SIGCONT)
    assert scene.daemon.child.wait(20) == 7
    assert "this daemon cannot go on, and ends" in scene.daemon.output()
    scene.waiting.__exit__(None, None, None)


def test_control_socket_that_moved_is_there_after_a_take_back(stage):
    scene = Finishing(stage)
    other = scene.daemon.folder / "other.sock"
    scene.reload(lambda config: config["control"].update(socket=str(other)))
    scene.daemon.control, scene.daemon.socket_path = Control(other), other
    assert scene.lineage.serving() == scene.new
    scene.kill_new_and_wait()
    scene.end()


def test_listener_that_a_reload_removes_is_given_up_by_the_old_daemon_too(stage):
    reserved = Port()
    port = reserved.number
    listen = ["127.0.0.1:0", f"127.0.0.1:{port}"]
    scene = Finishing(stage, listen=listen)
    scene.reload(lambda config: config.update(listen=listen[:1]))
    eventually(lambda: is_refused(port), what="nobody at the removed address")
    scene.reload(lambda config: config.update(listen=listen))
    with Wire(port) as wire:
        wire.send(b"nonsense\r\n\r\n")
        assert wire.receive().status == 400  # the new one's: blue answers nobody
    scene.end()


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return False
    except ConnectionRefusedError:
        return True


@pytest.mark.parametrize("told", ["old", "new"])
def test_old_daemon_ends_within_the_grace_of_a_stop(stage, told):
    scene = Finishing(stage, Withholding("blue", begin=True), shutdown_grace="1s")
    os.kill(scene.lineage.first if told == "old" else scene.new, signal.SIGTERM)
    assert scene.daemon.child.wait(10) == 0
    scene.waiting.__exit__(None, None, None)
    if told == "old":
        scene.lineage.stop()


def serving_or_none(lineage):
    try:
        return lineage.serving()
    except (OSError, Malformed):
        return None
