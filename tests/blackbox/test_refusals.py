"""What the proxy answers itself: malformed and ambiguous requests, deadlines, nobody to ask; how its error
replies look; and that the access log has exactly one line for each exchange, whatever became of it."""
import json
import re

import pytest

from harness.behaviours import Withholding
from harness.daemon import shop
from harness.logcheck import demand_one_line_each
from harness.ports import Port
from harness.scripted import answer_everything
from harness.waiting import eventually
from harness.wire import Wire, head, request

POST = "POST / HTTP/1.1\r\nHost: a\r\n"
BAD_REQUESTS = {
    "garbage": "garbage\r\n\r\n",
    "no Host": "GET / HTTP/1.1\r\n\r\n",
    "two Host fields": "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "length and chunked": POST + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "differing lengths": POST + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "negative length": POST + "Content-Length: -3\r\n\r\n",
    "signed length": POST + "Content-Length: +3\r\n\r\nabc",
    "bare line feed": "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
    "bare carriage return": "GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n",
    "folded field": "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
    "space before the colon": "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "empty field name": "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
    "chunked on 1.0": "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "control character": "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n",
    "bad chunk": POST + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "contradicting absolute target": "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
}
OTHER_REFUSALS = {
    "unknown coding": (POST + "Transfer-Encoding: gzip\r\n\r\n", (400, 501)),
    "unknown version": ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", (400, 505)),
    "HTTP/0.9": ("GET /\r\n\r\n", (400, 505)),
    "large head": ("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x" * 40_000 + "\r\n\r\n", (431,)),
    "large target": ("GET /" + "x" * 20_000 + " HTTP/1.1\r\nHost: a\r\n\r\n", (414,)),
    "CONNECT": ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", (400, 405)),
    "unknown expectation": (POST + "Expect: magic\r\nContent-Length: 1\r\n\r\nx", (417,)),
}


@pytest.fixture
def plain(stage):
    class Scene:
        origin = stage.scripted(answer_everything)

    Scene.daemon = stage.daemon(shop({"blue": [Scene.origin.address], "green": ["127.0.0.1:9"]}))
    return Scene


@pytest.fixture
def fuse(stage):
    """A daemon with short deadlines before an origin that withholds its answers."""

    class Scene:
        script = Withholding()

    origin = stage.scripted(Scene.script)
    times = {name: "300ms" for name in ("request_head", "request_body", "response", "between_bytes", "idle")}
    pools = {"blue": [origin.address], "green": ["127.0.0.1:9"]}
    # The deadlines before a service is known are those of the first service or of `defaults`.
    config = shop(pools, timeouts=times) | {"defaults": {"timeouts": times}}
    Scene.daemon = stage.daemon(config)
    return Scene


@pytest.mark.parametrize("what", BAD_REQUESTS)
def test_bad_request_is_400_and_closes(plain, what):
    with Wire(plain.daemon.port) as client:
        client.send(BAD_REQUESTS[what] + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = client.receive()
        assert answer.status == 400 and answer.announces_close
        assert not answer.rest and client.is_closed_by_peer()
    assert "/smuggled" not in plain.origin.targets()
    line = plain.daemon.wait_for_log(lambda line: line["status"] == 400)
    assert line["end"] == "bad_request" and line.get("request_id") == answer.field("x-request-id")


@pytest.mark.parametrize("what", OTHER_REFUSALS)
def test_refusal_has_its_own_status(plain, what):
    raw, statuses = OTHER_REFUSALS[what]
    with Wire(plain.daemon.port) as client:
        client.send(raw)
        assert client.receive().status in statuses
        assert client.is_closed_by_peer()
    assert plain.origin.targets() == []


def test_error_reply_is_html_for_browsers(plain):
    accept = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
    answer = request(plain.daemon.port, "http://other/", fields=[accept])
    assert answer.field("content-type").startswith("text/html")
    assert answer.field("cache-control") == "no-store"
    assert answer.field("x-request-id").encode() in answer.body


def test_error_reply_is_problem_json_for_programs(plain):
    answer = request(plain.daemon.port, "http://other/", fields=["Accept: application/json"])
    assert answer.field("content-type").startswith("application/problem+json")
    problem = json.loads(answer.body)
    assert problem["status"] == 400 and problem["title"]
    assert answer.field("x-request-id") in json.dumps(problem)


def test_nobody_to_ask_is_503(stage):
    nobody = stage.also_close(Port())
    health = {"path": "/health", "interval": "100ms"}
    daemon = stage.daemon(shop({"blue": [nobody.address], "green": ["127.0.0.1:9"]}, health))
    answer = request(daemon.port, "/", fields=["X-Request-Id: nobody"])
    assert answer.status == 503 and answer.field("retry-after")
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "nobody")["end"] == "no_server"


