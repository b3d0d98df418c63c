"""One of two daemons dies by SIGKILL in the middle of an upgrade: exactly one is left, it serves, and no decision is
lost."""
import os
import random
import signal
import time

import pytest

from harness.behaviours import Named, Withholding
from harness.daemon import shop
from harness.message import Malformed, Message
from harness.upgrades import Lineage, set_reaper
from harness.waiting import eventually
from harness.wire import Wire, head, request
from test_drain import Switching

# Progress words of an upgrade; the last is a part of its result.
MOMENTS = (b"starting", b"checking", b"handing_over", b"took_ms")
LONGEST_PAUSE = 0.02  # between such a word and the death


@pytest.fixture(autouse=True)
def reaper():
    set_reaper(True)
    yield
    set_reaper(False)


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
        assert [line["event"] for line in daemon.history_lines()][-1] == "upgrade_taken_back"
        blue.let_go()
        assert waiting.receive().status == 200
    lineage.demand_upgrade()
    lineage.stop()


def serving_or_none(lineage):
    try:
        return lineage.serving()
    except (OSError, Malformed):
        return None
