"""The checker of the zero-loss suites is itself tested: green over a proxy that does all right, red for each
wrong it can do."""
import asyncio

import pytest

from harness.checker import Checker
from harness.load import Load
from harness.standin import StandIn
from harness.timeline import Timeline
from harness.waiting import eventually_async

FAULTS = {
    "refuses": "not 2xx",
    "cuts the answer": "closed before the end of the body",
    "spoils the body": "wrong body",
    "says too much": "bytes that nobody asked for",
    "announces a close": "a close that nobody asked for",
    "closes unannounced": "closed unannounced",
    "closes at a switch": "closed",
    "resets": "reset",
    "sends twice": "POST executed twice",
    "stale pool": "outside the split",
}


async def run_load(stage, fault, exchanges=400):
    origins = {pool: stage.node(pool, f"{pool}-1") for pool in ("blue", "green")}
    stage.wait_for_origins()
    proxy = StandIn({pool: [origin.port.number] for pool, origin in origins.items()}, "blue", fault)
    await proxy.begin()
    timeline = Timeline("blue")
    checker = Checker(timeline)
    load = Load(proxy.port, checker, keep_alive=4, fresh=1)
    async with load:
        for pool in ("green", "blue", "green"):
            wanted = checker.exchanges + exchanges // 4
            await eventually_async(lambda: checker.exchanges >= wanted, 60, "exchanges")
            step = timeline.ask(pool)
            proxy.switch(pool)
            timeline.announce(step)
        await eventually_async(lambda: checker.exchanges >= exchanges, 60, "exchanges")
        await load.settle(list(origins.values()))
    await proxy.end()
    return checker


def test_checker_is_green_over_a_faithful_proxy(stage_without_daemon):
    checker = asyncio.run(run_load(stage_without_daemon, ""))
    checker.demand(least_exchanges=300, pools=("blue", "green"))


@pytest.mark.parametrize("fault", FAULTS)
def test_checker_is_red_over_a_proxy_that(stage_without_daemon, fault):
    checker = asyncio.run(run_load(stage_without_daemon, fault))
    assert FAULTS[fault] in checker.verdict()
    with pytest.raises(AssertionError):
        checker.demand()


def test_checker_is_red_for_a_post_that_was_answered_and_not_executed(stage_without_daemon):
    origin = stage_without_daemon.node("blue", "forgetful")
    origin.wait_until_ready()

    async def run():
        checker = Checker(Timeline("blue"))
        async with Load(origin.port.number, checker, keep_alive=2, fresh=0) as load:
            await eventually_async(lambda: checker.by_method["POST"] > 5, 20, "POSTs")
            await load.settle()
            remembered = origin.take_ids()
            remembered.popitem()
            checker.note_executed(origin.name, remembered)
            checker.settle()
        return checker

    assert "POST answered, not executed" in asyncio.run(run()).verdict()


def test_timeline_allows_what_a_client_cannot_know_and_no_more():
    timeline = Timeline("blue")
    step = timeline.ask("green")
    step.asked_at = 10.0
    assert timeline.allowed(1.0, 2.0) == {"blue"}
    assert timeline.allowed(9.0, 11.0) == {"blue", "green"}, "asked for while the request ran"
    timeline.announce(step, 12.0)
    assert timeline.allowed(11.0, 20.0) == {"blue", "green"}, "began before the announcement"
    assert timeline.allowed(12.0, 20.0) == {"green"}
    both = timeline.ask("blue", "green")
    both.asked_at = 19.0
    assert timeline.allowed(12.0, 18.0) == {"green"}
    assert timeline.allowed(12.0, 20.0) == {"blue", "green"}
