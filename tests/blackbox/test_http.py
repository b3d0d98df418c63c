"""Messages on their way through the proxy: framing both ways, HEAD, 204 and 304, interim answers, Expect,
pipelining, and what closes a connection."""
import threading
import time

import pytest

from harness.daemon import shop
from harness.waiting import eventually
from harness.wire import Wire, head, request


def daemon_for(stage, script, **service):
    """A daemon before one scripted origin, and that origin."""
    origin = stage.scripted(script)
    pools = {"blue": [origin.address], "green": ["127.0.0.1:9"]}
    return stage.daemon(shop(pools, **service) | {"workers": 1}), origin


def answering(raw):
    """A script that answers each request with these bytes."""

    def script(peer):
        while peer.read_request():
            peer.send(raw)

    return script


def echo(peer):
    while message := peer.read_request():
        peer.answer(bytes(message.body))


def test_keep_alive_serves_many_requests_on_one_connection(stage):
    daemon, origin = daemon_for(stage, echo)
    with Wire(daemon.port) as client:
        for number in range(50):
            body = b"b" * number
            answer = client.exchange(head("POST", f"/{number}", f"Content-Length: {number}") + body, "POST")
            assert (answer.status, bytes(answer.body)) == (200, body)
    assert origin.targets() == [f"/{number}" for number in range(50)]


def test_pipelined_requests_are_answered_in_order(stage):
    def name_the_target(peer):
        while message := peer.read_request():
            peer.answer(message.first_line.split(" ")[1].encode())

    daemon, origin = daemon_for(stage, name_the_target)
    with Wire(daemon.port) as client:
        client.send(b"".join(head("GET", f"/{number}") for number in range(20)))
        assert [bytes(client.receive().body) for _ in range(20)] == [f"/{number}".encode() for number in range(20)]
        body = b"3\r\nabc\r\n0\r\n\r\n"
        client.send(b"".join(head("POST", f"/p{n}", "Transfer-Encoding: chunked") + body for n in range(5)))
        assert [bytes(client.receive("POST").body) for _ in range(5)] == [f"/p{n}".encode() for n in range(5)]


def test_many_pipelined_requests_of_every_size_are_answered_once_each(stage):
    daemon, _ = daemon_for(stage, echo, hosts="test")
    kinds = [
        lambda n: head("POST", f"/{n}", "Content-Length: 3") + b"%03d" % n,
        lambda n: head("GET", f"/{n}", host="elsewhere"),
        lambda n: head("POST", f"/{n}", "Transfer-Encoding: chunked") + b"3\r\n%03d\r\n0\r\n\r\n" % n,
        lambda n: head("POST", f"/{n}", "Content-Length: 30000") + b"%03d" % n * 10000,
    ]
    requests = [kinds[n % len(kinds)](n) for n in range(200)]
    with Wire(daemon.port, timeout=30) as client:
        sender = threading.Thread(target=client.send, args=(b"".join(requests),))
        sender.start()
        for n in range(200):
            message = client.receive()
            is_elsewhere = n % len(kinds) == 1
            assert message.status == (421 if is_elsewhere else 200)
            assert is_elsewhere or bytes(message.body)[:3] == b"%03d" % n
        sender.join(10)
        client.finish_sending()
        assert client.is_closed_by_peer()
    eventually(lambda: len(daemon.access_log()) >= 200, what="a line for each")
    assert len(daemon.access_log()) == 200


def test_request_that_comes_byte_by_byte(stage):
    daemon, _ = daemon_for(stage, echo)
    with Wire(daemon.port) as client:
        for byte in head("POST", "/slow", "Content-Length: 5") + b"hello":
            client.send(bytes([byte]))
        assert client.receive("POST").body == b"hello"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 1_000_000, 20_000_000])
def test_bodies_of_any_size_pass_with_a_length(stage, size):
    daemon, origin = daemon_for(stage, echo)
    body = bytes(range(256)) * (size // 256 + 1)
    answer = request(daemon.port, "/", "POST", body=body[:size])
    assert answer.status == 200 and bytes(answer.body) == body[:size]
    assert origin.requests[0].field("content-length") == str(size)


def test_chunked_bodies_pass_both_ways(stage):
    def echo_chunked(peer):
        while message := peer.read_request():
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for at in range(0, len(message.body), 7000):
                piece = bytes(message.body[at : at + 7000])
                peer.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            peer.send("0\r\n\r\n")

    daemon, origin = daemon_for(stage, echo_chunked)
    body = b"0123456789" * 20_000
    pieces = b"".join(b"%X;ext=1\r\n%b\r\n" % (1000, body[at : at + 1000]) for at in range(0, len(body), 1000))
    with Wire(daemon.port) as client:
        for _ in range(3):
            sent = head("POST", "/", "Transfer-Encoding: chunked") + pieces + b"0\r\nTrailer: x\r\n\r\n"
            assert bytes(client.exchange(sent, "POST").body) == body
    assert bytes(origin.requests[0].body) == body


def test_answer_until_close_reaches_a_keep_alive_client_with_its_end(stage):
    def until_close(peer):
        if peer.read_request():
            peer.send("HTTP/1.1 200 OK\r\n\r\nall of it")

    daemon, _ = daemon_for(stage, until_close)
    with Wire(daemon.port) as client:
        answer = client.exchange(head("GET", "/1"))
        assert answer.body == b"all of it"
        if not answer.announces_close:
            assert client.exchange(head("GET", "/2")).body == b"all of it"


def test_http_1_0_client_gets_no_chunks_and_a_close(stage):
    chunks = "2\r\nok\r\n0\r\n\r\n"
    daemon, _ = daemon_for(stage, answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks))
    with Wire(daemon.port) as client:
        client.send("GET / HTTP/1.0\r\nHost: test\r\n\r\n")
        answer = client.receive()
        assert answer.body == b"ok" and answer.field("transfer-encoding") is None


