"""Expect: 100-continue: the server's 100 or ours, never both, and never a body that nobody waits for."""
import threading
import time

from harness.daemon import shop
from harness.waiting import eventually
from harness.wire import Wire, head

ASK = head("POST", "/", "Content-Length: 5", "Expect: 100-continue")
CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n"


def daemon_for(stage, script):
    origin = stage.scripted(script)
    return stage.daemon(shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}))


def silent_until_the_body(peer):
    while message := peer.read_head():
        peer.read_body(message)
        peer.answer(bytes(message.body))


def test_a_server_that_never_says_100_is_helped_out(stage):
    daemon = daemon_for(stage, silent_until_the_body)
    with Wire(daemon.port) as client:
        for _ in range(2):  # on a fresh connection to the server, and on a kept one
            client.send(ASK)
            answer = client.receive_interim()
            assert [status for status, _ in answer.interim] == [100]
            client.send(b"hello")
            client.receive_rest(answer)
            assert (answer.status, bytes(answer.body)) == (200, b"hello")
            assert len(answer.interim) == 1


def test_a_late_100_of_the_server_is_not_a_second_one(stage):
    def late(peer):
        while message := peer.read_head():
            peer.read_body(message)  # comes after our own 100
            peer.send(CONTINUE)
            peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            peer.answer(b"ok")

    daemon = daemon_for(stage, late)
    with Wire(daemon.port) as client:
        client.send(ASK)
        answer = client.receive_interim()
        client.send(b"hello")
        client.receive_rest(answer)
        assert [status for status, _ in answer.interim] == [100, 103]


def test_the_servers_own_100_is_passed_on_once(stage):
    def twice(peer):
        while message := peer.read_head():
            peer.send(CONTINUE + CONTINUE)
            peer.read_body(message)
            peer.answer(b"ok")

    daemon = daemon_for(stage, twice)
    with Wire(daemon.port) as client:
        client.send(ASK)
        answer = client.receive_interim()
        client.send(b"hello")
        client.receive_rest(answer)
        assert [status for status, _ in answer.interim] == [100]


def test_a_final_answer_comes_without_100_and_without_the_body(stage):
    gone = threading.Event()

    def refuse(peer):
        if peer.read_head():
            peer.answer(b"no", status="401 Unauthorized")
        gone.wait(30)

    daemon = daemon_for(stage, refuse)
    with Wire(daemon.port) as client:
        began = time.monotonic()
        client.send(ASK)
        answer = client.receive("POST")
        assert answer.status == 401
        assert not answer.interim or time.monotonic() - began > 0.9, "ours comes after a second"
        assert answer.announces_close, "whether the body follows is open: nothing else can"
        assert client.is_closed_by_peer()
    gone.set()


def test_a_client_that_does_not_wait_gets_no_100_of_ours(stage):
    heard = threading.Event()

    def slow(peer):
        if message := peer.read_head():
            peer.read_body(message)
            heard.wait(10)
            peer.answer(b"ok")

    daemon = daemon_for(stage, slow)
    with Wire(daemon.port) as client:
        client.send(ASK + b"hel")
        assert client.stays_open(1.5), "no 100 by itself"
        client.send(b"lo")
        heard.set()
        answer = client.receive("POST")
        assert (answer.status, answer.interim) == (200, [])


def test_a_client_of_1_0_gets_none_and_the_server_is_not_asked_for_it(stage):
    origin = stage.scripted(silent_until_the_body)
    daemon = stage.daemon(shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}))
    with Wire(daemon.port) as client:
        client.send(b"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert client.stays_open(1.5)
        client.send(b"hello")
        answer = client.receive("POST")
        assert (answer.status, answer.interim) == (200, [])
    eventually(lambda: origin.requests)
    assert origin.requests[0].field("expect") is None
