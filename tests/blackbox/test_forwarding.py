"""What changes in a head on its way: X-Forwarded-*, Via, request ids, hop-by-hop fields, Host; and who may
say where a request came from."""
import re

import pytest

from harness.daemon import shop
from harness.scripted import answer_everything
from harness.wire import Wire, head, request


def daemon_for(stage, script=answer_everything, top=None, **service):
    origin = stage.scripted(script)
    pools = {"blue": [origin.address], "green": ["127.0.0.1:9"]}
    return stage.daemon(shop(pools, **service) | {"workers": 1} | (top or {})), origin


def test_forwarded_fields_of_a_stranger_are_overwritten(stage):
    daemon, origin = daemon_for(stage)
    lies = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil"]
    lies += ["x-forwarded-for: 5.6.7.8"]
    request(daemon.port, "/", fields=[*lies, "X-Request-Id: lies"], host="shop.test")
    seen = origin.requests[0]
    assert seen.all("x-forwarded-for") == ["127.0.0.1"]
    assert seen.all("x-forwarded-proto") == ["http"]
    assert seen.all("x-forwarded-host") == ["shop.test"]
    assert seen.all("host") == ["shop.test"]
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "lies")["client_ip"] == "127.0.0.1"


def test_forwarded_fields_of_a_trusted_proxy_are_kept_and_extended(stage):
    daemon, origin = daemon_for(stage, top={"trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8"]})
    fields = ["X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.7"]
    fields += ["X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example.com"]
    request(daemon.port, "/", fields=[*fields, "X-Request-Id: trusted"])
    seen = origin.requests[0]
    assert ", ".join(seen.all("x-forwarded-for")) == "6.6.6.6, 1.2.3.4, 10.0.0.7, 127.0.0.1"
    assert seen.all("x-forwarded-proto") == ["https"]
    assert seen.all("x-forwarded-host") == ["shop.example.com"]
    line = daemon.wait_for_log(lambda line: line.get("request_id") == "trusted")
    assert line["client_ip"] == "1.2.3.4", "the last address that is not a trusted proxy's"


def test_request_id_is_passed_on_and_returned(stage):
    daemon, origin = daemon_for(stage)
    answer = request(daemon.port, "/", fields=["X-Request-Id: mine-1"])
    assert origin.requests[0].all("x-request-id") == ["mine-1"]
    assert answer.all("x-request-id") == ["mine-1"]


def test_request_id_is_made_where_there_is_none_or_a_bad_one(stage):
    daemon, origin = daemon_for(stage)
    answers = [request(daemon.port, "/"), request(daemon.port, "/", fields=["X-Request-Id: " + "x" * 500])]
    ids = [answer.field("x-request-id") for answer in answers]
    assert all(re.fullmatch("[0-9a-f]{32}", made) for made in ids) and ids[0] != ids[1]
    assert [seen.field("x-request-id") for seen in origin.requests] == ids


def test_via_is_added_both_ways(stage):
    def answer_with_via(peer):
        while peer.read_request():
            peer.answer(b"", ["Via: 1.1 inner"])

    daemon, origin = daemon_for(stage, answer_with_via)
    answer = request(daemon.port, "/", fields=["Via: 1.0 outer"])
    assert ", ".join(origin.requests[0].all("via")) == "1.0 outer, 1.1 tealgate"
    assert ", ".join(answer.all("via")) == "1.1 inner, 1.1 tealgate"


def test_hop_by_hop_fields_end_at_the_proxy(stage):
    def answer_with_hops(peer):
        while peer.read_request():
            peer.answer(b"", ["Connection: X-Inner", "X-Inner: secret", "Keep-Alive: timeout=5", "X-Kept: yes"])

    daemon, origin = daemon_for(stage, answer_with_hops)
    sent = ["Connection: keep-alive, X-Hop", "X-Hop: secret", "Keep-Alive: 300", "Proxy-Connection: keep-alive"]
    sent += ["TE: trailers, deflate", "Upgrade: websocket", "traceparent: 00-a-b-01"]
    answer = request(daemon.port, "/", fields=sent)
    seen = origin.requests[0]
    for name in ("x-hop", "keep-alive", "proxy-connection", "upgrade"):
        assert seen.field(name) is None, name
    assert seen.field("te") in (None, "trailers")
    assert seen.field("traceparent") == "00-a-b-01"
    assert answer.field("x-inner") is None and answer.field("x-kept") == "yes"


def test_target_passes_exactly_as_it_came(stage):
    daemon, origin = daemon_for(stage)
    targets = ["/a%2Fb?x=%20&y=a+b", "/%C3%A4", "/?", "/a//b", "/a?b?c"]
    for target in targets:
        assert request(daemon.port, target).status == 200
    assert origin.targets() == targets


def test_absolute_target_decides_the_host(stage):
    daemon, origin = daemon_for(stage)
    with Wire(daemon.port) as client:
        assert client.exchange(head("GET", "http://shop.test/x?y", host="shop.test")).status == 200
        assert client.exchange(head("GET", "http://shop.test/x?y", host="other.test")).status == 400
    assert origin.requests[0].first_line == "GET /x?y HTTP/1.1"
    assert origin.requests[0].field("host") == "shop.test"


@pytest.fixture
def two_services(stage):
    class Scene:
        shop = stage.scripted()
        api = stage.scripted()

    config = shop({"blue": [Scene.shop.address], "green": ["127.0.0.1:9"]}, hosts=["shop.test", "*.shop.test"])
    api = {"health": "none", "hosts": ["shop.test"], "paths": ["/api"]}
    config["services"]["api"] = {**api, "pools": {"blue": [Scene.api.address], "green": ["127.0.0.1:9"]}}
    Scene.daemon = stage.daemon(config)
    return Scene


def test_routing_by_host_and_path(two_services):
    scene = two_services
    for host, target in (("shop.test", "/"), ("SHOP.test:80", "/apix"), ("a.shop.test", "/api")):
        assert request(scene.daemon.port, target, host=host).status == 200
    for target in ("/api", "/api/x"):
        assert request(scene.daemon.port, target, host="shop.test").status == 200
    assert scene.shop.targets() == ["/", "/apix", "/api"]
    assert scene.api.targets() == ["/api", "/api/x"]


def test_unknown_host_is_misdirected(two_services):
    with Wire(two_services.daemon.port) as client:
        assert client.exchange(head("GET", "/", host="nobody.test")).status == 421
        assert client.exchange(head("GET", "/", host="shop.test")).status == 200, "the connection lives on"


def test_path_that_normalises_into_another_service_is_refused(two_services):
    for target in ("/x/../api", "/api/../x", "/%61pi", "/api/%2e%2e/x"):
        answer = request(two_services.daemon.port, target, host="shop.test")
        assert answer.status == 400, target
    assert not two_services.shop.targets() and not two_services.api.targets()
