"""Runs a matrix of faults against one daemon, many rows at once: each row is a service of its own with two
servers, of which `one` is asked first and fails; what came of it is put beside what was expected."""
import asyncio
import dataclasses

from harness.daemon import shop
from harness.endpoint import Endpoint
from harness.faulty import ROW, FaultyOrigin, origin_for
from harness.logcheck import demand_one_line_each
from harness.message import Malformed, Message
from harness.waiting import TooLate, eventually_async

AT_ONCE = 48  # rows
PATIENCE = 30.0
TRIES = 6  # of a row that found the warm connection too old: a POST uses none that was idle for a second


@dataclasses.dataclass(frozen=True)
class Kind:
    """What is asked."""

    name: str
    method: str
    size: int = 0
    chunked: bool = False

    @property
    def body(self):
        body = b"0123456789abcdef" * (self.size // 16 + 1)
        return body[: self.size]

    def bytes(self, row, request_id):
        fields = [f"{self.method} {ROW} HTTP/1.1", f"Host: {row.host}", f"X-Request-Id: {request_id}"]
        if self.chunked:
            fields.append("Transfer-Encoding: chunked")
            return head_of(fields) + b"%x\r\n%b\r\n0\r\n\r\n" % (self.size, self.body)
        if self.size:
            fields.append(f"Content-Length: {self.size}")
        return head_of(fields) + self.body


def head_of(fields):
    return "\r\n".join([*fields, "", ""]).encode()


@dataclasses.dataclass(frozen=True)
class Outcome:
    status: int  # what the client got; 0: nothing
    cut: bool  # the answer was not whole, and the client could tell
    end: str
    attempts: int
    executions: int  # heads that origins read
    trouble: str = ""


@dataclasses.dataclass
class Row:
    fault: object
    kind: Kind
    reused: bool  # the first attempt meets a kept connection
    everywhere: bool  # the second server fails alike
    number: int = 0
    seen: object = None

    def __str__(self):
        place = "everywhere" if self.everywhere else "on one of two"
        return f"{self.fault.name}, {place}, {self.kind.name}, {'reused' if self.reused else 'fresh'}"

    @property
    def host(self):
        return f"row{self.number}.test"

    def create_origins(self):
        self.one = origin_for(self.fault, self.kind.size)
        self.two = origin_for(self.fault, self.kind.size) if self.everywhere else FaultyOrigin()
        return self.one, self.two

    def service(self):
        # `one` is always asked first: the other's turn comes after hundreds of requests.
        servers = [{"address": self.one.address, "name": "one", "weight": 1000}]
        servers += [{"address": self.two.address, "name": "two"}]
        return {"hosts": [self.host], "pools": {"blue": servers, "green": ["127.0.0.1:9"]}}


class Client:
    """A client's connection for one row."""

    def __init__(self, row, port):
        self.row = row
        self.port = port
        self.endpoint = None

    async def ask(self, data, method="GET"):
        """(answer as far as it came, whether it was cut)"""
        if self.endpoint is None:
            self.endpoint = await Endpoint.connect(self.port)
        sender = asyncio.get_running_loop().create_task(self._send(data))
        message = Message(method=method)
        try:
            cut = not await asyncio.wait_for(self._receive(message), PATIENCE)
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        if cut or message.announces_close:
            self.close()
        return message, cut

    async def _send(self, data):
        try:
            await self.endpoint.send(data)
        except OSError:
            pass  # the answer tells

    async def _receive(self, message):
        try:
            if not await self.endpoint.feed(message, lambda: message.complete):
                message.end_of_stream()
        except (OSError, Malformed):
            return False
        return True

    async def get(self, target):
        """A good request, which must be answered well."""
        message, cut = await self.ask(head_of([f"GET {target} HTTP/1.1", f"Host: {self.row.host}"]))
        words = bytes(message.body).decode("latin-1")
        if cut or message.status != 200 or words != f"answer to {target}" or message.rest:
            return f"{target}: {message.status} {words!r} {message.rest!r}"
        return ""

    def close(self):
        if self.endpoint is not None:
            self.endpoint.close()
            self.endpoint = None


async def run_row(row, port):
    """One try; (request id, what was seen but for the log)."""
    client, request_id = Client(row, port), f"row-{row.number}-{row.tries}"
    origins = (row.one, row.two)
    for origin in origins:
        origin.forget()
    trouble = []
    try:
        if row.reused:
            trouble.append(await client.get("/warm"))
        for origin in origins:
            origin.armed = True
        message, cut = await client.ask(row.kind.bytes(row, request_id), row.kind.method)
        for origin in origins:
            origin.disarm()
        await row.one.settle()
        if message.complete and message.rest:
            trouble.append(f"surplus {message.rest!r}")
        if isinstance(row.one, FaultyOrigin) or isinstance(row.two, FaultyOrigin):
            trouble.append(await client.get("/after"))
        trouble.append(await demand_quiet(origins))
    finally:
        client.close()
    executions = sum(origin.begun for origin in origins)
    status = message.status if message.head_complete else 0
    return request_id, Outcome(status, cut, "", 0, executions, "; ".join(filter(None, trouble)))


async def demand_quiet(origins, within=10.0):
    """Every connection that met a fault was closed by the proxy or goes on; what is wrong, in words."""
    try:
        await eventually_async(lambda: all(origin.is_quiet for origin in origins), within)
    except TooLate:
        return "a connection to the server was left hanging"
    return ""


async def run_until_met(row, port, turn):
    async with turn:
        for row.tries in range(TRIES):
            row.request_id, row.seen = await run_row(row, port)
            if not row.reused or row.one.met_reused:
                return
    row.seen = dataclasses.replace(row.seen, trouble="the connection was never used again")


def run_rows(stage, rows, **defaults):
    """Gives each row its `seen`; returns {request id: row}. `defaults` are settings of every service."""
    for number, row in enumerate(rows):
        row.number = number
        row.create_origins()
    services = {f"row{row.number}": row.service() for row in rows}
    config = {**shop({}), "workers": 1, "services": services, "defaults": {"health": "none", **defaults}}
    daemon = stage.daemon(config)
    port = daemon.port

    async def run():
        turn = asyncio.Semaphore(AT_ONCE)
        for row in rows:
            row.one.begin()
            row.two.begin()
        await asyncio.gather(*(run_until_met(row, port, turn) for row in rows))
        for row in rows:
            await row.one.close()
            await row.two.close()

    asyncio.run(run())
    lines = demand_one_line_each(daemon, [row.request_id for row in rows])
    for row in rows:
        add_log(row, lines[row.request_id])
    daemon.wait_until_idle()
    return daemon


def add_log(row, line):
    trouble = row.seen.trouble
    if line["status"] != row.seen.status:
        trouble += f"; the log says {line['status']}"
    row.seen = dataclasses.replace(row.seen, end=line["end"], attempts=line["attempts"], trouble=trouble)


def differences(rows, expected):
    """Each row that went another way than `expected(row)` says, in words."""
    return [
        f"{row}:\n    expected {expected(row)}\n    but was  {row.seen}" for row in rows if row.seen != expected(row)
    ]
