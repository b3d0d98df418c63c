"""How a drain closes what has no end of its own: WebSockets with 1001 at both ends, event streams with their proper end, one
after another; and what becomes of those that cannot be closed so."""
import http.client
import json
import queue
import threading

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.processes import Child
from harness.waiting import eventually
from harness.websocket import ASK, CLOSE, GOING_AWAY, PING, SWITCHED, TEXT, Frames, frame
from harness.wire import Wire, head
from test_drain import Switching
from test_real_clients import CLIENTS, MODULES, NODE, Scene

DRAIN_ALL = {"drain": "1s", "stream_drain": "60s", "stream_spread": "1ms"}
FROM_US = (CLOSE, True, GOING_AWAY)  # as the server gets it
TO_CLIENT = (CLOSE, False, GOING_AWAY)


class Chat:
    """A server of WebSockets whose frames a test sends and receives itself; `/events` is an event stream."""

    def __init__(self):
        self.peers = queue.Queue()
        self.over = threading.Event()

    def __call__(self, peer):
        message = peer.read_head()
        if message is None:
            return
        if message.field("upgrade"):
            peer.send(SWITCHED)
        else:
            peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.peers.put(peer)
        self.over.wait(60)  # the origin closes what its script has left


class Pair:
    """One tunnel with its two ends."""

    def __init__(self, scene, number):
        self.client = scene.stage.also_close(Wire(scene.daemon.port, timeout=20))
        self.client.send(head("GET", "/chat", *ASK, f"X-Request-Id: chat-{number}"))
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.client.socket.recv(65536)
        self.name = f"chat-{number}"
        self.server = scene.chat.peers.get(timeout=10)
        self.server.socket.settimeout(20)
        self.at_client = Frames(self.client.socket, received.partition(b"\r\n\r\n")[2])
        self.at_server = Frames(self.server.socket)

    def talk(self, text=b"hello"):
        self.client.send(frame(TEXT, text, masked=True))
        assert self.at_server.next() == (TEXT, True, text)
        self.server.send(frame(TEXT, text))
        assert self.at_client.next() == (TEXT, False, text)

    def finish(self):
        """Both peers answer our Close frames, and the server closes, as RFC 6455 7.1.1 wants it."""
        self.client.send(frame(CLOSE, GOING_AWAY, masked=True))
        self.server.send(frame(CLOSE, GOING_AWAY))
        self.server.close()
        assert self.at_client.is_at_end()
        self.client.close()


class ChatScene:
    def __init__(self, stage, switch):
        self.stage, self.chat = stage, Chat()
        pools = {"blue": [{"address": stage.scripted(self.chat).address, "name": "blue"}],
                 "green": [stage.scripted(Named("green")).address]}
        self.daemon = stage.daemon(shop(pools, switch=switch) | {"workers": 1})
        self.made = 0

    def open(self):
        self.made += 1
        return Pair(self, self.made)

    def open_events(self):
        client = self.stage.also_close(Wire(self.daemon.port, timeout=20))
        client.send(head("GET", "/events", "X-Request-Id: events"))
        return client, self.chat.peers.get(timeout=10), client.receive_head()

    def switch(self):
        return Switching(self.daemon, "green", until="done")

    def end_of(self, name):
        return self.daemon.wait_for_log(lambda line: line.get("request_id") == name, within=15)


@pytest.fixture
def scene(stage, request):
    scene = ChatScene(stage, getattr(request, "param", DRAIN_ALL))
    yield scene
    scene.chat.over.set()


def event(text):
    return f"{len(text):x}\r\n{text}\r\n"


# WebSockets


