"""A client that speaks raw bytes on a blocking socket, for tests that care about every byte and every close."""
import socket

from harness.message import Malformed, Message


class Wire:
    """One connection, to a port of loopback or to the Unix socket `path`. Every read is bounded by `timeout`."""

    def __init__(self, port, timeout=10.0, receive_buffer=None, path=None, source=None):
        if path is not None:
            self.socket = socket.socket(socket.AF_UNIX)
        else:
            self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source is not None:
            self.socket.bind((source, 0))
        self.socket.settimeout(timeout)
        self.socket.connect(path if path is not None else ("127.0.0.1", port))
        self._surplus = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    @property
    def local_port(self):
        return self.socket.getsockname()[1]

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def receive(self, method="GET"):
        """The next whole response."""
        message = Message(method=method)
        self.receive_until(message, lambda: message.complete)
        self._surplus = message.rest
        return message

    def receive_head(self, method="GET"):
        """A response whose head has come; receive_rest() completes it."""
        message = Message(method=method)
        self.receive_until(message, lambda: message.head_complete)
        return message

    def receive_interim(self):
        """A response of which at least one 1xx has come."""
        message = Message()
        self.receive_until(message, lambda: message.interim or message.head_complete)
        return message

    def receive_rest(self, message):
        self.receive_until(message, lambda: message.complete)
        self._surplus = message.rest
        return message

    def receive_until(self, message, satisfied):
        if self._surplus:
            surplus, self._surplus = self._surplus, b""
            message.feed(surplus)
        while not satisfied():
            data = self.socket.recv(256 * 1024)
            if not data:
                message.end_of_stream()
                if not satisfied():
                    raise Malformed("closed too early")
                return
            message.feed(data)

    def read_to_end(self):
        """All bytes until the peer closes; a reset raises."""
        data, self._surplus = bytearray(self._surplus), b""
        while piece := self.socket.recv(256 * 1024):
            data += piece
        return bytes(data)

    def is_closed_by_peer(self, within=20.0):
        """Whether the peer closes (politely) within that time, sending nothing more."""
        return self._next_byte(within) == b""

    def stays_open(self, seconds=0.2):
        """Whether nothing at all comes from the peer for that long."""
        return self._next_byte(seconds) is None

    def _next_byte(self, within):
        """A byte, nothing at the end of the stream, None if neither came in time."""
        usual = self.socket.gettimeout()
        self.socket.settimeout(within)
        try:
            return self.socket.recv(1)
        except TimeoutError:
            return None
        finally:
            self.socket.settimeout(usual)

    def exchange(self, data, method="GET"):
        self.send(data)
        return self.receive(method)


def head(method, target, *fields, host="test"):
    """The bytes of a request's head, with its empty line."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {host}", *fields, "", ""]).encode("latin-1")


def request(port, target, method="GET", fields=(), body=b"", host="test"):
    """One request on a connection of its own; the response."""
    if body or method in ("POST", "PUT"):
        fields = [*fields, f"Content-Length: {len(body)}"]
    with Wire(port) as wire:
        return wire.exchange(head(method, target, *fields, host=host) + body, method)
