"""Connections that change to another protocol, and event streams: what passes, what is refused, how they drain. Frames of
WebSocket itself are tried with real clients in test_real_clients.py; here the tunnel's bytes are whatever a test wants."""
import threading

import pytest

from harness.behaviours import Events
from harness.daemon import shop
from harness.waiting import eventually
from harness.wire import Wire, head
from test_drain import Switching, phase

ASK = ("Connection: Upgrade", "Upgrade: websocket")
SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


class Tunnelling:
    """Switches protocols as it is told, then sends back whatever comes, until FIN."""

    def __init__(self, answer=SWITCHED):
        self.answer = answer
        self.ended = threading.Event()

    def __call__(self, peer):
        message = peer.read_head()
        if message is None:
            return
        peer.send(self.answer)
        while data := peer.socket.recv(65536):
            peer.send(data)
        self.ended.set()


def daemon_with(stage, script, green="127.0.0.1:9", **service):
    origin = stage.scripted(script)
    pools = {"blue": [{"address": origin.address, "name": "blue"}], "green": [green]}
    return stage.daemon(shop(pools, **service) | {"workers": 1}), origin


def opened(stage, daemon, *fields, more=b""):
    client = stage.also_close(Wire(daemon.port, timeout=20))
    client.send(head("GET", "/chat", *(fields or ASK), "X-Request-Id: tunnel") + more)
    return client


