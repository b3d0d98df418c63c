"""A server dies by SIGKILL under load: what can be saved is saved, what cannot is answered 502 or visibly
cut, and each loss stands in the access log under its end word. Back again, it serves after its rise."""
import asyncio
import random

import pytest

from harness.checker import Checker
from harness.daemon import shop
from harness.load import Load
from harness.logcheck import demand_one_line_each
from harness.message import Malformed
from harness.timeline import Timeline
from harness.waiting import eventually, eventually_async
from harness.wire import Wire, head

HEALTH = {"path": "/health", "interval": "200ms", "timeout": "5s", "rise": 2, "fall": 2}
# End words of exchanges that a dying server may leave behind.
DEATHS = {"upstream_reset", "upstream_closed_idle", "connect_refused", "head_cut", "body_cut"}


@pytest.fixture
def two(stage):
    class Scene:
        origins = [stage.node("blue", "one"), stage.node("blue", "two")]

    stage.wait_for_origins()
    servers = [{"address": origin.address, "name": origin.name} for origin in Scene.origins]
    Scene.daemon = stage.daemon(shop({"blue": servers, "green": ["127.0.0.1:9"]}, HEALTH))
    Scene.daemon.wait_until_up("one", "two")
    return Scene


async def kill_under_load(two, times):
    checker = Checker(Timeline("blue"))
    load = Load(two.daemon.port, checker, keep_alive=10, fresh=2, seed=3)
    dice = random.Random(4)
    async with load:
        for _ in range(times):
            victim = dice.choice(two.origins)
            enough = checker.exchanges + 100
            await eventually_async(lambda: checker.exchanges > enough, 40, "exchanges")
            victim.kill()
            await eventually_async(lambda: not two.daemon.is_up(victim.name), 10, "the victim down")
            await asyncio.to_thread(victim.start)
            await eventually_async(lambda: two.daemon.is_up(victim.name), 10, "the victim's return")
            claims = two.daemon.server(victim.name)["claims"]
            await eventually_async(lambda: two.daemon.server(victim.name)["claims"] > claims, 10, "traffic for it")
        await load.settle()
    return checker


def test_killed_server_costs_only_what_cannot_be_saved(two, is_long):
    checker = asyncio.run(kill_under_load(two, 10 if is_long else 3))
    print(checker.summary(), f"{len(checker.failed)} failed:\n{checker.verdict()}")
    lines = demand_one_line_each(two.daemon, checker.ids)
    for exchange in checker.failed:
        if not exchange.answer_begun or exchange.status:
            assert exchange.method == "POST", f"an idempotent request was lost: {exchange}"
            assert exchange.status == 502, str(exchange)
        assert lines[exchange.id]["end"] in DEATHS, lines[exchange.id]
    unexpected = set(checker.counts) - {"not 2xx", "reset", "closed before the end of the body"}
    assert not unexpected, checker.verdict()
    failed = {exchange.id for exchange in checker.failed}
    assert all(line["end"] == "ok" for key, line in lines.items() if key not in failed)


def send_to(two, victim, raw_with):
    """A connection on which `raw_with(id)` was sent, in flight at the victim; and the id, new for each try, since
    the other server may see some."""
    for number in range(2 * two.daemon.control.status()["workers"] + 1):
        identity = f"try-{number}"
        before = two.daemon.server(victim.name)["in_flight"]
        client = Wire(two.daemon.port, timeout=20)
        client.send(raw_with(identity))
        eventually(lambda: two.daemon.control.status()["in_flight"] > 0)
        if two.daemon.server(victim.name)["in_flight"] > before:
            return client, identity
        client.reset()
        two.daemon.wait_until_idle()
    raise AssertionError("the victim was never asked")


def test_idempotent_request_in_flight_at_the_killed_server_is_saved(two):
    victim = two.origins[0]
    client, identity = send_to(
        two, victim, lambda id: head("GET", f"/bytes?n=5&id={id}&delay=8000", f"X-Request-Id: {id}"))
    with client:
        victim.kill()
        answer = client.receive()
        assert (answer.status, answer.field("x-server")) == (200, "two")
    assert two.daemon.wait_for_log(lambda line: line.get("request_id") == identity)["attempts"] == 2


def test_post_in_flight_at_the_killed_server_is_502_and_not_repeated(two):
    victim = two.origins[0]
    client, identity = send_to(
        two, victim,
        lambda id: head("POST", f"/hash?id={id}&delay=8000", f"X-Request-Id: {id}", "Content-Length: 2") + b"hi")
    with client:
        victim.kill()
        assert client.receive("POST").status == 502
    line = two.daemon.wait_for_log(lambda line: line.get("request_id") == identity)
    assert line["end"] in DEATHS and line["attempts"] == 1
    assert identity not in two.origins[1].take_ids()


def test_answer_under_way_from_the_killed_server_is_visibly_cut(two):
    victim = two.origins[0]
    client, identity = send_to(
        two, victim, lambda id: head("GET", f"/bytes?n=80000000&id={id}", f"X-Request-Id: {id}"))
    with client:
        answer = client.receive_head()
        victim.kill()
        with pytest.raises((Malformed, ConnectionError)):
            client.receive_rest(answer)
    line = two.daemon.wait_for_log(lambda line: line.get("request_id") == identity)
    assert line["end"] == "body_cut" and line["status"] == 200
