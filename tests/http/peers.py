"""The two ends of a case: an origin that records or plays exact bytes, and a client that sends them. Each knows only the
referee's reading of what comes."""
import socket
import threading
import time

import referee

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
SECOND = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecond"
PATIENCE = 5.0  # seconds for whatever must come
UNTIL_CLOSE = 1_000_000  # answers


class Origin:
    """Runs `serve(connection)` for each connection, in a thread of its own."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self._open = set()
        self._lock = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            self.serve(connection)
        except OSError:
            pass
        finally:
            connection.close()
            with self._lock:
                self._open.discard(connection)
                self._lock.notify_all()

    def wait_until_quiet(self):
        """Until every connection has gone."""
        with self._lock:
            assert self._lock.wait_for(lambda: not self._open, PATIENCE), "a connection to the origin stays open"

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Recorder(Origin):
    """Answers each whole request and closes; keeps what arrived."""

    def __init__(self):
        self.requests = []
        self.wrongs = []  # bytes that have no reading, or that follow a request unasked
        super().__init__()

    def take(self):
        requests, wrongs = self.requests, self.wrongs
        self.requests, self.wrongs = [], []
        return requests, wrongs

    def serve(self, connection):
        data = b""
        while piece := connection.recv(65536):
            data += piece
            try:
                request, rest = referee.take_request(data)
            except referee.Incomplete:
                if b"100-continue" in data and data.endswith(b"\r\n\r\n"):
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                continue
            except referee.NoReading as why:
                self.wrongs.append((data, str(why)))
                return
            self.requests.append((data, request))
            if rest:
                self.wrongs.append((data, "bytes after the request"))
            connection.sendall(ANSWER[:-2] if request.method == b"HEAD" else ANSWER)
            return


class Player(Origin):
    """Plays `script` in answer to a connection's first request, and SECOND, with a close, to its second one."""

    def __init__(self):
        self.script = b""
        self.then = "waits"
        super().__init__()

    def serve(self, connection):
        if not self._read_request(connection):
            return
        script, then = self.script, self.then  # the next case sets its own as soon as this answer has come
        connection.sendall(script)
        if then == "closes":
            return
        if then == "half-closes":
            connection.shutdown(socket.SHUT_WR)
        if self._read_request(connection):
            connection.sendall(SECOND)

    @staticmethod
    def _read_request(connection):
        data = b""
        while piece := connection.recv(65536):
            data += piece
            try:
                referee.take_request(data)
                return True
            except referee.Incomplete:
                continue
        return False


def send(connection, data, in_pieces):
    """`in_pieces`: a byte at a time. Who refuses may close before everything was sent."""
    pieces = [data[at : at + 1] for at in range(len(data))] if in_pieces else [data]
    try:
        for piece in pieces:
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass


def ask(port, data, method=b"GET", answers=1, then="waits", in_pieces=False):
    """Sends `data`; the bytes that came back until `answers` whole responses, or the close: (bytes, closed).
    AssertionError if neither comes in time."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        send(connection, data, in_pieces)
        if then == "half-closes":
            connection.shutdown(socket.SHUT_WR)
        got, deadline = b"", time.monotonic() + PATIENCE
        while True:
            connection.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                return got, True
            except TimeoutError as late:
                raise AssertionError(f"neither an answer nor a close; so far {got!r}") from late
            if not piece:
                return got, True
            got += piece
            if count_responses(got, method) >= answers:
                return got, False


def count_responses(data, method):
    try:
        return len(read_responses(data, method, False)[0])
    except referee.NoReading:
        return 0  # the rest of it comes until the close


def read_responses(data, method, is_closed):
    """The final responses in `data`, and what is left of it."""
    responses = []
    while data:
        try:
            response, rest = referee.take_response(data, method, is_closed)
        except referee.Incomplete:
            break
        data = rest
        if response.status >= 200:
            responses.append(response)
    return responses, data
