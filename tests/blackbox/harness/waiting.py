"""Bounded waiting for a condition: the only way in which these tests wait for another process."""
import asyncio
import time

PAUSE = 0.01


class TooLate(AssertionError):
    pass


def eventually(condition, within=10.0, what="the condition"):
    """The first true value of `condition()`; TooLate after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise TooLate(f"{what} did not come within {within} s")
        time.sleep(PAUSE)


async def eventually_async(condition, within=10.0, what="the condition"):
    """The same in an event loop, which goes on meanwhile."""
    deadline = time.monotonic() + within
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise TooLate(f"{what} did not come within {within} s")
        await asyncio.sleep(PAUSE)
