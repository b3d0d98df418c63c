"""The commands that watch: `events`, `status --follow`, `logs`, and `top` in a terminal."""
import json
import os
import signal

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.processes import Child
from harness.terminal import Terminal, plain
from harness.upgrades import Lineage, set_reaper
from harness.waiting import eventually
from harness.watcher import Watcher
from harness.wire import request

needs_tmux = pytest.mark.needs("/usr/bin/tmux")
HEALTH = {"path": "/health", "interval": "100ms", "timeout": "5s"}


@pytest.fixture(autouse=True)
def reaper():
    set_reaper(True)
    yield
    set_reaper(False)


@pytest.fixture
def daemon(stage):
    pools = {pool: [{"address": stage.scripted(Named(pool)).address, "name": f"{pool}-1"}] for pool in ("blue", "green")}
    config = shop(pools)
    config["services"]["shop"]["hosts"] = ["test", "shop.test"]
    config["services"]["api"] = {"health": "none", "hosts": ["api.test"], "pools": pools_of(stage)}
    return stage.daemon(config)


def pools_of(stage):
    return {pool: [{"address": stage.scripted(Named(pool)).address, "name": f"api-{pool}"}] for pool in ("one", "two")}


@pytest.fixture
def watching(stage):
    return lambda daemon, *words: stage.also_close(Watcher(daemon, *words))


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


# events


def test_events_prints_the_newest_and_ends(daemon):
    assert daemon.cli("switch", "-s", "shop", "green", "--reason", "one").returncode == 0
    assert daemon.cli("switch", "-s", "api", "two", "--reason", "two").returncode == 0
    process = daemon.cli("events")
    assert process.returncode == 0 and process.stderr == ""
    assert "blue → green" in process.stdout and "one → two" in process.stdout
    shown = objects(daemon.cli("events", "--json", "-s", "shop").stdout)
    assert {event["event"] for event in shown} >= {"switch.decided", "switch.done"}
    assert {event.get("service") for event in shown} <= {"shop", None}
    last = objects(daemon.cli("events", "--json", "--limit", "1").stdout)
    assert len(last) == 1 and last[0]["service"] == "api"
    assert daemon.cli("events", "--limit", "0").stdout == ""


def test_events_follow_goes_on_until_it_is_interrupted(daemon, watching):
    follower = watching(daemon, "events", "--follow", "--json", "-s", "shop")
    daemon.cli("switch", "-s", "api", "two")
    daemon.cli("switch", "-s", "shop", "green")
    follower.wait_for('"switch.done"')
    assert follower.interrupt() == 130
    assert {event["service"] for event in objects(follower.said()) if "service" in event} == {"shop"}
    assert follower.err.read_text() == ""


def test_events_follow_survives_a_restart_and_says_so(daemon, watching):
    follower = watching(daemon, "events", "--follow", "--json")
    daemon.cli("switch", "-s", "shop", "green")
    follower.wait_for('"switch.done"')
    before = len(follower.lines())
    daemon.stop()
    follower.wait_for_error("the connection to the daemon is lost, trying again")
    daemon.start()
    follower.wait_for_error("connected again")
    daemon.cli("switch", "-s", "shop", "blue")
    eventually(lambda: any('"switch.done"' in line for line in follower.lines()[before:]), what="the second switch")
    events = objects(follower.said())
    assert len({event["id"] for event in events}) == len(events), "none comes twice"
    assert follower.interrupt() == 130


def test_events_follow_goes_on_with_the_daemon_that_took_over(daemon, watching):
    follower = watching(daemon, "events", "--follow", "--json")
    daemon.cli("switch", "-s", "shop", "green")
    follower.wait_for('"switch.done"')
    lineage = Lineage(daemon)
    lineage.demand_upgrade()
    follower.wait_for_error("connected again")
    assert daemon.child.wait(20) == 0, "the old one does not wait for its readers"
    before = len(follower.lines())
    daemon.cli("switch", "-s", "shop", "blue")
    eventually(lambda: any('"switch.done"' in line for line in follower.lines()[before:]), what="the second switch")
    assert follower.interrupt() == 130
    lineage.stop()


