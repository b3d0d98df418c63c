"""Reload, reopening of logs, and the two ways to end."""
import json
import os
import signal
import socket
import sys
import time

import pytest

from harness.behaviours import Named, Withholding
from harness.daemon import config_text, shop
from harness.message import Malformed
from harness.waiting import eventually
from harness.wire import Wire, head, request


@pytest.fixture
def plain(stage):
    class Scene:
        origins = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}

    Scene.daemon = stage.daemon(shop(Scene.origins))
    return Scene


@pytest.fixture
def withheld(stage):
    class Scene:
        blue = Withholding("blue")

    pools = {"blue": [stage.scripted(Scene.blue).address], "green": ["127.0.0.1:9"]}
    Scene.daemon = stage.daemon(shop(pools))
    Scene.client = stage.also_close(Wire(Scene.daemon.port))
    Scene.client.send(head("GET", "/", "X-Request-Id: withheld"))
    eventually(lambda: Scene.blue.asked == 1, what="the request at blue")
    return Scene


def with_extra_server(stage, scene):
    extra = {"address": stage.scripted(Named("extra")).address, "name": "extra"}
    return shop({**scene.origins, "blue": [*scene.origins["blue"], extra]})


@pytest.mark.parametrize("way", ["command", "signal"])
def test_reload_takes_up_a_new_server_and_closes_no_connection(stage, plain, way):
    with Wire(plain.daemon.port) as client:
        assert client.exchange(head("GET", "/")).body == b"blue"
        plain.daemon.write_config(with_extra_server(stage, plain))
        if way == "command":
            assert plain.daemon.cli("reload").returncode == 0
        else:
            plain.daemon.hang_up()
        eventually(lambda: len(plain.daemon.service()["pools"][0]["servers"]) == 2, what="the reload")
        plain.daemon.wait_until_up("extra")
        assert {bytes(client.exchange(head("GET", "/")).body) for _ in range(8)} == {b"blue", b"extra"}


def test_reload_keeps_decisions(stage, plain):
    assert plain.daemon.control.switch("green").ok
    plain.daemon.write_config({**with_extra_server(stage, plain)})
    assert plain.daemon.control.post("/v1/reload").ok
    assert plain.daemon.service()["split"] == ["green"] and plain.daemon.service()["revision"] == 2


def test_reload_of_a_broken_config_changes_nothing(plain):
    port = plain.daemon.port
    plain.daemon.write_config("version: 1\nlisten: 127.0.0.1:0\nservises: {}\nworkers: many\n")
    process = plain.daemon.cli("reload")
    assert process.returncode == 7
    assert "tealgate.yaml:3:1" in process.stderr and "services" in process.stderr
    assert "tealgate.yaml:4:" in process.stderr, "every error is told"
    assert (plain.daemon.port, request(port, "/").body) == (port, b"blue")
    plain.daemon.hang_up()
    eventually(lambda: "error reload refused" in plain.daemon.output(), what="the refusal in the log")
    assert request(port, "/").status == 200


def test_reload_that_removes_an_active_pool_is_refused(plain):
    config = shop({"green": plain.origins["green"], "red": plain.origins["blue"]})
    plain.daemon.write_config(config)
    process = plain.daemon.cli("reload")
    assert process.returncode == 7 and "blue" in process.stderr
    assert request(plain.daemon.port, "/").body == b"blue"


def test_reload_to_a_port_in_use_is_refused_whole(stage, plain):
    holder = stage.also_close(socket.create_server(("127.0.0.1", 0)))
    config = {**shop(plain.origins), "listen": ["127.0.0.1:0", f"127.0.0.1:{holder.getsockname()[1]}"]}
    config["services"]["shop"]["timeouts"] = {"idle": "5s"}
    plain.daemon.write_config(config)
    process = plain.daemon.cli("reload")
    assert process.returncode != 0 and str(holder.getsockname()[1]) in process.stderr
    assert len(plain.daemon.ports) == 1 and request(plain.daemon.port, "/").status == 200


