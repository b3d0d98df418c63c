"""Real clients through the proxy: curl, Python's http.client, Node's undici and `ws`, Chromium. The server behind it
is Node with `ws` (clients/origin.mjs); `npm ci` in clients/ brings what Node and Chromium need."""
import gzip
import hashlib
import http.client
import json
import os
import pathlib
import re
import subprocess

import pytest

from harness.daemon import shop
from harness.processes import Child
from harness.waiting import eventually

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
NODE = "/usr/bin/node"
CURL = "/usr/bin/curl"
MODULES = CLIENTS / "node_modules" / "ws"
LONGEST = 150  # seconds for one check

pytestmark = [pytest.mark.needs(NODE), pytest.mark.needs(str(MODULES))]


class Scene:
    """An origin for each of `pools`, and a daemon."""

    def __init__(self, stage, pools=("blue",), **service):
        ports = {pool: self.begin_origin(stage, pool) for pool in pools}
        self.origin_port = ports["blue"]
        addresses = {pool: [f"127.0.0.1:{port}"] for pool, port in ({"green": 9} | ports).items()}
        self.environment = {}
        self.curl_words = []
        self.daemon = self.begin_daemon(stage, shop(addresses, initial="blue", **service))
        self.port = self.daemon.port

    @staticmethod
    def begin_origin(stage, pool):
        child = stage.also_close(Child([NODE, CLIENTS / "origin.mjs"], stage.folder / f"origin-{pool}.log"))
        child.wait_for_output("listening on port", 60)
        return int(re.search(r"port (\d+)\n", child.output())[1])

    def begin_daemon(self, stage, config):
        return stage.daemon(config)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def http_client(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def open_gate(self, name):
        """Lets the origin go on; not through the proxy."""
        connection = http.client.HTTPConnection("127.0.0.1", self.origin_port, timeout=20)
        connection.request("GET", f"/go?id={name}")
        assert connection.getresponse().status == 204
        connection.close()

    def check(self, script, name):
        """Runs one check of a script of clients/."""
        command = [NODE, CLIENTS / script, name, str(self.port)]
        settings = {"env": {**os.environ, **self.environment}, "stdin": subprocess.DEVNULL, "timeout": LONGEST}
        done = subprocess.run(command, capture_output=True, text=True, **settings)
        assert done.returncode == 0, f"{script} {name}:\n{done.stdout}{done.stderr}"

    def curl(self, *words, given=None, code=0):
        """curl's standard output."""
        command = [CURL, "--silent", "--show-error", "--noproxy", "*", "--max-time", "60", *self.curl_words, *map(str, words)]
        done = subprocess.run(command, input=given, capture_output=True, timeout=LONGEST)
        assert done.returncode == code, f"{words}: {done.returncode}: {done.stderr.decode()}"
        self.errors = done.stderr.decode()
        return done.stdout

    def inspect(self, *words, path="/inspect", given=None):
        """What arrived at the origin."""
        return json.loads(self.curl(*words, self.url(path), given=given))


@pytest.fixture
def scene(stage):
    scene = Scene(stage)
    yield scene
    scene.daemon.wait_until_idle()


def pattern(length):
    return bytes((at * 31 + (at >> 8)) & 255 for at in range(length))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# curl


def test_curl_uploads(scene):
    data = pattern(700_000)
    expecting = scene.inspect("-v", "-H", "Expect: 100-continue", "--data-binary", "@-", given=data)
    assert expecting["sha256"] == sha256(data) and "< HTTP/1.1 100 Continue" in scene.errors
    assert scene.errors.count("< HTTP/1.1 ") == 2, "one 100, one answer"
    chunked = scene.inspect("-T", "-", given=data)
    assert (chunked["method"], chunked["sha256"]) == ("PUT", sha256(data))
    assert chunked["headers"]["transfer-encoding"] == "chunked" and "content-length" not in chunked["headers"]
    form = scene.inspect("-F", "file=@-;filename=x.bin", "-F", "a=b", given=data)
    assert form["length"] > len(data) and form["headers"]["content-type"].startswith("multipart/form-data")
    empty = scene.inspect("-X", "POST", "-H", "Content-Length: 0")
    assert (empty["length"], empty["headers"]["content-length"]) == (0, "0")


def test_curl_ranges_and_resumes(scene, stage):
    whole, url = pattern(50_000), scene.url("/bytes?n=50000")
    assert scene.curl("-r", "100-199", url) == whole[100:200]
    assert scene.curl("-r", "-100", url) == whole[-100:]
    head = scene.curl("-r", "100-199", "-D", "-", "-o", "/dev/null", url).decode()
    assert head.startswith("HTTP/1.1 206 Partial Content\r\n") and "bytes 100-199/50000" in head
    part = stage.folder / "part"
    part.write_bytes(whole[:20_000])
    scene.curl("-C", "-", "-o", part, url)
    assert part.read_bytes() == whole


def test_curl_methods(scene):
    head = scene.curl("-I", scene.url("/bytes?n=1234")).decode()
    assert head.startswith("HTTP/1.1 200 OK\r\n") and "\r\nContent-Length: 1234\r\n" in head
    for method in ("DELETE", "PATCH", "OPTIONS", "PROPFIND"):
        assert scene.inspect("-X", method)["method"] == method
    assert scene.inspect("-X", "OPTIONS", "--request-target", "*")["url"] == "*"
    assert scene.curl("-X", "CONNECT", "-o", "/dev/null", "-w", "%{http_code}", scene.url("/")) in (b"405", b"501", b"400")


def test_curl_compressed(scene):
    raw = scene.curl("--raw", "-H", "Accept-Encoding: gzip", scene.url("/gzip"))
    text = b"compressed by the origin " * 1000
    assert raw[:2] == b"\x1f\x8b" and gzip.decompress(raw) == text
    assert scene.curl("--compressed", scene.url("/gzip")) == text


def test_curl_many_on_one_connection_and_at_once(scene, stage):
    urls = [scene.url(f"/bytes?n={number}") for number in range(1, 31)]
    opened = scene.curl("-w", "%{stderr}%{num_connects}\n", "-o", f"{stage.folder}/#1", scene.url("/bytes?n=[1-30]"))
    assert opened == b"" and sorted(scene.errors.split()) == ["0"] * 29 + ["1"]
    assert [len((stage.folder / str(number)).read_bytes()) for number in range(1, 31)] == list(range(1, 31))
    assert len(scene.curl("-Z", "--parallel-max", "10", *urls)) == sum(range(1, 31))


def test_curl_upgrade_that_the_server_does_not_know(scene):
    seen = scene.inspect("--http2")
    assert seen["httpVersion"] == "1.1" and "upgrade" not in seen["headers"] and "http2-settings" not in seen["headers"]


def test_curl_http_1_0(scene):
    assert scene.inspect("--http1.0")["httpVersion"] == "1.1"
    assert scene.curl("--http1.0", scene.url("/bytes?n=5000")) == pattern(5000)
    assert scene.curl("--http1.0", scene.url("/trailers")) == b"body", "no chunks for it"
    data = b"x" * 100_000
    assert scene.inspect("--http1.0", "--data-binary", "@-", given=data)["sha256"] == sha256(data)
    opened = scene.curl("--http1.0", "-H", "Connection: keep-alive", "-o", "/dev/null", "-w", "%{num_connects}\n",
                        scene.url("/bytes?n=[1-3]"))
    assert opened.split() == [b"1", b"0", b"0"]


def test_curl_trailers_and_chunks(scene):
    assert scene.curl(scene.url("/trailers")) == b"body"
    raw = scene.curl("--raw", scene.url("/trailers")).decode()
    assert raw == "4\r\nbody\r\n0\r\n\r\n", "it did not ask for trailers"
    asked = scene.curl("--raw", "-H", "TE: trailers", "-H", "Connection: TE", scene.url("/trailers")).decode()
    assert asked == "4\r\nbody\r\n0\r\nX-Checksum: 4b0d\r\n\r\n"


def test_curl_long_heads(scene):
    long = "x" * 20_000
    assert scene.inspect("-H", f"X-Long: {long}")["headers"]["x-long"] == long
    assert scene.inspect(path=f"/inspect?{'q' * 7000}")["url"].endswith("q" * 7000)
    status = ("-o", "/dev/null", "-w", "%{http_code}")
    assert scene.curl("-H", f"X-Long: {long}{long}", *status, scene.url("/inspect")) == b"431"
    many = [word for number in range(100) for word in ("-H", f"X-{number}: {number}")]
    assert scene.inspect(*many)["headers"]["x-99"] == "99"


def test_curl_slow_both_ways(scene):
    assert scene.curl("--limit-rate", "400K", scene.url("/bytes?n=600000")) == pattern(600_000)
    data = pattern(600_000)
    assert scene.inspect("--limit-rate", "400K", "--data-binary", "@-", given=data)["sha256"] == sha256(data)


def test_curl_takes_us_for_a_forward_proxy(scene):
    words = ["-x", scene.url(""), "--noproxy", ""]
    seen = json.loads(scene.curl(*words, "http://shop.test/inspect?a=b"))
    assert (seen["url"], seen["headers"]["host"]) == ("/inspect?a=b", "shop.test")
    scene.curl(*words, "-p", "http://shop.test/inspect", code=56)
    assert re.search(r"response 40[05]|response 501", scene.errors), scene.errors


def test_curl_paths_as_they_are(scene):
    for path in ("/a/../b", "/a%2Fb?c=%20", "/a//b", "/?", "/ä"):
        sent = path.encode("utf-8").decode("latin-1") if path == "/ä" else path
        words = ("-o", "/dev/null", "-w", "%{http_code}") if path == "/ä" else ()
        answer = scene.curl("--path-as-is", *words, scene.url(path))
        if words:
            assert answer in (b"200", b"400"), sent
        else:
            assert json.loads(answer)["url"] == path


# Python's http.client


def test_http_client(scene):
    connection = scene.http_client()
    for number in range(20):
        connection.request("POST", "/echo", body=pattern(number * 1000))
        assert connection.getresponse().read() == pattern(number * 1000)
    connection.request("PUT", "/inspect", body=iter([b"a" * 1000, b"b" * 70_000]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
    assert json.loads(connection.getresponse().read())["sha256"] == sha256(b"a" * 1000 + b"b" * 70_000)
    connection.request("HEAD", "/bytes?n=99")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("content-length"), answer.read()) == (200, "99", b"")
    connection.close()


def test_first_event_arrives_while_the_second_is_not_yet_sent(scene):
    connection = scene.http_client()
    connection.request("GET", "/events?id=python")
    answer = connection.getresponse()
    assert answer.getheader("content-type") == "text/event-stream"
    assert [answer.readline() for _ in range(2)] == [b"data: first\n", b"\n"]
    scene.open_gate("python")
    assert answer.read() == b"data: second\n\n"
    connection.close()


def test_long_poll_is_answered_when_there_is_news(scene):
    connection = scene.http_client()
    connection.request("GET", "/poll?id=python")
    eventually(lambda: scene.daemon.control.status()["in_flight"] == 1, what="the poll at the proxy")
    scene.open_gate("python")
    assert connection.getresponse().read() == b"news"
    connection.close()


# Node and Chromium: each check is a function of a script.


def checks_of(script):
    text = (CLIENTS / script).read_text()
    return re.findall(r"^  (?:async )?(\w+)(?:\(port\) \{|: \(port\) =>)", text[text.index("await run({"):], re.MULTILINE)


@pytest.mark.parametrize("check", checks_of("undici.mjs"))
def test_undici(scene, check):
    scene.check("undici.mjs", check)


@pytest.mark.parametrize("check", checks_of("websocket.mjs"))
def test_ws(scene, check):
    scene.check("websocket.mjs", check)


@pytest.mark.needs("/usr/bin/chromium")
@pytest.mark.parametrize("check", ["fetch", "events", "navigation", "websocket"])
def test_chromium(scene, check):
    scene.check("browser.mjs", check)
