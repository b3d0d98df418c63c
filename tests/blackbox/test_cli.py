"""The command line against a running daemon: what each command prints where, and with which exit code."""
import json
import os
import signal
import subprocess

import pytest

from harness.behaviours import Named, Withholding
from harness.daemon import shop
from harness.processes import Child
from harness.waiting import eventually
from harness.wire import Wire, head, request

HEALTH = {"path": "/health", "interval": "100ms", "timeout": "5s"}


@pytest.fixture
def plain(stage):
    """A daemon before two pools that answer at once."""

    def server(pool, name):
        return {"address": stage.scripted(Named(pool)).address, "name": name}

    return stage.daemon(shop({"blue": [server("blue", "b"), server("blue", "b2")], "green": [server("green", "g")]}))


@pytest.fixture
def sick_green(stage):
    """Blue is well, green answers its checks with 503."""

    def sick(peer):
        while peer.read_request():
            peer.answer(b"db: connection refused", status="503 Service Unavailable")

    green = {"address": stage.scripted(sick).address, "name": "sick"}
    daemon = stage.daemon(shop({"blue": [stage.scripted(Named("blue")).address], "green": [green]}, HEALTH))
    eventually(lambda: daemon.server("sick")["health"] == "down", what="sick green")
    return daemon


def result_of(process, code=0):
    """The one JSON object on stdout of a command with --json."""
    assert process.returncode == code, f"{process.returncode}: {process.stdout} {process.stderr}"
    return json.loads(process.stdout)


def test_switch_moves_traffic_and_tells_the_result_on_stdout_and_progress_on_stderr(plain):
    process = plain.cli("switch", "green", "--reason", "release", "--by", "ann", "--label", "v2")
    assert process.returncode == 0, process.stderr
    assert len(process.stdout.splitlines()) == 1 and "green" in process.stdout
    assert "announced" in process.stderr and "announced" not in process.stdout
    assert request(plain.port, "/").body == b"green"
    service = plain.service()
    assert (service["reason"], service["by"], service["label"]) == ("release", "ann", "v2")


def test_switch_as_json_has_the_documented_fields(plain):
    result = result_of(plain.cli("switch", "green", "--json"))
    assert (result["ok"], result["changed"], result["service"]) == (True, True, "shop")
    assert (result["from"], result["to"], result["revision"]) == (["blue"], ["green"], 2)
    assert result["drain"]["drained"] is True and result["drain"]["cut"] == {"http": 0, "stream": 0}
    assert result["operation"] and result["switched_at"].endswith("Z") and result["took_ms"] >= 0


def test_switch_to_what_is_already_so_changes_nothing(plain):
    result = result_of(plain.cli("switch", "blue", "--json", "--if-active", "green"))
    assert result["changed"] is False and result["revision"] == 1


def test_switch_to_both_pools_and_to_shares(plain):
    assert result_of(plain.cli("switch", "blue", "green", "--json"))["to"] == ["blue", "green"]
    assert plain.service()["shares"] == {"blue": 67, "green": 33}, "2 + 1 equal servers"
    result_of(plain.cli("switch", "blue=90", "green=10", "--json"))
    assert plain.service()["shares"] == {"blue": 90, "green": 10}
    result_of(plain.cli("switch", "all", "--json"))
    assert sorted(plain.service()["active"]) == ["blue", "green"]
    assert plain.cli("switch", "blue=90", "green=20").returncode == 2


def test_shares_are_kept_to(plain):
    assert plain.cli("switch", "blue=75", "green=25").returncode == 0
    pools = [request(plain.port, "/").field("x-pool") for _ in range(80)]
    assert 18 <= pools.count("green") <= 22, f"{pools.count('green')} of 80, over two workers"


def test_compare_that_fails_is_a_conflict(plain):
    for flags in (["--if-active", "green"], ["--if-revision", "7"]):
        process = plain.cli("switch", "green", *flags)
        assert process.returncode == 5 and process.stdout == "", process
    assert plain.service()["split"] == ["blue"] and plain.service()["revision"] == 1
    assert plain.cli("switch", "green", "--if-active", "blue", "--if-revision", "1").returncode == 0


