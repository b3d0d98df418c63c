"""HTTP through TLS: keep-alive and pipelining, the scheme that is told, HSTS, the redirect to https, tunnels and event
streams. What clients of the wild do is in test_tls_clients.py."""
import pytest

from harness.secure import VERSIONS
from harness.tls_scene import TlsScene
from harness.waiting import eventually
from harness.wire import Wire, head
from test_tunnels import ASK, Events, Tunnelling, exactly, switch_protocols

GET = head("GET", "/", host="shop.test")
HSTS = "strict-transport-security"


@pytest.fixture
def scene(stage):
    return TlsScene(stage)


@pytest.mark.parametrize("version", VERSIONS)
def test_many_requests_on_one_connection(scene, version):
    with scene.wire(version) as wire:
        for number in range(50):
            body = bytes([number]) * number * 1000
            asked = head("POST", f"/{number}", f"Content-Length: {len(body)}", host="shop.test") + body
            assert wire.exchange(asked, "POST").status == 200
            assert scene.origin.requests[-1].body == body


@pytest.mark.parametrize("version", VERSIONS)
def test_pipelined_requests_in_one_record_and_in_records_of_a_byte(scene, version):
    targets = [f"/{number}" for number in range(20)]
    asked = b"".join(head("GET", target, host="shop.test") for target in targets)
    with scene.wire(version) as wire:
        wire.send(asked)
        assert [wire.receive().status for _ in targets] == [200] * 20
        wire.raw.sendall(b"".join(wire.socket.encrypted(bytes([byte])) for byte in asked))
        assert [wire.receive().status for _ in targets] == [200] * 20
    assert scene.origin.targets() == targets * 2


def test_the_scheme_is_told_and_logged(scene):
    assert scene.ask("/", "GET", "X-Forwarded-Proto: http", "X-Request-Id: it").status == 200
    assert scene.origin.requests[-1].all("x-forwarded-proto") == ["https"]
    assert scene.line(request_id="it")["scheme"] == "https"


def test_close_is_said_in_tls_too(scene):
    with scene.wire() as wire:
        assert wire.exchange(head("GET", "/", "Connection: close", host="shop.test")).announces_close
        assert wire.read_to_end() == b"", "an end without close_notify would raise"
    with scene.wire() as wire:
        assert wire.exchange(b"GET / HTTP/1.1\r\n\r\n").status == 400
        assert wire.read_to_end() == b""


# HSTS


def own_words(peer):
    while message := peer.read_request():
        own = message.first_line.split(" ")[1] == "/own"
        peer.answer(fields=["Strict-Transport-Security: max-age=7"] if own else [])


def test_hsts_on_each_answer_once(stage):
    scene = TlsScene(stage, own_words, listen={"hsts": "365d"}, hosts=["shop.test"])
    said = ["max-age=31536000"]
    assert scene.ask("/").all(HSTS) == said
    assert scene.ask("/own").all(HSTS) == ["max-age=7"], "the server's own words count"
    with scene.wire() as wire:
        answer = wire.exchange(head("GET", "/", host="other.test"))
        assert (answer.status, answer.all(HSTS)) == (421, said)
        assert wire.exchange(GET).all(HSTS) == said
        answer = wire.exchange(b"GET / HTTP/1.1\r\nHost: shop.test\r\nbroken\r\n\r\n")
        assert (answer.status, answer.all(HSTS)) == (400, said)
    with Wire(scene.port) as plain:
        assert plain.exchange(GET).all(HSTS) == [], "not where browsers must ignore it"
    del scene.listen["hsts"]
    scene.reload()
    assert scene.ask("/").all(HSTS) == []


# The redirect


@pytest.fixture
def redirecting(stage):
    scene = TlsScene(stage, more=[{"address": "127.0.0.1:0", "redirect": "https"},
                                  {"address": "127.0.0.1:0", "redirect": "https:8443"}], hosts=["shop.test"])
    scene.plain_ports = scene.daemon.ports[1:]
    return scene


