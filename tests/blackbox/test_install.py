"""packaging/install: what it puts where, that it is patient with what is there, and that what it installs works:
the binary starts, systemd reads the units, the completions complete, logrotate rotates, man shows the page."""
import gzip
import json
import os
import pathlib
import pty
import pwd
import re
import shutil
import signal
import subprocess
import threading

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.waiting import eventually
from harness.wire import Wire, head, request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "packaging" / "install"
CONFIG = "etc/tealgate/tealgate.yaml"
ROTATION = "etc/logrotate.d/tealgate"


def run(*command, **environment):
    command = [str(word) for word in command]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def target(stage):
    """A machine's root: an empty folder."""

    class Target:
        folder = stage.folder / "root"
        binary = folder / "usr/local/bin/tealgate"
        units = folder / "usr/local/lib/systemd/system"

        def run(self, *words):
            return run(SCRIPT, *words, DESTDIR=str(self.folder))

        def install(self, *words):
            installed = self.run("--binary", stage.binary, *words)
            assert installed.returncode == 0, installed.stderr
            return installed.stdout

        def files(self):
            return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}

    return Target()


def test_installs_everything_and_a_daemon_starts_from_it(target, stage):
    said = target.install()
    assert "no user and no folders were made" in said
    files = target.files()
    assert {CONFIG, ROTATION, "usr/local/bin/tealgate", "usr/local/share/man/man1/tealgate.1.gz"} <= files
    assert {f"usr/local/lib/systemd/system/tealgate.{kind}" for kind in ("service", "socket")} <= files
    assert {"one-host/deploy", "one-host/sample-app/run", "two-hosts/tealgate.yaml"} <= {
        file.partition("examples/")[2] for file in files
    }
    assert not any(file.endswith(".new") for file in files)
    assert run(target.binary, "check", target.folder / CONFIG).returncode == 0
    stage.binary = target.binary
    daemon = stage.daemon(shop({pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}))
    assert request(daemon.port, "/").body == b"blue"


def test_a_second_time_changes_nothing_and_leaves_the_operators_files_alone(target):
    target.install()
    before = {file: (target.folder / file).read_bytes() for file in target.files()}
    assert "kept as it is" not in target.install()
    assert {file: (target.folder / file).read_bytes() for file in target.files()} == before
    for file in (CONFIG, ROTATION):
        (target.folder / file).write_text("mine\n")
    said = target.install()
    for file in (CONFIG, ROTATION):
        assert f"kept as it is: /{file}" in said
        assert (target.folder / file).read_text() == "mine\n"


def test_uninstall_takes_all_but_what_is_the_operators(target):
    target.install()
    state = target.folder / "var/lib/tealgate/state.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    (target.folder / CONFIG).write_text("mine\n")
    gone = target.run("--uninstall")
    assert gone.returncode == 0 and "kept: /etc/tealgate/tealgate.yaml" in gone.stdout
    assert target.files() == {CONFIG, "var/lib/tealgate/state.json"}
    again = target.run("--uninstall")
    assert again.returncode == 1 and "nothing to remove" in again.stderr


def test_uninstall_keeps_a_changed_log_rotation(target):
    target.install()
    with open(target.folder / ROTATION, "a") as rotation:
        rotation.write("# mine\n")
    assert f"kept, since it was changed: /{ROTATION}" in target.run("--uninstall").stdout
    assert ROTATION in target.files()


def test_paths_of_another_prefix_stand_in_what_names_them(target):
    target.install("--prefix", "/opt/tealgate/")
    unit = (target.folder / "etc/systemd/system/tealgate.service").read_text()
    assert "ExecStart=/opt/tealgate/bin/tealgate run" in unit and "/usr/bin" not in unit
    pattern = re.search(r"--full '([^']*)'", (target.folder / ROTATION).read_text())[1]
    for line in ("/opt/tealgate/bin/tealgate run", "/usr/bin/tealgate run -c /etc/x.yaml", "/opt/x/tealgate-0.2 run"):
        assert re.search(pattern, line), line
    for line in ("/usr/bin/tealgate switch run", "/usr/bin/tealgate logs", "less /x/tealgate run", "/opt/tealgate/other run"):
        assert not re.search(pattern, line), line


