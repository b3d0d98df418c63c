"""The daemon's page in Chromium: a script of clients/page, what it asks to be done meanwhile, and a service to look at.

A script's `await stage('break', 'green-1')` (clients/page/visit.mjs) is a line of JSON on its stdout; the answer is a line
on its stdin.
"""
import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading

from harness.wire import Wire, head

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "clients" / "page"
LONGEST = 300  # seconds for one script


def visit(script, url, acts):
    """Runs clients/page/SCRIPT.mjs to its end, which must be good. `acts`: {word: function of the words after it}."""
    command = [shutil.which("node"), SCRIPTS / f"{script}.mjs", url]
    complaints = tempfile.TemporaryFile("w+")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True)
    watch = threading.Timer(LONGEST, process.kill)
    watch.start()
    try:
        for line in process.stdout:
            if not line.startswith("["):
                print(f"{script}: {line}", end="")
                continue
            word, *more = json.loads(line)
            process.stdin.write(json.dumps(acts[word](*more)) + "\n")
            process.stdin.flush()
        code = process.wait()
        complaints.seek(0)
        assert code == 0, f"{script}.mjs ended with {code}:\n{complaints.read()}"
    finally:
        watch.cancel()
        process.kill()
        process.wait()


class App:
    """The script of an origin: GET /slow waits until let_go(), GET /health answers with what make_sick() said."""

    def __init__(self):
        self._why = None
        self._go = threading.Event()

    def make_sick(self, why):
        self._why = why

    def mend(self):
        self._why = None

    def let_go(self):
        self._go.set()

    def __call__(self, peer):
        while request := peer.read_request():
            target = request.first_line.split(" ")[1]
            if target == "/health" and self._why:
                peer.answer(self._why.encode(), status="503 Service Unavailable")
                continue
            if target == "/slow":
                self._go.wait(LONGEST)
            peer.answer()


@contextlib.contextmanager
def clients(port, count=4):
    """So many ask without pause; an answer other than 200 fails."""
    over = threading.Event()
    complaints = []

    def ask():
        try:
            with Wire(port) as wire:
                while not over.wait(0.01):
                    assert wire.exchange(head("GET", "/")).status == 200
        except Exception as broken:  # a thread's own assertion would be lost
            complaints.append(broken)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not complaints, complaints