@pytest.mark.parametrize(
    "host, target, location",
    [
        ("shop.test", "/", "https://shop.test{}/"),
        ("shop.test:8080", "/a/../b//c?x=%2f&y=/?", "https://shop.test{}/a/../b//c?x=%2f&y=/?"),
        ("Shop.Test", "/%41", "https://Shop.Test{}/%41"),
        ("other.test", "/", "https://other.test{}/"),
        ("127.0.0.1:80", "/", "https://127.0.0.1{}/"),
        ("[::1]", "/", "https://[::1]{}/"),
        ("[2001:db8::7]:8080", "/a", "https://[2001:db8::7]{}/a"),
        ("shop.test", "http://shop.test:8080/b?c", "https://shop.test{}/b?c"),
    ],
)
def test_the_redirect_keeps_host_and_target(redirecting, host, target, location):
    host_field = "shop.test:8080" if target.startswith("http") else host
    for port, suffix in zip(redirecting.plain_ports, ("", ":8443")):
        with Wire(port) as wire:
            for _ in range(2):
                answer = wire.exchange(head("GET", target, host=host_field))
                assert (answer.status, answer.all("location")) == (308, [location.format(suffix)])
    assert not redirecting.origin.requests


def test_the_redirect_keeps_method_and_connection(redirecting):
    port = redirecting.plain_ports[0]
    with Wire(port) as wire:
        answer = wire.exchange(head("POST", "/form", "Content-Length: 5", "X-Request-Id: it", host="shop.test") + b"a=b&c",
                               "POST")
        assert (answer.status, answer.field("location")) == (308, "https://shop.test/form")
        assert answer.field("x-request-id") == "it" and not answer.all(HSTS)
    assert {"scheme": "http", "status": 308, "end": "ok"}.items() <= redirecting.line(request_id="it").items()
    with Wire(port) as wire:
        wire.send(head("POST", "/large", "Content-Length: 1000000", "Expect: 100-continue", host="shop.test"))
        answer = wire.receive()
        assert (answer.status, answer.interim) == (308, []), "nobody needs the body"
    with Wire(port) as wire:
        assert wire.exchange(head("HEAD", "/", host="shop.test"), "HEAD").status == 308


def test_the_redirect_needs_a_host(redirecting):
    for begin in (b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"):
        with Wire(redirecting.plain_ports[0]) as wire:
            answer = wire.exchange(begin)
            assert answer.status == 400 and not answer.all("location")
    with Wire(redirecting.plain_ports[0]) as wire:
        assert wire.exchange(b"GET /a HTTP/1.0\r\nHost: shop.test\r\n\r\n").field("location") == "https://shop.test/a"


# What is open for long


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tunnel_through_tls(stage, version):
    tunnelling = Tunnelling()
    scene = TlsScene(stage, tunnelling)
    with scene.wire(version) as wire:
        wire.send(head("GET", "/chat", *ASK, host="shop.test") + b"early")
        sent = b"early" + bytes(range(256)) * 4000
        _, received = switch_protocols(wire)
        wire.send(sent[5:])
        assert exactly(wire, len(sent), received) == sent
        wire.finish_sending()
        assert tunnelling.ended.wait(10), "close_notify is FIN to the server"
        assert wire.read_to_end() == b""


@pytest.mark.parametrize("version", VERSIONS)
def test_events_come_one_by_one(stage, version):
    events = Events()
    scene = TlsScene(stage, events)
    with scene.wire(version) as wire:
        wire.send(head("GET", "/events", host="shop.test"))
        message = wire.receive_head()
        wire.receive_until(message, lambda: message.body == b"data: 1\n\n")
        events.go.set()
        assert wire.receive_rest(message).body == b"data: 1\n\ndata: 2\n\n"


def test_a_drain_says_close_through_tls(stage):
    scene = TlsScene(stage)
    with scene.wire() as idle, scene.wire() as busy:
        assert idle.exchange(GET).status == busy.exchange(GET).status == 200
        scene.daemon.child.send(15)
        eventually(lambda: "stopping" in scene.daemon.output(), what="the end's begin")
        assert idle.read_to_end() == b""
