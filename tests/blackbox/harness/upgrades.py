"""A daemon that is replaced again and again: who serves now, how each of them ended, and programs that are no good
successors."""
import ctypes
import os
import pathlib
import signal

from harness.waiting import eventually

PR_SET_CHILD_SUBREAPER = 36


def set_reaper(whether):
    """Whether this process becomes the parent of daemons whose own has ended, and hears how they end."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(whether), 0, 0, 0)


class Lineage:
    """All daemons that came from one start, which share a process group."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.first = daemon.child.pid

    def serving(self):
        """The pid of the one that answers commands."""
        return self.daemon.control.status()["pid"]

    def living(self):
        """The pids of those that have not ended."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(") ")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == self.first and fields[0] not in "ZX":
                found.append(int(folder.name))
        return sorted(found)

    def upgrade(self, *words, **settings):
        return self.daemon.cli("upgrade", *words, **settings)

    def demand_upgrade(self, *words):
        """One that must succeed; the pid of the new one."""
        before = self.serving()
        done = self.upgrade(*words)
        assert done.returncode == 0, f"{done.returncode}: {done.stdout}{done.stderr}\n{self.daemon.output()}"
        assert self.serving() != before
        return self.serving()

    def wait_for_end(self, pid, within=30.0):
        """The exit code of one that ends; negative for a signal."""
        if pid == self.first:
            return self.daemon.child.wait(within)

        def ended():
            try:
                done, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:  # its own parent lives, and is told instead
                return None
            return (os.waitstatus_to_exitcode(status),) if done else None

        return eventually(ended, within, f"the end of {pid}")[0]

    def wait_until_alone(self, within=30.0):
        """Until one is left; its pid."""
        eventually(lambda: len(self.living()) == 1, within, "a single daemon")
        return self.living()[0]

    def stop(self, within=30.0):
        """SIGTERM to the one that serves, which must end well."""
        pid = self.wait_until_alone(within)  # nobody else is to hear of its end
        os.kill(pid, signal.SIGTERM)
        code = self.wait_for_end(pid, within)
        self.daemon.demand_no_alarm()
        assert code == 0, f"{pid} ended with {code}:\n{self.daemon.output()}"


def program(folder, name, text):
    """An executable script."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


# Says what it is told to say as a daemon's first words, then waits to be killed.
SPEAKER = """#!/usr/bin/python3
import os, signal, socket
channel = socket.socket(fileno=int(os.environ["TEALGATE_HANDOVER"].split(",")[0]))
channel.setblocking(True)
channel.send({words!r})
signal.pause()
"""


def speaker(folder, name, words):
    return program(folder, name, SPEAKER.format(words=b"." + words))
