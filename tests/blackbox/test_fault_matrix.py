"""Servers that fail at every moment of an exchange, in every way: what the client sees, the end word, how often
was tried, and how often a server saw the request. The rules are those of behaviour.md: the oracle below says
them in its own words, and knows nothing of the proxy's table."""
import itertools

import pytest

from harness.faulty import AT_ONCE, HALF, HANGS, HEAD, REFUSES, UNREAD, WHOLE, Fault
from harness.faulty import answer, answers_again_when_idle, closes, goes_on, half_closes, repeats, resets, says
from harness.faulty import stalls, trickles
from harness.matrix import Kind, Outcome, Row, differences, run_rows

BUFFER = 64 * 1024  # retries.buffer
SMALL, LARGE, HUGE = 1000, 300_000, 24_000_000
GET, POST, PUT = Kind("GET", "GET"), Kind("small POST", "POST", SMALL), Kind("small PUT", "PUT", SMALL)
CHUNKED = Kind("chunked PUT", "PUT", SMALL, chunked=True)
LARGE_POST, LARGE_PUT = Kind("large POST", "POST", LARGE), Kind("large PUT", "PUT", LARGE)
HUGE_POST, HUGE_PUT = Kind("huge POST", "POST", HUGE), Kind("huge PUT", "PUT", HUGE)
SMALL_BODIES = (POST, PUT, CHUNKED)
BODIES = (*SMALL_BODIES, LARGE_POST, LARGE_PUT)
KINDS = (GET, *BODIES)

HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
FRAMINGS = {
    "length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin",
    "chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n",
    "until close": "HTTP/1.1 200 OK\r\n\r\nbegin",
}
RESTS = {"length": "ended", "chunked": "5\r\nended\r\n0\r\n\r\n"}
CLOSES = {"closes": closes, "resets": resets, "half-closes": half_closes}

# What the proxy can know of a fault: the client's status (None: whatever came before), and the end word.
LOOKS = {
    "refused": (502, "connect_refused"),
    "no connect in time": (504, "connect_timeout"),
    "silence": (502, "upstream_reset"),  # closed before the first byte of an answer
    "silence after a 1xx": (502, "upstream_reset"),
    "no head in time": (504, "response_timeout"),
    "half a head": (502, "head_cut"),
    "nonsense": (502, "bad_response"),
    "half a body": (200, "body_cut"),
    "nonsense in the body": (200, "bad_response"),
    "no rest in time": (200, "body_stalled"),
    "an answer": (200, "ok"),
}


def expected(row):
    """Nothing can have been executed: asked elsewhere, whatever it is. Nothing was heard: asked elsewhere, if asking
    twice is harmless and all of the request is still at hand. Anything else: never."""
    harmless = row.kind.method in ("GET", "PUT") and row.kind.size <= BUFFER
    looks = row.fault.looks
    again = looks in ("refused", "no connect in time") or (looks == "silence" and harmless)
    attempts = 1 if not again else 3 if row.everywhere else 2
    failed = 0 if row.fault.reads in (AT_ONCE, UNREAD) else attempts if row.everywhere or not again else 1
    if again and not row.everywhere:
        return Outcome(200, False, "ok", 2, failed + 1)
    status, end = LOOKS[looks]
    if looks == "silence" and row.reused and not again:
        end = "upstream_closed_idle"
    return Outcome(status, status == 200 and end != "ok", end, attempts, failed)


def late(sanitized):
    """Timeouts that no good row meets."""
    short = "6s" if sanitized else "4s"
    return {"connect": "3s", "response": short, "between_bytes": short}


def rows_of(faults, kinds, connections=(False, True), places=None):
    rows = []
    for fault, kind, reused in itertools.product(faults, kinds, connections):
        may_be_saved = fault.looks in ("refused", "no connect in time", "silence")
        rows += [Row(fault, kind, reused, place) for place in places or ((False, True) if may_be_saved else (False,))]
    return rows


def closing(moment, looks, before="", name=""):
    return [
        Fault(f"{name}{word}", moment, says(before, act) if before else act, looks) for word, act in CLOSES.items()
    ]


def connect():
    faults = [Fault("refuses", AT_ONCE, REFUSES, "refused"), Fault("hangs", AT_ONCE, HANGS, "no connect in time")]
    return rows_of(faults, KINDS, connections=(False,))


def before_the_request_is_read():
    stall = Fault("stalls unread", UNREAD, stalls, "no head in time")
    rows = rows_of([Fault("closes at once", AT_ONCE, closes, "silence")], KINDS, connections=(False,))
    rows += rows_of(closing(UNREAD, "silence", name="unread, "), KINDS)
    return rows + rows_of([stall], (*KINDS, HUGE_POST, HUGE_PUT))


def after_the_head():
    faults = closing(HEAD, "silence", name="after the head, ")
    faults.append(Fault("stalls after the head", HEAD, stalls, "no head in time"))
    return rows_of(faults + early_answers(HEAD), SMALL_BODIES)


def early_answers(moment):
    last = answer("early", "Connection: close")
    return [
        Fault(f"{moment}: answers and reads on", moment, says(answer("early"), goes_on), "an answer"),
        Fault(f"{moment}: answers and closes", moment, says(last, closes), "an answer"),
        Fault(f"{moment}: answers and half-closes", moment, says(last, half_closes), "an answer"),
        Fault(f"{moment}: answers and resets", moment, says(last, resets), "an answer"),
        Fault(f"{moment}: answers twice", moment, says(answer("early") * 2), "an answer"),
        Fault(f"{moment}: answers until close", moment, says("HTTP/1.1 200 OK\r\n\r\nearly", half_closes), "an answer"),
    ]