def test_gate_refuses_a_sick_pool_and_says_why(sick_green):
    process = sick_green.cli("switch", "green")
    assert process.returncode == 4 and process.stdout == ""
    for fact in ("sick", "503", "db: connection refused", "0 of 1 up"):
        assert fact in process.stderr, process.stderr
    error = result_of(sick_green.cli("switch", "green", "--json"), 4)["error"]
    assert error["code"] == "gate_refused" and error["details"][0]["status"] == 503
    assert sick_green.service()["split"] == ["blue"] and sick_green.service()["revision"] == 1
    assert any("gate" in json.dumps(line) for line in sick_green.history_lines()), "refusals are recorded"


def test_gate_that_never_passes_ends_with_its_own_exit_code(sick_green):
    assert sick_green.cli("switch", "green", "--healthy-within", "300ms").returncode == 4
    assert sick_green.cli("switch", "green", "--healthy-within", "60s", "--timeout", "300ms").returncode == 6
    assert sick_green.service()["split"] == ["blue"]


def test_dry_run_probes_and_changes_nothing(plain, sick_green):
    assert result_of(plain.cli("switch", "green", "--dry-run", "--json"))["dry_run"] is True
    assert plain.service()["revision"] == 1
    assert sick_green.cli("switch", "green", "--dry-run").returncode == 4


def test_force_skips_the_gate_and_is_recorded(sick_green):
    assert result_of(sick_green.cli("switch", "green", "--force", "--json"))["forced"] is True
    assert sick_green.service()["split"] == ["green"]
    assert any(line.get("forced") for line in sick_green.history_lines())
    process = sick_green.cli("status", "--exit-code")
    assert process.returncode == 11


def test_rollback_undoes_the_last_switch_once(plain):
    result_of(plain.cli("switch", "green", "--json"))
    result = result_of(plain.cli("rollback", "--json"))
    assert (result["changed"], result["to"]) == (True, ["blue"])
    assert request(plain.port, "/").body == b"blue"
    again = result_of(plain.cli("rollback", "--json"))
    assert again["changed"] is False and plain.service()["split"] == ["blue"]
    assert result_of(plain.cli("rollback", "--to", "2", "--json"))["to"] == ["green"]


def test_rollback_needs_a_server_up(sick_green):
    assert sick_green.cli("switch", "green", "--force").returncode == 0
    assert sick_green.cli("switch", "blue").returncode == 0
    assert sick_green.cli("rollback").returncode == 4
    assert sick_green.service()["split"] == ["blue"]


def test_undo_acts_only_on_the_operation_named(plain):
    plain.cli("switch", "green", "--operation", "first")
    plain.cli("switch", "blue", "--operation", "second")
    assert plain.cli("rollback", "--undo", "first").returncode != 0
    assert plain.service()["split"] == ["blue"]
    assert plain.cli("rollback", "--undo", "second").returncode == 0
    assert plain.service()["split"] == ["green"]


def test_same_operation_id_twice_is_one_operation(plain):
    first = result_of(plain.cli("switch", "green", "--operation", "deploy-1", "--json"))
    assert plain.cli("switch", "blue").returncode == 0
    second = result_of(plain.cli("switch", "green", "--operation", "deploy-1", "--json"))
    assert second["revision"] == first["revision"] and plain.service()["split"] == ["blue"]