def test_websocket_is_closed_with_1001_at_both_ends(scene):
    pair = scene.open()
    pair.talk()
    switching = scene.switch()
    assert pair.at_server.next() == FROM_US
    assert pair.at_client.next() == TO_CLIENT
    # Nothing may follow a Close frame: neither this nor the answers reach the other side.
    pair.server.send(frame(PING, b"late") + frame(TEXT, b"late"))
    pair.server.send(frame(CLOSE, GOING_AWAY))
    pair.server.socket.shutdown(1)
    eventually(lambda: scene.daemon.server("blue")["in_flight"] == 0, what="the end of the server's part")
    assert pair.client.stays_open(), "it may say its last words"
    pair.client.send(frame(TEXT, b"late", masked=True))
    pair.client.send(frame(CLOSE, GOING_AWAY, masked=True))
    assert pair.at_client.is_at_end()
    assert pair.at_server.is_at_end()
    drain = switching.result()["drain"]
    assert (drain["drained"], drain["finished"], drain["cut"]) == (True, 1, {"http": 0, "stream": 0})
    line = scene.end_of(pair.name)
    assert (line["status"], line["end"], line["level"]) == (101, "drain_close", "info")


def test_frames_that_are_under_way_arrive_whole_before_the_close(scene):
    down, up = scene.open(), scene.open()
    big = bytes(range(256)) * 4000
    from_server, from_client = frame(TEXT, big), frame(TEXT, big, masked=True)
    down.talk()
    down.server.send(from_server[:500_000])
    down.client.send(frame(PING, b"p", masked=True))
    assert down.at_server.next() == (PING, True, b"p")
    up.talk()
    up.client.send(from_client[:3])  # inside the frame's head
    eventually(lambda: up.server.socket.recv(3, 2) == from_client[:3], what="a part of a frame at the server")
    switching = scene.switch()
    assert down.at_server.next() == FROM_US, "the idle way is closed at once"
    assert up.at_client.next() == TO_CLIENT
    down.server.send(from_server[500_000:] + frame(TEXT, b"late"))
    up.client.send(from_client[3:] + frame(TEXT, b"late", masked=True))
    assert down.at_client.next() == (TEXT, False, big)
    assert down.at_client.next() == TO_CLIENT
    assert up.at_server.next() == (TEXT, True, big)
    assert up.at_server.next() == FROM_US
    down.finish()
    up.finish()
    assert switching.result()["drain"]["finished"] == 2


def test_close_stands_between_the_fragments_of_a_message(scene):
    pair = scene.open()
    pair.server.send(frame(0x01, b"begun"))
    assert pair.at_client.next() == (0x01, False, b"begun")
    switching = scene.switch()
    assert pair.at_client.next() == TO_CLIENT
    pair.server.send(frame(0x80, b"ended"))
    pair.finish()
    assert switching.result()["drain"]["drained"]


def test_close_handshake_that_is_under_way_is_left_to_its_peers(scene):
    leaving, other = scene.open(), scene.open()
    leaving.client.send(frame(CLOSE, b"\x0f\xa0", masked=True))
    assert leaving.at_server.next() == (CLOSE, True, b"\x0f\xa0")
    switching = scene.switch()
    assert other.at_client.next() == TO_CLIENT
    other.finish()
    leaving.server.send(frame(TEXT, b"last words") + frame(CLOSE, b"\x0f\xa0"))
    leaving.server.close()
    assert leaving.at_client.next() == (TEXT, False, b"last words")
    assert leaving.at_client.next() == (CLOSE, False, b"\x0f\xa0")
    assert leaving.at_client.is_at_end()
    assert switching.result()["drain"]["finished"] == 2
    assert scene.end_of(leaving.name)["end"] == "ok"


def test_peers_that_do_not_answer_are_not_waited_for_long(scene):
    pair = scene.open()
    switching = scene.switch()
    assert pair.at_client.next() == TO_CLIENT
    assert pair.at_client.is_at_end()
    drain = switching.result()["drain"]
    assert (drain["finished"], drain["cut"]) == (1, {"http": 0, "stream": 0})
    assert scene.end_of(pair.name)["end"] == "drain_close"


def test_client_that_just_goes_when_told_to_close(scene):
    pair = scene.open()
    switching = scene.switch()
    assert pair.at_client.next() == TO_CLIENT
    pair.client.reset()
    assert switching.result()["drain"]["cut"] == {"http": 0, "stream": 0}
    assert scene.end_of(pair.name)["end"] == "drain_close"


