"""Clients of the control socket: a blocking one, and one for the event loop that tells when each line was
read."""
import asyncio
import json
import time

from harness.message import Message
from harness.wire import Wire


class Answer:
    """The status and the JSON lines of one answer; the last line is the result."""

    def __init__(self, status, lines):
        self.status = status
        self.lines = lines

    @property
    def result(self):
        return self.lines[-1]

    @property
    def ok(self):
        return bool(self.result.get("ok"))

    @property
    def error(self):
        return self.result["error"]

    def __repr__(self):
        return f"{self.status} {self.result}"


def request_bytes(method, path, body=None):
    payload = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    if method == "POST":
        head += f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
    return head.encode() + b"\r\n" + payload


def parse_lines(body):
    return [json.loads(line) for line in bytes(body).split(b"\n") if line.strip()]


class Control:
    def __init__(self, socket_path):
        self.socket_path = str(socket_path)

    def ask(self, method, path, body=None, timeout=60.0):
        with Wire(0, timeout, path=self.socket_path) as wire:
            message = wire.exchange(request_bytes(method, path, body), method)
        return Answer(message.status, parse_lines(message.body))

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body=None, timeout=60.0):
        return self.ask("POST", path, {} if body is None else body, timeout)

    def open(self, method, path, body=None, timeout=60.0):
        """The connection after the request was sent: for tests that read it slowly or drop it."""
        wire = Wire(0, timeout, path=self.socket_path)
        wire.send(request_bytes(method, path, body))
        return wire

    def status(self):
        return self.get("/v1/status").result

    def service(self, name="shop"):
        return self.status()["services"][name]

    def switch(self, *to, service="shop", **fields):
        return self.post(f"/v1/services/{service}/switch", {"to": list(to), **fields})

    def rollback(self, service="shop", **fields):
        return self.post(f"/v1/services/{service}/rollback", fields)

    async def stream(self, method, path, body=None):
        """Yields (when it was read, object) for each line of the answer, as it comes."""
        reader, writer = await asyncio.open_unix_connection(self.socket_path)
        try:
            writer.write(request_bytes(method, path, body))
            message, given = Message(method=method), 0
            while not message.complete:
                data = await reader.read(65536)
                if not data:
                    message.end_of_stream()
                    break
                message.feed(data)
                read_at = time.monotonic()
                while (end := message.body.find(b"\n", given)) >= 0:
                    yield read_at, json.loads(message.body[given:end])
                    given = end + 1
            if message.body[given:].strip():
                yield time.monotonic(), json.loads(message.body[given:])
        finally:
            writer.close()
