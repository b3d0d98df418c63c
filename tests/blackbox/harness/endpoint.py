"""One end of a TCP connection on an event loop, client's or server's, in raw bytes: for tests that run hundreds
of small conversations at once and care about every byte and every close."""
import asyncio
import socket
import struct


class Endpoint:
    def __init__(self, connection):
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self._surplus = b""

    @classmethod
    async def connect(cls, port, receive_buffer=None):
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        return cls(connection)

    async def readable(self):
        """Returns when bytes or the end are there; takes nothing."""
        loop = asyncio.get_running_loop()
        arrived = loop.create_future()
        loop.add_reader(self.socket, lambda: arrived.done() or arrived.set_result(None))
        try:
            await arrived
        finally:
            loop.remove_reader(self.socket)

    async def send(self, data):
        data = data.encode("latin-1") if isinstance(data, str) else data
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def trickle(self, data, pause):
        for byte in data.encode("latin-1") if isinstance(data, str) else data:
            await self.send(bytes([byte]))
            await asyncio.sleep(pause)

    async def feed(self, message, satisfied):
        """Reads into `message` until `satisfied()`; False if the stream ends before. What follows the message is kept."""
        surplus, self._surplus = self._surplus, b""
        if surplus:
            message.feed(surplus)
        while not satisfied():
            data = await asyncio.get_running_loop().sock_recv(self.socket, 256 * 1024)
            if not data:
                return False
            message.feed(data)
        if message.complete:
            self._surplus = message.rest
        return True

    async def end(self):
        """Reads and drops until the peer closes or resets."""
        try:
            while await asyncio.get_running_loop().sock_recv(self.socket, 256 * 1024):
                pass
        except OSError:
            pass

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        """Twice is allowed. With bytes unread the kernel makes a reset of it."""
        self.socket.close()
