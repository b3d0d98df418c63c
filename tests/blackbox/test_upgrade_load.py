"""Upgrades under the load of test_zero_loss.py, with WebSockets beside it: no request fails, no connection is refused,
and every close is announced."""
import asyncio
import time

import pytest

from harness.certificates import Authority
from harness.chat import Talkers, echo
from harness.checker import Checker
from harness.daemon import shop
from harness.load import Load
from harness.logcheck import demand_one_line_each
from harness.secure import SecureWire
from harness.timeline import Timeline
from harness.upgrades import Lineage
from harness.waiting import eventually_async
from harness.wire import Wire
from test_zero_loss import HEALTH, listening_with_tls

SWITCHING = {"drain": "20s", "stream_drain": "20s", "stream_spread": "1s"}

pytestmark = pytest.mark.usefixtures("reaper")


def begin_daemon(stage, authority):
    for pool in ("blue", "green"):
        stage.node(pool, f"{pool}-node")
        stage.gunicorn(pool, f"{pool}-gunicorn")
    stage.wait_for_origins()
    pools = {pool: [] for pool in ("blue", "green")}
    for origin in stage.origins:
        pools[origin.pool].append({"address": origin.address, "name": origin.name})
    config = shop(pools, HEALTH, switch=SWITCHING) | {"shutdown_grace": "30s"}
    chat = {"hosts": ["chat.test"], "health": "none", "switch": SWITCHING, "pools": {"blue": [stage.scripted(echo).address]}}
    config["services"]["chat"] = chat
    daemon = stage.daemon(config | (listening_with_tls(authority) if authority else {}))
    daemon.wait_until_up(*(origin.name for origin in stage.origins))
    return daemon


async def upgrade_under_load(stage, daemon, lineage, count, tls):
    timeline = Timeline("blue")
    checker = Checker(timeline)
    load = Load(daemon.port, checker, keep_alive=8, fresh=4, seed=31, tls=tls, closes="announced")
    port = daemon.port

    def connect():
        return SecureWire(port, tls) if tls else Wire(port, timeout=20)

    with Talkers(connect, 4) as talkers:
        async with load:
            for number in range(count):
                before, said = checker.exchanges, talkers.said
                await asyncio.to_thread(lineage.demand_upgrade, "--lock-wait", "60s")
                to = ("green", "blue")[number % 2]
                step = timeline.ask(to)
                done = await asyncio.to_thread(daemon.cli, "switch", "-s", "shop", to, "--until", "drained")
                assert done.returncode == 0, done.stdout + done.stderr
                timeline.announce(step)
                await eventually_async(lambda: checker.exchanges > before + 10 and talkers.said > said, 40, "traffic")
            await load.settle(stage.origins)
    return checker, talkers


def demand_no_gap(stage, count, authority=None):
    daemon = begin_daemon(stage, authority)
    lineage = Lineage(daemon)
    began = time.monotonic()
    checker, talkers = asyncio.run(upgrade_under_load(stage, daemon, lineage, count, authority and authority.context()))
    took = time.monotonic() - began
    print(f"{count} upgrades in {took:.0f} s: {checker.summary()}; {talkers.said} echoes, {talkers.sent_away} sent away")
    checker.demand(least_exchanges=count * 10, pools=("blue", "green"))
    assert talkers.wrong == []
    assert talkers.sent_away > 0
    lines = demand_one_line_each(daemon, checker.ids)
    odd = [line for line in lines.values() if line["end"] != "ok" or line["status"] != 200]
    assert not odd, odd[:3]
    assert [line["event"] for line in daemon.history_lines()].count("upgraded") == count
    lineage.stop()


def test_no_request_fails_and_no_connection_is_refused(stage, is_long):
    demand_no_gap(stage, 50 if is_long else 4)


def test_the_same_through_tls(stage, is_long):
    demand_no_gap(stage, 50 if is_long else 3, Authority(stage.folder / "ca"))
