"""Large bodies through TLS, both ways, whole and with a slow reader: what waits in the daemon stays bounded."""
import hashlib
import random
import threading
import time

import pytest

from harness.secure import VERSIONS
from harness.tls_scene import TlsScene
from harness.waiting import eventually
from harness.wire import head
from test_backpressure import EXCHANGES, GIB, MIB, Sink, Source, demand_bounded_memory, read_slowly, send_without_end

BLOCK = random.Random(30).randbytes(MIB)


def hash_of_blocks(count):
    digest = hashlib.sha256()
    for _ in range(count):
        digest.update(BLOCK)
    return digest.hexdigest()


class Transfers:
    """A server for whole large bodies; a Message would keep them in memory."""

    def __call__(self, peer):
        while begun := self.read_head(peer):
            text, _, rest = begun.partition(b"\r\n\r\n")
            method, target, _ = text.split(b"\r\n")[0].split(b" ")
            count = int(target[1:])
            if method == b"POST":
                peer.answer(self.hash_of(peer, count * MIB, rest).encode())
                continue
            peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {count * MIB}\r\n\r\n")
            for _ in range(count):
                peer.send(BLOCK)

    @staticmethod
    def read_head(peer):
        begun = b""
        while b"\r\n\r\n" not in begun:
            data = peer.socket.recv(65536)
            if not data:
                return b""
            begun += data
        return begun

    @staticmethod
    def hash_of(peer, length, begun):
        digest, taken = hashlib.sha256(begun), len(begun)
        while taken < length:
            data = peer.socket.recv(MIB)
            assert data, "the upload was cut"
            digest.update(data)
            taken += len(data)
        return digest.hexdigest()


@pytest.mark.parametrize("version", VERSIONS)
def test_large_bodies_arrive_whole(stage, version, is_long, is_sanitized):
    scene = TlsScene(stage, Transfers())
    count = 1024 if is_long else 64
    warm_up(scene, "/1")
    before = scene.daemon.resident_bytes()
    with scene.wire(version, timeout=60) as wire:
        digest = hashlib.sha256()
        wire.send(head("GET", f"/{count}", host="shop.test"))
        begun = wire.receive_head()
        digest.update(begun.body)
        left = count * MIB - len(begun.body)
        while left:
            data = wire.socket.recv(MIB)
            digest.update(data)
            left -= len(data)
        assert digest.hexdigest() == hash_of_blocks(count)
    with scene.wire(version, timeout=60) as wire:
        wire.send(head("POST", f"/{count}", f"Content-Length: {count * MIB}", host="shop.test"))
        for _ in range(count):
            wire.send(BLOCK)
        assert wire.receive("POST").body.decode() == hash_of_blocks(count)
    demand_bounded_memory(scene.daemon, before, is_sanitized)


def warm_up(scene, target):
    """Memory that the first requests cost once, on every worker."""
    for _ in range(20):
        assert scene.ask(target).status == 200
        assert scene.ask(target, "POST", body=BLOCK).status == 200


@pytest.fixture
def seconds(is_long):
    return 30 if is_long else 4


def watch_until(scene, before, until, is_sanitized):
    while time.monotonic() < until:
        demand_bounded_memory(scene.daemon, before, is_sanitized)
        assert scene.ask("/small").status == 200
        time.sleep(0.3)


def test_slow_readers(stage, seconds, is_sanitized):
    source = Source()
    scene = TlsScene(stage, source)
    warm_up(scene, "/small")
    before = scene.daemon.resident_bytes()
    until = time.monotonic() + seconds
    clients = [scene.wire(receive_buffer=32 * 1024) for _ in range(EXCHANGES)]
    readers = []
    for number, client in enumerate(clients):
        client.send(head("GET", "/large", f"X-Request-Id: large-{number}", host="shop.test"))
        readers.append(threading.Thread(target=read_slowly, args=(client.socket, until)))
        readers[-1].start()
    watch_until(scene, before, until, is_sanitized)
    eventually(lambda: scene.daemon.server_counts()["blocked"] == EXCHANGES, what="the wait for the clients")
    for reader, client in zip(readers, clients):
        reader.join()
        client.close()
    source.stop.set()
    scene.daemon.wait_until_idle()


def test_slow_servers(stage, seconds, is_sanitized):
    sink = Sink()
    scene = TlsScene(stage, sink)
    warm_up(scene, "/small")
    before = scene.daemon.resident_bytes()
    sink.until = until = time.monotonic() + seconds
    stop = threading.Event()
    clients = [scene.wire() for _ in range(EXCHANGES)]
    senders = []
    for number, client in enumerate(clients):
        client.send(head("POST", "/large", f"Content-Length: {GIB}", f"X-Request-Id: {number}", host="shop.test"))
        senders.append(threading.Thread(target=send_without_end, args=(Plainly(client), stop)))
        senders[-1].start()
    watch_until(scene, before, until, is_sanitized)
    stop.set()
    for sender, client in zip(senders, clients):
        sender.join()
        client.close()
    scene.daemon.wait_until_idle()


class Plainly:
    """What send_without_end() wants of a socket, with records that may be cut by a timeout."""

    def __init__(self, wire):
        self.wire = wire
        self.waiting = b""

    def settimeout(self, seconds):
        self.wire.raw.settimeout(seconds)

    def send(self, data):
        self.waiting = self.waiting or self.wire.socket.encrypted(data)
        self.waiting = self.waiting[self.wire.raw.send(self.waiting) :]
