"""The real clients of test_real_clients.py once more, through TLS: what they do there they do here, with the certificate
checked."""
import http.client
import json
import subprocess

import pytest

import test_real_clients as plain
from harness.certificates import Authority
from test_real_clients import (  # noqa: F401
    pytestmark,
    test_chromium,
    test_curl_compressed,
    test_curl_http_1_0,
    test_curl_long_heads,
    test_curl_many_on_one_connection_and_at_once,
    test_curl_ranges_and_resumes,
    test_curl_slow_both_ways,
    test_curl_trailers_and_chunks,
    test_curl_uploads,
    test_first_event_arrives_while_the_second_is_not_yet_sent,
    test_http_client,
    test_long_poll_is_answered_when_there_is_news,
    test_undici,
    test_ws,
)


class SecureScene(plain.Scene):
    def begin_daemon(self, stage, config):
        self.authority = Authority(stage.folder / "ca")
        shown = self.authority.issue("shop.test", "DNS:shop.test", "IP:127.0.0.1")
        trusted = {"NODE_EXTRA_CA_CERTS": str(self.authority.cert), "TEALGATE_KEY_HASH": shown.key_hash}
        self.environment = {"TEALGATE_TLS": "1", **trusted}
        self.curl_words = ["--cacert", str(self.authority.cert)]
        return stage.daemon(config | {"listen": [{"address": "127.0.0.1:0", "tls": shown.files}]})

    def url(self, path):
        return f"https://127.0.0.1:{self.port}{path}"

    def http_client(self):
        context = self.authority.context()
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)


@pytest.fixture
def scene(stage):
    scene = SecureScene(stage)
    yield scene
    scene.daemon.wait_until_idle()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl_with_either_version(scene, version):
    words = [f"--tlsv{version}", "--tls-max", version, "-w", "%{stderr}%{http_version} %{ssl_verify_result}"]
    assert json.loads(scene.curl(*words, scene.url("/inspect")))["headers"]["x-forwarded-proto"] == "https"
    assert scene.errors == "1.1 0"
    scene.curl("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", scene.url("/"), code=35)


def test_curl_checks_the_name(scene):
    there = f"shop.test:{scene.port}"
    to = ["--resolve", f"{there}:127.0.0.1", "--resolve", f"other.test:{scene.port}:127.0.0.1"]
    assert scene.curl(*to, f"https://{there}/bytes?n=10")
    scene.curl(*to, f"https://other.test:{scene.port}/", code=60)


def test_curl_asks_for_http_2_and_gets_1_1(scene):
    assert json.loads(scene.curl("--http2", scene.url("/inspect")))["httpVersion"] == "1.1"


def test_curl_is_told_that_this_port_speaks_tls(scene):
    there = scene.url("/").replace("https:", "http:")
    assert b"TLS" in scene.curl("-w", "%{stderr}%{http_code}", there) and scene.errors == "400"


def test_openssl_as_a_client_of_http(scene):
    asks = b"GET /bytes?n=100000 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"
    words = ["s_client", "-quiet", "-verify_return_error", "-ign_eof", "-connect", f"127.0.0.1:{scene.port}"]
    command = ["openssl", *words, "-CAfile", str(scene.authority.cert)]
    done = subprocess.run(command, input=asks, capture_output=True, timeout=60)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and body == plain.pattern(100_000)
