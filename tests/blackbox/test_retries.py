"""When a request is tried again, and when never: every case with an origin that fails on purpose at one exact
moment."""
import time

import pytest

from harness.behaviours import ClosesOnReuse, Named, Withholding
from harness.daemon import shop
from harness.message import Malformed
from harness.ports import Port
from harness.waiting import eventually
from harness.wire import Wire, head, request


def daemon_for(stage, *servers, **service):
    return stage.daemon(shop({"blue": list(servers), "green": ["127.0.0.1:9"]}, **service) | {"workers": 1})


def post(target, body=b"body"):
    return head("POST", target, f"Content-Length: {len(body)}") + body


def test_get_is_tried_again_when_the_origin_closes_on_reuse(stage):
    origin = stage.scripted(ClosesOnReuse())
    daemon = daemon_for(stage, origin.address)
    with Wire(daemon.port) as client:
        assert client.exchange(head("GET", "/1")).status == 200
        assert client.exchange(head("GET", "/2", "X-Request-Id: again")).body == b"fresh"
    assert origin.targets() == ["/1", "/2", "/2"], "the reuse failed and was seen to"
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "again")["attempts"] == 2


def test_post_is_never_sent_twice_when_the_origin_closes_on_reuse(stage):
    origin = stage.scripted(ClosesOnReuse())
    daemon = daemon_for(stage, origin.address)
    for number in range(10):
        with Wire(daemon.port) as client:
            assert client.exchange(head("GET", f"/warm{number}")).status == 200
            answer = client.exchange(post(f"/post{number}"), "POST")
            assert answer.status in (200, 502)
    posts = [target for target in origin.targets() if target.startswith("/post")]
    assert posts == [f"/post{number}" for number in range(10)]


def test_post_does_not_use_a_connection_that_was_idle_for_more_than_a_second(stage):
    origin = stage.scripted(ClosesOnReuse())
    daemon = daemon_for(stage, origin.address)
    with Wire(daemon.port) as client:
        assert client.exchange(head("GET", "/warm")).status == 200
        time.sleep(1.3)  # the rule is about real time
        assert client.exchange(post("/post"), "POST").body == b"fresh"
    assert origin.targets() == ["/warm", "/post"]


def test_connection_closed_while_idle_is_not_used(stage):
    def close_after_one(peer):
        if peer.read_request():
            peer.answer(b"one")

    origin = stage.scripted(close_after_one)
    daemon = daemon_for(stage, origin.address)
    with Wire(daemon.port) as client:
        for number in range(20):
            assert client.exchange(head("GET", f"/{number}")).body == b"one"
            assert client.exchange(post(f"/p{number}"), "POST").status in (200, 502)
    posts = [target for target in origin.targets() if target.startswith("/p")]
    assert len(posts) == len(set(posts)), "no POST came twice"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refused_connect_is_tried_on_another_server(stage, method):
    nobody = stage.also_close(Port())
    daemon = daemon_for(stage, nobody.address, stage.scripted(Named("blue")).address)
    body = b"x" * 1000 if method == "POST" else b""
    answers = [request(daemon.port, f"/{number}", method, body=body) for number in range(8)]
    assert [answer.body for answer in answers] == [b"blue"] * 8
    daemon.wait_for_log(lambda line: line["attempts"] == 2, what="a line that says that the dead server was asked")


def test_refused_everywhere_is_502(stage):
    daemon = daemon_for(stage, stage.also_close(Port()).address, stage.also_close(Port()).address)
    answer = request(daemon.port, "/", fields=["X-Request-Id: refused"])
    assert answer.status == 502
    line = daemon.wait_for_log(lambda line: line.get("request_id") == "refused")
    assert line["end"] == "connect_refused" and line["status"] == 502 and 2 <= line["attempts"] <= 3


def close_without_answer(peer):
    peer.read_request()


def reset_without_answer(peer):
    if peer.read_request():
        peer.reset()


@pytest.mark.parametrize("script", [close_without_answer, reset_without_answer])
def test_fresh_connection_lost_before_the_answer_get_goes_elsewhere(stage, script):
    bad, good = stage.scripted(script), stage.scripted(Named("blue"))
    daemon = daemon_for(stage, bad.address, good.address)
    for number in range(6):
        assert request(daemon.port, f"/{number}").body == b"blue"
    assert bad.targets(), "the bad server was asked"


@pytest.mark.parametrize("script", [close_without_answer, reset_without_answer])
def test_fresh_connection_lost_before_the_answer_post_is_502(stage, script):
    origin = stage.scripted(script)
    other = stage.scripted(close_without_answer)
    daemon = daemon_for(stage, origin.address, other.address)
    for number in range(4):
        assert request(daemon.port, f"/{number}", "POST", body=b"x").status == 502
    assert sorted(origin.targets() + other.targets()) == ["/0", "/1", "/2", "/3"], "each was sent once"


def test_large_put_is_not_tried_again(stage):
    def read_all_and_close(peer):
        peer.read_request()

    origins = [stage.scripted(read_all_and_close) for _ in range(2)]
    daemon = daemon_for(stage, *(origin.address for origin in origins))
    assert request(daemon.port, "/large", "PUT", body=b"x" * 300_000).status == 502
    assert sum((origin.targets() for origin in origins), []) == ["/large"]
    assert request(daemon.port, "/small", "PUT", body=b"x" * 3000).status == 502
    assert sum((origin.targets() for origin in origins), []).count("/small") >= 2, "a small one is"


def test_attempts_are_bounded(stage):
    origin = stage.scripted(close_without_answer)
    daemon = daemon_for(stage, origin.address, retries={"attempts": 2})
    assert request(daemon.port, "/").status == 502
    assert len(origin.targets()) <= 2