def test_a_reader_who_has_read_enough_ends_the_command_quietly(daemon, stage):
    environment = daemon.environment()
    line = " ".join(daemon.command("events", "--follow")) + "; echo $? >&2"
    piped = Child(["bash", "-c", f"( {line} ) | head -n 1"], daemon.folder / "piped.log", environment)
    stage.also_close(piped)
    for pool in ("green", "blue", "green", "blue"):
        daemon.cli("switch", "-s", "shop", pool)
    assert piped.wait(20) == 0
    lines = piped.output().splitlines()  # of head and of the command, in any order
    assert len(lines) == 2 and "0" in lines


@pytest.mark.parametrize("words", [["events"], ["events", "--follow"], ["status", "--follow"], ["logs"]])
def test_without_a_daemon_nothing_is_watched(daemon, words):
    daemon.stop()
    process = daemon.cli(*words)
    assert process.returncode == 3 and process.stdout == "" and "no daemon answers" in process.stderr


@pytest.mark.parametrize("words", [["events"], ["events", "--follow"], ["status", "--follow"]])
def test_a_service_that_is_none_is_wrong_usage(daemon, words):
    process = daemon.cli(*words, "-s", "shob")
    assert process.returncode == 2 and 'there is no service "shob"' in process.stderr
    error = json.loads(daemon.cli(*words, "-s", "shob", "--json").stdout)
    assert error["error"]["exit"] == 2


# status --follow


def test_status_follow_prints_a_block_a_change(daemon, watching):
    follower = watching(daemon, "status", "--follow", "-s", "shop")
    follower.wait_for("serves BLUE 100 %")
    for _ in range(20):
        request(daemon.port, "/")
    daemon.cli("switch", "-s", "shop", "green", "--by", "ann", "--reason", "why")
    follower.wait_for('(ann: "why")')
    follower.wait_for("serves GREEN 100 %")
    assert follower.interrupt() == 130
    blocks = follower.said().split("\n\n")
    assert all(block.startswith("shop  OK  revision") for block in blocks)
    assert len({block.split("serves")[1][:6] for block in blocks}) == 2 and len(blocks) <= 6, blocks


def test_status_follow_as_json_is_an_object_a_line(daemon, watching):
    follower = watching(daemon, "status", "--follow", "--json", "-s", "shop")
    follower.wait_for('"active":["blue"]')
    daemon.cli("switch", "-s", "shop", "green")
    follower.wait_for('"active":["green"]')
    assert all(line["ok"] and line["name"] == "shop" for line in objects(follower.said()))
    for other in ("--idle", "--active", "--exit-code"):
        assert daemon.cli("status", "--follow", other).returncode == 2


# logs


def test_logs_shows_lines_short_or_as_they_are_and_filters_them(daemon):
    for count, (path, host) in enumerate((("/cart", "shop.test"), ("/list", "api.test"), ("/none", "nobody.test")), 1):
        request(daemon.port, path, host=host)
        eventually(lambda: len(daemon.access_log()) == count, what="its line, before that of another worker")
    whole = daemon.cli("logs", "--json")
    assert whole.returncode == 0 and whole.stdout == daemon.access_log_path.read_text()
    short = daemon.cli("logs").stdout.splitlines()
    assert len(short) == 3 and "  200  GET shop.test/cart  shop/blue/blue-1  " in short[0]
    assert short[2].find("421") > 0 and "misdirected" in short[2]

    def paths(*words):
        return [line["path"] for line in objects(daemon.cli("logs", "--json", *words).stdout)]

    assert paths("-s", "shop") == ["/cart"] == paths("--pool", "blue") == paths("--server", "shop/blue/blue-1")
    assert paths("--status", "4xx") == ["/none"] == paths("--end", "misdirected")
    assert paths("--limit", "2") == ["/list", "/none"] and paths("--limit", "1", "--status", "200") == ["/list"]
    assert paths("--since", "1h") == ["/cart", "/list", "/none"]
    assert daemon.cli("logs", "--status", "5x").returncode == 2


