"""`tealgate demo`: it begins, plays and ends, whatever becomes of its stdout."""
import fcntl
import json
import os
import re
import signal
import subprocess
import urllib.request

import pytest

from harness.processes import Child
from harness.terminal import Terminal
from harness.waiting import eventually


@pytest.fixture
def demo(stage, binary):
    class Demo:
        socket = stage.folder / "control.sock"
        command = [str(binary), "demo", "--socket", str(socket)]

        def start(self, *words):
            log = stage.folder / "demo.log"
            self.child = stage.also_close(Child([*self.command, *words], log))
            self.child.wait_for_output("Ctrl-C ends the demo")
            return self.child

        def cli(self, *words):
            command = [str(binary), *words, "--socket", str(self.socket)]
            return subprocess.run(command, capture_output=True, text=True, timeout=60)

        def decided(self):
            """What was decided since the first start."""
            lines = json.loads(self.cli("history", "--json").stdout)["entries"]
            return [line for line in lines if line["event"] == "decided" and line["by"] != "config"]

    return Demo()


def test_demo_serves_and_ends_by_itself(demo):
    child = demo.start("--duration", "1s")
    assert child.wait(30) == 0, child.output()
    assert " 0 failed" in child.output() and "stopped" in child.output()


def test_demo_says_where_its_dashboard_is(demo):
    child = demo.start("--no-traffic")
    url = re.search(r"The dashboard is at (http://127\.0\.0\.1:\d+/)", child.output()).group(1)
    with urllib.request.urlopen(url) as page:
        assert b'<div id="app">' in page.read()
    with urllib.request.urlopen(urllib.request.Request(f"{url}v1/whoami", headers={"Authorization": "Bearer demo"})) as who:
        assert json.load(who)["role"] == "deployer"  # which cannot name a program to upgrade to


def test_demo_releases_takes_back_and_breaks_by_itself(demo):
    child = demo.start("--release-every", "1s", "--break-every", "3s")
    assert "Every 1 s there is a release. Every 3 s a server falls ill." in child.output()

    def pools():
        return json.loads(demo.cli("status", "--json").stdout)["services"]["demo"]["pools"]

    eventually(lambda: {"switch", "rollback"} <= {line["kind"] for line in demo.decided()}, 60)
    assert all(pool["label"].startswith("v1.") for pool in pools())
    labels = [line["label"] for line in demo.decided() if line["kind"] == "switch"]
    assert {line["by"] for line in demo.decided()} == {"demo"} and len(set(labels)) == len(labels)
    eventually(lambda: any(server["health"] == "down" for pool in pools() for server in pool["servers"]), 60)
    assert child.terminate(30) == 0, child.output()
    assert " 0 failed" in child.output()


def test_demo_keeps_still_when_it_is_told_to(demo):
    child = demo.start("--no-releases", "--no-breaks")
    assert "Every" not in child.output()
    assert demo.decided() == []
    assert json.loads(demo.cli("status", "--json").stdout)["services"]["demo"]["split"] == ["blue"]


def test_demo_breaks_and_mends_a_pool(demo):
    child = demo.start("--no-releases", "--no-breaks")
    assert demo.cli("demo", "break", "green").returncode == 0
    assert demo.cli("switch", "green").returncode == 4
    assert demo.cli("demo", "mend", "green").returncode == 0
    assert demo.cli("switch", "green", "--healthy-within", "20s").returncode == 0
    assert child.terminate(30) == 0, child.output()


def test_second_demo_on_the_same_socket_says_that_one_runs(demo):
    demo.start("--no-traffic")
    second = subprocess.run(demo.command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1 and "a demo runs already" in second.stderr


@pytest.mark.needs("/usr/bin/tmux")
@pytest.mark.parametrize("kind, columns, is_redrawn", [("xterm", 80, True), ("xterm", 24, True), ("dumb", 80, False)])
def test_live_line_is_one_line_where_a_terminal_can_be_drawn_on(demo, stage, kind, columns, is_redrawn):
    terminal = stage.also_close(Terminal(stage.folder, {}, columns=columns, rows=50))
    terminal.type(f"TERM={kind} {' '.join(demo.command)} --no-releases --no-breaks")

    def drawn():
        return [line for line in terminal.lines() if re.match(r"[\d ]+ requests", line)]

    seen = set()

    def is_drawn_anew():
        seen.update(drawn()[-1:])
        return len(seen) > 3

    eventually(is_drawn_anew, 30, "lines with other counts")
    assert (len(drawn()) == 1) == is_redrawn
    terminal.press("C-c")
    terminal.wait_for_prompt()


def test_demo_ends_although_nobody_reads_its_stdout(demo):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(demo.command, stdout=writer, stderr=subprocess.DEVNULL)
    try:
        invitation = b""
        while b"Ctrl-C ends the demo" not in invitation:
            invitation += os.read(reader, 4096)
        # Through a description of its own, so that the demo's does not become non-blocking.
        full = os.open(f"/proc/self/fd/{writer}", os.O_WRONLY | os.O_NONBLOCK)
        with pytest.raises(BlockingIOError):
            while True:
                os.write(full, b"x")
        os.close(full)
        process.send_signal(signal.SIGINT)
        eventually(lambda: process.poll() is not None, 30, "the demo's end")
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        os.close(writer)
