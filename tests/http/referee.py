"""Reads HTTP/1.1 as RFC 9110 and 9112 spell it, and nothing else: the judge of what may pass a proxy.

Written from the grammar alone, slow and obvious, without a look at the proxy's code. What has no reading, or more than one,
raises NoReading; what is only not complete yet raises Incomplete.
"""
import dataclasses
import re

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
PCHAR = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
# RFC 3986 allows fewer characters in a query; browsers send these, and none of them ends a target.
LENIENT = rb"[\"<>\[\]\\^`{|}]"
PATH = rb"(?:/(?:" + PCHAR + rb"|" + LENIENT + rb")*)+"
QUERY = rb"(?:\?(?:" + PCHAR + rb"|[/?%]|" + LENIENT + rb")*)?"
HOST = rb"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?"
ORIGIN_FORM = re.compile(PATH + QUERY)
ABSOLUTE_FORM = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://(" + HOST + rb")((?:" + PATH + rb")?" + QUERY + rb")")
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.([01])")
STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t \x21-\x7e\x80-\xff]*))?")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*([\t \x21-\x7e\x80-\xff]*?)[ \t]*")
EXTENSION = rb"(?:[ \t]*;[ \t]*" + TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + TOKEN + rb"|" + QUOTED + rb"))?)*"
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})" + EXTENSION)


class NoReading(Exception):
    pass


class Incomplete(Exception):
    pass


@dataclasses.dataclass
class Message:
    start: bytes  # the first line, without CRLF
    minor: int
    fields: list  # (name, value) as they came, the value without the white space around it
    lines: list  # the same as they came
    framing: str = "none"  # none, length, chunked, close
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)
    method: bytes = b""
    target: bytes = b""
    status: int = 0

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name]

    def options(self, name):
        """The items of a list field, in lower case."""
        items = b",".join(self.all(name)).split(b",")
        return [item.strip(b" \t").lower() for item in items if item.strip(b" \t")]


def take_line(data):
    end = data.find(b"\n")
    if end < 0:
        if b"\r" in data[:-1]:
            raise NoReading("a CR inside a line")
        raise Incomplete
    line = data[:end]
    if not line.endswith(b"\r") or b"\r" in line[:-1]:
        raise NoReading("a line that does not end with CRLF")
    return line[:-1], data[end + 1 :]


def take_fields(data):
    fields, lines = [], []
    while True:
        line, data = take_line(data)
        if not line:
            return fields, lines, data
        match = FIELD_LINE.fullmatch(line)
        if not match:
            raise NoReading(f"not a field line: {line!r}")
        fields.append(match.groups())
        lines.append(line)


def declared_framing(message):
    """RFC 9112 6.3, without the cases that depend on the method or the status."""
    codings, lengths = message.all(b"transfer-encoding"), message.all(b"content-length")
    if codings and lengths:
        raise NoReading("both Transfer-Encoding and Content-Length")
    if codings:
        if message.minor == 0 or len(codings) > 1 or codings[0].lower() != b"chunked":
            raise NoReading("a Transfer-Encoding other than chunked")
        return "chunked", 0
    if not lengths:
        return "none", 0
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,19}", lengths[0]) or int(lengths[0]) >= 2**63:
        raise NoReading("no single Content-Length")
    return "length", int(lengths[0])


def take_chunked(data):
    body = b""
    while True:
        line, data = take_line(data)
        match = CHUNK_LINE.fullmatch(line)
        if not match:
            raise NoReading(f"not a chunk's line: {line!r}")
        size = int(match.group(1), 16)
        if size == 0:
            trailers, _, data = take_fields(data)
            return body, trailers, data
        if len(data) < size + 2:
            if data[size : size + 2] not in (b"", b"\r"):
                raise NoReading("a chunk without its CRLF")
            raise Incomplete
        if data[size : size + 2] != b"\r\n":
            raise NoReading("a chunk without its CRLF")
        body, data = body + data[:size], data[size + 2 :]


def take_body(message, data, kind, length):
    message.framing = kind
    if kind == "chunked":
        message.body, message.trailers, data = take_chunked(data)
    elif kind == "length":
        if len(data) < length:
            raise Incomplete
        message.body, data = data[:length], data[length:]
    return message, data