def test_slow_head_is_408(fuse):
    with Wire(fuse.daemon.port) as client:
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Begun:")
        assert client.receive().status == 408
        assert client.is_closed_by_peer()


def test_stalled_upload_is_408(fuse):
    with Wire(fuse.daemon.port) as client:
        client.send(head("POST", "/", "Content-Length: 100") + b"some")
        assert client.receive("POST").status == 408
        assert client.is_closed_by_peer()
    assert fuse.daemon.wait_for_log(lambda line: line["status"] == 408)["end"] == "body_timeout"


def test_late_answer_is_504(fuse):
    with Wire(fuse.daemon.port) as client:
        client.send(head("GET", "/", "X-Request-Id: late"))
        assert client.receive().status == 504
    line = fuse.daemon.wait_for_log(lambda line: line.get("request_id") == "late")
    assert line["end"] == "response_timeout"


def test_idle_connection_closes_after_its_time(fuse):
    with Wire(fuse.daemon.port) as client:
        assert client.exchange(head("GET", "/", host="a")).status == 504
        assert client.is_closed_by_peer()


def test_answer_that_stalls_is_cut(stage):
    script = Withholding(begin=True)
    pools = {"blue": [stage.scripted(script).address], "green": ["127.0.0.1:9"]}
    daemon = stage.daemon(shop(pools, timeouts={"between_bytes": "300ms"}))
    with Wire(daemon.port) as client:
        client.send(head("GET", "/", "X-Request-Id: stalled"))
        assert client.receive_head().status == 200
        line = daemon.wait_for_log(lambda line: line.get("request_id") == "stalled")
        assert line["end"] == "body_stalled", line


def test_client_that_leaves_is_logged_as_such_and_frees_the_server(stage):
    script = Withholding()
    daemon = stage.daemon(shop({"blue": [stage.scripted(script).address], "green": ["127.0.0.1:9"]}))
    client = Wire(daemon.port)
    client.send(head("GET", "/", "X-Request-Id: gone"))
    eventually(lambda: script.asked == 1)
    client.reset()
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "gone")["end"] == "client_abort"
    daemon.wait_until_idle()
    script.let_go()
    eventually(lambda: script.closed == 1, what="the close of the server's connection")


def test_access_log_has_one_line_for_each_exchange(plain):
    ids = [f"id-{number}" for number in range(60)]
    with Wire(plain.daemon.port) as client:
        for number, request_id in enumerate(ids[:40]):
            fields = [f"X-Request-Id: {request_id}", 'User-Agent: tests "\\']
            client.exchange(head("GET", f"/path{number}?secret=1", *fields))
        for request_id in ids[40:50]:
            fields = [f"X-Request-Id: {request_id}", "Content-Length: 3"]
            client.exchange(head("POST", "/", *fields) + b"abc", "POST")
    for request_id in ids[50:]:
        with Wire(plain.daemon.port) as client:
            client.exchange(head("GET", "http://other/", f"X-Request-Id: {request_id}"))
    lines = demand_one_line_each(plain.daemon, ids)
    first, post, bad = lines["id-0"], lines["id-40"], lines["id-50"]
    expected = {"service": "shop", "pool": "blue", "server": plain.origin.address, "revision": 1}
    expected |= {"method": "GET", "path": "/path0", "host": "test", "client_ip": "127.0.0.1"}
    expected |= {"status": 200, "upstream_status": 200, "attempts": 1, "end": "ok", "user_agent": 'tests "\\'}
    assert {key: first.get(key) for key in expected} == expected
    assert "secret" not in json.dumps(first), "the query is not logged"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", first["ts"])
    assert post["bytes_in"] > 3 and post["bytes_out"] > 2
    assert bad["status"] == 400 and bad["end"] == "bad_request"
    eventually(lambda: plain.daemon.control.status()["finished"] == 60, what="60 exchanges counted")
