"""Slow readers cost memory, not more: a response of 1 GiB to a client that reads 64 KiB/s, and an upload of 1
GiB to a server that reads as slowly. The daemon's memory grows by less than 1 MiB for each such exchange,
others are served meanwhile, and nothing is left after the abort."""
import threading
import time

import pytest

from harness.daemon import shop
from harness.waiting import eventually
from harness.wire import Wire, head, request

GIB = 1024 * 1024 * 1024
MIB = 1024 * 1024
RATE = 64 * 1024  # bytes a second
PIECE = b"x" * (256 * 1024)
EXCHANGES = 6


def slow_reads(connection, until):
    """Reads RATE bytes a second until that moment or the end; yields how much each read brought."""
    connection.settimeout(10)
    total, began = 0, time.monotonic()
    while time.monotonic() < until and (size := len(connection.recv(4096))):
        yield size
        total += size
        ahead = total / RATE - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(min(ahead, 0.25))


def read_slowly(connection, until):
    """How much slow_reads() brought."""
    return sum(slow_reads(connection, until))


def send_without_end(connection, stop):
    connection.settimeout(1)
    try:
        while not stop.is_set():
            try:
                connection.send(PIECE)
            except TimeoutError:
                pass
    except OSError:
        pass


class Source:
    """Answers /large with a gibibyte, as fast as it is taken; anything else at once."""

    def __init__(self):
        self.stop = threading.Event()

    def __call__(self, peer):
        while message := peer.read_request():
            if message.first_line.split(" ")[1] != "/large":
                peer.answer()
                continue
            peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {GIB}\r\n\r\n")
            send_without_end(peer.socket, self.stop)


class Sink:
    """Takes uploads to /large at RATE; anything else at once."""

    def __init__(self):
        self.until = 0.0
        self.taken = 0

    def __call__(self, peer):
        while message := peer.read_head():
            if message.first_line.split(" ")[1] == "/large":
                for size in slow_reads(peer.socket, self.until):
                    self.taken += size
                return
            peer.read_body(message)
            peer.answer()


def demand_service(daemon):
    """Others are served meanwhile."""
    assert request(daemon.port, "/small").status == 200


def demand_bounded_memory(daemon, before, is_sanitized):
    grown = daemon.resident_bytes() - before
    print(f"grown by {grown / EXCHANGES / 1024:.0f} KiB for each exchange")
    if not is_sanitized:
        assert grown < EXCHANGES * MIB, f"{grown / MIB:.1f} MiB for {EXCHANGES} exchanges"


def warm_up(daemon):
    """Memory that the first requests cost once, on every worker."""
    for _ in range(30):
        assert request(daemon.port, "/small", "POST", body=PIECE).status == 200
    return daemon.resident_bytes()


def watch_until(daemon, before, until, is_sanitized):
    while time.monotonic() < until:
        demand_bounded_memory(daemon, before, is_sanitized)
        demand_service(daemon)
        time.sleep(0.5)


@pytest.fixture
def seconds(is_long):
    return 30 if is_long else 5


def test_slow_readers_of_a_gibibyte(stage, seconds, is_sanitized):
    source = Source()
    daemon = stage.daemon(shop({"blue": [stage.scripted(source).address], "green": ["127.0.0.1:9"]}))
    before = warm_up(daemon)
    until = time.monotonic() + seconds
    clients = [Wire(daemon.port, receive_buffer=32 * 1024) for _ in range(EXCHANGES)]
    readers = []
    for number, client in enumerate(clients):
        client.send(head("GET", "/large", f"X-Request-Id: large-{number}"))
        readers.append(threading.Thread(target=read_slowly, args=(client.socket, until)))
        readers[-1].start()
    watch_until(daemon, before, until, is_sanitized)
    eventually(lambda: daemon.server_counts("shop")["blocked"] == EXCHANGES, what="the wait for the clients")
    for reader, client in zip(readers, clients):
        reader.join()
        client.reset()
    daemon.wait_until_idle()
    for number in range(EXCHANGES):
        line = daemon.wait_for_log(lambda line: line.get("request_id") == f"large-{number}")
        assert line["end"] == "client_abort" and 0 < line["bytes_out"] < GIB
    source.stop.set()
    demand_bounded_memory(daemon, before, is_sanitized)


def test_slow_servers_of_uploads_of_a_gibibyte(stage, seconds, is_sanitized):
    sink = Sink()
    origin = stage.scripted(sink, receive_buffer=32 * 1024)
    daemon = stage.daemon(shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}))
    before = warm_up(daemon)
    sink.until = time.monotonic() + seconds + 10  # the sinks outlast the test
    stop = threading.Event()
    clients, writers = [], []
    for number in range(EXCHANGES):
        clients.append(Wire(daemon.port))
        clients[-1].send(head("POST", "/large", f"Content-Length: {GIB}", f"X-Request-Id: large-{number}"))
        writers.append(threading.Thread(target=send_without_end, args=(clients[-1].socket, stop)))
        writers[-1].start()
    eventually(lambda: daemon.server_counts("shop")["uploading"] == EXCHANGES, what="the uploads")
    watch_until(daemon, before, time.monotonic() + seconds, is_sanitized)
    stop.set()
    for writer, client in zip(writers, clients):
        writer.join()
        client.reset()
    daemon.wait_until_idle()
    for number in range(EXCHANGES):
        line = daemon.wait_for_log(lambda line: line.get("request_id") == f"large-{number}")
        assert line["end"] != "ok" and line["bytes_in"] < GIB
    assert sink.taken > RATE
    demand_service(daemon)


def test_client_that_reads_slowly_but_steadily_is_not_cut(stage):
    """The kernel tells of room only when a third of its buffer is free: at this rate long after the write deadline."""
    source = Source()
    pools = {"blue": [stage.scripted(source).address], "green": ["127.0.0.1:9"]}
    daemon = stage.daemon(shop(pools, timeouts={"write": "4s"}) | {"workers": 1})
    with Wire(daemon.port, receive_buffer=64 * 1024) as client:
        client.send(head("GET", "/large"))
        read = read_slowly(client.socket, time.monotonic() + 10)  # raises if it is reset
        assert read > RATE
    source.stop.set()
    assert daemon.wait_for_log(lambda line: line["path"] == "/large")["end"] == "client_abort"
