"""Two pools, daemons that push their log lines, and stand-ins for Loki to push to."""
from harness.behaviours import Named
from harness.daemon import shop
from harness.loki import Loki
from harness.metrics import Metrics
from harness.wire import Wire, head


class LokiScene:
    def __init__(self, stage):
        self.stage = stage
        self.pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
        self.lokis = []

    def loki(self, **settings):
        self.lokis.append(self.stage.also_close(Loki(**settings)))
        return self.lokis[-1]

    def config(self, loki, access=None, **settings):
        config = shop(self.pools)
        config["logs"] = {"access": access or str(self.stage.folder / "access.log"), "loki": {"url": loki.url, **settings}}
        return config

    def gate(self, loki, **settings):
        """A daemon that pushes to `loki`."""
        daemon = self.stage.daemon(self.config(loki, **settings))
        daemon.access_log_path = self.stage.folder / "access.log"
        return daemon

    def reload(self, daemon, config):
        daemon.write_config(config)
        assert daemon.control.post("/v1/reload").ok

    def demand_no_faults(self):
        for loki in self.lokis:
            assert not loki.faults, loki.faults[:5]


def ask(daemon, count, path="/", *fields):
    with Wire(daemon.port) as wire:
        for _ in range(count):
            assert wire.exchange(head("GET", path, *fields)).status == 200


def metric(daemon, name, **labels):
    return Metrics.of(daemon).sum(f"tealgate_loki_{name}", **labels)


def sentences(daemon, words):
    return [line for line in daemon.output().splitlines() if words in line]
