"""Scripts for scripted origins that several tests use."""
import threading


class Withholding:
    """Answers nothing until let_go(); every request that came is counted. With `begin` the answer's head and
    first bytes go out at once, and only the rest is withheld."""

    def __init__(self, pool="", begin=False):
        self.pool = pool
        self.begin = begin
        self.asked = 0
        self.closed = 0  # connections that the client side closed
        self._go = threading.Event()

    def let_go(self):
        self._go.set()

    def __call__(self, peer):
        while peer.read_request():
            self.asked += 1
            if self.begin:
                peer.send(f"HTTP/1.1 200 OK\r\nX-Pool: {self.pool}\r\nContent-Length: 10\r\n\r\nbegin")
            self._go.wait(60)
            if self.begin:
                peer.send(b"ended")
            else:
                peer.answer(b"withheld", [f"X-Pool: {self.pool}"])
        self.closed += 1


class Named:
    """Answers at once and says which pool it is of."""

    def __init__(self, pool):
        self.pool = pool
        self.closed = 0

    def __call__(self, peer):
        served = 0
        while peer.read_request():
            served += 1
            peer.answer(self.pool.encode(), [f"X-Pool: {self.pool}"])
        self.closed += 1 if served else 0


class ClosesOnReuse:
    """Answers the first request of each connection; takes the second one and closes without a byte."""

    def __call__(self, peer):
        if peer.read_request():
            peer.answer(b"fresh")
            peer.read_request()


class Events:
    """An event stream: its first event at once, the second one when told."""

    def __init__(self):
        self.go = threading.Event()

    def __call__(self, peer):
        while peer.read_request():
            peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            peer.send("9\r\ndata: 1\n\n\r\n")
            self.go.wait(30)
            peer.send("9\r\ndata: 2\n\n\r\n0\r\n\r\n")
