"""WebSocket frames, byte by byte, for either end of a raw connection."""
import struct

TEXT, PING, CLOSE = 0x81, 0x89, 0x88
GOING_AWAY = struct.pack(">H", 1001)
KEY = b"\x5a\x01\xff\x7c"

ASK = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


def xor(payload, key):
    return bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def frame(first, payload=b"", masked=False):
    size, bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head = bytes([first, bit | size])
    elif size < 65536:
        head = bytes([first, bit | 126]) + struct.pack(">H", size)
    else:
        head = bytes([first, bit | 127]) + struct.pack(">Q", size)
    return head + (KEY + xor(payload, KEY) if masked else payload)


class Frames:
    """What comes on a socket, frame by frame: (first byte, whether masked, payload unmasked)."""

    def __init__(self, socket, received=b""):
        self.socket, self.received = socket, received

    def _take(self, count):
        while len(self.received) < count:
            data = self.socket.recv(256 * 1024)
            if not data:
                raise EOFError(f"closed inside a frame, after {self.received[:20]!r}")
            self.received += data
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def next(self):
        first, second = self._take(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        key = self._take(4) if second & 0x80 else None
        payload = self._take(size)
        return first, key is not None, xor(payload, key) if key else payload

    def is_at_end(self):
        """Whether the peer closes, politely, and sends nothing more."""
        return self.received == b"" and self.socket.recv(1) == b""
