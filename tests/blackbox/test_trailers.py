"""Trailers: those that may go on do so both ways, the others stay behind, and none is lost on the way to a second server."""
from harness.daemon import shop
from harness.wire import Wire, head

FORBIDDEN = ["Content-Length: 5", "Host: evil", "Authorization: Basic eA==", "X_Forwarded_For: 10.0.0.1", "Set-Cookie: a=b"]


def chunked(*trailers, body=b"abc"):
    return b"%x\r\n%s\r\n0\r\n" % (len(body), body) + "".join(f"{line}\r\n" for line in trailers).encode() + b"\r\n"


def before(stage, *addresses, **service):
    return stage.daemon(shop({"blue": list(addresses), "green": ["127.0.0.1:9"]}, **service) | {"workers": 1})


def upload(*trailers):
    return head("POST", "/", "Transfer-Encoding: chunked") + chunked(*trailers)


def test_a_requests_trailers_reach_the_server_without_those_that_must_not(stage):
    origin = stage.scripted()
    daemon = before(stage, origin.address)
    with Wire(daemon.port) as client:
        for trailers in (["X-Sum: 1", *FORBIDDEN, "grpc-status: 0"], [], FORBIDDEN):
            client.send(upload(*trailers))
            assert client.receive("POST").status == 200
    assert [message.trailers for message in origin.requests] == [[("x-sum", "1"), ("grpc-status", "0")], [], []]
    assert all(message.body == b"abc" for message in origin.requests)


def test_trailers_that_come_byte_by_byte_are_the_same(stage):
    origin = stage.scripted()
    daemon = before(stage, origin.address)
    with Wire(daemon.port) as client:
        for byte in upload("X-Sum: 1", "Host: evil"):
            client.send(bytes([byte]))
        assert client.receive("POST").status == 200
    assert origin.requests[0].trailers == [("x-sum", "1")]


def test_a_request_that_is_sent_again_has_its_trailers_again(stage):
    def refuse(peer):
        if peer.read_request():
            peer.answer(status="503 Service Unavailable")

    refusing, origin = stage.scripted(refuse), stage.scripted()
    retries = {"on": [503], "non_idempotent": "always", "budget": "100%"}
    daemon = before(stage, refusing.address, origin.address, retries=retries)
    for _ in range(4):
        with Wire(daemon.port) as client:
            client.send(upload("X-Sum: 1"))
            assert client.receive("POST").status == 200
    assert refusing.requests
    assert all(message.trailers == [("x-sum", "1")] for message in refusing.requests + origin.requests)


def answer_with_trailers(peer):
    while peer.read_request():
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.send(chunked("X-Sum: 1", *FORBIDDEN, "Server-Timing: db;dur=5"))


def test_a_responses_trailers_reach_a_client_that_takes_them(stage):
    daemon = before(stage, stage.scripted(answer_with_trailers).address)
    with Wire(daemon.port) as client:
        for asks, expected in (
            (["TE: trailers", "Connection: TE"], [("x-sum", "1"), ("server-timing", "db;dur=5")]),
            ([], []),
        ):
            client.send(head("GET", "/", *asks))
            answer = client.receive("GET")
            assert (answer.status, bytes(answer.body), answer.trailers) == (200, b"abc", expected)


def test_rules_for_headers_hold_for_trailers_too(stage):
    headers = {"request": {"remove": ["X-Sum"]}, "response": {"set": {"Server-Timing": "none"}}}
    origin = stage.scripted(answer_with_trailers)
    daemon = before(stage, origin.address, headers=headers)
    with Wire(daemon.port) as client:
        client.send(head("POST", "/", "Transfer-Encoding: chunked", "TE: trailers", "Connection: TE") + chunked("X-Sum: 1", "X-B: 2"))
        answer = client.receive("POST")
    assert origin.requests[0].trailers == [("x-b", "2")]
    assert answer.trailers == [("x-sum", "1")] and answer.field("server-timing") == "none"


def test_malformed_trailers_end_the_connection(stage):
    origin = stage.scripted()
    daemon = before(stage, origin.address)
    for trailers in (["X-Sum : 1"], ["X: 1", " folded"], ["nonsense"], [f"X: {'x' * 9000}"], [f"X-{n}: 1" for n in range(200)]):
        with Wire(daemon.port) as client:
            client.send(upload(*trailers))
            assert client.receive("POST").status == 400
            assert client.is_closed_by_peer()
    daemon.wait_for_log(lambda line: line["end"] == "bad_request")
