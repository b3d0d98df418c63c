"""A tiny proxy with faults to order, by which the checker itself is tested: whatever it does wrong must turn
the verdict red.

It gathers a whole request, asks one origin of its pool on a new connection, and passes the gathered answer
on. switch() takes effect at once, unless the fault says otherwise. Runs on the event loop of the load.
"""
import asyncio
import itertools
import struct
import socket

from harness.message import Malformed, Message

DROPPED = ("connection", "keep-alive", "transfer-encoding", "content-length")
EVERY = 20  # each so many exchanges the fault strikes


class StandIn:
    def __init__(self, pools, pool, fault=""):
        self.pools = {name: itertools.cycle(ports) for name, ports in pools.items()}
        self.pool = pool
        self.stale = pool
        self.fault = fault
        self.port = 0
        self._count = itertools.count(1)
        self._server = None
        self._writers = set()

    async def begin(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=4 * 1024 * 1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def end(self):
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    def switch(self, pool):
        self.stale, self.pool = self.pool, pool
        if self.fault == "closes at a switch":
            for writer in list(self._writers):
                writer.close()

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        surplus = b""
        try:
            while (request := await self._read(reader, Message("request"), surplus)) is not None:
                surplus = request.rest
                if not await self._answer(request, writer) or request.announces_close:
                    break
        except (OSError, Malformed, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    @staticmethod
    async def _read(reader, message, surplus=b""):
        message.feed(surplus)
        while not message.complete:
            data = await reader.read(256 * 1024)
            if not data:
                if message.role == "request":
                    return None
                message.end_of_stream()
                break
            message.feed(data)
        return message

    async def _ask(self, request, pool):
        reader, writer = await asyncio.open_connection("127.0.0.1", next(self.pools[pool]))
        head = f"{request.first_line}\r\nHost: test\r\nConnection: close\r\nContent-Length: {len(request.body)}\r\n\r\n"
        writer.write(head.encode() + request.body)
        answer = await self._read(reader, Message(method=request.first_line.split(" ")[0]))
        writer.close()
        return answer

    async def _answer(self, request, writer):
        """Whether the connection lives on."""
        strikes = next(self._count) % EVERY == 0
        fault = self.fault if strikes else ""
        answer = await self._ask(request, self.stale if fault == "stale pool" else self.pool)
        if fault == "sends twice":
            await self._ask(request, self.pool)
        if fault == "refuses":
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return True
        head = f"HTTP/1.1 {answer.status} OK\r\nContent-Length: {len(answer.body)}\r\n"
        if fault == "announces a close":
            head += "Connection: close\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in answer.fields if name not in DROPPED)
        body = answer.body
        if fault == "spoils the body" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        if fault == "cuts the answer":
            body = body[: len(body) // 2]
        writer.write(head.encode() + b"\r\n" + body)
        if fault == "says too much":
            writer.write(b"surplus")
        await writer.drain()
        if fault == "resets":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return fault not in ("cuts the answer", "announces a close", "closes unannounced", "resets")
