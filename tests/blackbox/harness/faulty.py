"""Origins that fail at one exact moment of one request: how far they read, and what they do then.

A FaultyOrigin lives on the test's event loop. While it is armed, requests to ROW meet its fault; everything
else, and everything after disarm(), is answered well. It counts how often it saw the request.
"""
import asyncio
import dataclasses
import socket

from harness.endpoint import Endpoint
from harness.message import Malformed, Message
from harness.ports import FullQueue, Port

ROW = "/row"
PAUSE = 0.002  # between the bytes of a trickle

# How far an origin reads before its fault.
AT_ONCE = "at once"  # not even a byte has come
UNREAD = "unread"  # bytes have come, none was read
HEAD = "head"
HALF = "half"  # of the body
WHOLE = "whole"


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    reads: str
    act: object  # async (side) → whether the connection goes on; or a class with `address`: no origin listens
    looks: str  # what the proxy can know of it: a key of the oracle


class Side(Endpoint):
    """The origin's end of one connection."""

    def __init__(self, origin, connection):
        super().__init__(connection)
        self.origin = origin
        self.message = None
        self.served = 0

    async def next_head(self):
        self.message = Message("request")
        return await self.feed(self.message, lambda: self.message.head_complete)

    async def read_half(self, size):
        return await self.feed(self.message, lambda: len(self.message.body) >= size // 2)

    async def read_whole(self):
        return await self.feed(self.message, lambda: self.message.complete)


class FaultyOrigin:
    """`size`: of the request's body, so that it knows the half of it."""

    def __init__(self, fault=None, size=0):
        self.fault = fault
        self.size = size
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setblocking(False)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._tasks = set()
        self._acting = 0
        self.forget()

    def forget(self):
        """As if nothing had come yet."""
        self.armed = False
        self.begun = 0  # heads of ROW that were read
        self.met_reused = False  # the fault struck a connection that had served before
        self.answered = asyncio.Event()  # the client has all that it will get
        self.said_more = asyncio.Event()  # what an origin says unasked is out

    def begin(self):
        self._keep(self._accept())

    def _keep(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def disarm(self):
        self.armed = False
        self.answered.set()

    async def settle(self):
        """Returns when nothing more will come of it."""
        if self.fault is not None and self.fault.act is answers_again_when_idle:
            await self.said_more.wait()

    @property
    def is_quiet(self):
        """No fault is under way: each of its connections was closed by the proxy, or goes on."""
        return self._acting == 0

    async def close(self):
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()

    async def _accept(self):
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            self._keep(self._serve(Side(self, connection)))

    async def _serve(self, side):
        try:
            while await self._serve_one(side):
                side.served += 1
        except (OSError, Malformed):
            pass
        finally:
            side.close()

    async def _serve_one(self, side):
        if self._strikes(AT_ONCE):
            return await self._fail(side)
        await side.readable()
        if self._strikes(UNREAD):
            return await self._fail(side)
        if not await side.next_head():
            return False
        target = side.message.first_line.split(" ")[1]
        self.begun += target == ROW
        if target == ROW and self._strikes(HEAD, HALF, WHOLE):
            if self.fault.reads == HALF:
                await side.read_half(self.size)
            elif self.fault.reads == WHOLE:
                await side.read_whole()
            return await self._fail(side)
        if not await side.read_whole():
            return False
        await side.send(answer(f"answer to {target}"))
        return True

    def _strikes(self, *moments):
        return self.armed and self.fault is not None and self.fault.reads in moments

    async def _fail(self, side):
        self.met_reused = self.met_reused or side.served > 0
        self._acting += 1
        try:
            return await self.fault.act(side)
        finally:
            self._acting -= 1


class Absent:
    """In place of an origin: nobody who could answer is there."""

    def __init__(self, kind):
        self._kind = kind()
        self.address = self._kind.address
        self.begun = 0
        self.met_reused = False
        self.is_quiet = True

    def begin(self):
        pass

    def forget(self):
        pass

    def disarm(self):
        pass

    async def settle(self):
        pass

    async def close(self):
        self._kind.close()


REFUSES, HANGS = Port, FullQueue


def origin_for(fault, size):
    return Absent(fault.act) if fault.act in (REFUSES, HANGS) else FaultyOrigin(fault, size)


def answer(body, *fields, status="200 OK"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", body]
    return "\r\n".join(lines)


# What an origin does. None of these returns before the proxy has closed its side, so that a connection that the
# proxy forgets is noticed; what it sends on one that it should not use again is never answered.


async def closes(side):
    side.close()


async def resets(side):
    side.reset()


async def half_closes(side):
    side.half_close()
    await side.end()


async def stalls(side):
    await side.origin.answered.wait()
    await side.end()


async def goes_on(side):
    return await side.read_whole()


def says(data, then=stalls):
    async def act(side):
        await side.send(data)
        return await then(side)

    return act


def trickles(data, then):
    async def act(side):
        await side.trickle(data, PAUSE)
        return await then(side)

    return act


def repeats(begin, piece, pause):
    """Sends `piece` again and again, until the proxy closes or the client has its answer."""

    async def act(side):
        await side.send(begin)
        while not side.origin.answered.is_set():
            await side.send(piece)
            await asyncio.sleep(pause)
        await side.end()

    return act


async def answers_again_when_idle(side):
    await side.send(answer("first"))
    await side.origin.answered.wait()
    await side.send(answer("second"))
    side.origin.said_more.set()
    await side.end()