@pytest.mark.parametrize(
    "words, code, what",
    [
        (["--binary", "/nowhere"], 1, "/nowhere does not exist; build it"),
        (["--binary", "/bin/echo"], 1, "/bin/echo is no tealgate"),
        (["--binary", "/bin/false"], 1, "/bin/false does not run here"),
        (["--prefix", "opt"], 2, "--prefix must be an absolute path"),
        (["--prefix"], 2, "--prefix needs a value"),
        (["--upgrade"], 2, "unknown word --upgrade"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_installed(target, words, code, what):
    refused = target.run(*words)
    assert (refused.returncode, refused.stdout) == (code, "")
    assert what in refused.stderr
    assert not target.folder.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="gives its rights up")
def test_only_root_installs(binary):
    refused = run("setpriv", "--reuid", "65534", "--clear-groups", SCRIPT, "--binary", binary)
    assert refused.returncode == 1 and "only root can install here" in refused.stderr


@pytest.mark.needs("/usr/bin/systemd-analyze")
def test_systemd_takes_the_units(target, stage):
    """They are read where they lie, with a root made up of what they name."""
    target.install()
    for name in ("network-online.target", "multi-user.target", "sockets.target", "sysinit.target", "basic.target"):
        shutil.copy(f"/lib/systemd/system/{name}", target.units)
    units = [target.units / f"tealgate.{kind}" for kind in ("service", "socket")]
    for unit in units:
        unit.write_text(unit.read_text().replace("/usr/local/bin/tealgate", str(target.binary)))
    verified = run("systemd-analyze", "verify", "--man=no", *units)
    complaints = [line for line in verified.stderr.splitlines() if "tealgate." in line]
    assert (verified.returncode, complaints) == (0, [])
    exposure = run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", units[0])
    assert exposure.returncode == 0, exposure.stdout + exposure.stderr


def test_the_time_to_stop_is_above_the_default_of_the_drain(target):
    target.install()
    unit = (target.units / "tealgate.service").read_text()
    stop = int(re.search(r"^TimeoutStopSec=(\d+)s$", unit, re.MULTILINE)[1])
    grace = re.search(r"`shutdown_grace` \| [^|]* \| `(\d+)s`", (ROOT / "docs/configuration.md").read_text())
    assert stop > int(grace[1]) + 10


def allowed(name):
    """The system calls of one of systemd's sets, and of the sets within it."""
    words = run("systemd-analyze", "syscall-filter", name).stdout.split("\n    ")[1:]
    words = [word.strip() for word in words if not word.strip().startswith("#")]
    return {call for word in words for call in (allowed(word) if word.startswith("@") else {word})}


@pytest.mark.needs("/usr/bin/strace")
@pytest.mark.needs("/usr/bin/systemd-analyze")
def test_the_unit_allows_every_system_call_that_the_daemon_makes(stage, is_sanitized):
    """From its start over a reload, a switch and an upgrade to its end."""
    if is_sanitized:
        pytest.skip("a sanitizer makes calls of its own")
    trace = stage.folder / "trace"

    class Tracer:
        @staticmethod
        def wrap(command):
            return ["strace", "--follow-forks", "--summary-only", "--output", trace, *command], {}, ()

    daemon = stage.daemon(shop({pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}), start=False)
    daemon.supervisor = Tracer()
    daemon.start()
    assert request(daemon.port, "/").status == 200
    for words in (["switch", "green"], ["reload"], ["upgrade", daemon.binary]):
        done = daemon.cli(*words)
        assert done.returncode == 0, done.stderr
    assert request(daemon.port, "/").body == b"green"
    os.kill(daemon.control.status()["pid"], signal.SIGTERM)
    assert daemon.child.wait() == 0
    made = {line.split()[-1] for line in trace.read_text().splitlines()[2:-2]}
    sets = re.findall(r"^SystemCallFilter=(.*)$", (ROOT / "packaging/systemd/tealgate.service").read_text(), re.MULTILINE)
    assert {"execve", "accept4"} <= made and len(sets) == 1
    assert made - allowed(sets[0]) == set()


def completions(shell, binary, line, socket):
    """What the shell offers when Tab is pressed behind `line`."""
    scripts = {
        "bash": 'source <(tealgate completion bash); COMP_LINE=$1; COMP_POINT=${#1}; _tealgate; printf "%s\\n" "${COMPREPLY[@]}"',
        "fish": "tealgate completion fish | source; complete -C $argv[1]",
    }
    command = {"bash": ["bash", "-c", scripts["bash"], "bash", line], "fish": ["fish", "-c", scripts["fish"], line]}[shell]
    path = f"{binary.parent}:{os.environ['PATH']}"
    done = run(*command, PATH=path, TEALGATE_SOCKET=str(socket), HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent")
    return [offered.split("\t")[0] for offered in done.stdout.split("\n") if offered]


@pytest.mark.parametrize("shell", ["bash", pytest.param("fish", marks=pytest.mark.needs("/usr/bin/fish"))])
def test_shells_complete_commands_flags_and_the_names_that_the_daemon_has(stage, shell):
    addresses = {pool: stage.scripted(Named(pool)).address for pool in ("blue", "green")}
    daemon = stage.daemon(shop({pool: [address] for pool, address in addresses.items()}))

    def offered(line):
        return completions(shell, daemon.binary, line, daemon.socket_path)

    assert offered("tealgate sw") == ["switch"]
    assert offered("tealgate switch --heal") == ["--healthy-within"]
    assert sorted(offered("tealgate switch ")) == ["blue", "green"]
    assert offered("tealgate switch gr") == ["green"]
    assert offered("tealgate switch green --until ") == ["done", "drained", "switched"]
    server = f"blue/{addresses['blue']}"
    behind_colon = server.partition(":")[2]
    assert offered(f"tealgate drain {server[:-1]}") == [behind_colon if shell == "bash" else server]


@pytest.mark.needs("/usr/bin/zsh")
def test_zsh_completes_at_a_real_tab(binary, stage):
    """Its completion runs only where somebody types: on a terminal."""
    terminal, inside = pty.openpty()
    environment = {**os.environ, "PATH": f"{binary.parent}:{os.environ['PATH']}", "TERM": "dumb", "HOME": str(stage.folder)}
    zsh = subprocess.Popen(["zsh", "-f", "-i"], stdin=inside, stdout=inside, stderr=inside, env=environment, start_new_session=True)
    os.close(inside)
    os.set_blocking(terminal, False)
    shown = b""

    def shows(text):
        nonlocal shown
        try:
            shown += os.read(terminal, 65536)
        except BlockingIOError:
            pass
        return text in shown

    try:
        os.write(terminal, b"autoload -U compinit; compinit -u -D; source <(tealgate completion zsh)\n")
        os.write(terminal, b"preexec() { print typed: $1; }; print so far: $((6 * 7))\n")
        eventually(lambda: shows(b"so far: 42"), what="zsh")
        os.write(terminal, b"tealgate sw\t--heal\t5s --until sw\t\n")
        eventually(lambda: shows(b"typed: tealgate switch --healthy-within 5s --until switched"), what="the completed line")
    finally:
        zsh.kill()
        zsh.wait()
        os.close(terminal)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_what_their_shell_can_read(binary, stage, shell):
    if not shutil.which(shell):
        pytest.skip(f"no {shell}")
    script = stage.folder / "script"
    script.write_text(run(binary, "completion", shell).stdout)
    read = run(shell, "-n", script)
    assert (read.returncode, read.stderr) == (0, "")


def test_completion_for_an_unknown_shell(binary):
    refused = run(binary, "completion", "tcsh")
    assert refused.returncode == 2 and '"tcsh" is not bash, zsh or fish' in refused.stderr


@pytest.mark.needs("/usr/bin/man")
def test_man_shows_every_command_without_a_warning(binary, stage):
    page = stage.folder / "tealgate.1"
    page.write_text(run(ROOT / "packaging/man-page", "1.2.3").stdout)
    shown = run("man", "--warnings", "-l", page, LC_ALL="C.UTF-8", MANWIDTH="120", MAN_KEEP_FORMATTING="")
    assert (shown.returncode, shown.stderr) == (0, "")
    for command in re.findall(r"^  ([a-z]+)  ", run(binary, "--help").stdout, re.MULTILINE):
        assert f"   tealgate {command}\n" in shown.stdout
    assert "Tealgate 1.2.3" in shown.stdout


class Numbered:
    """Clients that ask without pause, each time for another path."""

    def __init__(self, port, clients=2):
        self._port, self._is_over = port, threading.Event()
        self._asked = [[] for _ in range(clients)]
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]

    def asked(self):
        return [path for paths in self._asked for path in paths]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number):
        with Wire(self._port) as wire:
            while not self._is_over.is_set():
                path = f"/{number}/{len(self._asked[number])}"
                self._asked[number].append(path)
                assert wire.exchange(head("GET", path)).status == 200


@pytest.mark.needs("/usr/sbin/logrotate")
@pytest.mark.skipif(os.getuid() != 0, reason="logrotate becomes the service's user")
def test_logrotate_rotates_and_the_daemon_writes_on_in_a_new_file(target, stage):
    target.install()
    daemon = stage.daemon(shop({"blue": [stage.scripted(Named("blue")).address]}))
    me = pwd.getpwuid(os.getuid()).pw_name
    rotation = (target.folder / ROTATION).read_text()
    for old, new in (
        ("/var/log/tealgate/*.log", str(daemon.access_log_path)),
        ("su tealgate tealgate", f"su {me} {me}"),
        ("--euid tealgate", f"--euid {me}"),
        ("tealgate[^ /]* run( |$)", f"tealgate[^ /]* run -c {daemon.config_path}"),
    ):
        assert old in rotation
        rotation = rotation.replace(old, new)
    path = stage.folder / "rotation"
    path.write_text(rotation)
    path.chmod(0o644)
    with Numbered(daemon.port) as clients:
        for age in range(3):
            eventually(lambda: len(daemon.access_log()) > 50, what="lines in the file")
            rotated = run("/usr/sbin/logrotate", "--force", "--state", stage.folder / "state", path)
            assert (rotated.returncode, rotated.stderr) == (0, "")
            eventually(daemon.access_log_path.exists, what="the new file")
    asked = clients.asked()
    files = [daemon.access_log_path, *daemon.access_log_path.parent.glob("access.log.*")]
    assert len(files) == 4

    def seen():
        texts = [gzip.open(file, "rt").read() if file.suffix == ".gz" else file.read_text() for file in files]
        return sorted(json.loads(line)["path"] for text in texts for line in text.splitlines())

    eventually(lambda: len(seen()) >= len(asked), what="all lines")
    assert seen() == sorted(asked), "each request has one line, in one of the files"