def test_reload_moves_a_listener_to_all_addresses_of_its_port_and_back(stage, plain):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    for listen in (f"127.0.0.1:{port}", f":{port}", f"0.0.0.0:{port}", f"127.0.0.1:{port}"):
        plain.daemon.write_config({**shop(plain.origins), "listen": [listen]})
        process = plain.daemon.cli("reload")
        assert process.returncode == 0, process.stderr
        assert plain.daemon.ports == [port] and request(port, "/").body == b"blue"


def test_reload_before_the_first_checks_are_over_keeps_the_listeners(stage):
    def silent(peer):
        while peer.read_request():
            pass

    pools = {"blue": [stage.scripted(silent).address], "green": ["127.0.0.1:9"]}
    daemon = stage.daemon(shop(pools, health="/health"), start=False).begin()
    eventually(lambda: daemon.socket_path.exists(), what="the control socket")
    process = daemon.cli("reload")
    assert process.returncode == 0, process.stderr
    daemon.child.wait_for_output("serves on")
    assert len(daemon.ports) == 1


def test_sighup_during_the_start_is_a_reload(stage):
    daemon = stage.daemon(shop({"blue": ["127.0.0.1:8"], "green": ["127.0.0.1:9"]}), start=False)
    # Pending before the daemon's first instruction: the earliest that it can come.
    early = stage.folder / "early"
    early.write_text(
        f"#!{sys.executable}\nimport os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        f"os.execv({str(daemon.binary)!r}, sys.argv)\n"
    )
    early.chmod(0o755)
    daemon.binary = early
    daemon.start()
    daemon.child.wait_for_output("the config was reloaded")


def test_reload_names_keys_that_need_a_restart(plain):
    plain.daemon.write_config({**shop(plain.origins), "workers": 3})
    process = plain.daemon.cli("reload", "--json")
    assert process.returncode == 0 and json.loads(process.stdout)["restart_needed"] == ["workers"]


def test_sigusr1_reopens_the_access_log(plain):
    daemon = plain.daemon
    assert request(daemon.port, "/", fields=["X-Request-Id: before"]).status == 200
    daemon.wait_for_log(lambda line: line.get("request_id") == "before")
    rotated = daemon.folder / "access.log.1"
    os.rename(daemon.access_log_path, rotated)
    daemon.child.send(signal.SIGUSR1)
    eventually(daemon.access_log_path.exists, what="the new log")
    assert request(daemon.port, "/", fields=["X-Request-Id: after"]).status == 200
    daemon.wait_for_log(lambda line: line.get("request_id") == "after")
    assert "after" not in rotated.read_text() and "before" in rotated.read_text()


def test_sigterm_finishes_what_is_in_flight_and_says_close(withheld):
    daemon, client = withheld.daemon, withheld.client
    port = daemon.port
    daemon.child.send(signal.SIGTERM)
    eventually(lambda: not accepts(port), what="the close of the listener")
    assert daemon.child.is_running()
    withheld.blue.let_go()
    answer = client.receive()
    assert answer.body == b"withheld" and answer.announces_close
    assert client.is_closed_by_peer()
    assert daemon.child.wait(10) == 0
    assert [line["end"] for line in daemon.access_log()] == ["ok"]


def accepts(port):
    try:
        Wire(port, timeout=1).close()
        return True
    except OSError:
        return False


def test_sigterm_lets_idle_clients_go_after_a_second(plain):
    daemon = plain.daemon
    with Wire(daemon.port) as quick, Wire(daemon.port) as idle:
        for client in (quick, idle):
            assert client.exchange(head("GET", "/")).status == 200
        began = time.monotonic()
        daemon.child.send(signal.SIGTERM)
        eventually(lambda: "listening" not in status_or_nothing(daemon), what="the end")
        try:
            answer = quick.exchange(head("GET", "/"))
            assert answer.status == 200 and answer.announces_close, "within its grace a request is still served"
        except (ConnectionError, Malformed):
            assert time.monotonic() - began > 1, "it is let go before its grace is over"
        assert idle.is_closed_by_peer(20), "before the 30 s of shutdown_grace"
    assert daemon.child.wait(10) == 0


