"""When the commands that watch have nothing to go on with: the service is gone, nobody reads, nothing can be
written or read, what they are asked for is nowhere, or the terminal cannot be drawn on."""
import copy
import json
import os
import subprocess

import pytest

from harness.daemon import shop
from harness.terminal import Terminal, plain
from harness.waiting import eventually
from harness.watcher import Watcher
from harness.wire import request

needs_tmux = pytest.mark.needs("/usr/bin/tmux")
FOLLOWERS = [["events", "--follow"], ["status", "--follow"]]


@pytest.fixture
def daemon(stage):
    pools = {pool: [{"address": stage.scripted().address, "name": f"{pool}-1"}] for pool in ("blue", "green")}
    config = shop(pools)
    config["services"]["shop"]["hosts"] = ["shop.test"]
    config["services"]["api"] = {"health": "none", "pools": {"one": stage.scripted().address, "two": stage.scripted().address}}
    return stage.daemon(config)


@pytest.fixture
def watching(stage):
    return lambda daemon, *words: stage.also_close(Watcher(daemon, *words))


@pytest.fixture
def terminal(stage, daemon):
    return stage.also_close(Terminal(daemon.folder, daemon.environment()))


def without_shop(daemon):
    config = copy.deepcopy(daemon.config)
    del config["services"]["shop"]
    return config


def remove_shop(daemon):
    daemon.write_config(without_shop(daemon))
    process = daemon.cli("reload")
    assert process.returncode == 0, process.stderr


def line(daemon, *words):
    return " ".join(daemon.command(*words))


# The service is gone.


@pytest.mark.parametrize("words", FOLLOWERS)
def test_a_reload_that_removes_the_service_ends_who_follows_it(daemon, watching, words):
    follower = watching(daemon, *words, "-s", "shop")
    daemon.cli("switch", "-s", "shop", "green")
    follower.wait_for("blue → green" if words[0] == "events" else "serves GREEN")
    remove_shop(daemon)
    assert follower.wait() == 2
    assert follower.err.read_text().startswith('tealgate: there is no service "shop" any more\n')


@pytest.mark.parametrize("words", FOLLOWERS)
def test_as_json_the_end_of_the_service_is_an_error_object(daemon, watching, words):
    follower = watching(daemon, *words, "-s", "shop", "--json")
    daemon.cli("switch", "-s", "shop", "green")
    follower.wait_for('"green"')
    remove_shop(daemon)
    assert follower.wait() == 2
    last = json.loads(follower.lines()[-1])
    assert last["error"]["code"] == "unknown" and "any more" in last["error"]["message"]
    assert follower.err.read_text() == ""


@pytest.mark.parametrize("words", FOLLOWERS)
def test_after_a_restart_without_the_service_the_refusal_is_told(daemon, watching, words):
    follower = watching(daemon, *words, "-s", "shop", "--json")
    daemon.cli("switch", "-s", "shop", "green")
    follower.wait_for('"green"')
    daemon.stop()
    daemon.config = without_shop(daemon)
    daemon.start()
    assert follower.wait() == 2
    assert json.loads(follower.lines()[-1])["error"]["message"] == 'there is no service "shop"'


@needs_tmux
def test_top_says_that_its_service_is_gone_and_shows_no_other_until_it_is_asked(daemon, terminal):
    terminal.type(line(daemon, "top", "-s", "shop"))
    terminal.wait_for("serves BLUE")
    remove_shop(daemon)
    terminal.wait_for('There is no service "shop" any more')
    assert "serves" not in terminal.screen()
    terminal.press("n")
    terminal.wait_for("serves ONE")
    terminal.press("q")
    terminal.wait_for_prompt()


# Nobody reads.


@pytest.mark.parametrize("words", [["events", "--follow", "--limit", "1"], ["events", "--follow", "--json", "--limit", "1"], ["status", "--follow"], ["logs", "--follow"], ["logs", "--follow", "--json"]])
def test_whoever_is_followed_by_nobody_ends_without_another_line(daemon, words):
    request(daemon.port, "/", host="shop.test")
    eventually(daemon.access_log)
    daemon.cli("switch", "-s", "shop", "green")
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    follower = subprocess.Popen(daemon.command(*words), env=daemon.environment(), **pipes)
    try:
        assert follower.stdout.readline()
        follower.stdout.close()
        assert follower.wait(20) == 0 and follower.stderr.read() == b""
    finally:
        follower.kill()
        follower.wait(10)
        follower.stderr.close()


