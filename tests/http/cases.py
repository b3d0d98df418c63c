"""The cases of corpus/: what a client or a server sends, byte by byte, and what must become of it.

    what: a space before the colon
    rfc: 9112 5.1
    expect: refused 400
    ---
    GET / HTTP/1.1\\r\\n
    Host : a\\r\\n
    \\r\\n

Line ends of the file mean nothing; those that are sent are written as \\r and \\n. There are also \\t \\0 \\\\ \\xNN, and
\\{text*1000} for a thousand times `text`. Optional: `request:` (the request that a response answers, without Host and the
last CRLF) and `then:` what the sender does at the end: `waits` (the usual), `half-closes` or `closes`.
"""
import dataclasses
import pathlib
import re

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|\{([^*{}]*)\*([0-9]+)\}|(.))", re.S)
PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
KNOWN = {"what", "rfc", "expect", "request", "then"}


@dataclasses.dataclass
class Case:
    name: str  # folder/name
    what: str
    rfc: str
    verdict: str  # refused, cut, normalised, passed
    statuses: tuple  # of the reply to a refused one
    sent: bytes
    request: bytes = b"GET / HTTP/1.1"
    then: str = "waits"


def unescape(text):
    def replace(match):
        code, repeated, times, plain = match.groups()
        if code:
            return bytes([int(code, 16)])
        if times:
            return ESCAPE.sub(replace, repeated) * int(times)
        return PLAIN[plain]

    return ESCAPE.sub(replace, text)


def read(path):
    head, _, sent = path.read_bytes().partition(b"---\n")
    words = dict(line.split(": ", 1) for line in head.decode().splitlines())
    assert words.keys() <= KNOWN and {"what", "rfc", "expect"} <= words.keys(), f"{path}: {sorted(words)}"
    verdict, *statuses = words["expect"].split()
    assert verdict in ("refused", "cut", "normalised", "passed"), f"{path}: {verdict}"
    assert bool(statuses) == (verdict == "refused"), f"{path}: a status belongs to refused, and to nothing else"
    return Case(
        name=path.relative_to(CORPUS).with_suffix("").as_posix(),
        what=words["what"],
        rfc=words["rfc"],
        verdict=verdict,
        statuses=tuple(map(int, statuses)),
        sent=unescape(sent.replace(b"\n", b"")),
        request=unescape(words.get("request", "GET / HTTP/1.1").encode()),
        then=words.get("then", "waits"),
    )


def requests():
    return [read(path) for path in sorted(CORPUS.glob("requests/**/*.case"))]


def responses():
    return [read(path) for path in sorted(CORPUS.glob("responses/**/*.case"))]
