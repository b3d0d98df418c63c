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
