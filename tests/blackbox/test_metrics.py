"""/metrics and /v1/figures tell the same as the access log and the clients, in a form that Prometheus takes."""
import json
import pathlib
import shutil
import subprocess
import urllib.request

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.metrics import Metrics, text_of
from harness.ports import Port
from harness.processes import Child
from harness.waiting import eventually
from harness.wire import Wire, head


class Failing:
    def __call__(self, peer):
        while peer.read_request():
            peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def busy(stage):
    """Blue answers, green says 503; 40 requests to blue and 7 to green, by clients that keep their connection."""
    pools = {"blue": [stage.scripted(Named("blue")).address], "green": [stage.scripted(Failing()).address]}
    port = stage.also_close(Port())
    daemon = stage.daemon(shop(pools) | {"control": {"dashboard": port.address}})
    daemon.dashboard_port = port.number
    with Wire(daemon.port) as wire:
        for _ in range(40):
            assert wire.exchange(head("GET", "/")).status == 200
    assert daemon.control.switch("green").ok
    with Wire(daemon.port) as wire:
        for _ in range(7):
            assert wire.exchange(head("GET", "/")).status == 503
    with Wire(daemon.port) as wire:  # nobody's
        assert wire.exchange(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status == 400
    eventually(lambda: Metrics.of(daemon).sum("tealgate_requests_total") == 48, what="48 exchanges in the metrics")
    return daemon


def test_metrics_agree_with_the_clients_and_the_access_log(busy):
    metrics = Metrics.of(busy)
    assert metrics.sum("tealgate_requests_total", service="shop", pool="blue", code="200") == 40
    assert metrics.sum("tealgate_requests_total", service="shop", pool="green", code="503") == 7
    assert metrics.sum("tealgate_requests_total", service="", code="400") == 1
    assert metrics.sum("tealgate_request_errors_total", pool="blue") == 0
    assert metrics.sum("tealgate_request_errors_total", pool="green") == 7
    assert metrics.sum("tealgate_request_duration_seconds_count", pool="blue") == 40
    assert metrics.sum("tealgate_upstream_ttfb_seconds_count", pool="green") == 7
    eventually(lambda: len(busy.access_log()) == 48, what="48 lines of the access log")
    lines = busy.access_log()
    for pool in ("blue", "green"):
        mine = [line for line in lines if line.get("pool") == pool]
        assert metrics.sum("tealgate_requests_total", pool=pool) == len(mine)
        assert metrics.sum("tealgate_sent_bytes_total", pool=pool) == sum(line["bytes_out"] for line in mine)
        assert metrics.sum("tealgate_received_bytes_total", pool=pool) == sum(line["bytes_in"] for line in mine)
        exact = sum(line["duration_ms"] for line in mine) / 1000
        assert abs(metrics.sum("tealgate_request_duration_seconds_sum", pool=pool) - exact) <= 0.001 * len(mine)


def test_metrics_of_releases(busy):
    metrics = Metrics.of(busy)
    assert metrics.sum("tealgate_switches_total", service="shop", kind="switch", result="done") == 1
    assert metrics.sum("tealgate_switch_duration_seconds_count", service="shop") == 1
    assert metrics.sum("tealgate_pool_share", pool="green") == 1
    assert metrics.sum("tealgate_revision", service="shop") == busy.service()["revision"]
    assert metrics.sum("tealgate_config_last_reload_successful") == 1
    busy.config_path.write_text("nonsense: 1\n")
    assert not busy.control.post("/v1/reload").ok
    eventually(lambda: Metrics.of(busy).sum("tealgate_config_last_reload_successful") == 0, what="the refusal")


def test_series_of_removed_servers_disappear_and_their_counts_stay(stage):
    servers = [stage.scripted(Named("blue")).address for _ in range(2)]
    pools = {"blue": servers, "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(pools))
    with Wire(daemon.port) as wire:
        for _ in range(10):
            wire.exchange(head("GET", "/"))
    eventually(lambda: Metrics.of(daemon).sum("tealgate_requests_total", pool="blue") == 10, what="10 exchanges")
    daemon.write_config(shop({**pools, "blue": servers[:1]}))
    assert daemon.control.post("/v1/reload").ok
    eventually(lambda: not Metrics.of(daemon).series("tealgate_upstream_ttfb_seconds_count", server=servers[1]),
               what="the end of the server's series")
    metrics = Metrics.of(daemon)
    assert not [key for key in metrics if ("server", servers[1]) in key[1]]
    assert metrics.sum("tealgate_requests_total", pool="blue") == 10


def test_retries_are_counted_by_their_reason(stage):
    nobody = stage.also_close(Port())
    pools = {"blue": [nobody.address, stage.scripted(Named("blue")).address], "green": [stage.scripted(Named("g")).address]}
    daemon = stage.daemon(shop(pools))
    nobody.close()
    with Wire(daemon.port) as wire:
        for _ in range(4):
            assert wire.exchange(head("GET", "/")).status == 200
    eventually(lambda: len(daemon.access_log()) == 4, what="4 lines of the access log")
    tries = [one for line in daemon.access_log() for one in line.get("tries", [])]
    eventually(lambda: Metrics.of(daemon).sum("tealgate_requests_total") == 4, what="4 exchanges")
    assert tries
    assert Metrics.of(daemon).sum("tealgate_retries_total", reason="connect_refused") == len(tries)


def test_figures_have_the_past_and_agree(busy):
    figures = busy.control.get("/v1/figures?service=shop").result
    pools = figures["services"]["shop"]["pools"]
    assert sum(pools["blue"]["requests"]) == 40 and sum(pools["green"]["errors"]) == 7
    assert figures["step_s"] == 1
    columns = [pools["blue"][name] for name in ("requests", "errors", "p50", "p95", "p99")]
    assert len({len(column) for column in columns}) == 1
    assert all((count > 0) == (p99 is not None) for count, p99 in zip(columns[0], columns[4]))
    assert busy.control.get("/v1/figures?window=24h").result["step_s"] == 60
    assert busy.control.get("/v1/figures?window=1h").error["code"] == "usage"
    assert busy.control.get("/v1/figures?service=shup").status == 404


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
def test_promtool_finds_nothing(busy):
    checked = subprocess.run(["promtool", "check", "metrics"], input=text_of(busy), text=True, capture_output=True)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool")
@pytest.mark.parametrize("words", [("test", "rules", "alerts_test.yml"), ("check", "config", "prometheus.yml")])
def test_examples_for_prometheus_are_sound(words):
    folder = pathlib.Path(__file__).parents[2] / "examples/prometheus"
    checked = subprocess.run(["promtool", *words], cwd=folder, text=True, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(not shutil.which("prometheus"), reason="no Prometheus")
def test_prometheus_scrapes_it(stage, busy, tmp_path):
    config = tmp_path / "prometheus.yml"
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "tealgate", "static_configs": [
            {"targets": [f"127.0.0.1:{busy.dashboard_port}"]}]}]}))
    port = stage.also_close(Port())
    stage.also_close(Child(
        ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address=127.0.0.1:{port.number}", "--log.level=error"], tmp_path / "prometheus.log"))

    def found():
        query = "tealgate_requests_total{pool=%22blue%22,code=%22200%22}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port.number}/api/v1/query?query={query}", timeout=5) as answer:
                result = json.load(answer)["data"]["result"]
        except OSError:
            return None
        return result and float(result[0]["value"][1]) == 40

    eventually(found, within=30, what="the series in Prometheus")
