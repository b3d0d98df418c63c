"""What systemd hears of the daemon, and sockets that systemd keeps while the daemon restarts."""
import os
import signal
import socket
import threading

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.systemd import Systemd
from harness.waiting import eventually
from harness.wire import Wire, head, request


@pytest.fixture
def scene(stage):
    class Scene:
        systemd = stage.also_close(Systemd(stage.folder))
        pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}

        def daemon(self, **settings):
            daemon = stage.daemon({**shop(self.pools), **settings}, start=False)
            daemon.supervisor = self.systemd
            return daemon

        def on_inherited_socket(self, **settings):
            port = self.systemd.listen()
            return self.daemon(listen=[f"127.0.0.1:{port}"], **settings), port

    return Scene()


def test_ready_is_said_when_clients_are_answered_and_status_says_what_serves(scene):
    daemon = scene.daemon().begin()
    ready = scene.systemd.wait_for(READY="1")
    assert request(daemon.port, "/").body == b"blue"
    assert ready["STATUS"] == "shop: blue 100 %"
    assert daemon.cli("switch", "green").returncode == 0
    scene.systemd.wait_for(STATUS="shop: green 100 %")
    assert daemon.cli("switch", "blue=90", "green=10").returncode == 0
    scene.systemd.wait_for(STATUS="shop: blue 90 %, green 10 %")


def test_ready_is_not_said_by_a_daemon_that_cannot_start(scene):
    taken = socket.create_server(("127.0.0.1", 0))
    daemon = scene.daemon(listen=[f"127.0.0.1:{taken.getsockname()[1]}"]).begin()
    assert daemon.child.wait() == 1
    assert not any("READY" in message for message in scene.systemd.read())
    taken.close()


@pytest.mark.parametrize("how", ["command", "signal", "refused"])
def test_reload_is_announced_and_its_end_too(scene, how):
    daemon = scene.daemon().start()
    scene.systemd.wait_for(READY="1")
    scene.systemd.forget()
    if how == "refused":
        daemon.config_path.write_text("nonsense: true\n")
    if how == "signal":
        daemon.hang_up()
    else:
        assert daemon.cli("reload").returncode == (7 if how == "refused" else 0)
    scene.systemd.wait_for(READY="1", STATUS="shop: blue 100 %")
    assert ["RELOADING" in message for message in scene.systemd.messages] == [True, False]
    daemon.write_config()


def test_stopping_is_said_with_the_time_that_it_may_take(scene):
    daemon = scene.daemon(shutdown_grace="7s").start()
    daemon.stop()
    stopping = scene.systemd.wait_for(STOPPING="1")
    assert stopping["EXTEND_TIMEOUT_USEC"] == "17000000"
    assert not any("READY" in message for message in scene.systemd.messages[-1:])


def test_watchdog_is_fed_by_a_daemon_that_runs_and_not_by_one_that_hangs(scene):
    scene.systemd.watchdog = 0.1
    daemon = scene.daemon().start()

    def pings():
        return sum("WATCHDOG" in message for message in scene.systemd.read())

    eventually(lambda: pings() >= 3, what="three pings")
    daemon.child.send(signal.SIGSTOP)
    eventually(lambda: open(f"/proc/{daemon.child.pid}/stat").read().split()[2] == "T", what="its standstill")
    scene.systemd.forget()
    with pytest.raises(AssertionError):
        eventually(pings, 0.5)
    daemon.child.send(signal.SIGCONT)
    eventually(pings, what="a ping")


def test_without_systemd_nothing_of_it_matters(stage, scene):
    daemon = stage.daemon(shop(scene.pools))
    assert request(daemon.port, "/").status == 200
    assert "systemd" not in daemon.output()


def test_who_connects_before_the_start_is_answered_after_it(scene):
    daemon, port = scene.on_inherited_socket()
    early = [Wire(port) for _ in range(20)]
    for wire in early:
        wire.send(head("GET", "/"))
    daemon.start()
    assert daemon.port == port
    assert [wire.receive().body for wire in early] == [b"blue"] * 20
    for wire in early:
        wire.close()
    assert "systemd" not in daemon.output()


