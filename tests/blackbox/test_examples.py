"""examples/one-host and examples/two-hosts, run: their configs on free ports, their deploy scripts as they stand, with
stand-ins for systemctl and ssh that start and stop the sample app. Clients ask all the time, and none may fail."""
import os
import pathlib
import signal
import subprocess
import threading

import pytest

from harness.ports import Port
from harness.waiting import eventually
from harness.wire import request

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"

# systemctl VERB app@COLOUR, and `ssh HOST install-app VERSION`: the app's process is the leader of its session.
SYSTEMCTL = """#!/bin/bash
set -e
echo "$1 $2" >>"{folder}/systemctl.log"
colour=${{2#app@}}
pid="{folder}/$colour.pid"
if [ -f "$pid" ]; then kill "$(cat "$pid")" 2>/dev/null || true; tail --pid="$(cat "$pid")" -f /dev/null; rm "$pid"; fi
[ "$1" = restart ] || exit 0
declare -A port=([blue]={blue} [green]={green})
PORT=${{port[$colour]}} setsid "{home}/$colour/run" >>"{folder}/app.log" 2>&1 </dev/null &
echo $! >"$pid"
"""
SSH = """#!/bin/bash
set -e
echo "$*" >>"{folder}/ssh.log"
declare -A colour=([10.0.0.11]=blue [10.0.0.12]=green)
[ "$2" = install-app ]
ln -sfn "{home}/releases/$3" "{home}/${{colour[$1]}}"
exec systemctl restart "app@${{colour[$1]}}"
"""
BROKEN = "#!/bin/sh\nexit 1\n"
# Comes up, and is of no use to clients: only its health check is answered well.
USELESS = (EXAMPLES / "one-host/sample-app/run").read_text().replace("200", '200 if self.path == "/health" else 500')


class Clients:
    """Ask in threads until told to end; `wrong` must stay empty."""

    def __init__(self, port):
        self.port = port
        self.bodies, self.wrong = [], []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(3)]
        for thread in self._threads:
            thread.start()

    def _ask(self):
        while not self._is_over.is_set():
            try:
                answer = request(self.port, "/")
                (self.bodies if answer.status == 200 else self.wrong).append(bytes(answer.body))
            except Exception as error:  # whatever it is, it is what must not happen
                self.wrong.append(repr(error))

    def see(self, version):
        eventually(lambda: self.bodies and self.bodies[-1] == f"version {version}\n".encode(), what=f"version {version}")

    def close(self):
        self._is_over.set()
        for thread in self._threads:
            thread.join()


