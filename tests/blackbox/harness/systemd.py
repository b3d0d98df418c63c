"""What systemd is to a service, as far as tests need it: the socket that it notifies, and listening sockets
that outlast it (sd_notify(3), sd_listen_fds(3))."""
import fcntl
import socket

from harness.waiting import eventually

HIGH = 100  # where no descriptor is that the child gets by itself
LISTEN_QUEUE = 512


class Systemd:
    """Starts a daemon's process as systemd would: `daemon.supervisor = Systemd(folder)`."""

    def __init__(self, folder, watchdog=None):
        self.notify_path = str(folder / "notify.sock")
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind(self.notify_path)
        self._notified.setblocking(False)
        self.watchdog = watchdog  # seconds
        self.sockets = []
        self.messages = []  # dicts, in the order of their arrival
        self.listen_pid = "$$"

    def close(self):
        self._notified.close()
        for one in self.sockets:
            one.close()

    # Sockets that it keeps.

    def listen(self, host="127.0.0.1", port=0, reuse_port=False, family=socket.AF_INET):
        """Opens a listening socket that the daemon will inherit; its port."""
        one = socket.socket(family)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((host, port))
        return self._keep(one).getsockname()[1]

    def listen_unix(self, path):
        one = socket.socket(socket.AF_UNIX)
        one.bind(str(path))
        self._keep(one)

    def _keep(self, one):
        one.listen(LISTEN_QUEUE)
        self.sockets.append(one)
        return one

    # The start of a process.

    def wrap(self, command):
        """The command, its environment, and the descriptors it keeps."""
        environment = {"NOTIFY_SOCKET": self.notify_path}
        if self.watchdog:
            environment["WATCHDOG_USEC"] = str(int(self.watchdog * 1e6))
        if not self.sockets:
            return command, environment, ()
        kept = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD_CLOEXEC, HIGH) for one in self.sockets]
        moves = " ".join(f"{3 + i}<&{fd} {fd}<&-" for i, fd in enumerate(kept))
        environment["LISTEN_FDS"] = str(len(kept))
        script = f'export LISTEN_PID={self.listen_pid}; exec "$@" {moves}'
        return ["bash", "-c", script, "start", *command], environment, kept

    # What it was told.

    def read(self):
        while True:
            try:
                data = self._notified.recv(4096).decode()
            except BlockingIOError:
                return self.messages
            self.messages.append(dict(line.split("=", 1) for line in data.splitlines()))

    def wait_for(self, **assignments):
        """The first message since `forget()` that holds them all."""

        def found():
            return next((m for m in self.read() if assignments.items() <= m.items()), None)

        return eventually(found, what=f"{assignments} of the daemon")

    def forget(self):
        self.read()
        self.messages.clear()
