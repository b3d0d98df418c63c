"""PROXY headers, version 1 and 2: who is believed, what is refused, and HAProxy as a real sender."""
import socket
import struct
import subprocess

import pytest

from harness.daemon import shop
from harness.ports import Port
from harness.processes import Child
from harness.waiting import eventually
from harness.wire import Wire, head, request

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LINE = b"PROXY TCP4 192.0.2.7 10.0.0.1 12345 80\r\n"
GET = head("GET", "/", "X-Request-Id: it")


def version2(command, family, body=b""):
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack(">H", len(body)) + body


def tcp4(source):
    return socket.inet_aton(source) + socket.inet_aton("10.0.0.1") + struct.pack(">HH", 12345, 80)


def tcp6(source):
    return socket.inet_pton(socket.AF_INET6, source) + bytes(16) + struct.pack(">HH", 12345, 80)


def scene_with(stage, trusted=("127.0.0.1",), limits=None, timeouts=None):
    class Scene:
        origin = stage.scripted()

    config = shop(
        {"blue": [Scene.origin.address], "green": ["127.0.0.1:9"]}, timeouts=timeouts or {"connect": "2s"}
    )
    config["listen"] = [{"address": "127.0.0.1:0", "proxy_protocol": True}, "127.0.0.1:0"]
    config["trusted_proxies"] = list(trusted)
    if limits:
        config["limits"] = limits
    Scene.daemon = stage.daemon(config)
    Scene.port, Scene.plain_port = Scene.daemon.ports
    return Scene


@pytest.fixture
def scene(stage):
    return scene_with(stage)


def forwarded_for(scene):
    return scene.origin.requests[-1].field("x-forwarded-for")


def is_cut(wire):
    """Closed or reset without a byte."""
    try:
        return wire.read_to_end() == b""
    except OSError:
        return True


