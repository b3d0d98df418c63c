"""TLS towards servers: whom Tealgate believes, what it says of those it does not, and that everything else is as without
TLS: health, retries, keep-alive, bodies."""
import hashlib
import threading
import time

import pytest

from harness.certificates import Authority
from harness.daemon import shop
from harness.scripted import answer_everything
from harness.secure import VERSIONS
from harness.waiting import eventually
from harness.wire import Wire, head
from test_backpressure import EXCHANGES, GIB, MIB, Sink, Source, demand_bounded_memory, read_slowly, send_without_end
from test_tls_bodies import BLOCK, Transfers, hash_of_blocks

GET = head("GET", "/", host="shop.test")


class Scene:
    """A daemon before one server `app.test` that speaks TLS. `tls` are more keys of the pool's tls, `pool` of the service."""

    def __init__(self, stage, script=answer_everything, names=("DNS:app.test",), **settings):
        self.stage = stage
        self.authority = Authority(stage.folder / "ca")
        self.certificate = self.authority.issue("app", *names, expired=settings.pop("expired", False))
        self.context = self.authority.server_context(
            self.certificate, settings.pop("asks_for_one", False), settings.pop("version", None)
        )
        self.origin = stage.scripted(script, tls=self.context)
        self.tls = {"ca": str(self.authority.cert), "name": "app.test", **settings.pop("tls", {})}
        self.blue = [self.origin.address, *settings.pop("more", [])]
        self.service = settings
        self.daemon = stage.daemon(self.config_now())

    def config_now(self):
        blue = {"servers": self.blue, "tls": self.tls}
        return shop({"blue": blue, "green": ["127.0.0.1:9"]}, **self.service)

    def reload(self):
        self.daemon.write_config(self.config_now())
        done = self.daemon.cli("reload")
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, request=GET, method="GET"):
        with Wire(self.daemon.port) as wire:
            return wire.exchange(request, method)

    def refusal(self):
        """What the log says of a request that no server could be asked."""
        answer = self.ask()
        assert answer.status == 502, answer.first_line
        assert b"app.test" not in answer.body and b"certificate" not in answer.body, "no stranger's business"
        line = self.daemon.wait_for_log(lambda line: line["end"] != "ok")
        assert line["end"] == "upstream_tls"
        return line["detail"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_proves_who_it_is_is_asked_on_a_kept_connection(stage, version):
    scene = Scene(stage, version=version)
    with Wire(scene.daemon.port) as wire:
        for _ in range(5):
            assert wire.exchange(GET).status == 200
    assert len(scene.origin.requests) == 5 and scene.origin.connections == 2, "the check's at the start, and ours"


def test_the_name_is_the_hosts_unless_another_is_given(stage):
    scene = Scene(stage, names=("IP:127.0.0.1",))
    asked = []
    scene.context.sni_callback = lambda _socket, name, _context: asked.append(name)
    assert scene.refusal() == "name mismatch: the certificate is for 127.0.0.1, not for app.test"
    assert set(asked) == {"app.test"}
    asked.clear()
    del scene.tls["name"]
    scene.reload()
    assert scene.ask().status == 200
    assert set(asked) == {None}, "an address is no name to ask for"
    asked.clear()
    scene.blue[0] = scene.origin.address.replace("127.0.0.1", "localhost")
    scene.reload()
    scene.ask()
    assert "localhost" in asked


@pytest.mark.parametrize(
    "words, reason",
    [
        ({"expired": True}, "certificate has expired"),
        ({"names": ("DNS:other.test",)}, "name mismatch: the certificate is for other.test, not for app.test"),
        ({"names": ("DNS:*.test",), "tls": {"name": "a.b.test"}}, "name mismatch: the certificate is for *.test, not for a.b.test"),
        ({"asks_for_one": True}, "the server asks for a client's certificate"),
    ],
)
def test_what_is_wrong_is_said_by_checks_and_log(stage, words, reason):
    scene = Scene(stage, **words, health={"path": "/", "interval": "200ms", "fall": 1})

    def is_down_and_why():
        server = scene.daemon.server(scene.origin.address)
        return server["health"] == "down" and reason in server["check"]["error"]

    eventually(is_down_and_why, 10, f"down, with the reason: {reason}")
    scene.service = {"health": "none"}
    scene.reload()
    assert scene.refusal() == reason
    assert not scene.origin.requests


def test_an_unknown_authority_is_not_believed_unless_nobody_asks(stage):
    scene = Scene(stage, names=("DNS:app.test",))
    assert scene.ask().status == 200
    stranger = Authority(stage.folder / "stranger")
    scene.tls = {"name": "app.test", "ca": str(stranger.cert)}
    scene.reload()
    assert scene.refusal().startswith("certificate signed by an unknown authority ("), "a kept connection is none any more"
    scene.tls = True
    scene.reload()
    assert scene.ask().status == 502, "the system's authorities did not sign it"
    scene.tls = {"verify": False}
    scene.reload()
    assert scene.ask().status == 200
    scene.tls = False
    scene.reload()
    assert scene.ask().status == 502, "it speaks nothing but TLS"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_asks_for_a_certificate_gets_ours(stage, version):
    scene = Scene(stage, asks_for_one=True, version=version, health="/")
    ours = scene.authority.issue("gate", "DNS:gate.test")
    scene.tls |= {"cert": str(ours.cert), "key": str(ours.key)}
    scene.reload()
    scene.daemon.wait_until_up(scene.origin.address)
    assert scene.ask().status == 200


def test_a_server_without_tls_is_told_apart(stage):
    scene = Scene(stage)
    plain = stage.scripted(lambda peer: peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"))
    scene.blue = [plain.address]
    scene.reload()
    assert scene.refusal() == "the server speaks no TLS"
    closing = stage.scripted(lambda peer: peer.socket.recv(1))
    scene.blue = [closing.address]
    scene.reload()
    scene.ask()
    scene.daemon.wait_for_log(lambda line: line.get("detail") == "closed by the server in the TLS handshake")


def test_a_handshake_that_does_not_end_is_a_connect_that_takes_too_long(stage):
    scene = Scene(stage, timeouts={"connect": "300ms"})
    silent = stage.scripted(lambda peer: peer.socket.recv(1) and peer.socket.recv(100000) and peer.socket.recv(1))
    scene.blue = [silent.address]
    scene.reload()
    assert scene.ask().status == 504
    scene.daemon.wait_for_log(lambda line: line["end"] == "connect_timeout")


@pytest.mark.parametrize("version", VERSIONS)
def test_any_request_goes_on_to_the_next_server(stage, version):
    """Of a server that cannot be trusted, or that does not want us, nothing has reached any application."""
    scene = Scene(stage, version=version)
    strict = stage.scripted(tls=scene.authority.server_context(scene.certificate, asks_for_one=True, version=version))
    wrong = stage.scripted(tls=scene.authority.server_context(scene.authority.issue("x", "DNS:x.test"), version=version))
    scene.blue = [{"address": strict.address, "weight": 5}, {"address": wrong.address, "weight": 5}, scene.origin.address]
    scene.reload()
    post = head("POST", "/", "Content-Length: 5", host="shop.test") + b"hello"
    for _ in range(12):
        assert scene.ask(post, "POST").status == 200
    assert len(scene.origin.requests) == 12 and not strict.requests and not wrong.requests
    eventually(lambda: len(scene.daemon.access_log()) >= 12, what="the lines of all")
    lines = [line for line in scene.daemon.access_log() if line["attempts"] > 1]
    assert lines and "upstream_tls" in str(lines) and "upstream_reset" not in str(lines)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_connection_resumes_and_a_check_does_not(stage, version):
    scene = Scene(stage, version=version, health={"path": "/", "interval": "100ms"}, script=close_after_one)
    scene.daemon.wait_until_up(scene.origin.address)
    for _ in range(10):
        assert scene.ask().status == 200
    users = [session for session, request in zip(scene.origin.sessions, scene.origin.requests)]
    assert users.count("resumed") >= 6, users
    before = scene.origin.sessions.count("resumed")
    checks = len(scene.origin.sessions)
    eventually(lambda: len(scene.origin.sessions) > checks + 3, 10, "more checks")
    assert scene.origin.sessions.count("resumed") == before


def close_after_one(peer):
    if peer.read_request():
        peer.answer(fields=["Connection: close"])
        try:
            peer.socket.unwrap()
        except (OSError, ValueError):  # the client was quicker
            pass


@pytest.mark.parametrize("version", VERSIONS)
def test_large_bodies_arrive_whole(stage, version, is_long):
    scene = Scene(stage, Transfers(), version=version)
    count = 1024 if is_long else 64
    with Wire(scene.daemon.port, timeout=60) as wire:
        wire.send(head("GET", f"/{count}", host="shop.test"))
        begun = wire.receive_head()
        digest, left = hashlib.sha256(begun.body), count * MIB - len(begun.body)
        while left:
            data = wire.socket.recv(MIB)
            assert data, "cut"
            digest.update(data)
            left -= len(data)
        assert digest.hexdigest() == hash_of_blocks(count)
    with Wire(scene.daemon.port, timeout=60) as wire:
        wire.send(head("POST", f"/{count}", f"Content-Length: {count * MIB}", host="shop.test"))
        for _ in range(count):
            wire.socket.sendall(BLOCK)
        assert wire.receive().body.decode() == hash_of_blocks(count)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upload_that_is_there_before_the_handshake_ends(stage, version):
    """More than the stream's high watermark waits in the daemon while TLS 1.2 has two flights of messages to go."""
    scene = Scene(stage, version=version, script=close_after_one)
    for _ in range(3):
        answer = scene.ask(head("POST", "/", f"Content-Length: {MIB}", host="shop.test") + BLOCK, "POST")
        assert answer.status == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_slow_readers_and_slow_servers_cost_no_memory(stage, version, is_long, is_sanitized):
    source, sink = Source(), Sink()
    scene = Scene(stage, lambda peer: by_method(peer, source, sink), version=version)
    for _ in range(30):
        answer = scene.ask(head("POST", "/small", f"Content-Length: {MIB}", host="shop.test") + BLOCK, "POST")
        assert answer.status == 200, scene.daemon.access_log()[-1]
    before = scene.daemon.resident_bytes()
    sink.until = until = time.monotonic() + (30 if is_long else 4)
    clients = [Wire(scene.daemon.port, receive_buffer=32 * 1024) for _ in range(EXCHANGES)]
    threads = []
    for number, client in enumerate(clients):
        if number % 2:
            client.send(head("GET", "/large", host="shop.test"))
            threads.append(threading.Thread(target=read_slowly, args=(client.socket, until)))
        else:
            client.send(head("POST", "/large", f"Content-Length: {GIB}", host="shop.test"))
            threads.append(threading.Thread(target=send_without_end, args=(client.socket, source.stop)))
        threads[-1].start()
    while time.monotonic() < until:
        demand_bounded_memory(scene.daemon, before, is_sanitized)
        assert scene.ask().status == 200
        time.sleep(0.3)
    source.stop.set()
    for thread, client in zip(threads, clients):
        thread.join()
        client.close()
    scene.daemon.wait_until_idle()


def by_method(peer, source, sink):
    """One request a connection, as the two scripts cannot share one."""
    peek = peer.read_head()
    if not peek:
        return
    if peek.first_line.startswith("GET /large"):
        peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {GIB}\r\n\r\n")
        return send_without_end(peer.socket, source.stop)
    if peek.first_line.startswith("POST /large"):
        sink.taken += read_slowly(peer.socket, sink.until)
        return
    peer.read_body(peek)
    peer.answer(fields=["Connection: close"])


def test_node_behind_tls(stage):
    authority = Authority(stage.folder / "ca")
    certificate = authority.issue("app", "DNS:localhost", "IP:127.0.0.1")
    node = stage.node("blue", "n1", certificate=certificate)
    stage.wait_for_origins()
    pools = {"blue": {"servers": [node.address], "tls": {"ca": str(authority.cert)}}, "green": ["127.0.0.1:9"]}
    daemon = stage.daemon(shop(pools, health="/health"))
    daemon.wait_until_up(node.address)
    with Wire(daemon.port) as wire:
        body = b"x" * 300_000
        for _ in range(3):
            answer = wire.exchange(head("POST", "/hash?id=a", f"Content-Length: {len(body)}", host="shop.test") + body, "POST")
            assert answer.status == 200
            assert hashlib.sha256(body).hexdigest().encode() in answer.body
