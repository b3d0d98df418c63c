"""Reads HTTP/1.1 messages from bytes as they arrive, strictly enough to notice whatever a proxy gets wrong.
Sans-IO; used for answers by the clients here, and for requests by the scripted origin."""


class Malformed(Exception):
    pass


class Message:
    """One response (role "response", with the method it answers) or one request (role "request")."""

    def __init__(self, role="response", method="GET"):
        self.role = role
        self.method = method
        self.first_line = ""
        self.status = 0
        self.fields = []
        self.interim = []  # status and fields of each 1xx before the answer
        self.body = bytearray()
        self.trailers = []  # name, value
        self.head_complete = False
        self.complete = False
        self.raw_length = 0
        self._bytes = bytearray()
        self._left = 0  # of a length, or of the chunk under way; None: until close
        self._framing = None

    def field(self, name, otherwise=None):
        name = name.lower()
        return next((value for key, value in self.fields if key == name), otherwise)

    def all(self, name):
        name = name.lower()
        return [value for key, value in self.fields if key == name]

    @property
    def rest(self):
        """What came after the end of the message."""
        return bytes(self._bytes)

    @property
    def announces_close(self):
        return "close" in (self.field("connection") or "").lower() or self.first_line.startswith("HTTP/1.0")

    def feed(self, data):
        self.raw_length += len(data)
        self._bytes += data
        if not self.head_complete and not self._take_head():
            return
        if not self.complete:
            self._take_body()

    def end_of_stream(self):
        """The peer closed: completes a body that ends so; anything else that is unfinished is Malformed."""
        if self.complete:
            return
        if self._framing == "close":
            self.complete = True
            return
        if not self.raw_length:
            raise Malformed("closed before the first byte")
        raise Malformed(f"closed before the end of the {'body' if self.head_complete else 'head'}")

    def _take_head(self):
        while True:
            end = self._bytes.find(b"\r\n\r\n")
            if end < 0:
                return False
            lines = self._bytes[:end].decode("latin-1").split("\r\n")
            del self._bytes[: end + 4]
            self.first_line = lines[0]
            self.fields = [self._split_field(line) for line in lines[1:]]
            if self.role == "response":
                self.status = self._status_of(lines[0])
                if 100 <= self.status < 200:
                    self.interim.append((self.status, self.fields))
                    continue
            self.head_complete = True
            self._framing = self._framing_of()
            return True

    @staticmethod
    def _split_field(line):
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Malformed(f"bad field {line!r}")
        return name.lower(), value.strip()

    @staticmethod
    def _status_of(line):
        parts = line.split(" ", 2)
        if len(parts) < 2 or parts[0] not in ("HTTP/1.1", "HTTP/1.0") or not parts[1].isdigit():
            raise Malformed(f"bad status line {line!r}")
        return int(parts[1])

    def _framing_of(self):
        if self.role == "response" and (self.method == "HEAD" or self.status in (204, 304)):
            return "none"
        lengths = self.all("content-length")
        if self.field("transfer-encoding"):
            if lengths:
                raise Malformed("both Content-Length and Transfer-Encoding")
            return "chunked"
        if lengths:
            if len(lengths) != 1:
                raise Malformed("several Content-Length fields")
            self._left = int(lengths[0])
            return "length"
        return "close" if self.role == "response" else "none"

    def _take_body(self):
        if self._framing == "none":
            self.complete = True
        elif self._framing == "close":
            self.body += self._bytes
            self._bytes.clear()
        elif self._framing == "length":
            self._take_counted()
            self.complete = self._left == 0
        else:
            self._take_chunks()

    def _take_counted(self):
        taken = min(self._left, len(self._bytes))
        self.body += self._bytes[:taken]
        del self._bytes[:taken]
        self._left -= taken

    def _take_chunks(self):
        while True:
            if self._left == 0:
                end = self._bytes.find(b"\r\n")
                if end < 0:
                    return
                size = self._chunk_size(bytes(self._bytes[:end]))
                if size == 0:
                    self._take_trailers(end)
                    return
                del self._bytes[: end + 2]
                self._left = size + 2
            if self._left > 2:
                taken = min(self._left - 2, len(self._bytes))
                self.body += self._bytes[:taken]
                del self._bytes[:taken]
                self._left -= taken
            if self._left > 2 or len(self._bytes) < 2:
                return
            if self._bytes[:2] != b"\r\n":
                raise Malformed("a chunk does not end with CRLF")
            del self._bytes[:2]
            self._left = 0

    @staticmethod
    def _chunk_size(line):
        try:
            return int(line.split(b";")[0], 16)
        except ValueError:
            raise Malformed(f"bad chunk size {line!r}") from None

    def _take_trailers(self, end):
        if self._bytes[end : end + 4] == b"\r\n\r\n":
            del self._bytes[: end + 4]
            self.complete = True
            return
        finish = self._bytes.find(b"\r\n\r\n", end)
        if finish >= 0:
            lines = self._bytes[end + 2 : finish].decode("latin-1").split("\r\n")
            self.trailers = [self._split_field(line) for line in lines]
            del self._bytes[: finish + 4]
            self.complete = True
