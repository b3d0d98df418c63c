"""TLS over a Wire, with the encrypted bytes in a test's own hands: they may be cut, bent and left out."""
import ssl

from harness.wire import Wire

PIECE = 256 * 1024
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


class SecureSocket:
    """What Wire wants of a socket. An end without close_notify raises SSLEOFError."""

    def __init__(self, raw, context, name, session=None):
        self.raw = raw
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_hostname=name, session=session)

    def __getattr__(self, name):
        return getattr(self.raw, name)

    def hello(self):
        """The client's first message."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self._out.read()

    def shake_hands(self):
        while True:
            try:
                self.tls.do_handshake()
                return self._send()
            except ssl.SSLWantReadError:
                self._send()
                self._fetch()
            except ssl.SSLError:
                self._send()  # the alert
                raise

    def encrypted(self, data):
        """The records of `data`, not sent."""
        self.tls.write(data)
        return self._out.read()

    def farewell(self):
        """A close_notify, not sent. Reading goes on."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        return self._out.read()

    def sendall(self, data):
        view = memoryview(data)
        for at in range(0, len(view), PIECE):
            self.raw.sendall(self.encrypted(view[at : at + PIECE]))

    def recv(self, size):
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                self._send()
                self._fetch()
            except ssl.SSLZeroReturnError:
                return b""

    def _send(self):
        if data := self._out.read():
            self.raw.sendall(data)

    def _fetch(self):
        if data := self.raw.recv(PIECE):
            self._in.write(data)
        else:
            self._in.write_eof()


class SecureWire(Wire):
    """A Wire through TLS. `early` goes out in plain before; without `shakes` the handshake is left to the test."""

    def __init__(self, port, context, name="shop.test", session=None, early=b"", shakes=True, **settings):
        super().__init__(port, **settings)
        if early:
            self.socket.sendall(early)
        self.raw = self.socket
        self.socket = SecureSocket(self.raw, context, name, session)
        if shakes:
            self.socket.shake_hands()

    @property
    def tls(self):
        return self.socket.tls

    def finish_sending(self):
        """A close_notify and nothing after it; the connection itself stays open."""
        self.raw.sendall(self.socket.farewell())

    def reset(self):
        self.socket = self.raw
        super().reset()
