"""What clients may take: connections overall and of one address, requests on a connection, heads and bodies."""
import pytest

from harness.behaviours import Withholding
from harness.daemon import shop
from harness.scripted import answer_everything
from harness.waiting import eventually
from harness.wire import Wire, head, request

MIB = 1024 * 1024


def daemon_with(stage, limits=None, script=answer_everything, top=None, **service):
    origin = stage.scripted(script)
    config = {**shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}, **service), **(top or {})}
    if limits:
        config["limits"] = limits
    return stage.daemon(config), origin


def daemon_body(stage, body, script=answer_everything, **service):
    origin = stage.scripted(script)
    pools = {"blue": [origin.address], "green": ["127.0.0.1:9"]}
    return stage.daemon(shop(pools, limits={"body": body}, **service)), origin


def is_cut_when_asking(port):
    """Whether a new connection is closed or reset without an answer."""
    with Wire(port) as wire:
        try:
            wire.send(head("GET", "/", "Connection: close"))
            return wire.read_to_end() == b""
        except OSError:
            return True


def connected(daemon):
    return daemon.control.status()["client_connections"]


def test_at_the_overall_limit_clients_wait_and_go_on_when_one_leaves(stage):
    daemon, _ = daemon_with(stage, {"connections": 4})
    wires = [Wire(daemon.port) for _ in range(4)]
    for wire in wires:
        assert wire.exchange(head("GET", "/")).status == 200
    waiting = [Wire(daemon.port) for _ in range(3)]
    for wire in waiting:
        wire.send(head("GET", "/waited"))
    assert waiting[0].stays_open(0.3), "nobody more is accepted"
    assert wires[0].exchange(head("GET", "/")).status == 200, "who is connected is served"
    assert connected(daemon) == 4
    wires[0].close()
    answered = eventually(lambda: [wire for wire in waiting if not wire.stays_open(0.05)], what="an accept")
    assert len(answered) == 1, "one place, one client"
    for wire in wires[1:]:
        wire.close()
    for wire in waiting:
        if wire not in answered:
            assert wire.receive().status == 200
        wire.close()
    eventually(lambda: connected(daemon) == 0, what="the close of all")
    assert daemon.output().count("limits.connections") == 1, "said once"


def test_a_reload_raises_the_limit_for_those_who_wait(stage):
    daemon, _ = daemon_with(stage, {"connections": 1})
    with Wire(daemon.port) as first, Wire(daemon.port) as second:
        assert first.exchange(head("GET", "/")).status == 200
        second.send(head("GET", "/"))
        assert second.stays_open(0.2)
        daemon.write_config({**daemon.config, "limits": {"connections": 2}})
        assert daemon.cli("reload").returncode == 0
        assert second.receive().status == 200


def test_the_surplus_connection_of_an_address_is_closed_and_counted(stage):
    daemon, _ = daemon_with(stage, {"connections_per_address": 2})
    port = daemon.port
    wires = [Wire(port) for _ in range(2)]
    for wire in wires:
        assert wire.exchange(head("GET", "/")).status == 200
    assert is_cut_when_asking(port)
    with Wire(port, source="127.0.0.2") as other:
        assert other.exchange(head("GET", "/")).status == 200
    status = daemon.control.status()
    assert status["refused_connections"] == 1
    wires[0].close()

    eventually(lambda: not is_cut_when_asking(port), what="room for one more")
    wires[1].close()


def test_trusted_proxies_may_connect_as_often_as_they_like(stage):
    daemon, _ = daemon_with(
        stage, {"connections_per_address": 1}, top={"trusted_proxies": ["127.0.0.1"]}
    )
    wires = [Wire(daemon.port) for _ in range(5)]
    for wire in wires:
        assert wire.exchange(head("GET", "/")).status == 200
    for wire in wires:
        wire.close()


def test_the_last_request_of_a_connection_is_told_so_and_nothing_is_lost(stage):
    daemon, origin = daemon_with(stage, {"requests_per_connection": 3})
    with Wire(daemon.port) as wire:
        wire.send(b"".join(head("GET", f"/{i}") for i in range(5)))
        answers = [wire.receive() for _ in range(3)]
        assert [answer.announces_close for answer in answers] == [False, False, True]
        assert all(answer.status == 200 for answer in answers)
        assert wire.read_to_end() == b""
    assert sorted(origin.targets()) == ["/0", "/1", "/2"], "what came behind was not asked"
    with Wire(daemon.port) as wire:
        assert not wire.exchange(head("GET", "/")).announces_close, "each connection counts anew"


@pytest.mark.parametrize(
    "target, fields, status",
    [
        ("/" + "x" * 190, ["X: " + "y" * 700], 200),
        ("/" + "x" * 400, [], 414),
        ("/", ["X: " + "y" * 1100], 431),
        ("/", [f"X{i}: y" for i in range(8)], 431),
        ("/", [f"X{i}: y" for i in range(7)], 200),
    ],
)
def test_limits_of_heads(stage, target, fields, status):
    daemon, _ = daemon_with(stage, {"head": "1KiB", "target": "256B", "fields": 8})
    assert request(daemon.port, target, fields=fields).status == status


