"""What is wrong is said in one sentence, with the right exit code, and changes nothing."""
import ctypes
import json
import os
import socket
import subprocess

import pytest

from harness.behaviours import Named
from harness.control import Control
from harness.daemon import config_text, shop
from harness.waiting import eventually
from harness.wire import Wire, request

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
PLAIN = shop({"blue": ["127.0.0.1:8"], "green": ["127.0.0.1:9"]})


@pytest.fixture
def running(stage):
    pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
    return stage.daemon(shop(pools))


def ends_with(daemon, within=20):
    """The exit code and the output of a daemon that should not start."""
    daemon.begin()
    return daemon.child.wait(within), daemon.output()


def demand_one_sentence(text, *words):
    lines = [line for line in text.strip().splitlines() if line]
    assert len(lines) <= 2, f"more than a sentence and a hint:\n{text}"
    for word in words:
        assert str(word).lower() in text.lower(), f"{word!r} is not in {text!r}"


def test_config_that_is_missing(binary, stage):
    daemon = stage.daemon(PLAIN, start=False)
    for words in (["check", "/nonexistent/tealgate.yaml"], ["run", "-c", "/nonexistent/tealgate.yaml"]):
        process = daemon.cli(*words)
        assert process.returncode == 7
        demand_one_sentence(process.stderr, "/nonexistent/tealgate.yaml", "No such file")


def test_config_that_is_unreadable(stage):
    daemon = stage.daemon(PLAIN, start=False)
    daemon.write_config()
    daemon.config_path.chmod(0)
    process = subprocess.run(
        daemon.command("check", daemon.config_path),
        capture_output=True,
        text=True,
        preexec_fn=give_up_reading_everything,
        timeout=60,
    )
    assert process.returncode == 7
    demand_one_sentence(process.stderr, daemon.config_path, "permission denied")


