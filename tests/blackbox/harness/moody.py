"""An origin for long runs: it answers well most of the time, and now and then fails in one of many ways, by dice.

What it is asked: /bytes?n= gives that many bytes made of the request's id, /echo its body, /events a stream of
events until the client or the proxy ends it, and an Upgrade is accepted: whatever comes is sent back.
"""
import asyncio
import hashlib
import random
import socket

from harness.endpoint import Endpoint
from harness.load import pattern
from harness.message import Malformed, Message

PATIENCE = 8.0  # for whatever the proxy does not do
PIECE = 32 * 1024


def digest(data):
    return hashlib.sha256(data).hexdigest().encode()


class MoodyOrigin:
    def __init__(self, pool, seed, share_of_faults=0.05):
        self.pool = pool
        self.share_of_faults = share_of_faults
        self.faults = 0
        self._dice = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._listener.setblocking(False)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._tasks = set()
        self._moods = [getattr(self, name) for name in dir(self) if name.startswith("mood_")]

    def begin(self):
        self._keep(self._accept())

    async def end(self):
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()

    def _keep(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self):
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            self._keep(self._serve(Endpoint(connection)))

    async def _serve(self, side):
        try:
            while await self._serve_one(side):
                pass
        except (OSError, Malformed, asyncio.TimeoutError):
            pass
        finally:
            side.close()

    async def _serve_one(self, side):
        message = Message("request")
        if not await side.feed(message, lambda: message.head_complete):
            return False
        if self._dice.random() < self.share_of_faults:
            self.faults += 1
            return await asyncio.wait_for(self._dice.choice(self._moods)(side, message), PATIENCE)
        if message.field("upgrade"):
            return await self._echo_for_ever(side)
        if not await side.feed(message, lambda: message.complete):
            return False
        await self._answer(side, message)
        return True

    async def _answer(self, side, message):
        target, _, query = message.first_line.split(" ")[1].partition("?")
        if target == "/events":
            return await self._tell_events(side)
        if target == "/bytes":
            length = int(query.removeprefix("n="))
            body = pattern(message.field("x-request-id"), length)
        else:
            body = digest(bytes(message.body))
        if self._dice.random() < 0.5:
            return await side.send(self._head(f"Content-Length: {len(body)}") + body)
        await side.send(self._head("Transfer-Encoding: chunked"))
        for at in range(0, len(body), PIECE):
            piece = body[at : at + PIECE]
            await side.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        await side.send(b"0\r\n\r\n")

    def _head(self, *fields, status="200 OK"):
        return "\r\n".join([f"HTTP/1.1 {status}", f"X-Pool: {self.pool}", *fields, "", ""]).encode()

    async def _tell_events(self, side):
        await side.send(self._head("Content-Type: text/event-stream", "Transfer-Encoding: chunked"))
        for _ in range(self._dice.randint(1, 40)):
            await side.send(b"7\r\ndata: x\r\n")
            await asyncio.sleep(0.05)
        await side.send(b"0\r\n\r\n")

    async def _echo_for_ever(self, side):
        await side.send(self._head("Connection: Upgrade", "Upgrade: websocket", status="101 Switching Protocols"))
        while data := await asyncio.get_running_loop().sock_recv(side.socket, PIECE):
            await side.send(data)
        return False

    # Each mood: whether the connection goes on.

    async def mood_closes(self, side, message):
        return False

    async def mood_resets(self, side, message):
        side.reset()

    async def mood_half_closes(self, side, message):
        side.half_close()
        await side.end()

    async def mood_stalls(self, side, message):
        await side.end()

    async def mood_closes_inside_its_head(self, side, message):
        await side.send(b"HTTP/1.1 200 OK\r\nContent-Le")

    async def mood_talks_nonsense(self, side, message):
        await side.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx")
        await side.end()

    async def mood_hints_and_closes(self, side, message):
        await side.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")

    async def mood_cuts_its_body(self, side, message):
        await side.send(self._head("Content-Length: 100000") + b"cut" * 1000)

    async def mood_resets_inside_chunks(self, side, message):
        await side.send(self._head("Transfer-Encoding: chunked") + b"5\r\nbegin\r\n")
        side.reset()

    async def mood_stalls_inside_its_body(self, side, message):
        await side.send(self._head("Content-Length: 100000") + b"stalls")
        await side.end()

    async def mood_trickles(self, side, message):
        await side.trickle(self._head("Content-Length: 7", "X-Mood: fault") + b"trickle", 0.002)
        return False

    async def mood_answers_early_and_closes(self, side, message):
        await side.send(self._head("Content-Length: 5", "X-Mood: fault", "Connection: close") + b"early")

    async def mood_answers_twice(self, side, message):
        await side.feed(message, lambda: message.complete)
        await side.send(self._head("Content-Length: 5", "X-Mood: fault") + b"first" + self._head("Content-Length: 5") + b"stale")
        await side.end()
