"""One client connection of the load: sends a request, gathers its answer, and reports every close or byte
that nobody announced or asked for. One request at a time; lives on one event loop."""
import asyncio

from harness.message import Malformed, Message


class Trouble(Exception):
    """Why a request has no whole answer; the words are a kind of fault for the checker."""


class Connection(asyncio.Protocol):
    def __init__(self, report):
        self._report = report  # of what happens between exchanges: (kind, words)
        self._transport = None
        self._message = None
        self._answer = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._announced = False  # either side said Connection: close
        self._closed_by_us = False
        self._lost = False
        self.answered = 0

    @classmethod
    async def open(cls, port, report, tls=None):
        """Through TLS with a context `tls`."""
        loop = asyncio.get_running_loop()
        name = "shop.test" if tls else None
        _, connection = await loop.create_connection(
            lambda: cls(report), "127.0.0.1", port, ssl=tls, server_hostname=name
        )
        return connection

    @property
    def is_done(self):
        """No further request may be sent."""
        return self._lost or self._announced or self._closed_by_us

    @property
    def has_answer_begun(self):
        return self._message is not None and self._message.raw_length > 0

    async def ask(self, method, head, pieces, patience=30.0):
        """The whole answer; Trouble if there is none within `patience` seconds."""
        if self._lost:
            raise Trouble("closed unannounced")
        loop = asyncio.get_running_loop()
        self._message = Message(method=method)
        self._answer = loop.create_future()
        timer = loop.call_later(patience, self._fail, f"no whole answer within {patience} s")
        try:
            await self._send(head, pieces)
            return await self._answer
        finally:
            timer.cancel()

    async def _send(self, head, pieces):
        self._announced = b"\r\nConnection: close\r\n" in head
        self._transport.write(head)
        for piece in pieces:
            if not self._may_write.is_set():
                await self._may_write.wait()
            if self._answer.done():  # answered early: the rest of the request is never sent
                self.close()
                break
            self._transport.write(piece)

    def close(self):
        self._closed_by_us = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport):
        self._transport = transport

    def pause_writing(self):
        self._may_write.clear()

    def resume_writing(self):
        self._may_write.set()

    def data_received(self, data):
        if self._answer is None or self._answer.done():
            self._report("bytes that nobody asked for", repr(data[:80]))
            return
        message = self._message
        try:
            message.feed(data)
        except Malformed as malformed:
            self._fail(f"malformed answer: {malformed}")
            return
        if message.complete:
            self._finish(message)

    def _finish(self, message):
        if message.rest:
            self._report("bytes that nobody asked for", repr(message.rest[:80]))
        self._announced = self._announced or message.announces_close
        self.answered += 1
        self._answer.set_result(message)

    def _fail(self, words):
        if not self._answer.done():
            self._answer.set_exception(Trouble(words))
        self._closed_by_us = True
        self._may_write.set()
        self._transport.abort()

    def eof_received(self):
        return False

    def connection_lost(self, error):
        self._lost = True
        self._may_write.set()
        if self._answer is not None and not self._answer.done():
            self._end_of_answer(error)
        elif not self._announced and not self._closed_by_us:
            kind = "reset unannounced" if error else "closed unannounced"
            self._report(kind, f"after {self.answered} answers: {error or 'closed'}")

    def _end_of_answer(self, error):
        if error is not None:
            self._answer.set_exception(Trouble("reset"))
            return
        if self.answered and not self.has_answer_begun:
            self._answer.set_exception(Trouble("closed unannounced"))
            return
        try:
            self._message.end_of_stream()
        except Malformed as malformed:
            self._answer.set_exception(Trouble(str(malformed)))
            return
        self._finish(self._message)
