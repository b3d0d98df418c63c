"""An operator's own error pages; and what every error of our own has, whoever makes it."""
import pytest

from harness.daemon import shop
from harness.ports import Port
from harness.wire import Wire, head, request

BROWSER = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"


def answer_with_an_error(peer):
    while peer.read_request():
        peer.answer(b"theirs", ["Content-Type: text/html"], status="502 Bad Gateway")


def daemon_for(stage, pages, script=lambda peer: peer.close()):
    """`pages` is {status: text}; each becomes a file of its own."""
    origin = stage.scripted(script)
    files = {}
    for status, text in pages.items():
        path = stage.folder / f"{status}.html"
        path.write_text(text)
        files[status] = str(path)
    return stage.daemon(shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}, errors=files))


def test_browsers_get_the_page_with_its_words_replaced(stage):
    daemon = daemon_for(stage, {"502": "<title>{{status}} {{title}}</title>{{request_id}} {{other}}"})
    answer = request(daemon.port, "/", fields=[BROWSER, "X-Request-Id: <b>&"])
    assert answer.status == 502
    assert answer.body == b"<title>502 The server closed the connection</title>&lt;b&gt;&amp; {{other}}"
    assert answer.field("content-type") == "text/html; charset=utf-8"
    assert answer.field("cache-control") == "no-store" and answer.field("x-request-id") == "<b>&"


def test_programs_still_get_problem_json(stage):
    daemon = daemon_for(stage, {"5xx": "<h1>sorry</h1>"})
    for fields in ([], ["Accept: application/json"], ["Accept: */*"]):
        assert request(daemon.port, "/", fields=fields).field("content-type") == "application/problem+json"


def test_a_page_for_all_of_a_kind_serves_what_has_none_of_its_own(stage):
    daemon = daemon_for(stage, {"504": "late", "5xx": "sorry {{status}}"})
    assert request(daemon.port, "/", fields=[BROWSER]).body == b"sorry 502"


def test_a_large_page_comes_whole_and_head_has_its_length(stage):
    page = "<p>{{status}}</p>" + "x" * 200_000
    daemon = daemon_for(stage, {"5xx": page})
    expected = page.replace("{{status}}", "502").encode()
    with Wire(daemon.port) as client:
        assert client.exchange(head("GET", "/", BROWSER)).body == expected
        answer = client.exchange(head("HEAD", "/", BROWSER), "HEAD")
        assert answer.body == b"" and answer.field("content-length") == str(len(expected))


def test_errors_of_the_server_pass_untouched(stage):
    daemon = daemon_for(stage, {"5xx": "ours"}, answer_with_an_error)
    answer = request(daemon.port, "/", fields=[BROWSER])
    assert answer.status == 502 and answer.body == b"theirs"
    assert answer.field("cache-control") is None


def test_a_broken_upload_gets_the_page(stage):
    daemon = daemon_for(stage, {"4xx": "bad {{status}}"}, lambda peer: peer.read_request())
    with Wire(daemon.port) as client:
        client.send(head("POST", "/", BROWSER, "Transfer-Encoding: chunked") + b"zz\r\n")
        assert client.receive("POST").body == b"bad 400"


def test_reload_reads_the_pages_again_or_refuses(stage):
    daemon = daemon_for(stage, {"502": "old"})
    path = stage.folder / "502.html"
    path.write_text("new")
    assert request(daemon.port, "/", fields=[BROWSER]).body == b"old"
    assert daemon.cli("reload").returncode == 0
    assert request(daemon.port, "/", fields=[BROWSER]).body == b"new"
    path.unlink()
    refused = daemon.cli("reload")
    assert refused.returncode == 7 and "errors.502" in refused.stdout + refused.stderr
    assert request(daemon.port, "/", fields=[BROWSER]).body == b"new"


def test_check_names_the_place_of_a_page_that_is_missing_or_too_large(stage):
    large = stage.folder / "large.html"
    large.write_bytes(b"x" * (256 * 1024 + 1))
    pools = {"blue": ["127.0.0.1:1"], "green": ["127.0.0.1:2"]}
    errors = {"502": "/nowhere/502.html", "503": str(large)}
    daemon = stage.daemon(shop(pools, errors=errors), start=False)
    daemon.write_config()
    result = daemon.cli("check", daemon.config_path)
    assert result.returncode == 7
    assert 'errors.502: "/nowhere/502.html" cannot be read' in result.stderr + result.stdout
    assert "is larger than 256 KiB" in result.stderr + result.stdout


def daemon_of_two(stage):
    """Services for two hosts, one with a page of its own, and `defaults` with another."""
    pages = {}
    for name in ("shop", "nobody"):
        path = stage.folder / f"{name}.html"
        path.write_text(name + " {{status}} {{request_id}}")
        pages[name] = str(path)
    origin = stage.scripted()
    pools = {"blue": [origin.address], "green": ["127.0.0.1:9"]}
    config = shop(pools, hosts=["shop.test"], errors={"4xx": pages["shop"], "5xx": pages["shop"]},
                  headers={"response": {"set": {"X-Of": "shop"}}}, cors={"origins": [APP]})
    config["services"]["blog"] = {"health": "none", "pools": {"one": ["127.0.0.1:9"]}, "hosts": ["blog.test"]}
    config["defaults"] = {"errors": {"4xx": pages["nobody"], "5xx": pages["nobody"]}, "limits": {"body": "10B"},
                          "headers": {"response": {"set": {"X-Of": "nobody"}}}, "cors": {"origins": [APP]}}
    return stage.daemon(config), origin


