"""Uploads that do not go as planned: a server that hangs before one that answers, an answer before the upload's end, a client
that stops sending once it was answered."""
import socket
import threading

from harness.daemon import shop
from harness.ports import FullQueue
from harness.waiting import eventually
from harness.wire import Wire, head

PATTERN = b"".join(b"%07d\n" % number for number in range(125_000))
LARGE = 8 << 20  # more than two kernels hold for one connection
QUICK = {name: "2s" for name in ("connect", "request_body")}


class Early:
    """Answers with a head and half a body before it has read the upload; the rest is withheld."""

    def __init__(self):
        self.go = threading.Event()

    def __call__(self, peer):
        message = peer.read_head()
        if message is None or "unanswered" in message.first_line:
            return peer.read_request()
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin")
        self.go.wait(30)
        peer.send("ended")
        peer.read_request()


def before(stage, *addresses, **service):
    return stage.daemon(shop({"blue": list(addresses), "green": ["127.0.0.1:9"]}, **service) | {"workers": 1})


def test_upload_reaches_another_server_whole_when_the_first_hangs(stage):
    bodies = []

    def keep(peer):
        while message := peer.read_request():
            bodies.append(bytes(message.body))
            peer.answer()

    hanging = stage.also_close(FullQueue())
    daemon = before(stage, hanging.address, stage.scripted(keep).address, timeouts=QUICK)
    for _ in range(4):
        with Wire(daemon.port) as client:
            sender = threading.Thread(target=client.send, args=(head("POST", "/", f"Content-Length: {len(PATTERN)}") + PATTERN,))
            sender.start()
            assert client.receive("POST").status == 200
            sender.join(10)
    assert len(bodies) == 4 and all(body == PATTERN for body in bodies)
    daemon.wait_for_log(lambda line: line["attempts"] == 2)


def test_answered_client_need_not_send_its_body(stage):
    early = Early()
    daemon = before(stage, stage.scripted(early).address, timeouts=QUICK)
    with Wire(daemon.port) as client, Wire(daemon.port) as later:
        client.send(head("POST", "/", "Expect: 100-continue", "Content-Length: 5"))
        message = client.receive_head("POST")
        # Once an upload that began later was too late, this one's time has passed, too.
        later.send(head("POST", "/unanswered", "Content-Length: 5"))
        assert later.receive("POST").status == 408
        early.go.set()
        assert client.receive_rest(message).body == b"beginended"
    assert daemon.wait_for_log(lambda line: line["status"] == 200)["end"] == "ok"


def test_answered_client_may_half_close_inside_its_body(stage):
    early = Early()
    daemon = before(stage, stage.scripted(early).address)
    with Wire(daemon.port) as client:
        client.send(head("POST", "/", "Content-Length: 50") + b"12345")
        message = client.receive_head("POST")
        client.finish_sending()
        early.go.set()
        assert client.receive_rest(message).body == b"beginended"
    assert daemon.wait_for_log(lambda line: line["status"] == 200)["end"] == "ok"


def test_client_that_closed_inside_its_second_request_is_given_up(stage):
    go = threading.Event()

    def answer_first(peer):
        peer.read_head()
        go.wait(30)
        peer.answer()
        peer.read_request()

    daemon = before(stage, stage.scripted(answer_first).address)
    with Wire(daemon.port) as client:
        client.send(head("GET", "/") + head("POST", "/", "Content-Length: 10") + b"abc")
        client.finish_sending()
        go.set()
        assert client.read_to_end().count(b"HTTP/1.1 200") == 1
    daemon.wait_until_idle()
    assert daemon.wait_for_log(lambda line: line["method"] == "POST")["end"] == "client_abort"


class EarlyAndLarge:
    """Answers an upload that it does not read with more than kernels buffer."""

    def __call__(self, peer):
        peer.read_head()
        peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n")
        peer.send(b"x" * LARGE)
        peer.socket.recv(1, socket.MSG_PEEK)
        while peer.socket.recv(1 << 20):
            pass


def upload_without_end(client):
    """Sends until nobody takes it any more."""
    try:
        client.send(head("POST", "/", f"Content-Length: {10 * LARGE}"))
        for _ in range(10):
            client.socket.sendall(b"y" * LARGE)
    except OSError:
        pass


def test_large_answer_to_an_unfinished_upload_arrives_whole(stage):
    daemon = before(stage, stage.scripted(EarlyAndLarge()).address)
    with Wire(daemon.port, timeout=30) as client:
        sender = threading.Thread(target=upload_without_end, args=(client,))
        sender.start()
        assert len(client.receive("POST").body) == LARGE
        client.close()
        sender.join(10)
    assert daemon.wait_for_log(lambda line: line["status"] == 200)["end"] == "ok"


def test_client_that_leaves_before_it_took_its_answer_did_not_end_well(stage):
    def answer(peer):
        peer.read_request()
        peer.answer(b"x" * LARGE)
        peer.read_request()

    daemon = before(stage, stage.scripted(answer).address)
    with Wire(daemon.port) as client:
        client.send(head("GET", "/"))
        client.receive_head()
        client.reset()
    assert daemon.wait_for_log(lambda line: line["status"] == 200)["end"] == "client_abort"
