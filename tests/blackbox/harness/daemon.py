"""The real binary under test: its config, its life, its logs, and what the kernel says of its process."""
import json
import os
import signal
import subprocess

from harness.control import Control
from harness.processes import Child
from harness.waiting import eventually

# What a sanitizer or a failed CHECK writes to standard error.
ALARMS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer")
ALARMS += ("runtime error:", ": impossible: ")


def config_text(config):
    """YAML with one line a top-level key; the values are JSON, which is YAML too."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())


def shop(pools, health="none", **service):
    """A config of one service `shop`; `pools` is {pool: [address or server map]}. Servers may live in the test's own
    process, which the machine may hold up: a check waits for it."""
    if isinstance(health, dict):
        health = {"timeout": "10s", **health}
    return {
        "version": 1,
        "listen": ["127.0.0.1:0"],
        "workers": 2,
        "services": {"shop": {"health": health, "pools": pools, **service}},
    }


class Daemon:
    def __init__(self, folder, binary, config):
        self.folder = folder
        self.folder.mkdir(exist_ok=True)
        self.binary = binary
        self.config = config if isinstance(config, str) else self._completed(config)
        self.config_path = folder / "tealgate.yaml"
        self.socket_path = folder / "control.sock"
        self.state_folder = folder / "state"
        self.access_log_path = folder / "access.log"
        self.control = Control(self.socket_path)
        self.child = None
        self.supervisor = None  # starts it in its own way: harness/systemd
        self.starts = 0
        self._logs = []

    def _completed(self, config):
        control = {"socket": str(self.folder / "control.sock"), "state": str(self.folder / "state")}
        config = {**config, "control": {**control, **config.get("control", {})}}
        return {"logs": {"access": str(self.folder / "access.log")}, **config}

    def write_config(self, config=None):
        if config is not None:
            self.config = config if isinstance(config, str) else self._completed(config)
        text = self.config if isinstance(self.config, str) else config_text(self.config)
        self.config_path.write_text(text)

    # Its life.

    def begin(self):
        """Starts it without waiting."""
        self.write_config()
        self.state_folder.mkdir(exist_ok=True)
        self.starts += 1
        self._logs.append(self.folder / f"run-{self.starts}.log")
        command, environment, keep = [self.binary, "run", "-c", self.config_path], {}, ()
        if self.supervisor:
            command, environment, keep = self.supervisor.wrap(command)
        environment = {"TEALGATE_CHECK_DESCRIPTORS": "1", **environment}
        self.child = Child(command, self._logs[-1], environment, self.folder, keep)
        return self

    def start(self):
        self.begin()
        self.wait_until_listening()
        return self

    def wait_until_listening(self, within=20.0):
        eventually(self._is_listening, within, "the daemon's listening")

    def _is_listening(self):
        if not self.child.is_running():
            raise AssertionError(f"the daemon ended with {self.child.process.returncode}:\n{self.output()}")
        try:
            return bool(self.control.status()["listening"])
        except (OSError, KeyError):
            return False

    def stop(self, within=30.0):
        """SIGTERM; it must end with 0 and without an alarm."""
        code = self.child.terminate(within)
        self.demand_no_alarm()
        assert code == 0, f"the daemon ended with {code}:\n{self.output()}"

    def demand_no_alarm(self):
        output = self.output()
        for alarm in ALARMS:
            assert alarm not in output, output

    def kill(self):
        """SIGKILL, as a crash."""
        self.child.close()

    def close(self):
        """The end of a test: a daemon still running must end well, and one that crashed is an error."""
        if self.child is None:
            return
        try:
            if self.child.is_running():
                self.stop()
            self.demand_no_alarm()
        finally:
            print(f"--- the daemon's output ---\n{self.output()}")
            self.child.close()

    def output(self):
        return self.child.output()

    def hang_up(self):
        self.child.send(signal.SIGHUP)

    # What it says.

    @property
    def port(self):
        return self.ports[0]

    @property
    def ports(self):
        return [int(address.rpartition(":")[2]) for address in self.control.status()["listening"]]

    def service(self, name="shop"):
        return self.control.service(name)

    def server(self, name, service="shop"):
        servers = (server for pool in self.service(service)["pools"] for server in pool["servers"])
        return next(server for server in servers if server["name"] == name or server["address"] == name)

    def server_counts(self, service="shop"):
        """The counts of all servers of a service, added up."""
        servers = [server for pool in self.service(service)["pools"] for server in pool["servers"]]
        keys = ("in_flight", "uploading", "responding", "blocked")
        return {key: sum(server[key] for server in servers) for key in keys}

    def is_up(self, name):
        return self.server(name)["health"] == "up"

    def wait_until_up(self, *names, within=20.0):
        for name in names:
            eventually(lambda: self.is_up(name), within, f"{name} up")

    def wait_until_idle(self, within=20.0):
        """No exchange is under way."""
        eventually(lambda: self.control.status()["in_flight"] == 0, within, "the end of all exchanges")

    def access_log(self):
        """The lines written so far, as objects."""
        if not self.access_log_path.exists():
            return []
        with open(self.access_log_path) as log:
            return [json.loads(line) for line in log if line.endswith("\n")]

    def wait_for_log(self, condition, within=20.0, what="a line of the access log"):
        """The first line for which `condition(line)` holds."""
        return eventually(lambda: next(filter(condition, self.access_log()), None), within, what)

    def state(self):
        return json.loads((self.state_folder / "state.json").read_text())

    def history_lines(self):
        path = self.state_folder / "history.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    # Its command line.

    def command(self, *words):
        return [str(self.binary), *map(str, words)]

    def environment(self):
        return {**os.environ, "TEALGATE_SOCKET": str(self.socket_path), "NO_COLOR": "1"}

    def cli(self, *words, timeout=60.0, **environment):
        """Runs `tealgate WORDS` against this daemon; a CompletedProcess with text."""
        return subprocess.run(
            self.command(*words),
            env={**self.environment(), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    # What the kernel says of it.

    def resident_bytes(self):
        with open(f"/proc/{self.child.pid}/smaps_rollup") as rollup:
            return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Rss:"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))
