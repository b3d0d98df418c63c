"""Header rules of a service: what is set, added and removed both ways, Forwarded, and what may not be touched."""
from harness.daemon import shop
from harness.ports import Port
from harness.scripted import answer_everything
from harness.wire import Wire, head, request


def daemon_for(stage, headers, script=answer_everything, top=None, **service):
    origin = stage.scripted(script)
    pools = {"blue": [origin.address], "green": ["127.0.0.1:9"]}
    return stage.daemon(shop(pools, headers=headers, **service) | (top or {})), origin


def test_request_fields_are_set_added_and_removed(stage):
    rules = {"set": {"X-User": "nobody", "Host": "inner:81"}, "add": {"X-Tag": ["a", "b"]}, "remove": ["Cookie"]}
    daemon, origin = daemon_for(stage, {"request": rules})
    fields = ["X-User: root", "x_user: root", "X-Tag: c", "cookie: secret", "Connection: X-User", "X-Kept: yes"]
    assert request(daemon.port, "/", fields=fields, host="shop.test").status == 200
    seen = origin.requests[0]
    assert seen.all("x-user") == ["nobody"] and seen.all("x_user") == []
    assert seen.all("x-tag") == ["c", "a", "b"]
    assert seen.all("cookie") == [] and seen.all("x-kept") == ["yes"]
    assert seen.all("host") == ["inner:81"] and seen.all("x-forwarded-host") == ["shop.test"]


def test_response_fields_are_set_added_and_removed(stage):
    def answer(peer):
        while peer.read_request():
            peer.answer(b"", ["Server: inner/1.2", "X-Powered-By: secret", "Vary: Accept"])

    rules = {"set": {"Server": "shop"}, "add": {"Vary": "Accept-Language"}, "remove": ["X-Powered-By"]}
    daemon, _ = daemon_for(stage, {"response": rules}, answer)
    seen = request(daemon.port, "/")
    assert seen.all("server") == ["shop"]
    assert seen.all("vary") == ["Accept", "Accept-Language"]
    assert seen.all("x-powered-by") == []


def test_our_own_errors_have_what_the_rules_put_in_but_keep_their_meaning(stage):
    strict = "max-age=31536000"
    rules = {"set": {"Strict-Transport-Security": strict, "Cache-Control": "public", "content_type": "image/png"}}
    rules |= {"add": {"X-Frame-Options": "DENY", "Content-Encoding": "gzip"}, "remove": ["Retry-After"]}
    daemon, _ = daemon_for(stage, {"response": rules}, lambda peer: peer.close())
    answer = request(daemon.port, "/")
    assert answer.status == 502
    assert answer.all("strict-transport-security") == [strict] and answer.all("x-frame-options") == ["DENY"]
    assert answer.all("cache-control") == ["no-store"] and answer.all("content-encoding") == []
    assert answer.all("content-type") == ["application/problem+json"] and answer.all("content_type") == []
    assert len(answer.all("content-length")) == 1 and len(answer.all("x-request-id")) == 1


def test_a_503_keeps_its_retry_after_under_rules(stage):
    rules = {"set": {"X-Frame-Options": "DENY"}, "remove": ["Retry-After"]}
    nobody = stage.also_close(Port())
    pools = {"blue": [nobody.address], "green": ["127.0.0.1:9"]}
    daemon = stage.daemon(shop(pools, {"path": "/health", "interval": "100ms"}, headers={"response": rules}))
    answer = request(daemon.port, "/")
    assert answer.status == 503
    assert len(answer.all("retry-after")) == 1 and answer.all("x-frame-options") == ["DENY"]


def test_a_broken_upload_and_a_refusal_have_the_rules_fields(stage):
    daemon, _ = daemon_for(stage, {"response": {"set": {"X-Frame-Options": "DENY"}}})
    for raw in (head("POST", "/", "Transfer-Encoding: chunked") + b"zz\r\n", b"GET / HTTP/1.1\r\nbad line\r\n\r\n"):
        with Wire(daemon.port) as client:
            client.send(raw)
            answer = client.receive()
        assert answer.status == 400 and answer.all("x-frame-options") == ["DENY"]


def test_forwarded_is_sent_on_wish(stage):
    daemon, origin = daemon_for(stage, {"forwarded": True})
    request(daemon.port, "/", fields=["Forwarded: for=6.6.6.6"], host="shop.test:80")
    assert origin.requests[0].all("forwarded") == ['for=127.0.0.1;host="shop.test:80";proto=http']
    assert origin.requests[0].all("x-forwarded-for") == ["127.0.0.1"]


def test_forwarded_of_a_trusted_proxy_is_appended_to(stage):
    daemon, origin = daemon_for(stage, {"forwarded": True}, top={"trusted_proxies": ["127.0.0.0/8"]})
    request(daemon.port, "/", fields=["Forwarded: for=1.2.3.4;proto=https"], host="a")
    assert origin.requests[0].all("forwarded") == ["for=1.2.3.4;proto=https, for=127.0.0.1;host=a;proto=http"]


def test_no_forwarded_without_the_wish(stage):
    daemon, origin = daemon_for(stage, {"request": {"remove": ["Cookie"]}})
    request(daemon.port, "/", fields=["Forwarded: for=6.6.6.6"])
    assert origin.requests[0].all("forwarded") == []


def test_framing_stays_ours_under_rules(stage):
    rules = {"request": {"set": {"X-A": "1"}}, "response": {"set": {"X-B": "2"}}}
    daemon, origin = daemon_for(stage, rules)
    with Wire(daemon.port) as client:
        for number in range(3):
            body = b"x" * (number + 1)
            answer = client.exchange(head("POST", "/", f"Content-Length: {len(body)}") + body, "POST")
            assert answer.status == 200 and answer.all("x-b") == ["2"]
            assert origin.requests[number].body == body and origin.requests[number].all("x-a") == ["1"]


def test_reload_changes_the_rules(stage):
    daemon, origin = daemon_for(stage, {"request": {"set": {"X-Rule": "old"}}})
    with Wire(daemon.port) as client:
        assert client.exchange(head("GET", "/")).status == 200
        daemon.config["services"]["shop"]["headers"] = {"request": {"set": {"X-Rule": "new"}}}
        daemon.write_config()
        assert daemon.cli("reload").returncode == 0
        assert client.exchange(head("GET", "/")).status == 200
    assert [seen.field("x-rule") for seen in origin.requests] == ["old", "new"]
