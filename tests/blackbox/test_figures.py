"""One truth in five places: what the load generator counted is what the access log, /metrics, /v1/figures and the page say; and
percentiles are the exact ones, within what a histogram's cell is wide."""
import bisect
import collections
import itertools
import math
import random
import threading
import time

import pytest

from harness.board import Board
from harness.daemon import shop
from harness.metrics import Metrics
from harness.page import visit
from harness.waiting import eventually
from harness.wire import Wire, head

CELL = 0.016  # base/histogram.h: how far what is read back is from what was recorded, at most
ROUNDING = 0.001  # ms
CLIENTS = 24


class Late:
    """Answers /STATUS/MICROSECONDS/… with that status, after so long."""

    def __init__(self, pool):
        self.pool = pool

    def __call__(self, peer):
        while request := peer.read_request():
            _, status, microseconds, *_ = request.first_line.split(" ")[1].split("/")
            time.sleep(int(microseconds) / 1e6)
            peer.answer(status=f"{status} Told", fields=[f"X-Pool: {self.pool}"])


class Load:
    """Clients that ask for paths; `answers` counts (pool, status) of what they were told."""

    def __init__(self, port):
        self.port, self.answers, self.complaints = port, collections.Counter(), []

    def ask_for(self, paths):
        left, lock = iter(paths), threading.Lock()

        def client():
            try:
                with Wire(self.port, timeout=60) as wire:
                    while True:
                        with lock:
                            path, host = next(left, (None, None))
                        if path is None:
                            return
                        answer = wire.exchange(head("GET", path, host=host))
                        with lock:
                            self.answers[answer.field("x-pool"), answer.status] += 1
            except Exception as broken:  # a thread's own exception would be lost
                self.complaints.append(broken)

        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.complaints, self.complaints

    def sum(self, fits=lambda pool, status: True):
        return sum(count for (pool, status), count in self.answers.items() if fits(pool, status))


@pytest.fixture
def scene(stage):
    """shop with both pools serving, blue more than green."""
    board = Board(stage)
    pools = {pool: [stage.scripted(Late(pool)).address for _ in range(2)] for pool in ("blue", "green")}
    daemon = stage.daemon(shop(pools, hosts=["shop.test"]) | board.config())
    assert daemon.cli("switch", "blue=70", "green=30", "--force").returncode == 0
    daemon.page = f"http://{board.address}/"
    return daemon


def log_of(daemon, count):
    eventually(lambda: len(daemon.access_log()) >= count, what=f"{count} lines of the access log")
    return daemon.access_log()


def figures_of(daemon):
    return daemon.control.get("/v1/figures?service=shop").result["services"]["shop"]


def mixed(count):
    """Paths with their hosts: good and bad answers, quick and late, and some for which there is no service."""
    dice = random.Random(5)
    for number in range(count):
        status = dice.choices((200, 404, 500, 503), (90, 5, 3, 2))[0]
        yield f"/{status}/{dice.choice((0, 0, 300, 4000))}/{number}", dice.choices(("shop.test", "nobody.test"), (97, 3))[0]


def test_totals_are_those_of_the_load_generator_everywhere(scene):
    load = Load(scene.port)
    load.ask_for(mixed(3000))
    assert load.sum() == 3000 and load.sum(lambda pool, status: pool == "green") > 300
    assert load.sum(lambda pool, status: status == 421) > 0, "nobody's"

    lines = log_of(scene, 3000)
    assert collections.Counter((line.get("pool"), line["status"]) for line in lines) == load.answers
    assert len({line["path"] for line in lines}) == 3000, "none twice"

    eventually(lambda: Metrics.of(scene).sum("tealgate_requests_total") >= 3000, what="3000 exchanges in /metrics")
    metrics = Metrics.of(scene)
    for (pool, status), count in load.answers.items():
        assert metrics.sum("tealgate_requests_total", pool=pool or "", code=str(status)) == count
    assert metrics.sum("tealgate_requests_total") == 3000

    of_pools = figures_of(scene)["pools"]
    for pool in ("blue", "green"):
        asked = load.sum(lambda its, status: its == pool)
        failed = load.sum(lambda its, status: its == pool and status >= 500)
        assert (sum(of_pools[pool]["requests"]), sum(of_pools[pool]["errors"])) == (asked, failed)
        assert sum(sum(server["requests"]) for server in of_pools[pool]["servers"].values()) == asked
        assert metrics.sum("tealgate_request_errors_total", pool=pool) == failed


@pytest.mark.needs("/usr/bin/chromium")
def test_the_page_says_what_the_load_generator_counted(scene):
    load = Load(scene.port)
    load.ask_for(mixed(1000))

    def totals():
        return {"requests": load.sum(lambda pool, _: pool is not None), "errors": load.sum(lambda pool, status: pool and status >= 500)}

    visit("totals", scene.page, {"totals": totals, "ask": lambda: load.ask_for(mixed(500))})


def exact(values, share):
    return sorted(values)[math.ceil(share * len(values)) - 1]


def burst(load, number):
    dice = random.Random(number)
    latencies = [min(int(dice.lognormvariate(8.5, 1.1)), 200_000) for _ in range(240)]
    load.ask_for((f"/200/{latency}/burst-{number}-{at}", "shop.test") for at, latency in enumerate(latencies))


def test_percentiles_are_the_exact_ones_within_a_cell(scene):
    assert scene.control.switch("blue").ok
    load = Load(scene.port)
    for number in itertools.count():  # until one burst falls into one second whole
        assert number < 50
        before = load.sum()
        burst(load, number)
        lines = log_of(scene, load.sum())[before:]
        eventually(lambda: sum(figures_of(scene)["pools"]["blue"]["requests"]) == load.sum(), what="the burst in the figures")
        blue = figures_of(scene)["pools"]["blue"]
        whole = [at for at, count in enumerate(blue["requests"]) if count == len(lines)]
        if whole:
            break
    latencies = [line["ttfb_ms"] for line in lines]
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        right, said = exact(latencies, share), blue[name][whole[-1]]
        assert abs(said - right) <= CELL * right + ROUNDING, (name, said, right)


def test_buckets_of_the_metrics_count_what_the_log_has(scene):
    load = Load(scene.port)
    burst(load, 1)
    took = sorted(line["duration_ms"] / 1000 for line in log_of(scene, load.sum()))
    eventually(lambda: Metrics.of(scene).sum("tealgate_requests_total") == len(took), what="the burst in /metrics")
    metrics = Metrics.of(scene)
    bounds = {dict(labels)["le"] for _, labels in metrics.series("tealgate_request_duration_seconds_bucket", pool="blue")}
    assert len(bounds) == 14
    for bound in sorted(float(bound) for bound in bounds if bound != "+Inf"):
        said = metrics.sum("tealgate_request_duration_seconds_bucket", service="shop", le=f"{bound:g}")
        least, most = (bisect.bisect_right(took, bound * (1 + sign * CELL) + sign * ROUNDING / 1000) for sign in (-1, 1))
        assert least <= said <= most, bound
    assert metrics.sum("tealgate_request_duration_seconds_bucket", service="shop", le="+Inf") == len(took)
