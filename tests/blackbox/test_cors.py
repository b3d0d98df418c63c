"""CORS answered in a server's place: preflights, the server's fields replaced, errors readable by scripts."""
import pytest

from harness.daemon import shop
from harness.wire import Wire, head, request

APP, EVIL = "https://app.example.com", "https://evil.example"
TERMS = {"origins": [APP], "methods": ["GET", "PUT"], "headers": ["X-Token"], "expose": ["X-Total"]}
TERMS |= {"credentials": True, "max_age": "10m"}


def answer_with_cors(peer):
    """A server that has CORS fields of its own, for anybody."""
    while peer.read_request():
        fields = ["Access-Control-Allow-Origin: *", "access-control-allow-credentials: true"]
        peer.answer(b"ok", [*fields, "Access-Control-Expose-Headers: X-Inner", "X-Total: 3"])


def daemon_for(stage, script=answer_with_cors, **service):
    origin = stage.scripted(script)
    pools = {"blue": [origin.address], "green": ["127.0.0.1:9"]}
    return stage.daemon(shop(pools, **service)), origin


def preflight(origin, *fields):
    return head("OPTIONS", "/x", f"Origin: {origin}", "Access-Control-Request-Method: PUT", *fields)


def cors_fields(message):
    return {name.lower() for name, _ in message.fields if name.lower().startswith("access-control-")}


def test_preflight_of_a_declared_origin_is_answered_here(stage):
    daemon, origin = daemon_for(stage, cors=TERMS)
    with Wire(daemon.port) as client:
        answer = client.exchange(preflight(APP, "X-Request-Id: ask"), "OPTIONS")
        assert answer.status == 204
        assert answer.all("access-control-allow-origin") == [APP]
        assert answer.all("access-control-allow-methods") == ["GET, PUT"]
        assert answer.all("access-control-allow-headers") == ["X-Token"]
        assert answer.all("access-control-allow-credentials") == ["true"]
        assert answer.all("access-control-max-age") == ["600"]
        assert answer.all("vary") == ["Origin"] and answer.all("content-length") == []
        assert client.exchange(head("GET", "/after")).status == 200, "the connection lives on"
    assert origin.targets() == ["/after"]
    line = daemon.wait_for_log(lambda line: line.get("request_id") == "ask")
    assert (line["status"], line["end"], line["attempts"], line["service"]) == (204, "ok", 0, "shop")


def test_preflight_of_another_origin_is_refused_without_cors_fields(stage):
    daemon, origin = daemon_for(stage, cors=TERMS)
    with Wire(daemon.port) as client:
        answer = client.exchange(preflight(EVIL, "X-Request-Id: evil"), "OPTIONS")
        assert answer.status == 403 and not cors_fields(answer)
        assert answer.field("cache-control") == "no-store"
        assert client.exchange(preflight(APP), "OPTIONS").status == 204
    assert origin.targets() == []
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "evil")["end"] == "origin_refused"


def test_preflight_with_a_body_is_answered_too(stage):
    daemon, _ = daemon_for(stage, cors=TERMS)
    with Wire(daemon.port) as client:
        assert client.exchange(preflight(APP, "Content-Length: 3") + b"abc", "OPTIONS").status == 204


def test_options_that_is_no_preflight_reaches_the_server(stage):
    daemon, origin = daemon_for(stage, cors=TERMS)
    assert request(daemon.port, "/x", "OPTIONS", [f"Origin: {APP}"]).status == 200
    assert origin.targets() == ["/x"]


def test_the_servers_fields_are_replaced_never_doubled(stage):
    daemon, _ = daemon_for(stage, cors=TERMS)
    answer = request(daemon.port, "/", fields=[f"Origin: {APP}"])
    assert answer.all("access-control-allow-origin") == [APP]
    assert answer.all("access-control-allow-credentials") == ["true"]
    assert answer.all("access-control-expose-headers") == ["X-Total"]
    assert answer.all("vary") == ["Origin"]


@pytest.mark.parametrize("fields", [[f"Origin: {EVIL}"], ["Origin: null"], []])
def test_other_origins_get_no_cors_fields(stage, fields):
    daemon, _ = daemon_for(stage, cors=TERMS)
    answer = request(daemon.port, "/", fields=fields)
    assert answer.status == 200 and not cors_fields(answer) and answer.all("vary") == ["Origin"]


def test_our_own_errors_can_be_read_by_declared_origins(stage):
    daemon, _ = daemon_for(stage, lambda peer: peer.close(), cors=TERMS)
    answer = request(daemon.port, "/", fields=[f"Origin: {APP}"])
    assert answer.status == 502 and answer.all("access-control-allow-origin") == [APP]
    assert answer.all("vary") == ["Origin"]
    assert not cors_fields(request(daemon.port, "/", fields=[f"Origin: {EVIL}"]))


def test_a_broken_upload_is_answered_with_cors_fields(stage):
    daemon, _ = daemon_for(stage, cors=TERMS)
    with Wire(daemon.port) as client:
        client.send(head("POST", "/", f"Origin: {APP}", "Transfer-Encoding: chunked") + b"zz\r\n")
        answer = client.receive("POST")
    assert answer.status == 400 and answer.all("access-control-allow-origin") == [APP]


def test_a_refusal_before_routing_can_be_read_by_the_declared_origins_of_its_host(stage):
    daemon, _ = daemon_for(stage, cors=TERMS, hosts=["shop.test"])
    for origin, expected in ((APP, [APP]), (EVIL, [])):
        with Wire(daemon.port) as client:
            client.send(head("GET", "/", f"Origin: {origin}", "Expect: tea", host="shop.test"))
            answer = client.receive()
        assert answer.status == 417 and answer.all("access-control-allow-origin") == expected
        assert answer.all("vary") == ["Origin"]
    answer = request(daemon.port, "/", fields=[f"Origin: {APP}"], host="evil.test")
    assert answer.status == 421 and not cors_fields(answer)


def test_a_preflight_has_what_the_rules_put_into_responses(stage):
    rules = {"response": {"set": {"Strict-Transport-Security": "max-age=1", "Cache-Control": "public"}}}
    daemon, _ = daemon_for(stage, cors=TERMS, headers=rules)
    with Wire(daemon.port) as client:
        answer = client.exchange(preflight(APP), "OPTIONS")
    assert answer.status == 204 and answer.all("strict-transport-security") == ["max-age=1"]
    assert answer.all("cache-control") == [] and answer.all("access-control-allow-origin") == [APP]


def test_any_origin_may_be_declared(stage):
    daemon, _ = daemon_for(stage, cors={"origins": "*"})
    answer = request(daemon.port, "/", fields=[f"Origin: {EVIL}"])
    assert answer.all("access-control-allow-origin") == ["*"]
    assert answer.all("access-control-allow-credentials") == []


def test_passthrough_touches_nothing(stage):
    daemon, origin = daemon_for(stage)
    with Wire(daemon.port) as client:
        assert client.exchange(preflight(EVIL), "OPTIONS").all("access-control-allow-origin") == ["*"]
    assert origin.targets() == ["/x"]
    assert request(daemon.port, "/", fields=[f"Origin: {APP}"]).all("vary") == []
