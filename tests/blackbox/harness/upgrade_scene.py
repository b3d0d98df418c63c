"""A daemon of two pools that others replace, for the tests of upgrades."""
from harness.behaviours import Named
from harness.daemon import shop
from harness.upgrades import Lineage
from harness.waiting import eventually
from harness.wire import request

GRACE = {"shutdown_grace": "20s"}


class UpgradeScene:
    """`blue` and `green` are the scripts of the two pools' only servers."""

    def __init__(self, stage, blue=None, green=None, config=GRACE, **service):
        self.stage = stage
        scripts = {"blue": blue or Named("blue"), "green": green or Named("green")}
        pools = {pool: [{"address": stage.scripted(script).address, "name": pool}] for pool, script in scripts.items()}
        self.daemon = stage.daemon(shop(pools, **service) | config)
        self.lineage = Lineage(self.daemon)
        self.port = self.daemon.port

    def refused(self, *words):
        """An upgrade that must leave all as it is: its exit code and what it said."""
        before = self.lineage.serving()
        done = self.lineage.upgrade(*words)
        assert self.lineage.serving() == before
        assert request(self.port, "/").status == 200
        eventually(lambda: self.lineage.living() == [before], what="the end of the new one")
        eventually(lambda: last_event(self.daemon, "upgrade_refused"), what="its line in the history")
        assert done.stdout == ""
        return done.returncode, done.stderr


def last_event(daemon, event):
    """The last line of the history, if it is about that."""
    line = daemon.history_lines()[-1]
    return line if line["event"] == event else None
