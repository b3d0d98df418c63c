"""Releases as a deploy script makes them, under load: start the next version, wait for its health, switch
until done, stop the old one. Twenty in a row, and nothing is lost."""
import asyncio
import json
import random

from harness.checker import Checker
from harness.load import Load
from harness.logcheck import demand_one_line_each
from harness.switcher import Switcher
from harness.timeline import Timeline
from test_zero_loss import begin_daemon

RELEASES = 20


async def command(daemon, *words):
    process = await asyncio.create_subprocess_exec(
        *daemon.command(*words),
        env=daemon.environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, progress = await process.communicate()
    assert process.returncode == 0, f"tealgate {words}: {process.returncode}: {output} {progress}"
    return json.loads(output)


async def release(daemon, switcher, new):
    """`new`: the servers of the pool that takes over."""
    for origin in new:
        origin.begin()
    await asyncio.gather(*(asyncio.to_thread(origin.wait_until_ready) for origin in new))
    await command(daemon, "wait", new[0].pool, "--healthy", "all", "--timeout", "60s", "--json")
    result = await switcher.switch(new[0].pool, until="done")
    assert result["drain"]["drained"], result
    assert result["drain"]["left"] == 0, result


async def stop(checker, origins):
    """Stops what was drained, and remembers what it executed."""
    for origin in origins:
        checker.note_executed(origin.name, await asyncio.to_thread(origin.take_ids))
        await asyncio.to_thread(origin.stop)


async def release_again_and_again(stage, daemon, releases):
    pools = {pool: [origin for origin in stage.origins if origin.pool == pool] for pool in ("blue", "green")}
    timeline = Timeline("blue")
    checker = Checker(timeline)
    switcher = Switcher(daemon, timeline, random.Random(1))
    load = Load(daemon.port, checker, keep_alive=8, fresh=2, seed=9)
    async with load:
        old, new = pools["blue"], pools["green"]
        await stop(checker, new)
        for _ in range(releases):
            await release(daemon, switcher, new)
            await stop(checker, old)
            assert not checker.counts, checker.verdict()
            old, new = new, old
        await load.settle(old)
    return checker, old


def test_twenty_releases_in_a_row_lose_nothing(stage, is_sanitized):
    for pool in ("blue", "green"):
        stage.node(pool, f"{pool}-node")
        stage.gunicorn(pool, f"{pool}-gunicorn")
    daemon = begin_daemon(stage)
    checker, serving = asyncio.run(release_again_and_again(stage, daemon, 5 if is_sanitized else RELEASES))
    print(checker.summary())
    checker.demand(least_exchanges=500, pools=("blue", "green"))
    lines = demand_one_line_each(daemon, checker.ids)
    assert all(line["end"] == "ok" and line["status"] == 200 for line in lines.values())
    assert serving[0].version >= (2 if is_sanitized else RELEASES // 2)
    daemon.stop()