class Scene:
    def __init__(self, stage, example):
        self.stage, self.example = stage, EXAMPLES / example
        self.folder = stage.folder
        self.home = self.folder / "opt"
        self.home.mkdir()
        self.ports = {colour: stage.also_close(Port()).number for colour in ("blue", "green")}
        stage.also_close(self)
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        (self.programs / "tealgate").symlink_to(stage.binary)
        for name, text in (("systemctl", SYSTEMCTL), ("ssh", SSH)):
            self._write(self.programs / name, text.format(folder=self.folder, home=self.home, **self.ports))
        self.daemon = stage.daemon(self._config())

    @staticmethod
    def _write(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def _config(self):
        text = (self.example / "tealgate.yaml").read_text()
        addresses = {"blue": ('":8081"', "10.0.0.11:8080"), "green": ('":8082"', "10.0.0.12:8080")}
        for colour, spelt in addresses.items():
            found = [word for word in spelt if word in text]
            assert len(found) == 1, f"the example has another address for {colour}"
            text = text.replace(found[0], f"127.0.0.1:{self.ports[colour]}")
        assert '":80"' in text
        text = text.replace('":80"', "127.0.0.1:0")
        folder = self.folder / "tealgate-1"
        return text + f"control: {{socket: {folder}/control.sock, state: {folder}/state}}\nlogs: {{access: 'off'}}\n"

    def release(self, version, text=None):
        """A folder with `run`, as deploy takes it."""
        folder = self.folder / "built" / version
        folder.mkdir(parents=True)
        self._write(folder / "run", text or (EXAMPLES / "one-host/sample-app/run").read_text())
        return folder

    def put_release(self, version, text=None):
        """Where the stand-in for ssh finds it."""
        (self.home / "releases").mkdir(exist_ok=True)
        self.release(version, text).rename(self.home / "releases" / version)

    def environment(self):
        return {**self.daemon.environment(), "PATH": f"{self.programs}:{os.environ['PATH']}"}

    def deploy(self, *words):
        environment = {
            **self.environment(),
            "APP_HOME": str(self.home),
            "APP_URL": f"http://127.0.0.1:{self.daemon.port}/",
            "HEALTHY_WITHIN": "3s" if "bad" in words[-1] else "20s",
        }
        command = [self.example / "deploy", *words]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
        )

    def deploy_well(self, *words):
        done = self.deploy(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def clients(self):
        return self.stage.also_close(Clients(self.daemon.port))

    def service(self):
        return self.daemon.service("app")

    def active(self):
        return sorted(self.service()["active"])

    def hosts_changed(self):
        """In their order, after the first two, which begin with v1."""
        return [line.split()[0] for line in (self.folder / "ssh.log").read_text().splitlines()][2:]

    def is_running(self, colour):
        return (self.folder / f"{colour}.pid").exists()

    def close(self):
        for path in self.folder.glob("*.pid"):
            try:
                os.killpg(int(path.read_text()), signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture
def one_host(stage):
    return Scene(stage, "one-host")


@pytest.fixture
def empty_hosts(stage):
    return Scene(stage, "two-hosts")


@pytest.fixture
def two_hosts(empty_hosts):
    scene = empty_hosts
    scene.put_release("v1")
    for host in ("10.0.0.11", "10.0.0.12"):
        subprocess.run([scene.programs / "ssh", host, "install-app", "v1"], check=True, env=scene.environment())
    eventually(lambda: scene.service()["state"] == "ok", what="health")
    return scene


def test_one_host_releases_one_version_after_the_other(one_host):
    said = one_host.deploy_well(one_host.release("v1"), "v1")
    assert "v1 serves as green; the way back to blue" in said
    clients = one_host.clients()
    for version, colour in (("v2", "blue"), ("v3", "green"), ("v3", "blue")):
        folder = one_host.folder / "built" / version
        one_host.deploy_well(folder if folder.exists() else one_host.release(version), version)
        assert one_host.active() == [colour] and one_host.service()["label"] == version
        clients.see(version)
    assert one_host.daemon.cli("rollback").returncode == 0
    clients.see("v3")
    clients.close()
    assert clients.wrong == []
    assert one_host.service()["lock"] is None


def test_one_host_does_not_switch_to_a_version_that_does_not_come_up(one_host):
    one_host.deploy_well(one_host.release("v1"), "v1")
    clients = one_host.clients()
    refused = one_host.deploy(one_host.release("bad", BROKEN), "bad")
    assert refused.returncode == 4, refused.stderr
    assert "not released, green serves on" in refused.stderr
    assert not one_host.is_running("blue") and one_host.is_running("green")
    clients.close()
    assert clients.wrong == [] and set(clients.bodies) == {b"version v1\n"}


def test_one_host_takes_back_a_version_that_only_clients_find_bad(one_host):
    one_host.deploy_well(one_host.release("v1"), "v1")
    taken_back = one_host.deploy(one_host.release("bad", USELESS), "bad")
    assert taken_back.returncode == 1 and "taken back, green serves again" in taken_back.stderr
    assert one_host.active() == ["green"] and request(one_host.daemon.port, "/").body == b"version v1\n"


@pytest.mark.parametrize(
    "words, what", [([], "Usage:"), (["/nowhere", "v1"], "/nowhere/run is not there"), (["/", "v 1"], "a version is letters")]
)
def test_one_host_says_what_is_wrong_with_its_words(one_host, words, what):
    refused = one_host.deploy(*words) if words else one_host.deploy("only one")
    assert refused.returncode == 2 and what in refused.stderr
    assert not (one_host.folder / "systemctl.log").exists()


def test_two_hosts_have_a_first_release_too(empty_hosts):
    empty_hosts.put_release("v1")
    empty_hosts.deploy_well("v1")
    assert empty_hosts.active() == ["blue", "green"] and empty_hosts.service()["state"] == "ok"


def test_two_hosts_do_not_take_out_the_only_one_that_serves(two_hosts):
    subprocess.run([two_hosts.programs / "systemctl", "stop", "app@green"], check=True, env=two_hosts.environment())
    two_hosts.put_release("v2")
    refused = two_hosts.deploy("v2")
    assert refused.returncode == 4 and "blue could not be taken out" in refused.stderr
    assert two_hosts.hosts_changed() == [] and request(two_hosts.daemon.port, "/").body == b"version v1\n"


def test_two_hosts_serve_before_and_after_and_each_is_out_while_it_changes(two_hosts):
    clients = two_hosts.clients()
    for version in ("v2", "v3"):
        two_hosts.put_release(version)
        assert f"{version} serves on both hosts" in two_hosts.deploy_well(version)
        assert two_hosts.active() == ["blue", "green"]
        clients.see(version)
    clients.close()
    assert clients.wrong == [], clients.wrong[:3]
    finished = [line["to"] for line in two_hosts.daemon.history_lines() if line["event"] == "decided" and "to" in line]
    assert finished[-6:] == [["green"], ["blue"], ["blue", "green"]] * 2


def test_two_hosts_stop_at_a_version_that_does_not_come_up_and_go_on_from_there(two_hosts):
    clients = two_hosts.clients()
    two_hosts.put_release("bad", BROKEN)
    refused = two_hosts.deploy("bad")
    assert refused.returncode == 4 and "stopped half-way" in refused.stderr
    assert two_hosts.active() == ["green"]
    two_hosts.put_release("v2")
    two_hosts.deploy_well("v2")
    assert two_hosts.active() == ["blue", "green"]
    clients.see("v2")
    clients.close()
    assert clients.wrong == [] and set(clients.bodies) == {b"version v1\n", b"version v2\n"}


def test_two_hosts_begin_with_the_one_that_is_out(two_hosts):
    assert two_hosts.daemon.cli("switch", "blue").returncode == 0
    two_hosts.put_release("v2")
    two_hosts.deploy_well("v2")
    assert two_hosts.hosts_changed() == ["10.0.0.12", "10.0.0.11"]


def test_two_hosts_take_back_a_version_that_only_clients_find_bad(two_hosts):
    two_hosts.put_release("bad", USELESS)
    taken_back = two_hosts.deploy("bad")
    assert taken_back.returncode == 1 and "green serves the old version alone" in taken_back.stderr
    assert two_hosts.active() == ["green"] and request(two_hosts.daemon.port, "/").body == b"version v1\n"
    assert two_hosts.hosts_changed() == ["10.0.0.11"], "the second host kept its version"