def inside_the_request_body():
    faults = closing(HALF, "silence", name="inside the body, ")
    faults.append(Fault("stalls inside the body", HALF, stalls, "no head in time"))
    return rows_of(faults + early_answers(HALF), BODIES)


def before_the_response_head():
    faults = closing(WHOLE, "silence", name="unanswered, ")
    faults.append(Fault("stalls unanswered", WHOLE, stalls, "no head in time"))
    return rows_of(faults, KINDS)


def inside_the_response_head():
    part = "HTTP/1.1 200 OK\r\nContent-Le"
    faults = closing(WHOLE, "half a head", part, "inside its head, ")
    faults += closing(WHOLE, "half a head", "H", "after a byte, ")
    faults += [
        Fault("stalls inside its head", WHOLE, says(part), "no head in time"),
        Fault("trickles a head without end", WHOLE, repeats("HTTP/1.1 200 OK\r\nX: ", "x", 0.05), "no head in time"),
        Fault("a head without end", WHOLE, repeats("HTTP/1.1 200 OK\r\nX: ", "x" * 65536, 0), "nonsense"),
        Fault("trickles an answer", WHOLE, trickles(answer("slow"), goes_on), "an answer"),
    ]
    return rows_of(faults, KINDS)


def nonsense_in_the_response_head():
    ok = "HTTP/1.1 200 OK\r\n"
    nonsense = {
        "garbage": "garbage\r\n\r\n",
        "two lengths": ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "length and chunked": ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a folded field": ok + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        "101 unasked": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    }
    faults = [Fault(f"answers {name}", WHOLE, says(data), "nonsense") for name, data in nonsense.items()]
    return rows_of(faults, KINDS)


def after_a_1xx():
    faults = closing(WHOLE, "silence after a 1xx", HINTS, "after a 1xx, ")
    faults += closing(WHOLE, "half a head", HINTS + "HTTP/1.1 2", "inside its head after a 1xx, ")
    faults += [
        Fault("stalls after a 1xx", WHOLE, says(HINTS), "no head in time"),
        Fault("a flood of 1xx", WHOLE, says(HINTS * 100), "nonsense"),
        Fault("nonsense after a 1xx", WHOLE, says(HINTS + "nonsense\r\n\r\n"), "nonsense"),
        Fault("answers after three 1xx", WHOLE, says(HINTS * 3 + answer("hinted"), goes_on), "an answer"),
        Fault("trickles a 1xx and an answer", WHOLE, trickles(HINTS + answer("slow"), goes_on), "an answer"),
    ]
    return rows_of(faults, KINDS)


def inside_the_response_body():
    faults = []
    for framing, begin in FRAMINGS.items():
        name = f"inside a body ({framing}), "
        for word, act in CLOSES.items():
            is_end = framing == "until close" and word != "resets"
            faults.append(Fault(name + word, WHOLE, says(begin, act), "an answer" if is_end else "half a body"))
        faults.append(Fault(name + "stalls", WHOLE, says(begin), "no rest in time"))
        then = half_closes if framing == "until close" else goes_on
        faults.append(Fault(name + "trickles", WHOLE, says(begin, trickles(RESTS.get(framing, "ended"), then)), "an answer"))
    for spoilt in ("zz\r\n", "5\r\nended??", "-1\r\n"):
        begin = FRAMINGS["chunked"]
        faults.append(Fault(f"a bad chunk {spoilt!r}", WHOLE, says(begin + spoilt), "nonsense in the body"))
    return rows_of(faults, (GET, POST, LARGE_PUT))


def at_the_end():
    first = answer("first")
    second = answer("second")
    chunked = FRAMINGS["chunked"]
    faults = closing(WHOLE, "an answer", first, "after the end, ")
    faults += closing(WHOLE, "an answer", chunked + "0\r\n\r\n", "after the last chunk, ")
    faults += closing(WHOLE, "half a body", chunked, "without the last chunk, ")
    faults += closing(WHOLE, "half a body", chunked + "0\r\n", "inside the last chunk, ")
    faults += [
        Fault("stalls without the last chunk", WHOLE, says(chunked), "no rest in time"),
        Fault("answers twice", WHOLE, says(first + second), "an answer"),
        Fault("answers again when idle", WHOLE, answers_again_when_idle, "an answer"),
        Fault("adds a byte", WHOLE, says(first + "x"), "an answer"),
        Fault("adds to the last chunk", WHOLE, says(chunked + "0\r\n\r\n" + second), "an answer"),
        Fault("follows an empty answer by another", WHOLE, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + second), "an answer"),
    ]
    return rows_of(faults, (GET, POST, LARGE_PUT))


PHASES = (
    connect,
    before_the_request_is_read,
    after_the_head,
    inside_the_request_body,
    before_the_response_head,
    inside_the_response_head,
    nonsense_in_the_response_head,
    after_a_1xx,
    inside_the_response_body,
    at_the_end,
)


@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: phase.__name__)
def test_servers_that_fail(stage, is_sanitized, phase):
    rows = phase()
    run_rows(stage, rows, timeouts=late(is_sanitized))
    wrong = differences(rows, expected)
    print(f"{len(rows)} rows")
    assert not wrong, f"{len(wrong)} of {len(rows)} rows:\n" + "\n".join(wrong)
