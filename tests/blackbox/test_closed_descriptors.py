"""Started without stdin, stdout or stderr: each is /dev/null then, and nothing else takes its number."""
import os
import subprocess

import pytest

from harness.daemon import shop
from harness.processes import Child
from harness.waiting import eventually

CLOSED = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]


@pytest.fixture
def config(stage):
    return shop({pool: stage.scripted().address for pool in ("blue", "green")})


def run(daemon, closed, *words):
    line = " ".join(daemon.command(*words))
    return subprocess.run(["bash", "-c", f"{line} {closed}"], env=daemon.environment(), capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("words", [["status"], ["events"], ["logs"], ["history"], ["switch", "-s", "shop", "green", "--quiet"]])
def test_a_command_without_them_works(stage, config, closed, words):
    daemon = stage.daemon(config)
    daemon.access_log_path.touch()
    process = run(daemon, closed, *words)
    assert process.returncode == 0 and process.stderr == "", process.stderr
    if words[0] == "switch":
        assert daemon.service()["active"] == ["green"]


@pytest.mark.parametrize("closed", CLOSED)
def test_the_daemon_without_them_works(stage, config, closed):
    daemon = stage.daemon(config, start=False)
    daemon.write_config()
    daemon.state_folder.mkdir()
    command = f"exec {daemon.binary} run -c {daemon.config_path} {closed}"
    child = stage.also_close(Child(["bash", "-c", command], daemon.folder / "closed.log"))
    eventually(lambda: daemon.socket_path.exists() and daemon.cli("status").returncode == 0, what="the daemon")
    for number, mode in enumerate(("<", ">", "2>")):
        if f"{mode}&-" in closed.split():
            assert os.readlink(f"/proc/{child.pid}/fd/{number}") == "/dev/null"
    assert child.terminate() == 0