def status_or_nothing(daemon):
    try:
        status = daemon.control.status()
        return status if status.get("listening") else {}
    except (OSError, Malformed, IndexError):
        return {}


def test_sigterm_lets_a_client_go_whose_answer_had_begun(stage):
    begun = Withholding("blue", begin=True)
    daemon = stage.daemon(shop({"blue": [stage.scripted(begun).address], "green": ["127.0.0.1:9"]}))
    with Wire(daemon.port) as client:
        client.send(head("GET", "/"))
        message = client.receive_head()
        daemon.child.send(signal.SIGTERM)
        eventually(lambda: "stopping" in daemon.output(), what="the daemon's stopping")
        begun.let_go()
        assert client.receive_rest(message).body == b"beginended"
        assert client.is_closed_by_peer(20)  # its idle timeout is 75 s, shutdown_grace 30 s


def test_second_sigterm_ends_at_once(withheld):
    daemon = withheld.daemon
    port = daemon.port
    daemon.child.send(signal.SIGTERM)
    eventually(lambda: not accepts(port), what="the close of the listener")
    daemon.child.send(signal.SIGTERM)
    daemon.child.wait(10)  # shutdown_grace is 30 s
    daemon.demand_no_alarm()
    assert [line["request_id"] for line in daemon.access_log()] == ["withheld"], "cut, and logged"


def test_clients_that_reset_while_it_ends_do_no_harm(stage):
    blue = Withholding("blue")
    pools = {"blue": [stage.scripted(blue).address], "green": ["127.0.0.1:9"]}
    daemon = stage.daemon(shop(pools))
    clients = [stage.also_close(Wire(daemon.port)) for _ in range(100)]
    for client in clients:
        client.send(head("GET", "/"))
    eventually(lambda: blue.asked == len(clients), what="the requests at blue")
    port = daemon.port
    daemon.child.send(signal.SIGTERM)
    eventually(lambda: not accepts(port), what="the close of the listener")
    for client in clients[:50]:
        client.reset()
    daemon.child.send(signal.SIGTERM)
    for client in clients[50:]:
        client.reset()
    assert daemon.child.wait(10) == 0
    daemon.demand_no_alarm()
    assert len(daemon.access_log()) == len(clients)


def test_shutdown_grace_bounds_the_end(stage):
    blue = Withholding("blue")
    pools = {"blue": [stage.scripted(blue).address], "green": ["127.0.0.1:9"]}
    daemon = stage.daemon({**shop(pools), "shutdown_grace": "500ms"})
    with Wire(daemon.port) as client:
        client.send(head("GET", "/"))
        eventually(lambda: blue.asked == 1)
        daemon.child.send(signal.SIGTERM)
        assert daemon.child.wait(10) == 0
        assert daemon.access_log()[0]["end"] != "ok"


def test_sigint_ends_like_sigterm(plain):
    plain.daemon.child.send(signal.SIGINT)
    assert plain.daemon.child.wait(10) == 0


def test_nothing_is_left_open_after_load(plain):
    daemon = plain.daemon
    assert request(daemon.port, "/").status == 200
    clients = [Wire(daemon.port) for _ in range(50)]
    for client in clients:
        assert client.exchange(head("GET", "/")).status == 200
        client.close()
    eventually(lambda: daemon.control.status()["client_connections"] == 0, what="the close of all clients")
    before = daemon.descriptors()
    for _ in range(100):
        assert request(daemon.port, "/").status == 200
    eventually(lambda: daemon.descriptors() <= before + 2, what="descriptors given back")


def test_socket_and_text_config_work_without_json_style(stage, plain):
    text = config_text(plain.daemon._completed({**shop(plain.origins), "listen": "127.0.0.1:0"}))
    assert plain.daemon.cli("check", str(write(stage, text))).returncode == 0


def write(stage, text):
    path = stage.folder / "check.yaml"
    path.write_text(text)
    return path