@pytest.mark.parametrize(
    "method, raw",
    [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 1000\r\n\r\n"),
    ],
)
def test_answers_without_a_body_leave_the_connection_usable(stage, method, raw):
    daemon, _ = daemon_for(stage, answering(raw))
    with Wire(daemon.port) as client:
        for _ in range(3):
            answer = client.exchange(head(method, "/"), method)
            assert answer.status == int(raw.split(" ")[1]) and not answer.body and not answer.rest
        # What GET would have given, once (RFC 9110 8.6).
        assert answer.all("content-length") == ([] if answer.status == 204 else ["1000"])


def test_interim_answers_are_passed_on(stage):
    hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    daemon, _ = daemon_for(stage, answering(hints + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    with Wire(daemon.port) as client:
        for _ in range(2):
            answer = client.exchange(head("GET", "/"))
            assert answer.status == 200 and answer.body == b"ok"
            assert [(status, dict(fields).get("link")) for status, fields in answer.interim] == [
                (103, "</style.css>; rel=preload")
            ]


def test_expect_100_continue_is_the_servers_to_answer(stage):
    def ask_for_the_body(peer):
        while message := peer.read_head():
            peer.send("HTTP/1.1 100 Continue\r\n\r\n")
            peer.read_body(message)
            peer.answer(bytes(message.body))

    daemon, origin = daemon_for(stage, ask_for_the_body)
    with Wire(daemon.port) as client:
        client.send(head("POST", "/", "Content-Length: 5", "Expect: 100-continue"))
        answer = client.receive_interim()
        assert [status for status, _ in answer.interim] == [100]
        client.send(b"hello")
        assert client.receive_rest(answer).body == b"hello"
    assert origin.requests[0].field("expect") == "100-continue"


def test_expect_100_continue_refused_by_the_server_needs_no_body(stage):
    def refuse(peer):
        if peer.read_head():
            peer.answer(b"too large", ["Connection: close"], "413 Content Too Large")

    daemon, _ = daemon_for(stage, refuse)
    with Wire(daemon.port) as client:
        began = time.monotonic()
        client.send(head("POST", "/", "Content-Length: 5000000", "Expect: 100-continue"))
        answer = client.receive("POST")
        assert answer.status == 413
        assert not answer.interim or time.monotonic() - began > 0.9, "ours comes after a second"


def test_early_answer_to_an_upload_survives_the_rest_of_the_upload(stage):
    def refuse(peer):
        if peer.read_head():
            peer.answer(b"no", ["Connection: close"], "403 Forbidden")
            peer.read_request()

    daemon, _ = daemon_for(stage, refuse)
    with Wire(daemon.port) as client:
        client.send(head("POST", "/", "Content-Length: 3000000"))
        answer = client.receive("POST")
        assert (answer.status, bytes(answer.body)) == (403, b"no")
        client.send(b"x" * 20_000)


def test_refusal_with_an_unread_body_lingers_so_that_its_answer_arrives(stage):
    daemon, _ = daemon_for(stage, echo)
    for _ in range(5):
        with Wire(daemon.port) as client:
            bad = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
            client.send(bad + b"x" * 30_000)
            eventually(lambda: daemon.control.status()["finished"] > 0)
            answer = client.receive("POST")
            assert answer.status == 400 and answer.announces_close
            assert client.is_closed_by_peer()


def test_half_closed_client_gets_its_answer(stage):
    daemon, _ = daemon_for(stage, echo)
    with Wire(daemon.port) as client:
        client.send(head("POST", "/", "Content-Length: 2") + b"hi")
        client.finish_sending()
        assert client.receive("POST").body == b"hi"
        assert client.is_closed_by_peer()


def test_connection_close_is_obeyed_and_answered(stage):
    daemon, origin = daemon_for(stage, echo)
    with Wire(daemon.port) as client:
        answer = client.exchange(head("GET", "/", "Connection: close"))
        assert answer.status == 200 and answer.announces_close
        assert client.is_closed_by_peer()
    assert origin.requests[0].field("connection") in (None, "keep-alive"), "it is not the client's to close"


def test_servers_connection_close_is_not_the_clients(stage):
    def close_each(peer):
        if peer.read_request():
            peer.answer(b"ok", ["Connection: close"])

    daemon, _ = daemon_for(stage, close_each)
    with Wire(daemon.port) as client:
        for _ in range(5):
            answer = client.exchange(head("GET", "/"))
            assert answer.status == 200 and not answer.announces_close