def host_and_target(message):
    """The authority that a request is for, and its target in origin-form (RFC 9112 3.2, 3.3)."""
    hosts = message.all(b"host")
    if len(hosts) > 1 or (not hosts and message.minor == 1):
        raise NoReading("not exactly one Host")
    host = hosts[0] if hosts else b""
    if host and not re.fullmatch(HOST, host):
        raise NoReading("a malformed Host")
    if ORIGIN_FORM.fullmatch(message.target):
        return host.lower(), message.target
    if message.target == b"*" and message.method == b"OPTIONS":
        return host.lower(), b"*"
    absolute = ABSOLUTE_FORM.fullmatch(message.target)
    if not absolute:
        raise NoReading(f"a target of no form: {message.target!r}")
    authority, rest = absolute.groups()
    if host and host.lower() != authority.lower():
        raise NoReading("a target that contradicts Host")
    if not rest:
        rest = b"*" if message.method == b"OPTIONS" else b"/"
    return authority.lower(), rest if rest[:1] in b"/*" else b"/" + rest


def take_request(data):
    """The first request in `data`, and the bytes after it."""
    while data.startswith(b"\r\n"):  # RFC 9112 2.2
        data = data[2:]
    if not data:
        raise Incomplete
    line, data = take_line(data)
    match = REQUEST_LINE.fullmatch(line)
    if not match:
        raise NoReading(f"not a request line: {line!r}")
    method, target, minor = match.groups()
    fields, lines, data = take_fields(data)
    message = Message(line, int(minor), fields, lines, method=method, target=target)
    host_and_target(message)
    return take_body(message, data, *declared_framing(message))


def take_response(data, method, is_closed):
    """The first response in `data`; `is_closed`: nothing more will come."""
    line, data = take_line(data)
    match = STATUS_LINE.fullmatch(line)
    if not match:
        raise NoReading(f"not a status line: {line!r}")
    fields, lines, data = take_fields(data)
    message = Message(line, int(match.group(1)), fields, lines, status=int(match.group(2)))
    kind, length = declared_framing(message)
    if method == b"HEAD" or message.status < 200 or message.status in (204, 304):
        if kind == "chunked" and (message.status < 200 or message.status == 204):
            raise NoReading("Transfer-Encoding where no body can be")
        return message, data
    if kind != "none":
        return take_body(message, data, kind, length)
    if not is_closed:
        raise Incomplete
    message.framing, message.body = "close", data
    return message, b""


HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
# Expect: a proxy may answer it itself (RFC 9110 10.1.1).
WRITTEN_ANEW = HOP_BY_HOP | {b"content-length", b"host", b"expect", b"via", b"x-request-id", b"forwarded", b"x-real-ip"}
WRITTEN_ANEW |= {b"date", b"server"}


def is_written_anew(name):
    """Whether the field is the proxy's own affair; CGI and its heirs take `_` for `-`, so a proxy must, too."""
    folded = name.lower().replace(b"_", b"-")
    return folded in WRITTEN_ANEW or folded.startswith(b"x-forwarded-")


def passed_on(message):
    """The fields that a proxy must pass on as they are, in their order."""
    named = set(message.options(b"connection"))
    return [
        (name.lower(), value)
        for name, value in message.fields
        if not is_written_anew(name) and name.lower() not in named
    ]


# RFC 9110 6.5.1: what frames, routes, authenticates, describes or controls must not come behind the body; besides, what a
# proxy says itself.
NO_TRAILERS = WRITTEN_ANEW | {
    *(b"authorization", b"www-authenticate", b"cookie", b"set-cookie", b"cache-control", b"pragma", b"range"),
    *(b"max-forwards", b"age", b"expires", b"location", b"retry-after", b"vary", b"warning", b"origin"),
    *(b"content-type", b"content-encoding", b"content-range", b"content-location", b"content-language"),
}


def may_be_trailer(name):
    folded = name.lower().replace(b"_", b"-")
    prefixes = (b"x-forwarded-", b"if-", b"accept", b"proxy-", b"access-control-")
    return folded not in NO_TRAILERS and not folded.startswith(prefixes)


def wrong_trailers(arrived, sent):
    """Those that arrived though they must not; a proxy may leave out any, and invents none."""
    allowed = [(name.lower(), value) for name, value in sent.trailers if may_be_trailer(name)]
    return [(name, value) for name, value in arrived.trailers if (name.lower(), value) not in allowed]


def request_meaning(message):
    host, target = host_and_target(message)
    return message.method, host, target, passed_on(message), message.body


def response_meaning(message):
    return message.status, passed_on(message), message.body