def give_up_reading_everything():
    """Root reads everything, by a capability that need not go along."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def test_config_that_is_a_pipe_holds_nobody_up(running):
    running.config_path.unlink()
    os.mkfifo(running.config_path)
    process = running.cli("reload", timeout=20)
    assert process.returncode == 7 and "not a regular file" in process.stderr
    assert running.child.terminate(20) == 0


def test_config_that_is_a_folder(stage):
    daemon = stage.daemon(PLAIN, start=False)
    process = daemon.cli("check", stage.folder)
    assert process.returncode == 7
    demand_one_sentence(process.stderr, stage.folder)


def test_invalid_config_names_every_error_with_its_place(stage):
    config = config_text(PLAIN) + "workerz: 2\nshutdown_grace: 30\n"
    daemon = stage.daemon(config, start=False)
    code, output = ends_with(daemon)
    assert code == 7
    for part in ("tealgate.yaml:5:1", "workers", "tealgate.yaml:6:17", "30s", "^"):
        assert part in output, output
    checked = daemon.cli("check", daemon.config_path)
    assert checked.returncode == 7 and "tealgate.yaml:5:1" in checked.stderr


def test_check_of_a_good_config_is_0_and_warns_of_missing_checks(stage):
    config = shop({"blue": ["127.0.0.1:8"], "green": ["127.0.0.1:9"]})
    del config["services"]["shop"]["health"]
    daemon = stage.daemon(config, start=False)
    daemon.write_config()
    process = daemon.cli("check", daemon.config_path)
    assert process.returncode == 0 and "TCP" in process.stdout + process.stderr


def test_port_in_use(stage):
    holder = stage.also_close(socket.create_server(("127.0.0.1", 0)))
    port = holder.getsockname()[1]
    for config in ({"listen": [f"127.0.0.1:{port}"]}, {"control": {"dashboard": f"127.0.0.1:{port}"}}):
        daemon = stage.daemon({**PLAIN, **config}, start=False)
        code, output = ends_with(daemon)
        assert code == 1
        demand_one_sentence(output.splitlines()[-1], f"127.0.0.1:{port}", "in use")
        assert not (daemon.state_folder / "state.json").exists(), "it did not start, so nothing was decided"
        assert not daemon.history_lines()


def test_socket_of_a_live_daemon_is_left_alone(stage, running):
    second = stage.daemon({**PLAIN, "control": {"socket": str(running.socket_path)}}, start=False)
    code, output = ends_with(second)
    assert code == 1
    demand_one_sentence(output.splitlines()[-1], running.socket_path)
    assert running.service()["split"] == ["blue"], "the first still answers on its socket"


def test_state_folder_of_a_live_daemon_is_left_alone(stage, running):
    other = stage.folder / "other.sock"
    config = {**running.config, "control": {"socket": str(other), "state": str(running.state_folder)}}
    second = stage.daemon(config, start=False)
    second.begin()
    eventually(lambda: not second.child.is_running() or answers(other), 10, "its end or its start")
    assert not second.child.is_running(), "two daemons would overwrite each other's decisions"
    assert second.child.wait() == 1


def answers(path):
    try:
        return bool(Control(path).status())
    except OSError:
        return False


def test_socket_left_by_a_crash_is_replaced(running):
    running.kill()
    assert running.socket_path.exists()
    running.start()
    assert running.service()["split"] == ["blue"]


def test_unknown_names(running):
    for words, known in (
        (["switch", "gren"], "green"),
        (["switch", "-s", "shp", "green"], "shop"),
        (["drain", "blue/nobody"], "nobody"),
        (["wait", "gren", "--timeout", "1s"], "green"),
        (["wait", "--operation", "nothing"], "nothing"),
        (["rollback", "--to", "99"], "99"),
    ):
        process = running.cli(*words)
        assert process.returncode == 2, f"{words}: {process.returncode} {process.stderr}"
        assert known in process.stderr and process.stdout == "", f"{words}: {process.stderr}"
    assert running.service()["revision"] == 1


MISUSES = (
    "",
    "switch",
    "swich green",
    "switch green --bogus",
    "switch green --drain 30",
    "switch green --until never",
    "switch blue=50 green=40",
    "switch shop green",
)


def test_misused_command_line(running):
    for line in MISUSES:
        words = line.split()
        process = running.cli(*words)
        assert process.returncode == 2, f"{words}: {process.returncode} {process.stdout} {process.stderr}"
        assert process.stderr.strip(), words
    assert "switch -s shop green" in running.cli("switch", "shop", "green").stderr
    assert "switch" in running.cli("deploy", "green").stderr
    assert running.service()["revision"] == 1


def test_error_as_json_is_on_stdout(running):
    error = json.loads(running.cli("switch", "gren", "--json").stdout)
    assert error["ok"] is False and error["error"]["exit"] == 2 and error["error"]["code"] == "unknown"


def test_no_daemon(stage):
    daemon = stage.daemon(PLAIN, start=False)
    for words in (["status"], ["switch", "green"], ["reload"]):
        process = daemon.cli(*words)
        assert process.returncode == 3
        demand_one_sentence(process.stderr, daemon.socket_path)


@pytest.mark.parametrize(
    "body, word",
    [
        ("{", "JSON"),
        ("[]", "object"),
        ('{"to":["green"],"foo":1}', "foo"),
        ('{"to":"green"}', "to"),
        ('{"to":[]}', "to"),
        ('{}', "to"),
        ('{"to":["green"],"drain":"30"}', "drain"),
        ('{"to":["green"],"drain":30}', "drain"),
        ('{"to":["green"],"require_healthy":"150%"}', "require_healthy"),
        ('{"to":["green"],"if_revision":-1}', "if_revision"),
        ('{"to":["green"],"until":"never"}', "until"),
        ('{"to":["green"],"operation":"a b"}', "operation"),
        ('{"to":["green"],"reason":"' + "x" * 70_000 + '"}', ""),
        ('{"to":["green"],"reason":"\ud800"}', ""),
        ("[" * 10_000, ""),
    ],
)
def test_malformed_request_on_the_control_socket(running, body, word):
    raw = body.encode("utf-8", "surrogatepass")
    with Wire(0, path=str(running.socket_path)) as wire:
        wire.send(b"POST /v1/services/shop/switch HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(raw))
        try:
            wire.send(raw)
        except OSError:
            pass
        answer = wire.receive("POST")
    assert answer.status in (400, 413), f"{answer.status} {bytes(answer.body)[:200]}"
    if answer.status == 400:
        error = json.loads(answer.body)["error"]
        assert error["code"] == "usage" and word in error["message"], error
    assert running.service()["revision"] == 1


MISDIRECTED = (
    ("GET", "/v1/nothing", 404),
    ("GET", "/v1/operations/none", 404),
    ("POST", "/v1/services/nobody/switch", 404),
    ("GET", "/v1/reload", 405),
    ("DELETE", "/v1/status", 405),
)


def test_malformed_http_on_the_control_socket(running):
    for raw in (b"garbage\r\n\r\n", b"GET /v1/status HTTP/1.1\r\n\r\n", b"\x00" * 1000 + b"\r\n\r\n"):
        with Wire(0, path=str(running.socket_path)) as wire:
            wire.send(raw)
            assert wire.receive().status == 400
    for method, path, status in MISDIRECTED:
        body = {"to": ["green"]} if method == "POST" else None
        assert running.control.ask(method, path, body).status == status, path
    assert running.service()["revision"] == 1


def stopped_with_state(daemon, text):
    """Ends the daemon and puts `text` in place of its state."""
    daemon.stop()
    (daemon.state_folder / "state.json").write_text(text)
    return daemon


def test_state_of_a_newer_version(running):
    state = running.state()
    text = json.dumps({**state, "version": state["version"] + 1})
    code, output = ends_with(stopped_with_state(running, text))
    assert code == 1
    demand_one_sentence(output.splitlines()[-1], "state.json", "version")
    assert (running.state_folder / "state.json").read_text() == text, "it is not touched"


@pytest.mark.parametrize("part", [0.0, 0.5, 0.98])
def test_torn_state(running, part):
    assert running.control.switch("green").ok
    text = (running.state_folder / "state.json").read_text()
    torn = text[: int(len(text.rstrip()) * part)]
    code, output = ends_with(stopped_with_state(running, torn))
    assert code == 1
    demand_one_sentence(output.splitlines()[-1], "state.json")
    assert (running.state_folder / "state.json").read_text() == torn


def test_torn_last_line_of_the_history_is_mended(running):
    assert running.control.switch("green").ok
    running.stop()
    path = running.state_folder / "history.jsonl"
    lines = len(path.read_text().splitlines())
    with open(path, "a") as history:
        history.write('{"event":"deci')
    running.start()
    assert running.service()["split"] == ["green"]
    assert running.control.switch("blue").ok
    assert len(running.history_lines()) > lines


def test_config_that_lacks_the_active_pool(running):
    assert running.control.switch("green").ok
    running.stop()
    pools = running.config["services"]["shop"]["pools"]
    running.config = running._completed(shop({"blue": pools["blue"], "red": ["127.0.0.1:9"]}))
    before = (running.state_folder / "state.json").read_text()
    code, output = ends_with(running)
    assert code == 7
    demand_one_sentence(output.splitlines()[-1], "green", "shop")
    assert (running.state_folder / "state.json").read_text() == before
    running.config = running._completed(shop(pools))
    running.start()
    assert running.service()["split"] == ["green"] and request(running.port, "/").body == b"green"


def test_state_folder_that_cannot_be_written(stage):
    blocked = stage.folder / "file"
    blocked.write_text("")
    daemon = stage.daemon({**PLAIN, "control": {"state": str(blocked / "state")}}, start=False)
    code, output = ends_with(daemon)
    assert code == 1
    demand_one_sentence(output.splitlines()[-1], blocked)
