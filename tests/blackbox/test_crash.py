"""The daemon dies by SIGKILL at random moments of switches. After each restart the split is the last one
announced or the one then under way; the state parses; and no announced switch lacks its line in the history."""
import asyncio
import random
import time

from harness.behaviours import Named
from harness.daemon import shop
from harness.message import Malformed
from harness.wire import request

SPLITS = (["blue"], ["green"], ["blue", "green"])
CRASHES = 50


class Witness:
    """What an operator saw of switches: the last split announced, and the one under way."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.announced = ["blue"]
        self.revision = 1
        self.operations = []  # those announced
        self.under_way = None

    async def switch(self, to, number):
        """Follows one switch as far as the daemon lives."""
        self.under_way = to
        body = {"to": to, "until": "switched", "operation": f"crash-{number}"}
        try:
            async for _, line in self.daemon.control.stream("POST", "/v1/services/shop/switch", body):
                if line.get("progress") == "announced" or line.get("ok"):
                    self._note(to, f"crash-{number}", line)
        except (OSError, Malformed):
            return

    def _note(self, to, operation, line):
        self.announced, self.under_way = to, None
        if operation not in self.operations:
            self.operations.append(operation)
        self.revision = line.get("revision", self.revision)


async def switch_and_kill(daemon, witness, dice, number, longest):
    """Begins a switch and kills the daemon within `longest` seconds of it; every fifth time right after the
    announcement, and every fifth time at once, so that both ends are met on any machine. When it was."""
    to = dice.choice([split for split in SPLITS if split != witness.announced])
    switching = asyncio.create_task(witness.switch(to, number))
    moment = {0: float("inf"), 1: 0}.get(number % 5, dice.random() * longest)
    began = time.monotonic()
    while not switching.done() and time.monotonic() < began + moment:
        await asyncio.sleep(0)
    ended = time.monotonic() - began
    daemon.kill()
    await switching
    return ended


def demand_whole_state(daemon, witness):
    """Right after a restart."""
    service = daemon.service()
    possible = [witness.announced] + ([witness.under_way] if witness.under_way else [])
    assert service["split"] in possible, f"{service['split']} is none of {possible}"
    assert service["revision"] >= witness.revision
    stored = daemon.state()
    assert isinstance(stored, dict) and "version" in stored
    known = {line.get("operation") for line in daemon.history_lines()}
    missing = [operation for operation in witness.operations if operation not in known]
    assert not missing, f"announced and not in the history: {missing}"
    answers = {request(daemon.port, "/").field("x-pool") for _ in range(4)}
    assert answers <= set(service["split"]), f"{answers} answer for {service['split']}"


def test_killed_at_random_moments_of_switches_it_forgets_nothing(stage, is_sanitized):
    pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
    daemon = stage.daemon(shop(pools))
    witness, dice = Witness(daemon), random.Random(11)
    witness.revision = daemon.service()["revision"]
    unfinished, longest = 0, 0
    for number in range(10 if is_sanitized else CRASHES):
        ended = asyncio.run(switch_and_kill(daemon, witness, dice, number, longest))
        if number % 5 == 0:
            longest = ended * 1.2  # a whole switch, with a margin
        unfinished += witness.under_way is not None
        daemon.start()
        demand_whole_state(daemon, witness)
        witness.announced, witness.under_way = daemon.service()["split"], None
    print(f"{unfinished} switches were cut off, {len(witness.operations)} were announced before the kill")
    assert unfinished and witness.operations, "the kills came at all moments"
    daemon.stop()


def test_restart_keeps_every_decision(stage):
    pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
    pools["blue"].append({"address": stage.scripted(Named("blue")).address, "name": "second"})
    daemon = stage.daemon(shop(pools))
    assert daemon.control.switch("blue=70", "green=30", until="switched", reason="try", label="v9").ok
    assert daemon.control.post("/v1/services/shop/pools/blue/servers/second/state", {"state": "maint"}).ok
    assert daemon.control.post("/v1/services/shop/lock", {"reason": "freeze", "by": "ann"}).ok
    before = daemon.service()
    daemon.kill()
    daemon.start()
    after = daemon.service()
    for key in ("revision", "split", "shares", "since", "by", "reason", "label", "lock"):
        assert after[key] == before[key], key
    assert daemon.server("second")["admin"] == "maint"
