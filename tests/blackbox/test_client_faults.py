"""Clients that leave, stall or trickle at every moment of an exchange: what they still get, the end word, what reached the
server, and that the server's connection is not left hanging."""
import asyncio
import dataclasses
import itertools
import socket

from harness.daemon import shop
from harness.endpoint import Endpoint
from harness.faulty import PAUSE, WHOLE, Fault, FaultyOrigin, answer
from harness.matrix import AT_ONCE, Kind, demand_quiet, head_of
from harness.message import Malformed, Message
from harness.waiting import eventually, eventually_async

GET, POST = Kind("GET", "GET"), Kind("small POST", "POST", 1000)
BODIES = (POST, Kind("chunked PUT", "PUT", 1000, chunked=True), Kind("large POST", "POST", 300_000))
ACTS = ("closes", "resets", "half-closes", "stalls", "trickles")
LARGE = 12_000_000  # an answer that fits in no buffer
PIECE = b"x" * 60_000
TRICKLE = 24  # bytes that come one by one: in far less time than any deadline
HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
WAITING, STREAMING = ("unanswered", "after a 1xx"), ("length", "chunked", "until close")
HEADS = {
    "length": f"HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n",
    "chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "until close": "HTTP/1.1 200 OK\r\n\r\n",
}


@dataclasses.dataclass(frozen=True)
class Outcome:
    status: int  # that the client saw; 0: nothing, or it did not look
    whole: bool  # the answer was
    end: str
    attempts: int
    executions: int
    trouble: str = ""


def expected(row):
    """A client that has sent its request may close its sending side. One that leaves before that, or resets, has left.
    One that says nothing more is told so; one that is slow is served."""
    if row.moment == "connected":
        return Outcome(0, False, "", 0, 0)
    is_whole = row.moment in WAITING or row.moment in STREAMING
    attempts = 0 if row.moment == "inside the head" else 1
    if row.act == "resets" or (row.act == "closes" and row.moment not in WAITING):
        return Outcome(0, False, "client_abort", attempts, attempts)
    if row.act == "half-closes" and not is_whole:
        return Outcome(0, False, "client_abort", attempts, attempts)
    if row.act == "stalls" and not is_whole:
        return Outcome(408, True, "body_timeout" if attempts else "head_timeout", attempts, attempts)
    if row.act == "stalls" and row.moment in STREAMING:
        return Outcome(200, False, "client_stalled", 1, 1)
    looks = row.act != "closes"
    return Outcome(200 if looks else 0, looks, "ok", 1, 1)


async def answers_when_told(side):
    """Or ends when the proxy closes."""
    told = asyncio.ensure_future(side.origin.answered.wait())
    left = asyncio.ensure_future(side.end())
    await asyncio.wait({told, left}, return_when=asyncio.FIRST_COMPLETED)
    has_left = left.done()
    for task in (told, left):
        task.cancel()
    await asyncio.gather(told, left, return_exceptions=True)
    if not has_left:
        await side.send(answer("told"))
    return not has_left


async def hints_and_answers_when_told(side):
    await side.send(HINTS)
    return await answers_when_told(side)


def streams(framing):
    async def act(side):
        await side.send(HEADS[framing])
        for at in range(0, LARGE, len(PIECE)):
            piece = PIECE[: LARGE - at]
            await side.send(b"%x\r\n%b\r\n" % (len(piece), piece) if framing == "chunked" else piece)
        if framing == "chunked":
            await side.send(b"0\r\n\r\n")
        return framing != "until close"

    return act


SERVERS = {"unanswered": answers_when_told, "after a 1xx": hints_and_answers_when_told}
SERVERS |= {framing: streams(framing) for framing in STREAMING}


