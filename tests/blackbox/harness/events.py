"""A reader of the stream of events (docs/events.md), by hand: one message after another."""
import json
import time

from harness.control import request_bytes
from harness.waiting import TooLate
from harness.wire import Wire


class Events:
    def __init__(self, daemon, query="", last_id=None, timeout=10.0):
        self.wire = Wire(0, timeout, path=str(daemon.socket_path))
        text = request_bytes("GET", f"/v1/events{query}")
        if last_id is not None:
            text = text.replace(b"\r\n\r\n", b"\r\nLast-Event-ID: " + last_id.encode() + b"\r\n\r\n")
        self.wire.send(text)
        self.message = self.wire.receive_head()
        self.seen = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def next(self):
        """(name, id or None, data) of the next message."""
        self.wire.receive_until(self.message, lambda: b"\n\n" in bytes(self.message.body)[self.seen:])
        rest = bytes(self.message.body)[self.seen:]
        text = rest[: rest.index(b"\n\n")]
        self.seen += len(text) + 2
        fields = dict(line.split(": ", 1) for line in text.decode().split("\n") if not line.startswith(":"))
        return fields.get("event"), fields.get("id"), json.loads(fields.get("data", "null"))

    def until(self, name, fits=lambda data: True, within=60.0):
        """The data of the next message of this name that fits; TooLate if only others come for `within` seconds."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            found, _, data = self.next()
            if found == name and fits(data):
                return data
        raise TooLate(f"no such \"{name}\" came within {within} s")