@pytest.mark.parametrize(
    "header, client",
    [
        (LINE, "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n", "2001:db8::7"),
        (b"PROXY UNKNOWN what ever\r\n", "127.0.0.1"),
        (version2(1, 0x11, tcp4("192.0.2.8")), "192.0.2.8"),
        (version2(1, 0x11, tcp4("192.0.2.8") + b"\x03\0\4abcd"), "192.0.2.8"),
        (version2(1, 0x21, tcp6("2001:db8::9")), "2001:db8::9"),
        (version2(0, 0), "127.0.0.1"),
        (version2(1, 0x31, bytes(216)), "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("cut", ["whole", "in bytes"])
def test_the_client_is_the_one_that_is_told(scene, header, client, cut):
    with Wire(scene.port) as wire:
        for piece in [header + GET] if cut == "whole" else [bytes([byte]) for byte in header + GET]:
            wire.send(piece)
        assert wire.receive().status == 200
        assert wire.exchange(GET).status == 200, "the header comes once a connection"
    assert forwarded_for(scene) == client
    assert scene.daemon.wait_for_log(lambda line: line["client_ip"] == client)["end"] == "ok"


@pytest.mark.parametrize(
    "header",
    [
        GET,
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n" + GET,
        b"PROXY UNKNOWN" + b"x" * 200,
        version2(2, 0x11, tcp4("1.2.3.4")),
        version2(1, 0x12, tcp4("1.2.3.4")),
        version2(1, 0x21, tcp4("1.2.3.4")),
        version2(0, 0, bytes(5000)),
    ],
)
def test_what_is_no_header_is_closed_without_an_answer(scene, header):
    with Wire(scene.port) as wire:
        wire.send(header)
        assert is_cut(wire)
    line = scene.daemon.wait_for_log(lambda line: line["end"] == "proxy_protocol")
    assert (line["status"], line["client_ip"]) == (0, "127.0.0.1")
    assert not scene.origin.requests


def test_other_peers_are_closed_at_once(stage):
    scene = scene_with(stage, trusted=["127.0.0.9"])
    with Wire(scene.port) as wire:
        assert is_cut_after(wire, LINE + GET)
    line = scene.daemon.wait_for_log(lambda line: line["end"] == "proxy_protocol")
    assert line["detail"] == "this peer is not in trusted_proxies"
    with Wire(scene.port, source="127.0.0.9") as wire:
        assert wire.exchange(LINE + GET).status == 200
    assert [message.field("x-forwarded-for") for message in scene.origin.requests] == ["192.0.2.7"]


def is_cut_after(wire, data):
    try:
        wire.send(data)
    except OSError:
        return True
    return is_cut(wire)


def test_the_client_that_is_told_decides_whether_x_forwarded_for_is_believed(scene):
    spoofed = head("GET", "/", "X-Forwarded-For: 203.0.113.1")
    with Wire(scene.port) as wire:
        assert wire.exchange(LINE + spoofed).status == 200
    assert forwarded_for(scene) == "192.0.2.7"
    with Wire(scene.port) as wire:
        assert wire.exchange(b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + spoofed).status == 200
    assert forwarded_for(scene) == "203.0.113.1, 127.0.0.1"


def test_a_header_on_a_plain_listener_is_a_bad_request(scene):
    with Wire(scene.plain_port) as wire:
        assert wire.exchange(LINE + GET).status == 400
    assert request(scene.plain_port, "/").status == 200


def test_the_header_must_come_in_time(stage):
    scene = scene_with(stage, timeouts={"request_head": "200ms"})
    with Wire(scene.port) as wire:
        wire.send(LINE[:-1])
        assert is_cut(wire)
    line = scene.daemon.wait_for_log(lambda line: line["end"] == "proxy_protocol")
    assert line["detail"] == "the PROXY header came too slowly"
    with Wire(scene.port) as wire:
        wire.send(LINE + GET[:20])
        assert wire.receive().status == 408


def test_the_limit_of_an_address_counts_the_clients_that_are_told(stage):
    scene = scene_with(stage, limits={"connections_per_address": 1})
    with Wire(scene.port) as first, Wire(scene.port) as second, Wire(scene.port) as other:
        assert first.exchange(LINE + GET).status == 200
        assert is_cut_after(second, LINE + GET)
        assert other.exchange(LINE.replace(b"192.0.2.7", b"192.0.2.9") + GET).status == 200
    assert scene.daemon.control.status()["refused_connections"] == 1


def test_a_reload_turns_it_off_for_new_connections(scene):
    with Wire(scene.port) as old:
        assert old.exchange(LINE + GET).status == 200
        config = {**scene.daemon.config, "listen": [{"address": "127.0.0.1:0"}, "127.0.0.1:0"]}
        config["listen"][0]["proxy_protocol"] = False
        scene.daemon.write_config(config)
        result = scene.daemon.cli("reload")
        assert result.returncode == 0, result.stderr
        assert old.exchange(GET).status == 200
    eventually(lambda: answers_plainly(scene.port), what="a plain listener")


def answers_plainly(port):
    with Wire(port) as wire:
        try:
            return wire.exchange(GET).status == 200
        except Exception:
            return False


def test_check_refuses_it_without_trusted_proxies(stage):
    config = shop({"blue": ["127.0.0.1:9"], "green": ["127.0.0.1:9"]})
    config["listen"] = [{"address": "127.0.0.1:0", "proxy_protocol": True}]
    daemon = stage.daemon(config, start=False)
    daemon.write_config()
    result = subprocess.run(daemon.command("check", daemon.config_path), capture_output=True, text=True)
    assert result.returncode == 7
    assert "proxy_protocol needs trusted_proxies" in result.stderr + result.stdout


HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
listen front
  bind {port}
  server tealgate 127.0.0.1:{target} {send}
"""


@pytest.mark.needs("/usr/sbin/haproxy")
@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2", "send-proxy-v2 check inter 100ms"])
def test_haproxy_as_the_sender(stage, scene, send):
    port = Port()
    stage.also_close(port)
    config = stage.folder / "haproxy.cfg"
    config.write_text(HAPROXY.format(port=port.address, target=scene.port, send=send))
    stage.also_close(Child(["/usr/sbin/haproxy", "-db", "-f", config], stage.folder / "haproxy.log"))

    def answered():
        try:
            with Wire(port.number, source="127.0.0.42") as wire:
                return wire.exchange(head("GET", "/through")).status == 200
        except Exception:
            return False

    eventually(answered, what="an answer through HAProxy")
    assert forwarded_for(scene) == "127.0.0.42"
    assert not [line for line in scene.daemon.access_log() if line["end"] == "proxy_protocol"]
