"""Clients that are slow on purpose, after slowhttptest: each is ended by a deadline or a floor of its own, with
the status and the end word that say so, while normal clients go on."""
import shutil
import socket
import statistics
import subprocess
import time

import pytest

from harness.behaviours import Events, Withholding
from harness.daemon import shop
from harness.waiting import eventually
from harness.wire import Wire, head, request

WRITE = 4  # seconds: longer than a machine holds up an honest client
TIMES = {"request_head": "500ms", "request_body": "500ms", "write": f"{WRITE}s", "idle": "6s"}


def daemon_before(stage, *script, **service):
    origin = stage.scripted(*script)
    config = shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}, timeouts=TIMES, **service)
    return stage.daemon(config)


def trickle(wires, pieces, within=15.0):
    """Sends the next piece on each connection, again and again, until the peer has answered or closed all."""
    open_wires = dict.fromkeys(wires)

    def round_of_pieces():
        for wire in list(open_wires):
            try:
                wire.send(next(pieces))
                done = not wire.stays_open(0.01)
            except OSError:
                done = True
            if done:
                del open_wires[wire]
        return not open_wires

    eventually(round_of_pieces, within, "the end of all slow clients")


def endless(piece):
    while True:
        yield piece


LARGE = b"x" * (8 * 1024 * 1024)
STALLED, TOO_SLOW = "does not take", "limits.response_rate"


def answer_largely(peer):
    while message := peer.read_request():
        peer.answer(b"ok" if "/normal" in message.first_line else LARGE)


def bites(wires, message=None):
    """Takes at most 1 KiB of each connection, and then a pause, again and again: 100 KiB a second. Yields how many
    have not been closed."""
    open_wires = list(wires)
    while open_wires:
        for wire in list(open_wires):
            try:
                data = wire.socket.recv(1024, socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                open_wires.remove(wire)
            elif message:
                message.feed(data)
        yield len(open_wires)
        time.sleep(0.01)  # what makes the client slow


def normal_client_is_served(daemon):
    for _ in range(5):
        assert request(daemon.port, "/normal", fields=["X-Request-Id: normal"]).status == 200


def ends_of(daemon, count, end):
    def all_lines():
        lines = [line for line in daemon.access_log() if line["end"] == end]
        return lines if len(lines) >= count else None

    return eventually(all_lines, 30, f"{count} lines with {end}")


def test_slowloris_ends_with_408(stage):
    daemon = daemon_before(stage)
    wires = [Wire(daemon.port) for _ in range(20)]
    for wire in wires:
        wire.send("GET / HTTP/1.1\r\nHost: a\r\n")
    normal_client_is_served(daemon)
    trickle(wires, endless("X-a: b\r\n"))
    lines = ends_of(daemon, 20, "head_timeout")
    assert len(lines) == 20
    assert {line["status"] for line in lines} == {408}
    for wire in wires:
        wire.close()
    normal_client_is_served(daemon)


def test_a_head_that_trickles_byte_by_byte_ends_with_408(stage):
    daemon = daemon_before(stage)
    wires = [Wire(daemon.port) for _ in range(5)]
    trickle(wires, endless("G"))
    assert len(ends_of(daemon, 5, "head_timeout")) == 5
    for wire in wires:
        wire.close()


@pytest.mark.parametrize("framing, piece", [("Content-Length: 100000", "x"), ("Transfer-Encoding: chunked", "1\r\nx\r\n")])
def test_slow_post_ends_with_408(stage, framing, piece):
    script = Withholding()
    daemon = daemon_before(stage, script)
    wires = [Wire(daemon.port) for _ in range(10)]
    for wire in wires:
        wire.send(head("POST", "/", framing))
    trickle(wires, endless(piece))
    lines = ends_of(daemon, 10, "body_timeout")
    assert {line["status"] for line in lines} == {408}
    for wire in wires:
        wire.close()
    daemon.wait_until_idle()


def test_slow_read_is_cut(stage):
    daemon = daemon_before(stage, answer_largely)
    wires = [Wire(daemon.port, receive_buffer=4096) for _ in range(10)]
    for wire in wires:
        wire.send(head("GET", "/large"))
    normal_client_is_served(daemon)
    lines = ends_of(daemon, 10, "client_stalled")
    assert {line["status"] for line in lines} == {200}, "the head was out"
    assert {STALLED in line["detail"] for line in lines} == {True}
    for wire in wires:
        with pytest.raises(OSError):
            while wire.socket.recv(65536):
                pass
            raise ConnectionResetError("closed politely, which would pass for the end")
        wire.close()
    daemon.wait_until_idle()


def test_a_client_that_takes_its_answer_in_drips_is_cut(stage):
    """It takes something in each period, and far less than the rate."""
    daemon = daemon_before(stage, answer_largely, limits={"response_rate": "1MiB"})
    wires = [Wire(daemon.port, receive_buffer=4096) for _ in range(10)]
    for wire in wires:
        wire.send(head("GET", "/large"))
    normal_client_is_served(daemon)
    drips = bites(wires)
    eventually(lambda: next(drips, 0) == 0, 60, "the end of all dripping clients")
    lines = ends_of(daemon, 10, "client_stalled")
    assert {line["status"] for line in lines} == {200}
    assert {TOO_SLOW in line["detail"] for line in lines} == {True}
    for wire in wires:
        wire.close()
    daemon.wait_until_idle()


@pytest.mark.parametrize("rate", ["1KiB", "0B"])
def test_a_slow_client_that_takes_enough_is_left_alone(stage, rate):
    """The same bites as above, for several periods, under a lower rate; then the rest at once."""
    daemon = daemon_before(stage, answer_largely, limits={"response_rate": rate})
    with Wire(daemon.port, receive_buffer=4096) as wire:
        wire.send(head("GET", "/large", "X-Request-Id: honest"))
        message = wire.receive_head()
        end = time.monotonic() + 2.5 * WRITE
        for still_open in bites([wire], message):
            assert still_open
            if time.monotonic() > end:
                break
        assert daemon.control.status()["in_flight"] == 1, "bytes still wait"
        wire.receive_rest(message)
        assert message.body == LARGE
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "honest")["end"] == "ok"


