"""Which pools may answer a request, as far as its client can know: the switches as they were asked for and
announced.

All times are of one process's monotonic clock. A switch may have taken effect at any moment from the first
byte of its command to the reading of its announcement; after that, nothing that its split leaves out may
begin.
"""
import dataclasses
import time


@dataclasses.dataclass
class Step:
    pools: frozenset
    asked_at: float
    announced_at: float = float("inf")


class Timeline:
    def __init__(self, *pools):
        """`pools`: the split at the beginning."""
        self._steps = [Step(frozenset(pools), float("-inf"), float("-inf"))]

    def ask(self, *pools):
        """A switch to `pools` is about to be asked for; call announce() with what this returns."""
        step = Step(frozenset(pools), time.monotonic())
        self._steps.append(step)
        return step

    def announce(self, step, at=None):
        step.announced_at = time.monotonic() if at is None else at

    def withdraw(self, step):
        """The switch was refused: it never took effect."""
        self._steps.remove(step)

    @property
    def current(self):
        """The split last asked for."""
        return self._steps[-1].pools

    @property
    def announcements(self):
        return sum(1 for step in self._steps[1:] if step.announced_at < float("inf"))

    def allowed(self, began, ended):
        """Pools that may have answered a request between these times: those of the last switch announced when it began,
        and of every switch asked for since, until it ended."""
        pools = set()
        for step in reversed(self._steps):
            if step.asked_at <= ended:
                pools |= step.pools
            if step.announced_at <= began:
                break
        return pools