def test_server_that_resets_when_told_to_close_spoils_nothing(scene):
    pair = scene.open()
    switching = scene.switch()
    assert pair.at_server.next() == FROM_US
    pair.server.reset()
    assert pair.at_client.next() == TO_CLIENT
    pair.client.send(frame(CLOSE, GOING_AWAY, masked=True))
    assert pair.at_client.is_at_end()
    assert switching.result()["drain"]["finished"] == 1
    assert scene.daemon.server("blue")["health"] == "up"


@pytest.mark.parametrize("scene", [DRAIN_ALL | {"drain": "0s", "stream_drain": "700ms"}], indirect=True)
def test_frame_that_does_not_end_is_cut_at_the_deadline(scene):
    pair = scene.open()
    pair.server.send(frame(TEXT, b"x" * 1000)[:500])
    pair.client.send(frame(PING, b"", masked=True))
    assert pair.at_server.next()[0] == PING
    assert len(pair.at_client._take(500)) == 500
    switching = scene.switch()
    assert pair.at_server.next() == FROM_US
    with pytest.raises(ConnectionResetError):
        pair.client.read_to_end()
    assert switching.result()["drain"]["cut"] == {"http": 0, "stream": 1}
    assert scene.end_of(pair.name)["end"] == "drain_cut"


# Spread


@pytest.mark.parametrize("scene", [DRAIN_ALL | {"stream_spread": "1h", "stream_drain": "2h"}], indirect=True)
def test_streams_are_closed_one_after_another(scene):
    pairs = [scene.open() for _ in range(3)]
    for pair in pairs:
        pair.talk()
    scene.switch()
    assert pairs[0].at_client.next() == TO_CLIENT
    pairs[0].finish()
    assert scene.end_of(pairs[0].name)["end"] == "drain_close"
    eventually(lambda: scene.daemon.server("blue")["streams"] == 2, what="two streams left")
    for pair in pairs[1:]:
        pair.talk(b"still here")
    report = scene.daemon.service()["operation"]["drain"]
    assert (report["finished"], report["left"], report["left_streams"]) == (1, 2, 2)
    pairs[1].talk(b"and here")


@pytest.mark.parametrize("scene", [DRAIN_ALL | {"stream_spread": "20s"}], indirect=True)
def test_what_serves_again_is_not_closed_any_further(scene):
    first, second = scene.open(), scene.open()
    switching = scene.switch()
    assert first.at_client.next() == TO_CLIENT
    first.finish()
    assert scene.daemon.control.switch("blue", until="switched").ok
    assert switching.result()["error"]["code"] == "superseded"
    assert second.client.stays_open(10.5), "its turn would have come after 10 s"
    second.talk(b"still here")


@pytest.mark.parametrize("scene", [DRAIN_ALL | {"stream_spread": "600ms"}], indirect=True)
def test_all_streams_have_had_their_turn_in_the_end(scene):
    pairs = [scene.open() for _ in range(4)]
    switching = scene.switch()
    for pair in pairs:
        assert pair.at_client.next() == TO_CLIENT
        pair.finish()
    drain = switching.result()["drain"]
    assert (drain["drained"], drain["finished"], drain["cut"]) == (True, 4, {"http": 0, "stream": 0})


@pytest.mark.parametrize("scene", [DRAIN_ALL | {"stream_spread": "0s", "stream_drain": "12s"}], indirect=True)
def test_without_a_spread_streams_stay_until_shortly_before_the_deadline(scene):
    pair = scene.open()
    switching = scene.switch()
    eventually(lambda: (scene.daemon.service()["operation"] or {}).get("drain"), what="the drain's report")
    pair.talk()
    assert pair.at_client.next() == TO_CLIENT
    pair.finish()
    assert switching.result()["drain"]["finished"] == 1