APP = "https://app.example.com"
ASKED = f"{BROWSER}\r\nOrigin: {APP}\r\nX-Request-Id: me\r\n"
REFUSED_AS_SHOPS = {
    "two lengths": ("GET / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400),
    "an unknown coding": ("POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: zip, chunked\r\n", 501),
    "an unknown method": ("BREW / HTTP/1.1\r\nHost: shop.test\r\n", 501),
    "an unknown expectation": ("GET / HTTP/1.1\r\nHost: shop.test\r\nExpect: tea\r\n", 417),
    "too long a body": ("POST / HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 11\r\n", 413),
    "absolute-form": ("BREW http://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n", 501),
}


@pytest.mark.parametrize("what", REFUSED_AS_SHOPS)
def test_what_is_refused_with_a_known_host_is_answered_in_its_services_name(stage, what):
    daemon, origin = daemon_of_two(stage)
    raw, status = REFUSED_AS_SHOPS[what]
    with Wire(daemon.port) as client:
        client.send(raw + ASKED + "\r\n")
        answer = client.receive()
    assert (answer.status, answer.body) == (status, f"shop {status} me".encode())
    assert answer.all("x-of") == ["shop"] and answer.all("cache-control") == ["no-store"]
    assert answer.all("access-control-allow-origin") == [APP]
    assert origin.requests == []


REFUSED_AS_NOBODYS = {
    "an unknown host": (f"GET / HTTP/1.1\r\nHost: evil.test\r\n{ASKED}\r\n", 421),
    "two Hosts": (f"GET / HTTP/1.1\r\nHost: shop.test\r\nHost: blog.test\r\n{ASKED}\r\n", 400),
    "a contradiction": (f"GET http://blog.test/ HTTP/1.1\r\nHost: shop.test\r\n{ASKED}\r\n", 400),
    "a bad escape": (f"GET /%0 HTTP/1.1\r\nHost: shop.test\r\n{ASKED}\r\n", 400),
    "a malformed line": (f"GET / HTTP/1.1\r\nHost: shop.test\r\n{ASKED}bad line\r\n\r\n", 400),
    "too many fields": (f"GET / HTTP/1.1\r\nHost: shop.test\r\n{ASKED}" + "a: b\r\n" * 200 + "\r\n", 431),
    "CONNECT": (f"CONNECT shop.test:80 HTTP/1.1\r\nHost: shop.test:80\r\n{ASKED}\r\n", 405),
}


@pytest.mark.parametrize("what", REFUSED_AS_NOBODYS)
def test_what_has_no_sure_service_gets_the_pages_of_the_defaults_and_no_cors(stage, what):
    daemon, origin = daemon_of_two(stage)
    raw, status = REFUSED_AS_NOBODYS[what]
    with Wire(daemon.port) as client:
        client.send(raw)
        answer = client.receive()
    assert (answer.status, answer.body) == (status, f"nobody {status} me".encode())
    assert answer.all("x-of") == ["nobody"] and answer.all("cache-control") == ["no-store"]
    assert not [name for name, _ in answer.fields if name.lower().startswith("access-control-")]
    assert origin.requests == []


def test_what_cannot_be_read_belongs_to_a_service_that_takes_everything(stage):
    daemon = daemon_for(stage, {"4xx": "shop {{status}}"})
    with Wire(daemon.port) as client:
        client.send(f"GET / HTTP/1.1\r\n{BROWSER}\r\nbad line\r\n\r\n")
        assert client.receive().body == b"shop 400"


def test_a_large_page_is_taken_whole_by_who_is_refused(stage):
    page = "x" * 250_000
    daemon = daemon_for(stage, {"4xx": page})
    with Wire(daemon.port, receive_buffer=4096) as client:
        client.send(f"GET / HTTP/1.1\r\n{BROWSER}\r\nbad line\r\n\r\n")
        assert client.receive().body == page.encode()
        assert client.is_closed_by_peer()


def test_reload_changes_what_the_defaults_say_to_nobody(stage):
    daemon, _ = daemon_of_two(stage)
    assert request(daemon.port, "/", host="evil.test").all("x-of") == ["nobody"]
    daemon.config["defaults"]["headers"]["response"]["set"]["X-Of"] = "anew"
    daemon.write_config()
    assert daemon.cli("reload").returncode == 0
    answer = request(daemon.port, "/", host="evil.test")
    assert answer.status == 421 and answer.all("x-of") == ["anew"]


OWN_ERRORS = {
    "malformed": ("GET / HTTP/1.1\r\nHost: a\r\nbad line\r\n\r\n", 400),
    "no Host": ("GET / HTTP/1.1\r\n\r\n", 400),
    "too large": ("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x" * 40_000 + "\r\n\r\n", 431),
    "unknown version": ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    "CONNECT": ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 405),
    "unknown service": ("GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n", 421),
    "nobody to ask": ("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n", 503),
}


@pytest.mark.parametrize("what", OWN_ERRORS)
def test_every_error_of_our_own_has_an_id_and_is_not_stored(stage, what):
    nobody = stage.also_close(Port())
    health = {"path": "/health", "interval": "100ms"}
    pools = {"blue": [nobody.address], "green": ["127.0.0.1:9"]}
    daemon = stage.daemon(shop(pools, health, hosts=["shop.test"]))
    raw, status = OWN_ERRORS[what]
    with Wire(daemon.port) as client:
        client.send(raw)
        answer = client.receive()
    assert answer.status == status
    assert answer.all("cache-control") == ["no-store"]
    assert len(answer.all("x-request-id")) == 1
    assert (answer.field("retry-after") is not None) == (status == 503)
    daemon.wait_for_log(lambda line: line.get("request_id") == answer.field("x-request-id"))
