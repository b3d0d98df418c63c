"""An origin that does exactly what a test tells it to, byte by byte: for what no well-behaved app server
does.

Each accepted connection runs `script(peer)` in a thread of its own. The peer reads whole requests and sends
raw bytes; every request received on any connection is kept in `requests`, in the order of arrival. With `tls`, an
ssl.SSLContext, it speaks TLS: `sessions` says of each connection what its handshake came to.
"""
import socket
import struct
import threading

from harness.message import Malformed, Message


class Peer:
    """The origin's end of one connection."""

    def __init__(self, origin, connection, number):
        self.origin = origin
        self.socket = connection
        self.number = number  # 0 for the first connection that the origin accepted
        self._surplus = b""

    def read_head(self):
        """The next request's head, or None if the client closed."""
        return self._read(lambda message: message.head_complete)

    def read_request(self):
        """The next whole request, or None if the client closed."""
        return self._read(lambda message: message.complete)

    def _read(self, satisfied):
        message = Message("request")
        message.feed(self._surplus)
        self._surplus = b""
        if not self._feed(message, satisfied):
            return None
        if message.complete:
            self._surplus = message.rest
        self.origin.note(message)
        return message

    def read_body(self, message):
        """The rest of a request whose head was read."""
        self._feed(message, lambda message: message.complete)
        self._surplus = message.rest

    def _feed(self, message, satisfied):
        while not satisfied(message):
            try:
                data = self.socket.recv(65536)
            except OSError:
                return False
            if not data:
                return False
            message.feed(data)
        return True

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def answer(self, body=b"ok", fields=(), status="200 OK"):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def answer_everything(peer):
    while peer.read_request():
        peer.answer()


class ScriptedOrigin:
    def __init__(self, script=answer_everything, name="scripted", receive_buffer=None, tls=None):
        self.script = script
        self.tls = tls
        self.sessions = []
        self.name = name
        self.requests = []
        self.connections = 0
        self._lock = threading.Lock()
        self._peers = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        if receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.port_number = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port_number}"

    def note(self, message):
        with self._lock:
            self.requests.append(message)

    def targets(self):
        with self._lock:
            return [message.first_line.split(" ")[1] for message in self.requests]

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            peer = Peer(self, connection, self.connections)
            self.connections += 1
            self._peers.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _shake_hands(self, peer):
        try:
            peer.socket = self.tls.wrap_socket(peer.socket, server_side=True)
        except OSError as broken:
            self.sessions.append(str(broken))
            raise
        self.sessions.append("resumed" if peer.socket.session_reused else "new")

    def _serve(self, peer):
        try:
            if self.tls:
                self._shake_hands(peer)
            self.script(peer)
        except (OSError, Malformed):
            pass
        finally:
            try:
                peer.close()
            except OSError:
                pass

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in list(self._peers):
            try:
                peer.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
