"""A stand-in for Loki that takes nothing but what Loki's push API takes, and answers as it is told.

What Loki would refuse, or what it would take and should not be sent, is kept in `faults`: a test demands that it is empty.
Stored lines are `entries`, those of answers 2xx alone; `attempts` are the moments at which a push came. A line that a stream
has already, with the same time, is stored once, as by Loki.
"""
import collections
import gzip
import http.server
import json
import re
import socket
import threading
import time

from harness.ports import Port
from harness.waiting import eventually

Entry = collections.namedtuple("Entry", "labels time line metadata")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
OURS = {"service", "pool", "stream"}
GARBAGE, NEVER, TAKEN = "garbage", "never", "taken"
ENDLESS, DRIPS = object(), object()


class Loki:
    def __init__(self, context=None, tenant=None, authorization=None, labels=()):
        """`context`: it speaks TLS; `tenant`, `authorization`: what must be said; `labels`: names that may occur besides ours."""
        self.port = Port()
        self.context, self.tenant, self.authorization, self.labels = context, tenant, authorization, set(labels)
        self.faults, self.entries, self.attempts, self.connections = [], [], [], 0
        self.newest = {}  # by stream
        self._known = set()
        self.is_ordered = True  # whether each line must be later than the one before in its stream
        self._open = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._server = None
        self.answer(204)
        self.up()

    @property
    def url(self):
        return f"{'https' if self.context else 'http'}://{self.port.address}"

    def answer(self, what, body="", **fields):
        """From now on: a status with its body (ENDLESS: one without end; DRIPS: so, and slow) and fields, GARBAGE, NEVER, or TAKEN:
        the lines are stored, and nothing is answered. Or what a function makes of the entries."""
        body = body.encode() if isinstance(body, str) else body
        self.said = what, body, {name.replace("_", "-"): str(value) for name, value in fields.items()}

    def up(self):
        class Handler(PushHandler):
            loki = self

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port.number), Handler)
        self._server.daemon_threads = True
        if self.context:
            self._server.socket = self.context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def down(self):
        server, self._server = self._server, None
        server.shutdown()
        server.server_close()
        for one in self._open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed
        self._open.clear()

    def close(self):
        self._closed.set()
        if self._server:
            self.down()
        self.port.close()

    # What it was sent.

    def lines(self, **labels):
        """The lines of all streams that have these labels, in the order of their time."""
        fits = [entry for entry in list(self.entries) if labels.items() <= entry.labels.items()]
        return [entry.line for entry in sorted(fits, key=lambda entry: entry.time)]

    def access(self):
        return [json.loads(line) for line in self.lines(stream="access")]

    def wait_for_access(self, count, within=15.0):
        """So many lines of the access log came, and no more."""
        eventually(lambda: len(self.lines(stream="access")) >= count, within, f"{count} lines at Loki")
        assert not self.faults, self.faults
        assert len(self.lines(stream="access")) == count
        return self.access()

    def wait_for_attempts(self, count, within=15.0):
        eventually(lambda: len(self.attempts) >= count, within, f"push {count}")

    # Taking a push.

    def note_connection(self, connection):
        self.connections += 1
        self._open.append(connection)

    def demand(self, holds, what):
        if not holds:
            self.faults.append(what)
        return holds

    def wait_until_closed(self):
        self._closed.wait()

    def is_closed(self, within=0):
        return self._closed.wait(within)

    def take(self, handler):
        """What is answered; the lines are kept only if that is a 2xx."""
        came = time.monotonic()
        fields = handler.headers
        body = handler.rfile.read(int(fields["Content-Length"]))
        self.demand(handler.path == "/loki/api/v1/push", f"path {handler.path}")
        self.demand(fields["Content-Type"] == "application/json", f"Content-Type {fields['Content-Type']}")
        self.demand(fields["Content-Encoding"] == "gzip", f"Content-Encoding {fields['Content-Encoding']}")
        if self.authorization and fields["Authorization"] != self.authorization:
            self.attempts.append(came)
            return 401, b"authentication required\n", {}
        if fields["X-Scope-OrgID"] != self.tenant:
            self.attempts.append(came)
            return 401, b"no org id\n", {}
        with self._lock:
            entries = list(self._entries(json.loads(gzip.decompress(body))))
            what, text, fields = self.said
            self.attempts.append(came)  # whoever has waited for it may call answer(): that is for the next one
            what = what(entries) if callable(what) else what
            if what == TAKEN or isinstance(what, int) and 200 <= what < 300:
                self._keep(entries)
        return what, text, fields

    def _entries(self, push):
        self.demand(push.keys() == {"streams"} and push["streams"], "no streams")
        seen = []
        for stream in push["streams"]:
            labels = stream["stream"]
            self.demand(stream.keys() == {"stream", "values"}, f"a stream has {stream.keys()}")
            self.demand(labels not in seen, f"a stream twice: {labels}")
            seen.append(labels)
            for name, value in labels.items():
                self.demand(LABEL.fullmatch(name) and (name in OURS or name in self.labels), f"label {name}")
                self.demand(isinstance(value, str) and value, f"label {name} is {value!r}")
            self.demand(labels.get("stream") in ("access", "daemon"), f"stream {labels}")
            self.demand(stream["values"], "a stream without values")
            for value in stream["values"]:
                yield self._entry(labels, value)

    def _entry(self, labels, value):
        self.demand(len(value) in (2, 3), f"value of {len(value)} parts")
        nanoseconds, line = value[:2]
        metadata = value[2] if len(value) == 3 else {}
        self.demand(isinstance(nanoseconds, str) and re.fullmatch(r"[0-9]{19}", nanoseconds), f"time {nanoseconds!r}")
        self.demand(isinstance(line, str) and line and "\n" not in line, f"line {line!r}")
        self.demand(metadata.keys() <= {"request_id", "trace_id"}, f"metadata {metadata.keys()}")
        self.demand(all(isinstance(text, str) and text for text in metadata.values()), f"metadata {metadata}")
        self.demand(len(value) == 2 or metadata, "empty metadata")
        return Entry(labels, int(nanoseconds), line, metadata)

    def _keep(self, entries):
        for entry in entries:
            stream = frozenset(entry.labels.items())
            key = stream, entry.time, str(entry.line)
            if key in self._known:
                continue
            self._known.add(key)
            self.demand(not self.is_ordered or entry.time > self.newest.get(stream, 0), f"not in order: {entry}")
            self.newest[stream] = entry.time
            self.entries.append(entry)


class PushHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loki = None

    def setup(self):
        self.loki.note_connection(self.request)
        super().setup()

    def do_POST(self):
        status, body, fields = self.loki.take(self)
        if status in (NEVER, TAKEN):
            self.loki.wait_until_closed()
        if status in (NEVER, TAKEN, GARBAGE):
            self.wfile.write(b"\x15\x03no HTTP\r\n\r\n")
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        has_end = body not in (ENDLESS, DRIPS)
        if status != 204 and has_end:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        while not has_end and not self.loki.is_closed(0.1 if body is DRIPS else 0):
            self.wfile.write(b"no end " * (1 if body is DRIPS else 1000))
        self.wfile.write(body if status != 204 and has_end else b"")

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # it went, or its handshake failed

    def log_message(self, *_):
        pass
