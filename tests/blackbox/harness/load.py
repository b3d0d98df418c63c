"""Load without pause: keep-alive clients and clients with a new connection for each request, on raw sockets
of one event loop, so that every close, reset and surplus byte is seen.

What is asked: GET (length or chunked answers), POST with length and chunked bodies, 1 B to 1 MiB, some slow.
Every request has an id of its own, which the answer's body is made of or its hash is checked against.
"""
import asyncio
import hashlib
import itertools
import random
import time

from harness.checker import Exchange
from harness.connection import Connection, Trouble
from harness.waiting import eventually_async

BLOCK = random.Random(20).randbytes(2 * 1024 * 1024)
LARGEST = 1024 * 1024
PATIENCE = 30.0  # for one answer


def pattern(request_id, length):
    line = (request_id + "\n").encode()
    return (line * (length // len(line) + 1))[:length]


class Ask:
    """One request to send, and what its answer must be."""

    def __init__(self, request_id, dice, closes=False):
        self.id = request_id
        size = max(1, int(2 ** (20 * dice.random() ** 1.5)))
        slow = f"&delay={dice.choice((20, 50, 100))}" if dice.random() < 0.06 else ""
        kind = dice.choices(("get", "hash", "echo"), (60, 28, 12))[0]
        self.method = "GET" if kind == "get" else "POST"
        self.closes = closes
        self.pieces = []
        if kind == "get":
            chunked = "&chunked" if dice.random() < 0.4 else ""
            self.target = f"/bytes?n={size}&id={request_id}{chunked}{slow}"
            self.expected = pattern(request_id, size)
            self.head = self._head("")
            return
        self.target = f"/{kind}?id={request_id}{slow}"
        start = dice.randrange(len(BLOCK) - LARGEST)
        body = BLOCK[start : start + size]
        self.expected = body if kind == "echo" else f"{hashlib.sha256(body).hexdigest()} {size}\n".encode()
        if dice.random() < 0.5:
            self.pieces = [body]
            self.head = self._head(f"Content-Length: {size}\r\n")
        else:
            self.pieces = self._chunks(body, dice)
            self.head = self._head("Transfer-Encoding: chunked\r\n")

    def _head(self, framing):
        close = "Connection: close\r\n" if self.closes else ""
        fields = f"Host: test\r\nX-Request-Id: {self.id}\r\n{close}{framing}"
        return f"{self.method} {self.target} HTTP/1.1\r\n{fields}\r\n".encode()

    @staticmethod
    def _chunks(body, dice):
        size = max(1, len(body) // dice.randint(1, 4))
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        return [b"%x\r\n%b\r\n" % (len(part), part) for part in parts] + [b"0\r\n\r\n"]


class Load:
    """The clients: `async with load:` they ask without pause; settle() gives them a rest, go_on() ends it."""

    def __init__(self, port, checker, keep_alive=8, fresh=2, seed=1, tls=None, closes="asked"):
        """`closes`: "announced" if answers may announce the connection's end, "asked" if only those whose request did."""
        self.port = port
        self.checker = checker
        self.closes = closes
        self.tls = tls  # the clients' context; none: plain
        self._numbers = itertools.count(1)
        self._prefix = f"{seed:x}"
        self._going = asyncio.Event()
        self._stopping = False
        self._busy = 0
        self._plan = [(True, seed * 1000 + n) for n in range(keep_alive)]
        self._plan += [(False, seed * 1000 + 500 + n) for n in range(fresh)]
        self._clients = []

    async def __aenter__(self):
        self._going.set()
        for keeps, seed in self._plan:
            run = self._keep_alive_client if keeps else self._fresh_client
            self._clients.append(asyncio.create_task(run(random.Random(seed))))
        return self

    async def __aexit__(self, *_):
        self._stopping = True
        self._going.set()
        await asyncio.gather(*self._clients)

    async def settle(self, origins=()):
        """Stops asking, waits for every answer, and lets the checker compare POSTs with what `origins` executed."""
        self._going.clear()
        await eventually_async(lambda: self._busy == 0, PATIENCE + 10, "the end of the load")
        for origin in origins:
            self.checker.note_executed(origin.name, await asyncio.to_thread(origin.take_ids))
        if origins:
            self.checker.settle()

    def go_on(self):
        self._going.set()

    async def _next(self):
        """Waits while the load rests; whether to go on at all."""
        while not self._going.is_set():  # a wake-up may come after the next settle() has begun
            await self._going.wait()
        return not self._stopping

    async def _keep_alive_client(self, dice):
        connection = None
        while await self._next():
            self._busy += 1
            try:
                if connection is None or connection.is_done:
                    connection = await self._connect()
                if connection is not None:
                    await self._exchange(connection, Ask(self._new_id(), dice))
            finally:
                self._busy -= 1
        if connection is not None:
            connection.close()

    async def _fresh_client(self, dice):
        while await self._next():
            self._busy += 1
            try:
                if connection := await self._connect():
                    await self._exchange(connection, Ask(self._new_id(), dice, closes=dice.random() < 0.5))
                    connection.close()
            finally:
                self._busy -= 1

    def _new_id(self):
        return f"{self._prefix}-{next(self._numbers)}"

    async def _connect(self):
        try:
            return await Connection.open(self.port, self.checker.connection_fault, self.tls)
        except OSError as error:
            self.checker.connection_fault("not accepted", str(error))
            await asyncio.sleep(0.05)
            return None

    async def _exchange(self, connection, ask):
        exchange = Exchange(ask.id, ask.method, ask.target, time.monotonic())
        try:
            message = await connection.ask(ask.method, ask.head, ask.pieces, PATIENCE)
            self._note_answer(exchange, message, ask)
        except Trouble as trouble:
            exchange.trouble = str(trouble)
            exchange.answer_begun = connection.has_answer_begun
        exchange.ended = time.monotonic()
        self.checker.record(exchange)

    def _note_answer(self, exchange, message, ask):
        exchange.status = message.status
        exchange.answer_begun = True
        exchange.pool = message.field("x-pool", "")
        exchange.server = message.field("x-server", "")
        if not 200 <= message.status < 300:
            return
        if message.body != ask.expected:
            exchange.trouble = "wrong body"
        elif message.field("x-id") != ask.id:
            exchange.trouble = "an answer to another request"
        elif message.field("x-echo-request-id") not in (ask.id, ""):
            exchange.trouble = "another request id was passed on"
        elif message.announces_close and not ask.closes and self.closes == "asked":
            exchange.trouble = "a close that nobody asked for"