def test_restarts_refuse_no_connection_and_lose_no_request(scene, is_long):
    daemon, port = scene.on_inherited_socket(shutdown_grace="5s")
    daemon.start()
    bodies, wrong, is_over = [], [], threading.Event()

    def ask_on_and_on():
        while not is_over.is_set():
            try:
                bodies.append(bytes(request(port, "/").body))
            except Exception as error:  # whatever it is, it is what must not happen
                wrong.append(repr(error))

    clients = [threading.Thread(target=ask_on_and_on) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        for _ in range(50 if is_long else 5):
            before = len(bodies)
            eventually(lambda: len(bodies) > before + 20, what="requests between two restarts")
            daemon.stop()
            daemon.start()
            scene.systemd.forget()
    finally:
        is_over.set()
        for client in clients:
            client.join()
    assert wrong == []
    assert set(bodies) == {b"blue"}


def test_one_socket_a_worker_and_more_sockets_than_workers(scene):
    port = scene.systemd.listen(reuse_port=True)
    for _ in range(2):
        scene.systemd.listen(port=port, reuse_port=True)
    daemon = scene.daemon(listen=[f"127.0.0.1:{port}"], workers=2).start()
    assert {request(port, "/").status for _ in range(50)} == {200}
    daemon.stop()


def test_a_reload_may_let_an_inherited_socket_go_and_take_it_again(scene):
    daemon, port = scene.on_inherited_socket()
    with_it = daemon.config
    daemon.start()
    for _ in range(3):
        daemon.write_config({**with_it, "listen": ["127.0.0.1:0"]})
        assert daemon.cli("reload").returncode == 0
        assert daemon.port != port
        waiting = Wire(port)
        waiting.send(head("GET", "/"))
        assert waiting.stays_open(0.1)
        daemon.write_config(with_it)
        assert daemon.cli("reload").returncode == 0
        assert daemon.port == port
        assert waiting.receive().body == b"blue"
        waiting.close()


def test_inherited_sockets_that_no_listener_wants_are_named(scene):
    unwanted = scene.systemd.listen()
    both = scene.systemd.listen("::", family=socket.AF_INET6)
    scene.systemd.sockets.append(socket.socket())  # does not listen
    daemon = scene.daemon().start()
    assert request(daemon.port, "/").status == 200
    output = daemon.output()
    assert f"no listener of the config uses systemd's socket 127.0.0.1:{unwanted}" in output
    assert f'for ":{both}" its unit must say ListenStream=0.0.0.0:{both}' in output
    assert "descriptor 5 of systemd is no listening stream socket" in output


def test_sockets_meant_for_another_process_are_left_alone(scene):
    scene.systemd.listen_pid = str(os.getpid())
    port = scene.systemd.listen()
    daemon = scene.daemon(listen=[f"127.0.0.1:{port}"]).begin()
    assert daemon.child.wait() == 1
    assert "the port is in use" in daemon.output()


def test_after_an_upgrade_the_new_daemon_is_the_main_process_and_the_sockets_outlast_it_too(scene):
    daemon, port = scene.on_inherited_socket()
    with_it = daemon.config
    daemon.start()
    first = scene.systemd.wait_for(READY="1")
    assert first["MAINPID"] == str(daemon.child.pid)
    scene.systemd.forget()
    upgraded = daemon.cli("upgrade", "--json")
    assert upgraded.returncode == 0, upgraded.stderr
    successor = daemon.control.status()["pid"]
    assert successor != daemon.child.pid
    ready = scene.systemd.wait_for(READY="1", MAINPID=str(successor))
    assert ready["STATUS"] == "shop: blue 100 %"
    assert daemon.child.wait() == 0
    assert not any("STOPPING" in message for message in scene.systemd.read())
    for listen in (["127.0.0.1:0"], with_it["listen"]):
        daemon.write_config({**with_it, "listen": listen})
        assert daemon.cli("reload").returncode == 0
    assert request(port, "/").body == b"blue"
    os.kill(successor, signal.SIGTERM)
    eventually(lambda: not os.path.exists(f"/proc/{successor}"), what="its end")
    with Wire(port) as waiting:
        waiting.send(head("GET", "/"))
        daemon.start()
        assert waiting.receive().body == b"blue"
