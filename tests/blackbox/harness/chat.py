"""WebSockets that talk all the time and come again when they are told to go: the clients, and the server's script."""
import threading

from harness.websocket import ASK, CLOSE, GOING_AWAY, SWITCHED, TEXT, Frames, frame
from harness.wire import Wire, head


def echo(peer):
    """For a scripted origin."""
    if not peer.read_head():
        return
    peer.send(SWITCHED)
    frames = Frames(peer.socket)
    try:
        while True:
            first, _, payload = frames.next()
            peer.send(frame(first, payload))
            if first == CLOSE:
                return
    except EOFError:
        return


class Talkers:
    """`with Talkers(connect, 4) as talkers`: any end but the server's 1001, or an echo that is none, is in `wrong`."""

    def __init__(self, connect, count):
        """`connect()`: a new Wire."""
        self._connect = connect
        self.wrong = []
        self.said = 0
        self.sent_away = 0  # by 1001
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._live) for _ in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _live(self):
        while not self._over.is_set():
            try:
                with self._connect() as wire:
                    self._talk(wire)
            except Exception as error:  # whatever it is, it is what must not happen
                self.wrong.append(repr(error))

    def _talk(self, wire):
        wire.send(head("GET", "/chat", *ASK, host="chat.test"))
        received = b""
        while b"\r\n\r\n" not in received:
            data = wire.socket.recv(65536)
            assert data, "closed without an answer"
            received += data
        assert received.startswith(b"HTTP/1.1 101 "), received
        frames = Frames(wire.socket, received.partition(b"\r\n\r\n")[2])
        number = 0
        while not self._over.wait(0.005):
            number += 1
            text = b"%d" % number
            wire.send(frame(TEXT, text, masked=True))
            first, _, payload = frames.next()
            if first == CLOSE:
                assert payload == GOING_AWAY, payload
                self.sent_away += 1
                wire.send(frame(CLOSE, payload, masked=True))
                assert wire.socket.recv(1) == b""
                return
            assert (first, payload) == (TEXT, text), (first, payload)
            self.said += 1
        wire.send(frame(CLOSE, GOING_AWAY, masked=True))
        while frames.next()[0] != CLOSE:
            pass