def test_a_stream_that_says_nothing_asks_nothing_of_its_client(stage):
    events = Events()
    daemon = daemon_before(stage, events, limits={"response_rate": "1GiB"})
    with Wire(daemon.port) as wire:
        wire.send(head("GET", "/events"))
        message = wire.receive_head()
        wire.receive_until(message, lambda: b"data: 1" in message.body)
        assert wire.stays_open(1.5 * WRITE)
        events.go.set()
        assert wire.receive_rest(message).body == b"data: 1\n\ndata: 2\n\n"


def test_an_idle_connection_costs_its_time_and_no_line(stage):
    daemon = daemon_before(stage)
    with Wire(daemon.port) as never, Wire(daemon.port) as kept:
        assert kept.exchange(head("GET", "/", "X-Request-Id: only")).status == 200
        assert never.is_closed_by_peer(20)
        assert kept.is_closed_by_peer(20)
    daemon.wait_for_log(lambda line: line.get("request_id") == "only")
    assert len(daemon.access_log()) == 1


SLOW = {
    "slowloris": ["-H", "-i", "1"],
    "slow POST": ["-B", "-i", "1", "-s", "8192"],
    "slow read": ["-X", "-w", "10", "-y", "20", "-n", "1", "-z", "5", "-k", "3"],
}


@pytest.mark.needs("/usr/bin/slowhttptest")
@pytest.mark.parametrize("attack", SLOW)
def test_a_normal_client_beside_slowhttptest(stage, is_long, attack):
    """Says the normal client's p99 without and with the attack, which has a server of its own; demands only that
    every request is answered."""
    if not is_long:
        pytest.skip("with --long")

    normal, attacked = stage.node("blue", "normal"), stage.node("blue", "attacked")
    stage.wait_for_origins()
    config = shop({"blue": [normal.address], "green": ["127.0.0.1:9"]}, timeouts=TIMES)
    attacked_pools = {"blue": [attacked.address], "green": ["127.0.0.1:9"]}
    config["services"]["big"] = {**config["services"]["shop"], "pools": attacked_pools, "paths": ["/bytes", "/hash"]}
    daemon = stage.daemon(config)
    path = "hash" if attack == "slow POST" else "bytes?n=1000000"
    quiet = latencies(daemon, 3)
    attacker = subprocess.Popen(
        [shutil.which("slowhttptest"), *SLOW[attack], "-c", "400", "-r", "200", "-l", "10",
         "-u", f"http://127.0.0.1:{daemon.port}/{path}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: daemon.control.status()["client_connections"] > 50, what="the attack")
        loud = latencies(daemon, 8)
    finally:
        attacker.terminate()
        attacker.wait(10)
    print(f"{attack}: p99 {p99(quiet):.2f} ms alone, {p99(loud):.2f} ms beside 400 slow clients")


def latencies(daemon, seconds):
    taken = []
    end = time.monotonic() + seconds
    with Wire(daemon.port) as wire:
        while time.monotonic() < end:
            began = time.perf_counter()
            assert wire.exchange(head("GET", "/health")).status == 200
            taken.append((time.perf_counter() - began) * 1000)
    return taken


def p99(taken):
    return statistics.quantiles(taken, n=100)[98]