def test_logs_follow_goes_on_over_a_rotation(daemon, watching):
    request(daemon.port, "/before")
    eventually(daemon.access_log)
    follower = watching(daemon, "logs", "--follow", "--json")
    follower.wait_for("/before")
    request(daemon.port, "/1")
    follower.wait_for('"/1"')
    daemon.access_log_path.rename(daemon.folder / "access.log.1")
    request(daemon.port, "/2")
    follower.wait_for('"/2"')
    daemon.child.send(signal.SIGUSR1)
    eventually(daemon.access_log_path.exists)
    request(daemon.port, "/3")
    follower.wait_for('"/3"')
    assert follower.interrupt() == 130
    assert [line["path"] for line in objects(follower.said())] == ["/before", "/1", "/2", "/3"]


@pytest.mark.parametrize("target, why", [("stdout", "goes to the daemon's stdout"), ("off", "there is no access log")])
def test_logs_without_a_file_says_where_they_are(stage, target, why):
    config = {**shop({"blue": [stage.scripted().address], "green": [stage.scripted().address]}), "logs": {"access": target}}
    daemon = stage.daemon(config)
    process = daemon.cli("logs", "--follow")
    assert process.returncode == 1 and process.stdout == "" and why in process.stderr


def test_logs_that_may_not_be_read_is_not_permitted(daemon):
    request(daemon.port, "/")
    eventually(daemon.access_log)
    if os.getuid() == 0:
        daemon.access_log_path.unlink()
        assert daemon.cli("logs").returncode == 1
    else:
        daemon.access_log_path.chmod(0)
        assert daemon.cli("logs").returncode == 8


# top


@pytest.fixture
def terminal(stage, daemon):
    return stage.also_close(Terminal(daemon.folder, daemon.environment()))


def top(daemon, *words):
    return " ".join(daemon.command("top", *words))


def test_top_without_a_terminal_says_so(daemon):
    process = daemon.cli("top")
    assert process.returncode == 2 and "top needs a terminal" in process.stderr and process.stdout == ""
    assert daemon.cli("top", "--json").returncode == 2


@needs_tmux
def test_top_shows_a_switch_done_elsewhere_and_fits(daemon, terminal):
    before = terminal.modes()
    terminal.type(top(daemon, "-s", "shop"))
    terminal.wait_for("serves BLUE 100 %")
    assert terminal.is_on_other_screen() and not terminal.shows_cursor()
    daemon.cli("switch", "-s", "shop", "green", "--by", "ann")
    terminal.wait_for("serves GREEN 100 %")
    terminal.wait_for("blue → green")
    lines = terminal.lines()
    assert len(lines) == 24 and all(len(line) <= 80 for line in lines)
    assert any(line.endswith(" CHECK") for line in lines), "the last column is there"
    assert lines[-1].startswith("q quit") and any(line.startswith("G 100% green-1") for line in lines)
    terminal.press("q")
    terminal.wait_for_prompt()
    assert not terminal.is_on_other_screen() and terminal.shows_cursor() and terminal.modes() == before


@needs_tmux
def test_top_obeys_its_keys(daemon, terminal):
    terminal.type(top(daemon, "-s", "shop"))
    terminal.wait_for("s sort (pool)")
    terminal.press("s")
    terminal.wait_for("s sort (req/s)")
    terminal.press("n")
    terminal.wait_for("api (")
    terminal.press("Tab")
    terminal.wait_for("shop (")
    terminal.press("p")
    terminal.wait_for("api (")
    terminal.press("Up", "n", "?")
    terminal.wait_for("any key ends it")
    terminal.press("x")
    terminal.wait_for("shop (")
    terminal.press("Space")
    terminal.wait_for("PAUSED")
    daemon.cli("switch", "-s", "shop", "green")
    terminal.press("s")
    terminal.wait_for("s sort (errors)")
    assert "serves BLUE" in terminal.screen(), "paused"
    terminal.press("Space")
    terminal.wait_for("serves GREEN")
    terminal.press("q")
    terminal.wait_for_prompt()