def started(daemon, *words):
    """A command that runs while the test goes on."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(daemon.command(*words), env=daemon.environment(), **pipes)


def test_wait_operation_reattaches(stage):
    blue = Withholding("blue")
    pools = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(pools))
    with Wire(daemon.port) as client:
        client.send(head("GET", "/"))
        eventually(lambda: blue.asked == 1)
        assert daemon.cli("switch", "green", "--until", "switched", "--operation", "op-7").returncode == 0
        waiting = started(daemon, "wait", "--operation", "op-7", "--json")
        blue.let_go()
        assert client.receive().body == b"withheld"
        result = json.loads(waiting.communicate(timeout=20)[0])
    assert result["ok"] and result["drain"]["drained"]


def test_interrupted_switch_goes_on_in_the_daemon(stage):
    blue = Withholding("blue")
    pools = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(pools))
    with Wire(daemon.port) as client:
        client.send(head("GET", "/"))
        eventually(lambda: blue.asked == 1)
        switching = started(daemon, "switch", "green")
        eventually(lambda: daemon.service()["split"] == ["green"])
        switching.send_signal(signal.SIGINT)
        _, progress = switching.communicate(timeout=20)
        assert switching.returncode == 130 and "tealgate wait --operation" in progress
        blue.let_go()
        assert client.receive().body == b"withheld"
    eventually(lambda: daemon.service()["operation"] is None, what="the end of the operation")


def test_wait_for_health(plain, sick_green):
    assert plain.cli("wait", "green", "--healthy", "all", "--timeout", "10s").returncode == 0
    assert plain.cli("wait", "blue", "--healthy", "2", "--timeout", "10s").returncode == 0
    late = sick_green.cli("wait", "green", "--timeout", "400ms")
    assert late.returncode == 6 and "503" in late.stderr


def test_status_for_people_and_for_scripts(plain, sick_green):
    process = plain.cli("status")
    assert process.returncode == 0 and process.stderr == ""
    assert "shop" in process.stdout and "BLUE" in process.stdout and "\x1b" not in process.stdout
    assert plain.cli("status", "--idle").stdout == "green\n"
    assert plain.cli("status", "--active").stdout == "blue\n"
    assert plain.cli("status", "--exit-code").returncode == 0
    assert json.loads(plain.cli("status", "--json").stdout)["services"]["shop"]["split"] == ["blue"]
    assert plain.cli("switch", "blue", "green").returncode == 0
    nothing_idle = plain.cli("status", "--idle")
    assert (nothing_idle.returncode, nothing_idle.stdout) == (1, "")
    assert plain.cli("status", "--active").stdout.split() == ["blue", "green"]
    assert sick_green.service()["pools"][1]["state"] == "off", "a standby pool that is down alarms nobody"
    assert sick_green.cli("status", "--exit-code").returncode == 0


def test_lock_keeps_others_out_until_unlocked(plain):
    token = result_of(plain.cli("lock", "--by", "ann", "--reason", "freeze", "--json"))["lock"]
    refused = plain.cli("switch", "green")
    assert refused.returncode == 5 and "ann" in refused.stderr
    assert plain.cli("switch", "green", TEALGATE_LOCK=token).returncode == 0, "whoever shows the token passes"
    assert plain.cli("unlock").returncode == 5
    assert plain.cli("unlock", TEALGATE_LOCK=token).returncode == 0
    assert plain.cli("switch", "blue").returncode == 0


def test_lock_around_a_command_lives_as_long_as_the_command(plain):
    steps = f"T={plain.binary}; $T switch green && $T status --active && env -u TEALGATE_LOCK $T switch blue; exit 7"
    process = plain.cli("lock", "--", "sh", "-c", steps)
    assert process.returncode == 7, "the child's exit code"
    assert "green" in process.stdout and "locked" in process.stderr
    assert plain.service()["lock"] is None and plain.service()["split"] == ["green"]


@pytest.mark.parametrize(
    "end, exit, why",
    [
        ("env -u TEALGATE_LOCK $T unlock --force --by ann", 5, "ann took the lock of shop away"),
        ("kill -9 $DAEMON", 14, "the lock was lost"),
    ],
)
def test_a_command_that_lost_its_lock_is_not_a_success(stage, plain, end, exit, why):
    gate = stage.folder / "gate"
    os.mkfifo(gate)
    steps = f"T={plain.binary}; DAEMON={plain.child.pid}; {end}; read _ < {gate}"
    command = locked(stage, plain, "--", "sh", "-c", steps)
    command.wait_for_output("the lock was lost")
    assert command.is_running() and why in command.output(), "told while the command runs"
    gate.write_text("\n")
    assert command.wait(20) == exit


def test_a_command_that_outlasts_its_lock_is_not_a_success(stage, plain):
    gate = stage.folder / "gate"
    os.mkfifo(gate)
    command = locked(stage, plain, "--ttl", "300ms", "--", "sh", "-c", f"read _ < {gate}")
    eventually(lambda: plain.service()["lock"] is None and "unlocked" in str(plain.history_lines()[-1]))
    gate.write_text("\n")
    assert command.wait(20) == 5 and "was over" in command.output()


def locked(stage, daemon, *words):
    """`tealgate lock WORDS`, which ends with the test, and its command too."""
    log = stage.folder / "lock.log"
    return stage.also_close(Child(daemon.command("lock", *words), log, daemon.environment()))


def test_lock_ends_by_its_time(plain):
    endless = plain.cli("lock", "--ttl", "0s")
    assert endless.returncode == 2 and "above 0s" in endless.stderr
    assert plain.cli("lock", "--ttl", "300ms").returncode == 0
    assert plain.cli("switch", "green", "--lock-wait", "10s").returncode == 0


def test_server_states(plain):
    process = plain.cli("drain", "b2", "--until", "drained")
    assert process.returncode == 0, process.stderr
    assert plain.server("b2")["admin"] == "drain"
    last = plain.cli("drain", "shop/blue/b")
    assert last.returncode != 0 and "b" in last.stderr and plain.server("b")["admin"] == "ready"
    assert plain.cli("maint", "blue/b2").returncode == 0 and plain.server("b2")["admin"] == "maint"
    assert plain.cli("ready", "b2").returncode == 0 and plain.server("b2")["admin"] == "ready"


def test_history_tells_who_when_and_why(plain):
    plain.cli("switch", "green", "--by", "ann", "--reason", "release v2")
    plain.cli("rollback", "--by", "bob")
    text = plain.cli("history").stdout
    assert "ann" in text and "release v2" in text and "bob" in text
    entries = json.loads(plain.cli("history", "--json", "--limit", "1").stdout)["entries"]
    assert len(entries) == 1
    kinds = [(line["revision"], line.get("event")) for line in plain.history_lines() if line.get("revision", 0) >= 2]
    assert (2, "decided") in kinds and (2, "finished") in kinds and (3, "finished") in kinds


def test_version_and_help_need_no_daemon(binary):
    version = subprocess.run([binary, "version"], capture_output=True, text=True, timeout=20)
    assert version.returncode == 0 and "0.1.0" in version.stdout
    helped = subprocess.run([binary, "--help"], capture_output=True, text=True, timeout=20)
    assert helped.returncode == 0
    commands = "run check status switch rollback drain ready maint wait lock unlock history reload version demo"
    for word in commands.split():
        assert word in helped.stdout
    for word in ("--watch", "--warm", "--hold", "ramp", "--strict-drain", "--expect-version"):
        assert word not in helped.stdout, "later work does not exist yet"


def test_words_that_are_no_utf8_are_answered_in_json(plain):
    wrong = os.fsdecode(b"gr\xfcn")
    for words, code in (((wrong,), 2), (("check", f"/nowhere/{wrong}.yaml"), 7), (("switch", f"{wrong}/green", "b/green"), 2)):
        refused = plain.cli(*words, "--json")
        assert refused.returncode == code, refused
        assert json.loads(refused.stdout)["error"]["exit"] == code


def test_a_reload_is_recorded_with_who_asked(plain):
    plain.write_config()
    assert plain.cli("reload", "--by", "github").returncode == 0
    assert [line["by"] for line in plain.history_lines() if line["event"] == "reloaded"] == ["github"]