def switch_protocols(client):
    """Reads the 101; what follows it is the tunnel's."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.socket.recv(65536)
    text, _, rest = received.partition(b"\r\n\r\n")
    assert text.startswith(b"HTTP/1.1 101 "), text
    return text.decode().lower().split("\r\n")[1:], rest


def exactly(client, count, received=b""):
    while len(received) < count:
        received += client.socket.recv(65536)
    return received


def test_tunnel_passes_bytes_both_ways_until_the_client_ends_it(stage):
    script = Tunnelling()
    daemon, origin = daemon_with(stage, script)
    client = opened(stage, daemon)
    fields, rest = switch_protocols(client)
    assert "connection: upgrade" in fields and "upgrade: websocket" in fields
    sent = b"\x00\xff\r\n\r\nGET / HTTP/1.1\r\n" * 20000
    sender = threading.Thread(target=client.send, args=(sent,))
    sender.start()
    assert exactly(client, len(sent), rest) == sent
    sender.join(10)
    assert daemon.server("blue")["streams"] == 1
    client.finish_sending()
    assert client.read_to_end() == b""
    assert script.ended.wait(20)
    line = daemon.wait_for_log(lambda line: line.get("request_id") == "tunnel")
    assert (line["status"], line["upstream_status"], line["end"]) == (101, 101, "ok")
    assert line["bytes_in"] >= len(sent) and line["bytes_out"] >= len(sent)
    request = origin.requests[0]
    assert request.field("connection") == "upgrade" and request.field("upgrade") == "websocket"
    assert daemon.server("blue")["streams"] == 0


def test_bytes_that_came_with_the_request_are_the_tunnels(stage):
    daemon, _ = daemon_with(stage, Tunnelling())
    client = opened(stage, daemon, more=b"early")
    _, rest = switch_protocols(client)
    assert exactly(client, 5, rest) == b"early"
    client.send(b"later")
    assert exactly(client, 5) == b"later"


def test_server_that_resets_its_tunnel_cuts_the_clients(stage):
    def reset(peer):
        peer.read_head()
        peer.send(SWITCHED)
        peer.socket.recv(1)
        peer.reset()

    daemon, _ = daemon_with(stage, reset)
    client = opened(stage, daemon)
    switch_protocols(client)
    client.send(b"x")
    with pytest.raises(ConnectionResetError):
        client.read_to_end()
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "tunnel")["end"] == "body_cut"


def test_client_that_resets_its_tunnel_ends_the_servers(stage):
    script = Tunnelling()
    daemon, _ = daemon_with(stage, script)
    client = opened(stage, daemon)
    switch_protocols(client)
    client.reset()
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "tunnel")["end"] == "client_abort"
    daemon.wait_until_idle()


@pytest.mark.parametrize("answer", [
    SWITCHED.replace("Upgrade: websocket", "Upgrade: h2c"),
    SWITCHED.replace("Upgrade: websocket\r\n", ""),
    SWITCHED.replace("Connection: upgrade\r\n", ""),
    SWITCHED.replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n"),
], ids=["another protocol", "no protocol", "no connection", "a length"])
def test_101_that_is_not_what_was_asked_for_is_a_bad_response(stage, answer):
    daemon, _ = daemon_with(stage, Tunnelling(answer))
    assert opened(stage, daemon).receive().status == 502
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "tunnel")["end"] == "bad_response"


@pytest.mark.parametrize("fields", [
    ("Connection: Upgrade", "Upgrade: h2c"),
    ("Upgrade: websocket",),
    ("Connection: Upgrade", "Upgrade: websocket", "Content-Length: 0", "X-Old: 1"),
], ids=["not allowed", "not hop by hop", "allowed"])
def test_upgrade_is_asked_for_only_if_it_is_allowed_and_whole(stage, fields):
    def tell(peer):
        while message := peer.read_request():
            peer.answer((message.field("upgrade") or "none").encode())

    daemon, _ = daemon_with(stage, tell)
    expected = b"websocket" if len(fields) == 4 else b"none"
    assert opened(stage, daemon, *fields).receive().body == expected


def test_upgrades_none_passes_no_upgrade(stage):
    def tell(peer):
        while message := peer.read_request():
            peer.answer((message.field("upgrade") or "none").encode())

    daemon, _ = daemon_with(stage, tell, upgrades="none")
    assert opened(stage, daemon).receive().body == b"none"


def test_tunnel_in_which_nothing_is_said_ends(stage):
    daemon, _ = daemon_with(stage, Tunnelling(), timeouts={"stream": "300ms"})
    client = opened(stage, daemon)
    switch_protocols(client)
    with pytest.raises(ConnectionResetError):
        client.read_to_end()
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "tunnel")["end"] == "stream_idle"


def test_event_stream_is_not_held_back_and_outlives_between_bytes(stage):
    events = Events()
    daemon, _ = daemon_with(stage, events, timeouts={"between_bytes": "100ms"})
    client = opened(stage, daemon, "Accept: text/event-stream")
    message = client.receive_head()
    client.receive_until(message, lambda: message.body == b"data: 1\n\n")
    assert daemon.server("blue")["streams"] == 1
    assert client.stays_open(0.5)
    events.go.set()
    assert client.receive_rest(message).body == b"data: 1\n\ndata: 2\n\n"


def test_streams_drain_for_as_long_as_they_may_and_are_told_apart(stage):
    daemon, _ = daemon_with(stage, Tunnelling(), switch={"drain": "100ms", "stream_drain": "30s", "stream_spread": "0s"})
    client = opened(stage, daemon)
    _, rest = switch_protocols(client)
    switching = Switching(daemon, "green", until="done", force=True)
    eventually(lambda: phase(daemon) == "draining", what="the drain")
    operation = eventually(lambda: (daemon.service()["operation"] or {}).get("drain"), 20, "the drain's report")
    assert (operation["left"], operation["left_streams"]) == (1, 1)
    client.send(b"still here")
    assert exactly(client, 10, rest) == b"still here"
    client.finish_sending()
    client.read_to_end()
    drain = switching.result()["drain"]
    assert (drain["drained"], drain["finished"], drain["cut"]) == (True, 1, {"http": 0, "stream": 0})


def test_tunnels_that_nobody_can_close_are_cut_at_their_own_deadline_and_counted(stage):
    script = Tunnelling(SWITCHED.replace("websocket", "other"))
    daemon, _ = daemon_with(stage, script, upgrades="other", switch={"drain": "100ms", "stream_drain": "500ms"})
    client = opened(stage, daemon, "Connection: Upgrade", "Upgrade: other")
    switch_protocols(client)
    drain = Switching(daemon, "green", until="done", force=True).result()["drain"]
    assert (drain["drained"], drain["cut"]) == (True, {"http": 0, "stream": 1})
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "tunnel")["end"] == "drain_cut"
