"""File systems that one daemon alone sees: a small one that runs full, or files in place of others."""
import pathlib
import subprocess


def may_mount():
    return subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


class Mounts:
    """Starts a daemon in a mount namespace of its own: `daemon.supervisor = Mounts()`."""

    def __init__(self):
        self._commands = []

    def small(self, folder, size):
        """An empty file system of that size at `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self._commands.append(f"mount -t tmpfs -o size={size} tmpfs '{folder}'")

    def cover(self, place, by):
        """Shows the file or folder `by` at `place`."""
        self._commands.append(f"mount --bind '{by}' '{place}'")

    def wrap(self, command):
        script = " && ".join([*self._commands, 'exec "$@"'])
        return ["unshare", "-m", "sh", "-c", script, "start", *command], {}, ()


class Seen:
    """A folder as a daemon sees it."""

    def __init__(self, daemon, folder):
        self.path = pathlib.Path(f"/proc/{daemon.control.status()['pid']}/root{folder}")

    def fill(self):
        """Until not a byte has room; returns nothing."""
        with open(self.path / "filler", "ab", buffering=0) as filler:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    pass

    def make_room(self):
        (self.path / "filler").unlink()