# Bodies.

CHUNKED = "Transfer-Encoding: chunked"


def chunk(size):
    return f"{size:x}\r\n".encode() + b"x" * size + b"\r\n"


def test_a_body_that_is_announced_too_long_reaches_no_server(stage):
    daemon, origin = daemon_body(stage, "100B")
    with Wire(daemon.port) as wire:
        answer = wire.exchange(head("POST", "/", "Content-Length: 101", "X-Request-Id: long"))
        assert answer.status == 413
        assert answer.announces_close
    assert request(daemon.port, "/", "POST", body=b"x" * 100).status == 200
    assert daemon.wait_for_log(lambda line: line["request_id"] == "long")["end"] == "body_too_large"
    assert len(origin.requests) == 1


def test_a_client_that_waits_for_100_is_told_413_instead(stage):
    daemon, origin = daemon_body(stage, "100B")
    with Wire(daemon.port) as wire:
        answer = wire.exchange(head("POST", "/", "Content-Length: 101", "Expect: 100-continue"))
        assert (answer.status, answer.interim) == (413, [])
    assert not origin.requests


def test_a_chunked_body_that_grows_too_long_is_never_passed_on_whole(stage):
    heads = []

    def script(peer):
        while upload := peer.read_head():
            heads.append(upload)
            peer.read_body(upload)
            if not upload.complete:
                return
            peer.answer()

    daemon, _ = daemon_body(stage, "100B", script)
    with Wire(daemon.port) as wire:
        wire.send(head("POST", "/", CHUNKED, "X-Request-Id: grown") + chunk(60))
        eventually(lambda: heads, what="the head at the server")
        wire.send(chunk(41) + b"0\r\n\r\n")
        answer = wire.receive()
        assert answer.status == 413
        assert answer.announces_close
    line = daemon.wait_for_log(lambda line: line["request_id"] == "grown")
    assert (line["end"], line["status"]) == ("body_too_large", 413)
    assert not heads[0].complete
    with Wire(daemon.port) as wire:
        answer = wire.exchange(head("POST", "/", CHUNKED) + chunk(60) + chunk(40) + b"0\r\n\r\n")
        assert answer.status == 200


def test_an_upload_that_grows_too_long_while_it_is_answered_is_cut(stage):
    def script(peer):
        if upload := peer.read_head():
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
            peer.read_body(upload)

    daemon, _ = daemon_body(stage, "100B", script)
    with Wire(daemon.port) as wire:
        wire.send(head("POST", "/", CHUNKED, "X-Request-Id: both") + chunk(60))
        assert wire.receive_head().status == 200
        wire.send(chunk(41))
        try:
            assert b"0\r\n\r\n" not in wire.read_to_end(), "the answer has no end"
        except ConnectionResetError:
            pass
    assert daemon.wait_for_log(lambda line: line["request_id"] == "both")["end"] == "body_too_large"


def test_a_body_below_the_rate_ends_with_408(stage):
    daemon, _ = daemon_with(
        stage,
        script=Withholding(),
        **{"timeouts": {"request_body": "4s"}},
    )
    with Wire(daemon.port) as wire:
        wire.send(head("POST", "/", "Content-Length: 1000", "X-Request-Id: trickle"))

        def answered():
            try:
                wire.send(b"x")
            except OSError:
                pass
            return not wire.stays_open(0.05)

        eventually(answered, 30, what="an answer to the trickle")
    line = daemon.wait_for_log(lambda line: line["request_id"] == "trickle")
    assert (line["end"], line["status"]) == ("body_timeout", 408)
    assert "body_rate" in line["detail"]


def test_a_server_that_takes_nothing_is_not_the_clients_slowness(stage):
    """The upload is blocked for longer than the grace, at an average below the rate, and goes on."""
    blocked = []

    def script(peer):
        if upload := peer.read_head():
            eventually(lambda: blocked, within=30, what="the block")
            peer.read_body(upload)
            peer.answer()

    origin = stage.scripted(script, receive_buffer=4096)
    pools = {"blue": [origin.address], "green": ["127.0.0.1:9"]}
    timeouts = {"request_body": "1s"}
    daemon = stage.daemon(shop(pools, limits={"body_rate": "64MiB"}, timeouts=timeouts, retries={"buffer": "0B"}))
    data = head("POST", "/", f"Content-Length: {32 * MIB}") + b"x" * 32 * MIB
    with Wire(daemon.port) as wire:
        sent, refused = 0, 0
        wire.socket.settimeout(0.01)
        while refused < 250:  # more than twice the grace
            try:
                sent += wire.socket.send(data[sent:sent + 65536])
            except TimeoutError:
                refused += 1
        assert sent < len(data)
        blocked.append(True)
        wire.socket.settimeout(30)
        wire.send(data[sent:])
        assert wire.receive().status == 200
