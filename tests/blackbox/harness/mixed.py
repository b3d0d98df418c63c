"""Clients of every kind for long runs, by dice: good ones, slow ones, ones that leave at any moment, WebSockets, event
streams. Each knows what a whole answer must be; which answers are missing is the origins' doing."""
import asyncio
import collections
import itertools
import random

from harness.endpoint import Endpoint
from harness.load import BLOCK, pattern
from harness.message import Malformed, Message
from harness.moody import digest
from harness.websocket import CLOSE

PATIENCE = 40.0
# What a failing origin may make of a good request.
FAULTS = {502, 504}


class MixedClients:
    """run(): asks without pause until rest() or stop(); `wrong` are answers that nothing explains."""

    def __init__(self, port, count, seed):
        self.port = port
        self.wrong = []
        self.outcomes = collections.Counter()
        self.answered = []  # ids that got at least a head: each is one exchange
        self.sent = []  # ids that may have become an exchange
        self._numbers = itertools.count(1)
        self._dice = [random.Random(seed * 1000 + number) for number in range(count)]
        self._going = False
        self._tasks = []

    def go(self):
        self._going = True
        self._tasks = [asyncio.create_task(self._live(dice)) for dice in self._dice]

    async def rest(self):
        """Ends what is under way."""
        self._going = False
        await asyncio.gather(*self._tasks)

    async def _live(self, dice):
        kinds = (self._good, self._slow_reader, self._leaves, self._slow_upload, self._websocket, self._events, self._nonsense)
        while self._going:
            kind = dice.choices(kinds, (60, 4, 14, 4, 8, 6, 4))[0]
            endpoint = await Endpoint.connect(self.port, receive_buffer=8192 if kind == self._slow_reader else None)
            try:
                outcome = await asyncio.wait_for(kind(endpoint, dice), PATIENCE)
            except (OSError, Malformed):
                outcome = "cut"
            except asyncio.TimeoutError:
                outcome = "no end"
                self.wrong.append(f"{kind.__name__}: no end within {PATIENCE} s")
            finally:
                endpoint.close()
            self.outcomes[f"{kind.__name__.strip('_')}: {outcome}"] += 1

    def _head(self, method, target, *fields):
        request_id = f"mixed-{next(self._numbers)}"
        self.sent.append(request_id)
        lines = [f"{method} {target} HTTP/1.1", "Host: test", f"X-Request-Id: {request_id}", *fields, "", ""]
        return request_id, "\r\n".join(lines).encode()

    def _request(self, dice, largest=300_000):
        """(id, method, bytes, what a whole answer is)"""
        size = int(largest ** dice.random())
        if dice.random() < 0.6:
            request_id, head = self._head("GET", f"/bytes?n={size}")
            return request_id, "GET", head, pattern(request_id, size)
        method = dice.choice(("POST", "PUT"))
        body = BLOCK[size : 2 * size]
        if dice.random() < 0.5:
            request_id, head = self._head(method, "/echo", f"Content-Length: {size}")
            return request_id, method, head + body, digest(body)
        request_id, head = self._head(method, "/echo", "Transfer-Encoding: chunked")
        return request_id, method, head + b"%x\r\n%b\r\n0\r\n\r\n" % (size, body), digest(body)

    async def _receive(self, endpoint, request_id, method, read=None):
        """The answer as far as it comes, and whether it is whole."""
        message = Message(method=method)
        whole = await (read or endpoint.feed)(message, lambda: message.complete)
        if not whole:
            message.end_of_stream()
        self.answered.append(request_id)
        return message

    def _judge(self, message, request_id, expected):
        if message.status in FAULTS or message.field("x-mood") == "fault":
            return str(message.status)
        if message.status != 200 or message.body != expected:
            self.wrong.append(f"{request_id}: {message.status} {bytes(message.body[:60])!r}")
        return "200"

    async def _good(self, endpoint, dice):
        """Some requests on one connection."""
        outcome = "none"
        for _ in range(dice.randint(1, 12)):
            request_id, method, data, expected = self._request(dice)
            sender = asyncio.create_task(self._send_quietly(endpoint, data))
            try:
                message = await self._receive(endpoint, request_id, method)
            finally:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
            outcome = self._judge(message, request_id, expected)
            if message.announces_close:
                break
        return outcome

    @staticmethod
    async def _send_quietly(endpoint, data):
        try:
            await endpoint.send(data)
        except OSError:
            pass  # the answer tells

    async def _slow_reader(self, endpoint, dice):
        size = 600_000
        request_id, head = self._head("GET", f"/bytes?n={size}")
        await endpoint.send(head)

        async def read(message, satisfied):
            while not satisfied():
                data = await asyncio.get_running_loop().sock_recv(endpoint.socket, 16_384)
                if not data:
                    return False
                message.feed(data)
                await asyncio.sleep(0.01)
            return True

        message = await self._receive(endpoint, request_id, "GET", read)
        return self._judge(message, request_id, pattern(request_id, size))

    async def _slow_upload(self, endpoint, dice):
        body = BLOCK[:40_000]
        request_id, head = self._head("POST", "/echo", f"Content-Length: {len(body)}")
        await endpoint.send(head)
        for at in range(0, len(body), 2_000):
            await endpoint.send(body[at : at + 2_000])
            await asyncio.sleep(0.02)
        return self._judge(await self._receive(endpoint, request_id, "POST"), request_id, digest(body))

    async def _leaves(self, endpoint, dice):
        """At any moment: inside the head, the body, before the answer, inside it; by a close or a reset."""
        request_id, method, data, _ = self._request(dice, largest=3_000_000)
        part = data[: dice.randint(1, len(data))] if dice.random() < 0.5 else data
        sender = asyncio.create_task(self._send_quietly(endpoint, part))
        await asyncio.wait({sender}, timeout=dice.random() * 0.2)
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
        if part is data and dice.random() < 0.5:
            await asyncio.get_running_loop().sock_recv(endpoint.socket, 1000)
        if dice.random() < 0.5:
            endpoint.reset()
        return "left"

    async def _websocket(self, endpoint, dice):
        fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        request_id, head = self._head("GET", "/socket", *fields, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        await endpoint.send(head)
        received = bytearray()
        while b"\r\n\r\n" not in received:
            data = await asyncio.get_running_loop().sock_recv(endpoint.socket, 65536)
            if not data:
                return "cut"
            received += data
        self.answered.append(request_id)
        if not received.startswith(b"HTTP/1.1 101 "):
            return bytes(received[9:12]).decode()
        for _ in range(dice.randint(1, 20)):
            sent = BLOCK[: dice.randint(1, 50_000)]
            if not await self._echoed(endpoint, sent):
                return "cut"
            await asyncio.sleep(0.02)
        if dice.random() < 0.3:
            endpoint.reset()
        return "101"

    async def _echoed(self, endpoint, sent):
        await endpoint.send(sent)
        received = bytearray()
        while len(received) < len(sent):
            data = await asyncio.get_running_loop().sock_recv(endpoint.socket, 65536)
            if not data:
                return False
            received += data
            if received[0] == CLOSE:
                return False  # a drain took it for a WebSocket
        if received != sent:
            self.wrong.append("a tunnel's bytes came back changed")
        return True

    async def _events(self, endpoint, dice):
        request_id, head = self._head("GET", "/events")
        await endpoint.send(head)
        message = await self._receive(endpoint, request_id, "GET")
        return str(message.status)

    async def _nonsense(self, endpoint, dice):
        nonsense = (b"GET / HTTP/1.1\r\n\r\n", b"\0\1\2\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET ")
        await endpoint.send(dice.choice(nonsense))
        await endpoint.end() if dice.random() < 0.7 else endpoint.reset()
        return "refused"