@needs_tmux
def test_top_follows_the_size_of_the_terminal(daemon, terminal):
    terminal.type(top(daemon))
    terminal.wait_for("EVENTS")
    terminal.resize(60, 20)
    terminal.wait_for("This terminal is too small: 60×20")
    terminal.resize(120, 40)
    terminal.wait_for("EVENTS")
    eventually(lambda: terminal.lines()[39].startswith("q quit"), what="the keys in the last line")
    terminal.press("q")
    terminal.wait_for_prompt()


@needs_tmux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_top_gives_the_terminal_back_when_it_is_ended(daemon, terminal, number):
    before = terminal.modes()
    pid_file = daemon.folder / "top.pid"
    terminal.type(f"sh -c 'echo $$ > {pid_file}; exec {top(daemon)}'; echo code $?")
    terminal.wait_for("EVENTS")
    os.kill(int(pid_file.read_text()), number)
    terminal.wait_for("code 130")
    assert not terminal.is_on_other_screen() and terminal.shows_cursor() and terminal.modes() == before


@needs_tmux
def test_top_stops_and_goes_on(daemon, terminal):
    terminal.type(top(daemon))
    terminal.wait_for("EVENTS")
    terminal.press("C-z")
    terminal.wait_for_prompt()
    assert not terminal.is_on_other_screen() and terminal.shows_cursor()
    terminal.type("fg")
    terminal.wait_for("EVENTS")
    daemon.cli("switch", "-s", "shop", "green")
    terminal.wait_for("serves GREEN")
    terminal.press("q")
    terminal.wait_for_prompt()


@needs_tmux
def test_top_says_that_the_daemon_is_away_and_goes_on_when_it_is_back(daemon, terminal):
    terminal.type(top(daemon, "-s", "shop"))
    terminal.wait_for("serves BLUE")
    daemon.kill()
    terminal.wait_for("NOT CURRENT")
    assert "serves BLUE" in terminal.screen()
    daemon.start()
    eventually(lambda: "NOT CURRENT" not in terminal.screen(), 10.0, "the daemon's return")
    daemon.cli("switch", "-s", "shop", "green")
    terminal.wait_for("serves GREEN")
    terminal.press("q")
    terminal.wait_for_prompt()


@needs_tmux
def test_top_uses_colours_unless_told_otherwise(daemon, stage):
    terminal = stage.also_close(Terminal(daemon.folder, plain(daemon.environment())))

    def is_coloured(command):
        terminal.type(command)
        terminal.wait_for("EVENTS")
        coloured = "\x1b[" in terminal.coloured()
        terminal.press("q")
        terminal.wait_for_prompt()
        terminal.type("clear")
        terminal.wait_for_prompt()
        return coloured

    assert is_coloured(top(daemon))
    assert not is_coloured(top(daemon, "--no-color"))
    assert not is_coloured("NO_COLOR=1 " + top(daemon))


@needs_tmux
def test_top_of_nothing(daemon, terminal):
    terminal.type(top(daemon, "-s", "shob") + "; echo code $?")
    terminal.wait_for("code 2")
    assert 'there is no service "shob"' in terminal.screen()
    daemon.stop()
    terminal.type(top(daemon) + "; echo code $?")
    terminal.wait_for("code 3")


@needs_tmux
def test_status_follow_redraws_a_terminal(daemon, terminal):
    terminal.type(" ".join(daemon.command("status", "--follow", "-s", "shop")))
    terminal.wait_for("serves BLUE")
    daemon.cli("switch", "-s", "shop", "green")
    terminal.wait_for("serves GREEN")
    assert terminal.screen().count("serves") == 1
    terminal.press("C-c")
    terminal.wait_for_prompt()
