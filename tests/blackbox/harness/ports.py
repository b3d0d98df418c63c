"""TCP ports of loopback that stay ours while an app server is down.

The kernel chooses the port; the reservation is a bound socket that never listens, so that a server that sets
SO_REUSEADDR (all of ours do) may listen there, again and again, while nobody else is given the port.
"""
import socket


class Port:
    def __init__(self):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number = self._socket.getsockname()[1]

    @property
    def address(self):
        return f"127.0.0.1:{self.number}"

    def close(self):
        self._socket.close()


class FullQueue:
    """A server that hangs: its queue of connections is full, so that the kernel answers no connect."""

    def __init__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._fillers = [socket.socket() for _ in range(4)]
        for filler in self._fillers:
            filler.setblocking(False)
            filler.connect_ex(self._listener.getsockname())

    def close(self):
        for one in (*self._fillers, self._listener):
            one.close()
