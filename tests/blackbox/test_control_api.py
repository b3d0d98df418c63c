"""docs/control-api.md as a script with curl would use it: reading, progress lines, operations, and the read-
only dashboard address."""
import json
import socket
import stat
import time

import pytest

from harness.behaviours import Named, Withholding
from harness.daemon import shop
from harness.ports import Port
from harness.waiting import eventually
from harness.wire import Wire, head, request


@pytest.fixture
def plain(stage):
    """A daemon with a dashboard address (dashboard_port) before two pools."""
    port = stage.also_close(Port())
    pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
    daemon = stage.daemon(shop(pools) | {"control": {"dashboard": port.address}})
    daemon.dashboard_port = port.number
    return daemon


def test_reading(plain):
    version = plain.control.get("/v1/version").result
    assert version["ok"] and version["version"] == "0.1.0" and version["pid"] == plain.child.pid
    status = plain.control.status()
    assert status["workers"] == 2 and status["config"]["path"] == str(plain.config_path)
    assert plain.control.get("/v1/services/shop").result["split"] == ["blue"]
    assert plain.control.get("/v1/services/nobody").error["code"] == "unknown"
    with Wire(0, path=str(plain.socket_path)) as wire:
        assert wire.exchange(head("GET", "/healthz")).status == 200


def test_socket_is_for_its_owner_and_group_alone(plain):
    assert stat.S_IMODE(plain.socket_path.stat().st_mode) == 0o660


def test_switch_tells_its_progress_in_order(plain):
    answer = plain.control.switch("green", operation="op-1")
    words = [line["progress"] for line in answer.lines[:-1]]
    assert words == sorted(words, key=["waiting", "gate", "decided", "published", "announced", "draining"].index)
    assert {"gate", "decided", "published", "announced"} <= set(words)
    assert all(line["operation"] == "op-1" and line["message"] for line in answer.lines[:-1])
    assert answer.result["operation"] == "op-1" and "progress" not in answer.result


def test_refusal_at_once_has_its_http_status(plain):
    for body, status, code in (
        ({"to": ["gren"]}, 404, "unknown"),
        ({"to": ["green"], "if_active": ["green"]}, 409, "conflict"),
        ({"to": ["green"], "bogus": 1}, 400, "usage"),
    ):
        answer = plain.control.post("/v1/services/shop/switch", body)
        assert (answer.status, answer.error["code"]) == (status, code)
        assert len(answer.lines) == 1
    assert "green" in plain.control.switch("gren").error["hint"]


def test_operation_can_be_looked_up_and_waited_for(plain):
    plain.control.switch("green", operation="op-2")
    operation = plain.control.get("/v1/operations/op-2").result["operation"]
    assert (operation["id"], operation["phase"], operation["to"]) == ("op-2", "finished", ["green"])
    assert plain.control.get("/v1/operations/op-2?wait=1").result["revision"] == 2


def test_switch_whose_caller_leaves_runs_to_its_end(stage):
    blue = Withholding("blue")
    pools = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(pools))
    with Wire(daemon.port) as client:
        client.send(head("GET", "/"))
        eventually(lambda: blue.asked == 1)
        caller = daemon.control.open("POST", "/v1/services/shop/switch", {"to": ["green"], "operation": "left"})
        eventually(lambda: (daemon.service()["operation"] or {}).get("phase") == "draining")
        caller.reset()
        blue.let_go()
        assert client.receive().body == b"withheld"
    result = daemon.control.get("/v1/operations/left?wait=1").result
    assert result["ok"] and result["drain"]["finished"] == 1


def test_only_one_of_two_switches_at_once_wins_or_both_in_turn(plain):
    bodies = [{"to": ["green"], "if_revision": 1, "operation": f"race-{number}"} for number in range(4)]
    wires = [plain.control.open("POST", "/v1/services/shop/switch", body) for body in bodies]
    results = [json.loads(bytes(wire.receive("POST").body).strip().splitlines()[-1]) for wire in wires]
    changed = [result for result in results if result.get("changed")]
    assert len(changed) == 1, results
    assert plain.service()["revision"] == 2


def test_heartbeat_while_nothing_is_new(stage, is_long):
    if not is_long:
        pytest.skip("takes 10 s of real time")
    blue = Withholding("blue")
    pools = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(pools))
    with Wire(daemon.port, timeout=30) as client:
        client.send(head("GET", "/"))
        eventually(lambda: blue.asked == 1)
        caller = daemon.control.open("POST", "/v1/services/shop/switch", {"to": ["green"]})
        began = time.monotonic()
        message = caller.receive_head("POST")
        caller.receive_until(message, lambda: b"heartbeat" in message.body)
        assert 8 < time.monotonic() - began < 13
        blue.let_go()
        assert client.receive().body == b"withheld"


def test_dashboard_address_reads_and_never_writes(plain):
    port = plain.dashboard_port
    assert bytes(request(port, "/healthz", host=f"127.0.0.1:{port}").body).strip() == b"ok"
    status = json.loads(request(port, "/v1/status", host=f"127.0.0.1:{port}").body)
    assert status["services"]["shop"]["split"] == ["blue"]
    for path in ("/v1/services/shop/switch", "/v1/reload"):
        answer = request(port, path, "POST", body=b'{"to":["green"]}', host=f"127.0.0.1:{port}")
        assert answer.status == 403 and json.loads(answer.body)["error"]["exit"] == 8
    assert request(port, "/v1/status", host="evil.example.com").status == 403
    origin = ["Origin: http://evil.example.com"]
    assert request(port, "/v1/status", fields=origin, host=f"127.0.0.1:{port}").status == 403
    assert plain.service()["revision"] == 1


def test_field_that_is_there_twice_is_refused(plain):
    body = '{"to":["green"],"to":["blue"]}'
    fields = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    with Wire(0, path=str(plain.socket_path)) as wire:
        wire.send(f"POST /v1/services/shop/switch HTTP/1.1\r\n{fields}\r\n{body}")
        answer = wire.receive("POST")
    assert json.loads(bytes(answer.body))["error"]["message"] == 'the field "to" is there twice'
    assert plain.service()["revision"] == 1


def test_control_socket_serves_many_at_once_and_survives_those_who_stall(plain):
    stalled = [Wire(0, path=str(plain.socket_path)) for _ in range(20)]
    for wire in stalled[:10]:
        wire.send("GET /v1/status HTTP/1.1\r\n")
    assert plain.control.switch("green").ok
    for wire in stalled:
        wire.close()
    assert plain.service()["split"] == ["green"]


def test_clients_that_leave_at_once_do_no_harm(plain):
    for number in range(600):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(plain.socket_path))
            if number % 3 == 0:
                client.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
    assert plain.service()["split"] == ["blue"]