@dataclasses.dataclass
class Row:
    moment: str
    act: str
    kind: Kind
    number: int = 0

    def __str__(self):
        return f"{self.act} {self.moment}, {self.kind.name}"

    @property
    def host(self):
        return f"row{self.number}.test"

    @property
    def address(self):
        """Its own, by which its line is found: a head that never ends has no id."""
        return f"127.7.{self.number // 200}.{self.number % 200 + 1}"

    @property
    def is_seen(self):
        """The server has the whole request."""
        return self.moment in SERVERS

    def create_origin(self):
        server = SERVERS.get(self.moment)
        self.origin = FaultyOrigin(Fault("", WHOLE, server, "") if server else None)
        return self.origin

    def parts(self):
        """What is sent before the act, and what a client that goes on sends after it."""
        data = self.kind.bytes(self, f"client-{self.number}")
        end = data.index(b"\r\n\r\n") + 4
        at = {"connected": 0, "inside the head": end // 2, "after the head": end, "inside the body": (end + len(data)) // 2}
        cut = at.get(self.moment, len(data))
        return data[:cut], data[cut:]


async def connect(row, port):
    connection = socket.socket()
    if row.moment in STREAMING:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    connection.bind((row.address, 0))
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    return Endpoint(connection)


async def reach(row, client, message):
    """Sends what comes before the act, and waits until the proxy or the server has it."""
    before, rest = row.parts()
    await client.send(before)
    if row.moment == "after a 1xx":
        await client.feed(message, lambda: message.interim)
    elif row.moment in STREAMING:
        await client.feed(message, lambda: len(message.body) > 0)
    while row.moment in ("unanswered", "after the head", "inside the body") and not row.origin.begun:
        await asyncio.sleep(PAUSE)
    return rest


async def receive(row, client, message):
    """(status, whether the answer was whole)"""
    async def slowly(message, satisfied):
        while not satisfied():
            data = await asyncio.get_running_loop().sock_recv(client.socket, 100_000)
            if not data:
                return False
            message.feed(data)
            await asyncio.sleep(0.005)
        return True

    read = slowly if row.act == "trickles" else client.feed
    try:
        if not await asyncio.wait_for(read(message, lambda: message.complete), 60):
            message.end_of_stream()
    except (OSError, Malformed):
        pass
    return (message.status if message.head_complete else 0), message.complete


async def send_slowly(client, rest):
    try:
        await client.trickle(rest[:TRICKLE], PAUSE)
        await client.send(rest[TRICKLE:])
    except OSError:
        pass  # the answer tells


async def act(row, daemon, client, rest, message):
    if row.act == "resets":
        client.reset()
        return 0, False
    if row.act == "closes":
        client.close()
        if row.moment in WAITING:
            row.origin.disarm()
        return 0, False
    if row.act == "half-closes":
        client.half_close()
    if row.act == "trickles":
        await send_slowly(client, rest)
    if row.act == "stalls" and row.moment in STREAMING:
        # Not until the server is quiet: the kernel may take the whole answer from it at once. The write deadline runs again
        # after each progress, and so may take a while.
        await eventually_async(lambda: lines_of(row, daemon.access_log()), 60, f"the line of {row}")
    elif row.is_seen:
        row.origin.disarm()
    return await receive(row, client, message)


async def run_row(row, daemon, port, turn):
    async with turn:
        origin, message = row.origin, Message(method=row.kind.method)
        origin.begin()
        origin.armed = row.is_seen
        client = await connect(row, port)
        rest = await reach(row, client, message)
        status, whole = await act(row, daemon, client, rest, message)
        trouble = await demand_quiet([origin])
        origin.disarm()
        client.close()
        executions = origin.begun
        trouble += await follow_up(row, port)
        await origin.close()
        row.seen = Outcome(status, whole, "", 0, executions, trouble)


async def follow_up(row, port):
    client, message = await Endpoint.connect(port), Message()
    await client.send(head_of(["GET /after HTTP/1.1", f"Host: {row.host}"]))
    await asyncio.wait_for(client.feed(message, lambda: message.complete), 30)
    client.close()
    return "" if message.body == b"answer to /after" else f"/after: {message.status}"


def rows():
    made = [Row("connected", act, GET) for act in ACTS[:4]]
    made += [Row("inside the head", act, kind) for act, kind in itertools.product(ACTS, (GET, *BODIES))]
    moments = ("after the head", "inside the body")
    made += [Row(moment, act, kind) for moment, act, kind in itertools.product(moments, ACTS, BODIES)]
    made += [Row(moment, act, kind) for moment, act, kind in itertools.product(WAITING, ACTS[:4], (GET, *BODIES))]
    made += [Row(moment, act, kind) for moment, act, kind in itertools.product(STREAMING, ACTS, (GET, POST))]
    for number, row in enumerate(made):
        row.number = number
    return made


def lines_of(row, log):
    return [line for line in log if line["client_ip"] == row.address]


def add_logs(daemon, made):
    for row in made:
        if expected(row).end:
            eventually(lambda: lines_of(row, daemon.access_log()), 10, f"the line of {row}")
    log = daemon.access_log()
    for row in made:
        found = lines_of(row, log)
        line = found[0] if found else {"end": "", "attempts": 0}
        trouble = row.seen.trouble + (f"{len(found)} lines" if len(found) > 1 else "")
        row.seen = dataclasses.replace(row.seen, end=line["end"], attempts=line["attempts"], trouble=trouble)


def test_clients_that_fail(stage, is_sanitized):
    made = rows()
    short = "8s" if is_sanitized else "6s"
    pools = {row.host: {"blue": [row.create_origin().address], "green": ["127.0.0.1:9"]} for row in made}
    services = {f"row{row.number}": {"hosts": [row.host], "pools": pools[row.host]} for row in made}
    timeouts = {name: short for name in ("request_head", "request_body", "write")}
    defaults = {"health": "none", "timeouts": timeouts}
    daemon = stage.daemon({**shop({}), "workers": 1, "services": services, "defaults": defaults})
    port = daemon.port  # once: the answer takes its time, in which no row goes on but each one's deadline

    async def run():
        turn = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(run_row(row, daemon, port, turn) for row in made))

    asyncio.run(run())
    daemon.wait_until_idle()
    add_logs(daemon, made)
    wrong = [f"{row}:\n    expected {expected(row)}\n    but was  {row.seen}" for row in made if row.seen != expected(row)]
    assert not wrong, f"{len(wrong)} of {len(made)} rows:\n" + "\n".join(wrong)


