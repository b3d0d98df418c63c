"""Switches pools while load runs, in every way an operator may, and keeps the timeline by which the checker
judges.

One command at a time up to its announcement; drains may still run when the next one is asked for, which
overtakes them.
"""
import asyncio
import json

from harness.waiting import eventually_async

SPLITS = (("blue",), ("green",), ("blue", "green"))
# How often each way is taken, of 100 switches: nothing awaited but the announcement, the drain awaited, the drain left
# running for the next switch to overtake, the real command line.
WAYS = {"switched": 24, "drained": 34, "overtaken": 38, "command line": 4}


class Switcher:
    def __init__(self, daemon, timeline, dice):
        self.daemon = daemon
        self.timeline = timeline
        self.dice = dice
        self.results = []
        self.overtaken = 0
        self._draining = set()

    async def switch_some_way(self):
        """Another split than the present one, in any way."""
        pools = self.dice.choice([split for split in SPLITS if frozenset(split) != self.timeline.current])
        way = self.dice.choices(list(WAYS), list(WAYS.values()))[0]
        if self._draining:
            self.overtaken += 1
        if way == "command line":
            await self.switch_by_command(*pools)
        elif way == "overtaken":
            await self.switch_and_leave(*pools)
        else:
            await self.switch(*pools, until=way)

    async def switch(self, *pools, until="done"):
        """Returns the result when the command ends."""
        announced = asyncio.get_running_loop().create_future()
        return await self._follow(pools, until, announced)

    async def switch_and_leave(self, *pools):
        """Returns at the announcement; the drain goes on behind."""
        announced = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._follow(pools, "drained", announced))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)
        done, _ = await asyncio.wait({task, announced}, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            task.result()

    async def _follow(self, pools, until, announced):
        step = self.timeline.ask(*pools)
        last = None
        body = {"to": list(pools), "until": until, "by": "test", "drain": "60s"}
        async for read_at, last in self.daemon.control.stream("POST", "/v1/services/shop/switch", body):
            if last.get("progress") == "announced" and not announced.done():
                self.timeline.announce(step, read_at)
                announced.set_result(last)
        if not announced.done():
            self.timeline.announce(step)
            announced.set_result(last)
        taken_back = (last or {}).get("error", {}).get("code") == "superseded"
        assert last and (last.get("ok") or taken_back), f"switch to {pools}: {last}"
        if not taken_back:
            self.results.append(last)
        return last

    async def switch_by_command(self, *pools):
        """Through the real command line."""
        step = self.timeline.ask(*pools)
        process = await asyncio.create_subprocess_exec(
            *self.daemon.command("switch", *pools, "--until", "drained", "--json", "--drain", "60s"),
            env=self.daemon.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, progress = await process.communicate()
        self.timeline.announce(step)
        assert process.returncode == 0, f"tealgate switch {pools}: {process.returncode}: {output} {progress}"
        self.results.append(json.loads(output))

    async def finish(self):
        """Waits for the drains that still run."""
        await eventually_async(lambda: not self._draining, 90, "the end of the drains")

    def demand_whole_drains(self):
        """No switch cut anything, those that were taken back included."""
        assert all(result["changed"] for result in self.results), self.results
        for result in [*self.results, *self.daemon.history_lines()]:
            cut = (result.get("drain") or {}).get("cut", {"http": 0, "stream": 0})
            assert cut == {"http": 0, "stream": 0}, result