def test_interim_answer_ends_retries(stage):
    def hint_and_close(peer):
        if peer.read_request():
            peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")

    origins = [stage.scripted(hint_and_close) for _ in range(2)]
    daemon = daemon_for(stage, *(origin.address for origin in origins))
    answer = request(daemon.port, "/")
    assert answer.interim[0][0] == 103 and answer.status == 502
    assert sum((origin.targets() for origin in origins), []) == ["/"]


def test_answer_cut_after_its_first_byte_is_never_tried_again(stage):
    def begin_and_close(peer):
        if peer.read_request():
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")

    origins = [stage.scripted(begin_and_close) for _ in range(2)]
    daemon = daemon_for(stage, *(origin.address for origin in origins))
    with Wire(daemon.port) as client:
        client.send(head("GET", "/", "X-Request-Id: cut"))
        with pytest.raises((ConnectionError, Malformed)):
            client.receive()
    assert sum((origin.targets() for origin in origins), []) == ["/"]
    line = daemon.wait_for_log(lambda line: line.get("request_id") == "cut")
    assert line["end"] == "body_cut", line


GARBAGE = (
    "garbage\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nBad Field: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
)


@pytest.mark.parametrize("garbage", GARBAGE)
def test_malformed_answer_is_502_and_is_not_passed_on(stage, garbage):
    def answer_garbage(peer):
        if peer.read_request():
            peer.send(garbage)
            peer.read_request()

    daemon = daemon_for(stage, stage.scripted(answer_garbage).address)
    answer = request(daemon.port, "/", fields=["X-Request-Id: bad"])
    assert answer.status == 502
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "bad")["end"] == "bad_response"


class Unwell:
    """Answers each request with this status, or not at all."""

    def __init__(self, status=None):
        self.status = status

    def __call__(self, peer):
        while peer.read_request():
            if self.status:
                peer.answer(b"unwell", status=self.status)


def ask_until_unwell_was_asked(daemon, unwell, raw):
    """The answers to `raw`, sent until one of them went to the unwell server first."""
    answers = []
    while not unwell.requests:
        with Wire(daemon.port, timeout=20) as client:
            answers.append(client.exchange(raw))
    return answers


def test_status_of_retries_on_is_replaced_by_another_servers_answer(stage):
    unwell = stage.scripted(Unwell("503 Service Unavailable"))
    daemon = daemon_for(stage, unwell.address, stage.scripted(Named("well")).address, retries={"on": [502, 503]})
    answers = ask_until_unwell_was_asked(daemon, unwell, head("GET", "/"))
    assert [(answer.status, bytes(answer.body)) for answer in answers] == [(200, b"well")] * len(answers)
    line = daemon.wait_for_log(lambda line: line["attempts"] == 2)
    assert line["tries"] == [f"{unwell.address}: 503"] and (line["end"], line["status"]) == ("ok", 200)


def test_status_of_retries_on_is_passed_on_where_nobody_else_is_there_to_ask(stage):
    unwell = stage.scripted(Unwell("503 Service Unavailable"))
    daemon = daemon_for(stage, unwell.address, retries={"on": [503]})
    answer = request(daemon.port, "/")
    assert (answer.status, bytes(answer.body)) == (503, b"unwell")
    assert daemon.wait_for_log(lambda line: line["status"] == 503)["attempts"] == 1


@pytest.mark.parametrize("retries, fields, expected", [
    ({"on": [500]}, (), 503),
    ({"on": [503]}, (), 503),
    ({"on": [503], "non_idempotent": "keyed"}, (), 503),
    ({"on": [503], "non_idempotent": "keyed"}, ("Idempotency-Key: 1",), 200),
    ({"on": [503], "non_idempotent": "always"}, (), 200),
], ids=["another status", "POST", "without its key", "with its key", "always"])
def test_post_is_sent_twice_only_if_the_service_says_so(stage, retries, fields, expected):
    unwell = stage.scripted(Unwell("503 Service Unavailable"))
    daemon = daemon_for(stage, unwell.address, stage.scripted(Named("well")).address, retries=retries)
    raw = head("POST", "/", "Content-Length: 4", *fields) + b"body"
    assert ask_until_unwell_was_asked(daemon, unwell, raw)[-1].status == expected


def test_late_answer_is_asked_for_elsewhere_if_the_service_says_so(stage):
    unwell = stage.scripted(Unwell())
    daemon = daemon_for(stage, unwell.address, stage.scripted(Named("well")).address,
                        retries={"on": "timeout"}, timeouts={"response": "4s"})
    assert ask_until_unwell_was_asked(daemon, unwell, head("GET", "/"))[-1].body == b"well"
    line = daemon.wait_for_log(lambda line: line["attempts"] == 2)
    assert line["tries"] == [f"{unwell.address}: response_timeout"]


def test_retries_on_keep_to_their_budget(stage):
    unwell = stage.scripted(Unwell("503 Service Unavailable"))
    withheld = Withholding("well")
    daemon = daemon_for(stage, unwell.address, stage.scripted(withheld).address, retries={"on": [503], "budget": "0%"})
    clients = [stage.also_close(Wire(daemon.port, timeout=20)) for _ in range(12)]
    for client in clients:
        client.send(head("GET", "/"))
    eventually(lambda: len(unwell.requests) + withheld.asked >= 15, what="all requests, and three retries")
    withheld.let_go()
    assert sorted(client.receive().status for client in clients).count(503) == len(unwell.requests) - 3
    retried = eventually(lambda: len(daemon.access_log()) == 12 and [line for line in daemon.access_log() if "tries" in line])
    assert len(retried) == 3
