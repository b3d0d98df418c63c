"""The workloads, wrk as their load, and a normal client beside it."""
import dataclasses
import json
import os
import re
import subprocess
import time

from machine import LOAD_CORE, ROOT, program

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5",
    "Accept-Encoding": "gzip, deflate, br",
    "Referer": "https://shop.example.com/catalogue/chairs?page=2&sort=price",
    "Cookie": "session=0123456789abcdef0123456789abcdef; theme=dark; consent=necessary",
    "Upgrade-Insecure-Requests": "1",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
}


@dataclasses.dataclass(frozen=True)
class Workload:
    title: str
    path: str = "/"
    clients: int = 64
    headers: dict = dataclasses.field(default_factory=dict)
    upload_bytes: int = 0
    large_bodies: bool = False
    tls: bool = False
    resumed: bool = False  # each request on a connection that resumes the first one's session


WORKLOADS = {
    "small": Workload("small keep-alive GET, 64 clients"),
    "headers": Workload("small keep-alive GET with ten browser headers, 64 clients", headers=BROWSER),
    "64k": Workload("64 KiB response, 64 clients", path="/64k", large_bodies=True),
    "upload": Workload("16 KiB upload, 64 clients", upload_bytes=16 * 1024, large_bodies=True),
    "new": Workload("new connection per request, 64 clients", headers={"Connection": "close"}),
    "c512": Workload("small keep-alive GET, 512 clients", clients=512),
    "tls": Workload("small keep-alive GET through TLS, 64 clients", tls=True),
    "tls-new": Workload("whole TLS handshake per request, 64 clients", headers={"Connection": "close"}, tls=True),
    "tls-resumed": Workload("resumed TLS 1.2 session per request, one client", tls=True, resumed=True),
}


def run_load(workload, port, seconds):
    """What the clients counted: requests, seconds, p50_ms (None: not measured). Raises RuntimeError if anything went wrong."""
    return run_s_time(port, seconds) if workload.resumed else run_wrk(workload, port, seconds)


def on_load_core():
    os.sched_setaffinity(0, {LOAD_CORE})


def run_s_time(port, seconds):
    """wrk never resumes; of what does, openssl's own measures TLS 1.2 alone."""
    command = [program("openssl"), "s_time", "-connect", f"127.0.0.1:{port}", "-reuse", "-tls1_2", "-time", str(seconds),
               "-www", "/"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=on_load_core)
    counted = re.search(r"(\d+) connections in (\d+) real seconds, (\d+) bytes", done.stdout)
    if done.returncode != 0 or not counted or int(counted[1]) == 0 or int(counted[3]) == 0:
        raise RuntimeError(f"openssl s_time failed: {done.stderr or done.stdout}")
    return {"requests": int(counted[1]), "seconds": max(1, int(counted[2])), "p50_ms": None}


def run_wrk(workload, port, seconds):
    headers = [word for name, value in workload.headers.items() for word in ("-H", f"{name}: {value}")]
    command = [program("wrk"), "-t1", f"-c{workload.clients}", f"-d{seconds}s", "--timeout", "20s", *headers,
               "-s", str(ROOT / "bench" / "wrk_report.lua"), f"{'https' if workload.tls else 'http'}://127.0.0.1:{port}{workload.path}"]
    done = subprocess.run(command, capture_output=True, text=True,
                          env={**os.environ, "BENCH_UPLOAD_BYTES": str(workload.upload_bytes)},
                          preexec_fn=on_load_core)
    if done.returncode != 0:
        raise RuntimeError(f"wrk failed: {done.stderr or done.stdout}")
    report = json.loads(done.stdout.splitlines()[-1])
    if any(report["errors"].values()) or report["requests"] == 0:
        raise RuntimeError(f"wrk counted {report['requests']} requests and the errors {report['errors']}")
    return report


ASK = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
PAUSE = 0.002


def ask(connection, seconds):
    """What a normal client feels: the milliseconds that each answer took on one kept connection, asked every 2 ms."""
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        connection.sendall(ASK)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE)
    return took


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def behind_the_client():
    """For a process that loads: on the load's core, and nicer than the normal client."""
    on_load_core()
    os.nice(10)
