"""The access log while wrk asks as fast as it can and the file is rotated every second: a line for each request, or counted."""
import json
import os
import pathlib
import signal
import subprocess

import pytest

from harness.daemon import shop
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


@pytest.mark.needs(NGINX)
@pytest.mark.needs(WRK)
def test_each_request_has_its_line_while_files_are_rotated(stage, origin, is_long):
    config = shop({"blue": [origin], "green": ["127.0.0.1:9"]})
    config["services"]["shop"]["health"] = "none"
    daemon = stage.daemon(config)
    rotation = Rotation(daemon)
    command = [WRK, "-t1", f"-c{CLIENTS}", f"-d{600 if is_long else 5}s", "-s", REPORT, f"http://127.0.0.1:{daemon.port}/"]
    load = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
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
