"""The access log while wrk asks as fast as it can: a line for each request, or counted; in a file that is rotated every second,
and at a Loki that is too slow."""
import json
import os
import pathlib
import signal
import subprocess

import pytest

from harness.daemon import shop
from harness.loki import Loki
from harness.metrics import Metrics
from harness.ports import Port
from harness.processes import Child
from harness.waiting import eventually
from harness.wire import request

NGINX, WRK = "/usr/sbin/nginx", "/usr/bin/wrk"
REPORT = pathlib.Path(__file__).resolve().parents[2] / "bench" / "wrk_report.lua"
CLIENTS = 64
MIB = 1 << 20
ORIGIN = """daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.error;
events {{}}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen {address}; location / {{ return 200 "blue"; }} }} }}
"""


@pytest.fixture
def origin(stage):
    port = stage.also_close(Port())
    config = stage.folder / "nginx.conf"
    config.write_text(ORIGIN.format(folder=stage.folder, address=port.address))
    child = stage.also_close(Child([NGINX, "-p", stage.folder, "-c", config], stage.folder / "nginx.out"))
    eventually(lambda: not child.is_running() or answers(port.number), what="nginx")
    return port.address


def answers(port):
    try:
        return request(port, "/").status == 200
    except OSError:
        return False


class Rotation:
    """Moves the log away, has it opened anew, and counts what it held."""

    def __init__(self, daemon):
        self.daemon, self.lines, self.turns = daemon, 0, 0

    def turn(self):
        log = self.daemon.access_log_path
        away = log.with_suffix(".1")
        os.rename(log, away)
        self.daemon.child.send(signal.SIGUSR1)
        eventually(log.exists, what="the new file")
        self.count(away)
        away.unlink()
        self.turns += 1

    def count(self, path):
        with open(path, "rb") as log:
            while piece := log.read(MIB):
                self.lines += piece.count(b"\n")


def begin_wrk(daemon, seconds):
    command = [WRK, "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "--timeout", "30s", "-s", REPORT, f"http://127.0.0.1:{daemon.port}/"]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)


@pytest.mark.needs(NGINX)
@pytest.mark.needs(WRK)
def test_each_request_has_its_line_while_files_are_rotated(stage, origin, is_long):
    config = shop({"blue": [origin], "green": ["127.0.0.1:9"]})
    config["services"]["shop"]["health"] = "none"
    daemon = stage.daemon(config)
    rotation = Rotation(daemon)
    load = begin_wrk(daemon, 600 if is_long else 5)
    try:
        eventually(daemon.access_log_path.exists, what="the first lines")
        after_a_second = daemon.resident_bytes()
        while load.poll() is None:
            rotation.turn()
            try:
                load.wait(1)
            except subprocess.TimeoutExpired:
                pass
        said = json.loads(load.stdout.read().splitlines()[-1])
    finally:
        load.kill()
        load.wait()
    daemon.wait_until_idle()
    grown = daemon.resident_bytes() - after_a_second

    def counts():
        rotation.turn()
        metrics = Metrics.of(daemon)
        return metrics.sum("tealgate_requests_total"), rotation.lines + metrics.sum("tealgate_log_dropped_total")

    eventually(lambda: len(set(counts())) == 1, what="as many lines as requests in /metrics")
    written = counts()[1]
    dropped = written - rotation.lines
    print(f"{said}, lines {rotation.lines} in {rotation.turns} files, dropped {dropped:.0f}, grown {grown // 1024} KiB")
    assert said["requests"] > 0 and not any(said["errors"].values())
    # wrk leaves at its end, whatever is under way.
    assert said["requests"] <= written <= said["requests"] + CLIENTS
    assert grown < 32 * MIB


@pytest.mark.needs(NGINX)
@pytest.mark.needs(WRK)
def test_each_line_is_at_a_loki_that_is_too_slow_or_is_counted(stage, origin, is_long):
    loki = stage.also_close(Loki())
    config = shop({"blue": [origin], "green": ["127.0.0.1:9"]})
    config["services"]["shop"]["health"] = "none"
    config["logs"] = {"access": "off", "loki": {"url": loki.url, "queue": "1MiB"}}
    daemon = stage.daemon(config)

    def settled():
        said = daemon.output().count("\n")
        metrics = Metrics.of(daemon)
        is_done = metrics.sum("tealgate_loki_queue_bytes") == 0 and metrics.sum("tealgate_loki_pushed_lines_total") > 0
        return is_done and said == daemon.output().count("\n") and (metrics, said)

    metrics, said_before = eventually(settled, what="the lines of the start")
    pushed_before = metrics.sum("tealgate_loki_pushed_lines_total")
    load = begin_wrk(daemon, 60 if is_long else 5)
    try:
        said = json.loads(load.communicate(timeout=120)[0].splitlines()[-1])
    finally:
        load.kill()
        load.wait()
    daemon.wait_until_idle()

    def accounts():
        """The lines that came to an end, and those that there were, once all have."""
        metrics, said_after = settled() or (None, 0)
        if not metrics or metrics.sum("tealgate_requests_total") < said["requests"]:
            return None  # figures are a moment behind
        if metrics.sum("tealgate_loki_pushed_lines_total") != len(loki.entries):
            return None  # the daemon has just said something
        dropped = metrics.sum("tealgate_loki_dropped_lines_total") + metrics.sum("tealgate_log_dropped_total")
        made = metrics.sum("tealgate_requests_total") + said_after - said_before
        return len(loki.entries) - pushed_before + dropped, made

    eventually(lambda: len(set(accounts() or (0, 1))) == 1, within=20, what="each line at Loki or counted")
    ended, made = eventually(accounts, what="an empty queue")
    print(f"{said}, lines {len(loki.entries)} in {len(loki.attempts)} pushes, of {made:.0f}")
    assert ended == made and not loki.faults, loki.faults[:5]
    assert said["requests"] <= made <= said["requests"] + CLIENTS + 5 and not any(said["errors"].values())
    assert Metrics.of(daemon).sum("tealgate_loki_dropped_lines_total", reason="queue_full") > 0, "Loki was too fast for this test"
