"""Out of descriptors: the daemon accepts nobody more, goes on serving who is connected, says so once, and recovers
by itself."""
import resource

import pytest

from harness.daemon import shop
from harness.waiting import eventually
from harness.wire import Wire, head


def set_descriptor_limit(daemon, count):
    resource.prlimit(daemon.child.pid, resource.RLIMIT_NOFILE, (count, count))


def shortage_lines(daemon):
    return [line for line in daemon.output().splitlines() if "Too many open files" in line]


@pytest.fixture
def scene(stage, is_sanitized):
    if is_sanitized:
        pytest.skip("UBSan looks at objects through a pipe, for which there is no descriptor either")

    class Scene:
        origin = stage.scripted()

    pools = {"blue": [Scene.origin.address], "green": ["127.0.0.1:9"]}
    config = shop(pools, health={"path": "/", "interval": "100ms", "fall": 1})
    Scene.daemon = stage.daemon({**config, "workers": 1, "limits": {"connections": 100000}})
    Scene.daemon.wait_until_up(Scene.origin.address)
    Scene.port = Scene.daemon.port
    return Scene


def crowd(scene, beyond):
    """Clients until nobody more is accepted, and `beyond` more who wait in the queue."""
    daemon = scene.daemon
    free = 30
    set_descriptor_limit(daemon, daemon.descriptors() + free)
    clients = [Wire(scene.port) for _ in range(free + beyond)]
    for client in clients:
        client.send("G")  # accepted at once, and not waited for
    eventually(lambda: shortage_lines(daemon), what="the shortage")
    return clients


def test_who_is_connected_is_served_and_the_others_when_there_is_room(scene):
    daemon = scene.daemon
    with Wire(scene.port) as old:
        assert old.exchange(head("GET", "/")).status == 200
        clients = crowd(scene, beyond=20)
        assert clients[-1].stays_open(0.6), "time for several checks, which have no descriptor either"
        for _ in range(20):
            assert old.exchange(head("GET", "/")).status == 200, "over the kept connection to the server"
        for client in clients[:40]:
            client.close()
        for client in clients[40:]:
            client.send("ET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.receive().status == 200
            client.close()
    assert len(shortage_lines(daemon)) == 1, "said once, however many sockets met it"
    assert daemon.server(scene.origin.address)["health"] == "up"


def test_no_descriptor_for_a_server_is_503_and_not_the_servers_failure(scene):
    daemon = scene.daemon
    with Wire(scene.port) as one, Wire(scene.port) as two:
        for wire in (one, two):
            assert wire.exchange(head("GET", "/")).status == 200
        clients = crowd(scene, beyond=5)
        # One of them may use the connection that is kept to the server.
        one.send(head("POST", "/", "Content-Length: 2", "X-Request-Id: first"))
        two.send(head("POST", "/", "Content-Length: 2", "X-Request-Id: second"))
        answers = []
        for wire in (one, two):
            wire.send("ab")
            answers.append(wire.receive("POST").status)
        assert 503 in answers, answers
        line = daemon.wait_for_log(lambda line: line["end"] == "no_descriptors")
        assert line["status"] == 503
        for client in clients:
            client.close()
    eventually(lambda: served(scene.port), what="recovery")
    assert daemon.server(scene.origin.address)["failures"] == 0
    assert len(shortage_lines(daemon)) == 1


def served(port):
    with Wire(port) as wire:
        return wire.exchange(head("GET", "/")).status == 200
