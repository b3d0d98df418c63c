"""What is no TLS, broken TLS, and clients that leave in the middle of it, or never come to the point."""
import os
import ssl
import threading

import pytest

from harness.behaviours import Withholding
from harness.secure import VERSIONS
from harness.tls_scene import TlsScene
from harness.waiting import eventually
from harness.wire import Wire, head

GET = head("GET", "/", host="shop.test")
TIMES = {"request_head": "4s", "idle": "6s"}  # a normal client's handshake has as long
BROKEN = (ssl.SSLError, ConnectionError)
HELLO = 0x16


@pytest.fixture
def scene(stage):
    return TlsScene(stage)


def demand_service(scene):
    assert scene.ask().status == 200


def is_cut(wire):
    """Closed or reset, at most after an alert."""
    try:
        data = wire.read_to_end()
    except ConnectionError:
        return True
    return not data or data[0] == 0x15


# No TLS


@pytest.mark.parametrize("said", [GET, b"GET / HTTP/1.0\r\n\r\n", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 1\r\n", b"G"])
def test_plain_http_is_told_so(scene, said):
    with Wire(scene.port) as wire:
        answer = wire.exchange(said)
        assert answer.status == 400 and answer.announces_close and b"TLS" in answer.body, answer.body
        assert wire.is_closed_by_peer()
    line = scene.line(end="plain_http")
    assert (line["status"], line.get("scheme", "http")) == (400, "http")
    assert not scene.origin.requests
    demand_service(scene)


@pytest.mark.parametrize("said", [b"\0" * 100, b"\r\n\r\n\0\r\nQUIT\n", b"\x80\x2e\x01\x03\x01", b"\x15\x03\x01\0\2\2\x28",
                                  b"\x17\x03\x03\0\1x"])
def test_what_is_neither_is_closed_without_an_answer(scene, said):
    with Wire(scene.port) as wire:
        wire.send(said)
        assert is_cut(wire)
    assert scene.line(end="tls_failed")["status"] == 0
    demand_service(scene)


def hello_of(scene):
    with scene.wire(shakes=False) as wire:
        return wire.socket.hello()


def bent(data, at, bits=0xFF):
    data = bytearray(data)
    data[at] ^= bits
    return bytes(data)


BENDS = {
    "garbage in a record": lambda hello: bytes([HELLO, 3, 1, 0, 64]) + os.urandom(64),
    "an endless record": lambda hello: bytes([HELLO, 3, 1, 255, 255]) + bytes(70_000),
    "an empty record": lambda hello: bytes([HELLO, 3, 1, 0, 0]) * 100,
    "another message": lambda hello: bent(hello, 5),
    "a length that is too long": lambda hello: bent(hello, 7, 0x40) + hello * 40,
    "a record in a wrong version": lambda hello: bent(hello, 1),
    "a hello and then garbage": lambda hello: hello + os.urandom(200),
    "two hellos": lambda hello: hello + hello,
    "a hello and application data": lambda hello: hello + b"\x17\x03\x03\0\x40" + bytes(64),
}


@pytest.mark.parametrize("kind", BENDS)
def test_broken_handshakes_end_with_an_alert_and_a_line(scene, kind):
    data = BENDS[kind](hello_of(scene))
    with Wire(scene.port) as wire:
        try:
            wire.send(data)
            wire.read_to_end()
        except ConnectionError:
            pass  # a reset, since some of it was not read
    line = scene.line(end="tls_failed")
    assert line["status"] == 0 and line["detail"] and not scene.origin.requests
    demand_service(scene)


# Cut and bent


@pytest.mark.parametrize("version", VERSIONS)
def test_byte_by_byte(scene, version):
    with scene.wire(version, shakes=False) as wire:
        for byte in wire.socket.hello():
            wire.raw.sendall(bytes([byte]))
        wire.socket.shake_hands()
        for byte in wire.socket.encrypted(GET):
            wire.raw.sendall(bytes([byte]))
        assert wire.receive().status == 200


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99, 1])
@pytest.mark.parametrize("end", ["close", "finish", "reset"])
def test_leaving_in_the_handshake_costs_nothing(scene, share, end):
    demand_service(scene)
    before = scene.daemon.descriptors()
    hello = hello_of(scene)
    for _ in range(10):
        with Wire(scene.port) as wire:
            wire.send(hello[: max(1, int(len(hello) * share))])
            if end == "finish":
                wire.finish_sending()
                try:
                    wire.read_to_end()
                except ConnectionError:
                    pass
            if end == "reset":
                wire.reset()
    eventually(lambda: scene.daemon.descriptors() <= before, what="the descriptors")
    demand_service(scene)
    assert {line["end"] for line in scene.daemon.access_log()} <= {"ok", "tls_failed"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_bent_record_ends_the_connection(scene, version):
    with scene.wire(version) as wire:
        assert wire.exchange(GET).status == 200
        wire.raw.sendall(bent(wire.socket.encrypted(GET), 20))
        with pytest.raises(ssl.SSLError, match="alert bad record mac"):
            wire.read_to_end()
    demand_service(scene)
    assert scene.origin.targets() == ["/", "/"], "the bent one never came"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_truncated_record_is_no_request(scene, version):
    with scene.wire(version) as wire:
        wire.raw.sendall(wire.socket.encrypted(GET)[:-1])
        wire.raw.shutdown(1)
        assert wire.read_to_end() == b""
    assert not scene.origin.requests
    demand_service(scene)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("end", ["close_notify", "fin", "reset", "bent", "half a record"])
@pytest.mark.parametrize("framing", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
def test_an_upload_that_is_cut_is_not_whole_for_the_server(stage, version, end, framing):
    bodies, begun = [], threading.Event()

    def script(peer):
        message = peer.read_head()
        if message is None:
            return
        begun.set()
        peer.read_body(message)
        bodies.append((len(message.body), message.complete))

    scene = TlsScene(stage, script)
    chunk = b"ea60\r\n" if "chunked" in framing else b""
    with scene.wire(version) as wire:
        wire.send(head("POST", "/", framing, "X-Request-Id: it", host="shop.test") + chunk + b"x" * 50_000)
        assert begun.wait(10)
        if end == "close_notify":
            wire.finish_sending()
        elif end == "fin":
            wire.raw.shutdown(1)
        elif end == "reset":
            wire.reset()
        elif end == "bent":
            wire.raw.sendall(bent(wire.socket.encrypted(b"x" * 1000), 100))
        else:
            wire.raw.sendall(wire.socket.encrypted(b"x" * 1000)[:500])
            wire.raw.shutdown(1)
        line = scene.line(request_id="it")
    assert line["end"] == "client_abort", line
    eventually(lambda: bodies, what="the cut at the server")
    assert bodies[0][1] is False


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_that_has_said_all_is_still_answered(stage, version):
    withholding = Withholding()
    scene = TlsScene(stage, withholding)
    with scene.wire(version) as wire:
        wire.send(GET)
        wire.finish_sending()
        eventually(lambda: withholding.asked == 1, what="the request at the server")
        withholding.let_go()
        assert wire.receive().body == b"withheld"
        assert wire.read_to_end() == b""
    assert scene.line(status=200)["end"] == "ok"


# Slow


def test_slow_handshakes_end_with_the_time_for_a_head(stage):
    scene = TlsScene(stage, timeouts=TIMES)
    hello = hello_of(scene)
    wires = [Wire(scene.port) for _ in range(60)]
    for number, wire in enumerate(wires):
        wire.send(hello[: 1 + number * 7 % len(hello)])
    for _ in range(5):
        demand_service(scene)
    for wire in wires:
        assert is_cut(wire)
        wire.close()
    assert {line["end"] for line in scene.daemon.access_log()} == {"ok"}


def test_dripping_handshakes_end_too(stage):
    scene = TlsScene(stage, timeouts=TIMES)
    wires = dict.fromkeys(Wire(scene.port) for _ in range(20))
    drips = {wire: iter(hello_of(scene) * 3) for wire in wires}

    def drip():
        for wire in list(wires):
            try:
                wire.send(bytes([next(drips[wire])]))
                gone = not wire.stays_open(0.01)
            except OSError:
                gone = True
            if gone:
                del wires[wire]
        return not wires

    eventually(drip, 30, "the end of all dripping handshakes")
    demand_service(scene)


def test_a_head_that_is_slow_within_tls_is_answered(stage):
    scene = TlsScene(stage, timeouts=TIMES)
    with scene.wire() as wire:
        wire.send(GET[:10])
        assert wire.receive().status == 408
        assert wire.read_to_end() == b""
    assert scene.line(end="head_timeout")["status"] == 408
    with scene.wire() as wire:
        assert wire.read_to_end() == b"", "nothing was asked: no answer, but a proper end"


# Many


def test_a_flood_of_handshakes_leaves_a_normal_client_its_answers(scene, is_long):
    stop = threading.Event()
    shaken = []

    def flood():
        context = scene.authority.context()
        while not stop.is_set():
            with scene.wire(shakes=False) as wire:
                wire.socket.shake_hands()
                shaken.append(context)

    with scene.wire() as normal:
        floods = [threading.Thread(target=flood) for _ in range(4)]
        for thread in floods:
            thread.start()
        try:
            wanted = 3000 if is_long else 300
            while len(shaken) < wanted:
                assert normal.exchange(GET).status == 200
                demand_service(scene)
        finally:
            stop.set()
            for thread in floods:
                thread.join()