def test_stream_that_begins_while_its_server_is_drained_is_closed_too(stage):
    go = threading.Event()

    def hesitate(peer):
        peer.read_head()
        go.wait(20)
        peer.send(SWITCHED)
        while peer.socket.recv(65536):
            pass

    pools = {"blue": [stage.scripted(hesitate).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(pools, switch=DRAIN_ALL | {"drain": "30s"}))
    client = stage.also_close(Wire(daemon.port, timeout=20))
    client.send(head("GET", "/chat", *ASK))
    eventually(lambda: daemon.control.status()["in_flight"] == 1, what="the request at blue")
    switching = Switching(daemon, "green", until="done")
    eventually(lambda: (daemon.service()["operation"] or {}).get("drain"), what="the drain's report")
    go.set()
    received = client.read_to_end()
    assert received.endswith(b"\r\n\r\n" + frame(CLOSE, GOING_AWAY))
    assert switching.result()["drain"]["finished"] == 1


def test_daemon_that_stops_closes_its_streams(scene):
    pair, (client, peer, message) = scene.open(), scene.open_events()
    scene.daemon.child.send(15)
    assert pair.at_server.next() == FROM_US
    assert pair.at_client.next() == TO_CLIENT
    pair.finish()
    assert client.receive_rest(message).complete
    client.close()
    assert scene.daemon.child.wait(25) == 0
    assert scene.end_of(pair.name)["end"] == "drain_close"


# Event streams


def test_event_stream_ends_after_a_whole_event(scene):
    quiet, talking = scene.open_events(), scene.open_events()
    talking[1].send(event("data: 1\n\ndata: ha"))
    client, peer, message = talking
    client.receive_until(message, lambda: message.body == b"data: 1\n\ndata: ha")
    switching = scene.switch()
    assert quiet[0].receive_rest(quiet[2]).body == b"", "it stands between two events"
    peer.send(event("lf\n\ndata: 3\n\n"))
    assert client.receive_rest(message).body == b"data: 1\n\ndata: half\n\n"
    assert client.exchange(head("GET", "/")).body == b"green", "the connection lives on"
    drain = switching.result()["drain"]
    assert (drain["drained"], drain["finished"], drain["cut"]) == (True, 2, {"http": 0, "stream": 0})
    line = scene.end_of("events")
    assert (line["status"], line["end"]) == (200, "drain_close")


def test_event_that_does_not_end_is_not_waited_for_long(scene):
    client, peer, message = scene.open_events()
    peer.send(event("data: ha"))
    client.receive_until(message, lambda: message.body == b"data: ha")
    switching = scene.switch()
    assert client.receive_rest(message).body == b"data: ha"
    assert switching.result()["drain"]["cut"] == {"http": 0, "stream": 0}


# Real clients


@pytest.mark.needs(NODE)
@pytest.mark.needs(str(MODULES))
class TestRealClients:
    @pytest.fixture
    def two(self, stage):
        """Two origins of Node, one a pool."""
        return Scene(stage, switch=DRAIN_ALL | {"stream_spread": "500ms"}, pools=("blue", "green"))

    def drained(self, stage, two, script, check):
        """Runs a check that says `ready` when the switch may come; what the origin saw of its WebSockets' ends."""
        child = stage.also_close(Child([NODE, CLIENTS / script, check, two.port], stage.folder / "client.log"))
        child.wait_for_output("ready", 60)
        drain = Switching(two.daemon, "green", until="done").result()["drain"]
        assert child.wait(60) == 0, child.output()
        assert (drain["drained"], drain["cut"]) == (True, {"http": 0, "stream": 0})
        connection = http.client.HTTPConnection("127.0.0.1", two.origin_port, timeout=20)
        connection.request("GET", "/closes")
        return json.loads(connection.getresponse().read())

    @pytest.mark.parametrize("check", ["silent", "talking", "deflating", "big"])
    def test_ws(self, stage, two, check):
        closes = self.drained(stage, two, "drained.mjs", check)
        assert closes and all(code == 1001 for _, code, _ in closes), closes

    @pytest.mark.needs("/usr/bin/chromium")
    def test_chromium(self, stage, two):
        closes = self.drained(stage, two, "browser.mjs", "drained")
        assert [code for _, code, _ in closes] == [1001]
