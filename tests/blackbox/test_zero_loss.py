"""The main promise: pools are switched again and again under load that never pauses, and nothing is lost.

Real servers, keep-alive and new-connection clients, every way of switching; then the checker's verdict, the
access log, and the drains' reports. The rules without which this would fail are shown one by one in
test_drain.py and test_retries.py.
"""
import asyncio
import random

import pytest

from harness.certificates import Authority
from harness.checker import Checker
from harness.daemon import shop
from harness.load import Load
from harness.logcheck import demand_one_line_each
from harness.switcher import Switcher
from harness.timeline import Timeline
from harness.waiting import eventually_async

SETTLE_EVERY = 100  # switches
HEALTH = {"path": "/health", "interval": "1s", "timeout": "10s"}


def begin_daemon(stage, more=None):
    stage.wait_for_origins()
    pools = {pool: [] for pool in ("blue", "green")}
    for origin in stage.origins:
        pools[origin.pool].append({"address": origin.address, "name": origin.name})
    daemon = stage.daemon(shop(pools, HEALTH) | (more or {}))
    daemon.wait_until_up(*(origin.name for origin in stage.origins))
    return daemon


async def switch_under_load(stage, daemon, switches, seed, tls=None):
    timeline = Timeline("blue")
    checker = Checker(timeline)
    load = Load(daemon.port, checker, keep_alive=8, fresh=2, seed=seed, tls=tls)
    switcher = Switcher(daemon, timeline, random.Random(seed))
    async with load:
        for number in range(1, switches + 1):
            before = checker.exchanges
            await switcher.switch_some_way()
            await eventually_async(lambda: checker.exchanges > before, 40, "an exchange")
            if number % SETTLE_EVERY == 0:
                await load.settle(stage.origins)
                assert not checker.counts, f"after {number} switches:\n{checker.verdict()}"
                load.go_on()
        await switcher.finish()
        await load.settle(stage.origins)
    return checker, switcher


def demand_zero_loss(stage, switches, seed, authority=None):
    """Through TLS with certificates of `authority`."""
    daemon = begin_daemon(stage, authority and listening_with_tls(authority))
    tls = authority and authority.context()
    checker, switcher = asyncio.run(switch_under_load(stage, daemon, switches, seed, tls))
    print(checker.summary(), f"{switcher.overtaken} overtaken")
    checker.demand(least_exchanges=switches * 2, pools=("blue", "green"))
    assert checker.timeline.announcements == switches
    switcher.demand_whole_drains()
    lines = demand_one_line_each(daemon, checker.ids)
    odd = [line for line in lines.values() if line["end"] != "ok" or line["status"] != 200]
    assert not odd, odd[:3]
    assert daemon.service()["revision"] == switches + 1
    daemon.wait_until_idle()
    assert all(server["in_flight"] == 0 for pool in daemon.service()["pools"] for server in pool["servers"])
    daemon.stop()


def listening_with_tls(authority):
    files = authority.issue("shop.test", "DNS:shop.test").files
    return {"listen": [{"address": "127.0.0.1:0", "tls": files}]}


def test_node_and_gunicorn_lose_nothing(stage, is_sanitized):
    stage.node("blue", "blue-node")
    stage.gunicorn("blue", "blue-gunicorn")
    stage.node("green", "green-node")
    stage.gunicorn("green", "green-gunicorn")
    demand_zero_loss(stage, switches=100 if is_sanitized else 1000, seed=7)


def test_nothing_is_lost_through_tls(stage, is_long):
    for pool in ("blue", "green"):
        stage.node(pool, f"{pool}-node")
        stage.gunicorn(pool, f"{pool}-gunicorn")
    switches = 1000 if is_long else 60
    demand_zero_loss(stage, switches, seed=9, authority=Authority(stage.folder / "ca"))


@pytest.mark.needs("/usr/share/tomcat10/bin/catalina.sh")
def test_tomcat_loses_nothing(stage, is_long):
    for pool in ("blue", "green"):
        for number in (1, 2):
            stage.tomcat(pool, f"{pool}-{number}")
    demand_zero_loss(stage, switches=200 if is_long else 30, seed=8)
