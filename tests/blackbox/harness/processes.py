"""A child process that a test started: its output goes to a file, it is the leader of its own group, and it
is ended by its id alone."""
import os
import signal
import subprocess

from harness.waiting import eventually


class Child:
    def __init__(self, arguments, log, env=None, cwd=None, keep=()):
        """`keep`: descriptors that it inherits, and that are closed here."""
        self.log_path = log
        self._log = open(log, "ab")
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
            pass_fds=keep,
        )
        for descriptor in keep:
            os.close(descriptor)
        self.pid = self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def send(self, number):
        if self.is_running():
            self.process.send_signal(number)

    def output(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def wait(self, within=10.0):
        """The exit code; negative for a signal."""
        return self.process.wait(within)

    def terminate(self, within=10.0):
        """SIGTERM, and the exit code; whoever does not end in time is killed, which is an error."""
        self.send(signal.SIGTERM)
        try:
            return self.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.process.args[0]} did not end within {within} s of SIGTERM")

    def kill(self):
        """SIGKILL to the whole group, and waits."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(10)

    def close(self):
        """Leaves nothing of it behind, whatever state it is in."""
        self.kill()
        self._log.close()

    def wait_for_output(self, text, within=20.0):
        def said():
            if text in self.output():
                return True
            if not self.is_running():
                raise AssertionError(f"{self.process.args[0]} ended with {self.process.returncode}:\n{self.output()}")
            return False

        eventually(said, within, f"{text!r} of {self.process.args[0]}")
