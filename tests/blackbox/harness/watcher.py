"""A command that goes on (`events --follow` …), with its two outputs in files."""
import signal
import subprocess

from harness.waiting import eventually


class Watcher:
    def __init__(self, daemon, *words):
        self.out, self.err = daemon.folder / "watch.out", daemon.folder / "watch.err"
        with open(self.out, "w") as out, open(self.err, "w") as err:
            pipes = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err}
            self.process = subprocess.Popen(daemon.command(*words), env=daemon.environment(), **pipes)

    def said(self):
        return self.out.read_text()

    def lines(self):
        return [line for line in self.said().split("\n") if line]

    def wait_for(self, text, within=15.0):
        eventually(lambda: text in self.said(), within, f"{text!r} of the command")

    def wait_for_error(self, text, within=15.0):
        eventually(lambda: text in self.err.read_text(), within, f"{text!r} on its stderr")

    def wait(self, within=10.0):
        """The exit code, of one that ends by itself."""
        return self.process.wait(within)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)

    def close(self):
        self.process.kill()
        self.process.wait(10)
