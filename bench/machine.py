"""What the measurements need of the machine: tools, a release build, free ports, pinned processes, CPU time.

Every process is started by Stage and ended by it, by its id; its folder is removed with it.
"""
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROXY_CORE, LOAD_CORE = 0, 1

TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the system's authorities, which take long to read
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE

PACKAGES = ("wrk nginx haproxy openssl strace g++ cmake ninja-build pkg-config libuv1-dev libssl-dev libcurl4-openssl-dev zlib1g-dev node-llhttp libyaml-cpp-dev "
            "libfmt-dev nlohmann-json3-dev libcli11-dev libexpected-dev doctest-dev").split()


def say(text):
    print(text, file=sys.stderr, flush=True)


def program(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")


def install_tools():
    """Installs the Debian packages that are missing, and says which; the services that they bring are not started."""
    script = '. examples/install-packages && install_packages_if_missing "$@"'
    subprocess.run(["bash", "-c", script, "bash", *PACKAGES], cwd=ROOT, stdout=sys.stderr, check=True)


def build(folder, targets):
    """A release build of `targets` in `folder`."""
    say(f"building {' '.join(targets)} in {folder}")
    for command in (["cmake", "--preset", "release", "-B", folder],
                    ["cmake", "--build", folder, "--target", *targets]):
        done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(pid):
    """`pid` and the processes below it."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue  # it ended meanwhile
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def cpu_nanoseconds(pid):
    """CPU time of all threads of `pid` and of the processes below it."""
    total = 0
    for member in descendants(pid):
        for schedstat in pathlib.Path(f"/proc/{member}/task").glob("*/schedstat"):
            total += int(schedstat.read_text().split()[0])
    return total


def make_certificate(folder):
    """One file with a self-signed ECDSA certificate and its key: what all proxies show in a measurement."""
    both = folder / "bench.pem"
    subprocess.run([program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "60", "-subj", "/CN=bench", "-addext", "subjectAltName=DNS:bench,IP:127.0.0.1",
                    "-keyout", both, "-out", folder / "bench.crt"], check=True, capture_output=True)
    both.write_text(both.read_text() + (folder / "bench.crt").read_text())
    return both


def connect(port, tls=False):
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    if not tls:
        return connection
    return TRUSTING.wrap_socket(connection)


def answers(port, tls=False):
    try:
        with connect(port, tls) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            return connection.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


class Stage:
    """A folder and the processes of one measurement. Use it with `with`."""

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tealgate-bench-"))
        self.processes = []
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, command, core, port, stdout=None, tls=False):
        """Starts `command` on `core` and waits until it answers on `port`."""
        complaints = self.folder / f"{name}.stderr"
        with complaints.open("wb") as stderr, (stdout or complaints).open("ab") as out:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=stderr, cwd=self.folder,
                                       preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.processes.append(process)
        deadline = time.monotonic() + 30
        while not answers(port, tls):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{name} does not answer on port {port}: {complaints.read_text()[-2000:]}")
            time.sleep(0.05)
        return process