# Nothing can be written.


@pytest.mark.parametrize("words", [["status"], ["history"], ["events"], ["logs"], *FOLLOWERS, ["status", "--follow", "--json"], ["logs", "--follow"], ["version"], ["--help"]])
def test_what_cannot_be_written_is_an_error(daemon, words):
    request(daemon.port, "/", host="shop.test")
    eventually(daemon.access_log)
    daemon.cli("switch", "-s", "shop", "green")
    process = run_into_full(daemon, *words)
    assert process.returncode == 1
    assert process.stderr == "tealgate: the output cannot be written: No space left on device\n"


def test_a_switch_that_cannot_tell_its_result_has_switched(daemon):
    process = run_into_full(daemon, "switch", "-s", "shop", "green", "--quiet")
    assert process.returncode == 0 and "No space left on device" in process.stderr
    assert daemon.service()["active"] == ["green"]


def run_into_full(daemon, *words):
    with open("/dev/full", "w") as full:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": full, "stderr": subprocess.PIPE, "text": True, "timeout": 20}
        return subprocess.run(daemon.command(*words), env=daemon.environment(), **pipes)


# The log cannot be read, or is asked for what is not there.


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
@pytest.mark.parametrize("words", [["logs"], ["logs", "--follow"]])
def test_what_is_in_place_of_the_log_is_no_file(daemon, make, words):
    request(daemon.port, "/", host="shop.test")
    eventually(daemon.access_log)
    daemon.access_log_path.unlink()
    make(daemon.access_log_path)
    process = daemon.cli(*words)
    assert process.returncode == 1 and process.stdout == ""
    assert f"{daemon.access_log_path}: this is no regular file" in process.stderr


@pytest.mark.parametrize(
    "words, why",
    [
        (["-s", "shob"], 'there is no service "shob"; did you mean shop?'),
        (["--pool", "gren"], 'there is no pool "gren"; did you mean green?'),
        (["--server", "blue-2"], 'there is no server "blue-2"; did you mean blue-1?'),
        (["--end", "conect_refused"], '"conect_refused" is no end word of docs/logs.md; did you mean connect_refused?'),
        (["--status", "6xx"], '"6xx" is no status such as 502 or 5xx'),
    ],
)
def test_logs_of_what_is_nowhere_is_wrong_usage(daemon, words, why):
    process = daemon.cli("logs", *words)
    assert process.returncode == 2 and why in process.stderr and process.stdout == ""


# The terminal.


@needs_tmux
@pytest.mark.parametrize("kind", ["dumb", ""])
def test_a_terminal_that_cannot_be_drawn_on_gets_plain_text(daemon, stage, kind):
    terminal = stage.also_close(Terminal(daemon.folder, plain(daemon.environment())))
    terminal.type(f"TERM={kind} " + line(daemon, "top") + "; echo code $?")
    terminal.wait_for("code 2")
    assert "TERM is to name its kind" in terminal.screen().replace("\n", "")
    terminal.type(f"clear; TERM={kind} " + line(daemon, "status", "--follow", "-s", "shop"))
    terminal.wait_for("serves BLUE")
    daemon.cli("switch", "-s", "shop", "green")
    terminal.wait_for("serves GREEN")
    assert "serves BLUE" in terminal.screen() and "\x1b[" not in terminal.coloured()
    terminal.press("C-c")
    terminal.wait_for_prompt()


@needs_tmux
def test_status_follow_is_cut_to_the_terminal_and_says_so(daemon, terminal):
    terminal.resize(120, 6)
    terminal.type("clear; " + line(daemon, "status", "--follow"))
    terminal.wait_for("a taller terminal shows them")
    assert terminal.lines()[0].startswith("shop  OK"), "its beginning is what is seen"
    terminal.resize(120, 30)
    terminal.wait_for("api  OK")
    eventually(lambda: "a taller terminal" not in terminal.screen(), what="the end of the hint")
    terminal.press("C-c")
    terminal.wait_for_prompt()