def test_bad_chunk_of_an_upload_is_refused_and_does_not_reach_the_server_as_whole(stage):
    origin = stage.scripted()
    daemon = stage.daemon(shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}))
    for number, spoilt in enumerate((b"zz\r\n", b"5\r\nabcdeXX", b"-1\r\n", b"5;\rx\r\nabcde\r\n")):
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as client:
            fields = [f"POST /{number} HTTP/1.1", "Host: test", "Transfer-Encoding: chunked", f"X-Request-Id: bad-{number}"]
            client.sendall(head_of(fields) + b"5\r\nabcde\r\n" + spoilt)
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")
        line = daemon.wait_for_log(lambda line: line.get("request_id") == f"bad-{number}")
        assert (line["end"], line["status"]) == ("bad_request", 400)
    assert not any(message.complete for message in origin.requests)


def test_client_that_asks_ahead_and_half_closes_is_answered_in_order(stage):
    count = 40
    origin = stage.scripted(lambda peer: [peer.answer(message.first_line.split(" ")[1].encode())
                                          for message in iter(peer.read_request, None)])
    daemon = stage.daemon(shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}))
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as client:
        client.sendall(b"".join(head_of([f"GET /{number} HTTP/1.1", "Host: test"]) for number in range(count)))
        client.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: client.recv(65536), b""))
    assert [int(part.split(b"\r\n\r\n/")[1]) for part in received.split(b"HTTP/1.1 200")[1:]] == list(range(count))
