"""Runs one case and says what became of it.

passed, normalised: it arrived with its one meaning; refused, cut: it did not. What must never be: ambiguous (what arrived has
another meaning, or none) and lenient (what had no meaning was passed on with one).
"""
import dataclasses

import peers
import referee

NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@dataclasses.dataclass
class Outcome:
    verdict: str
    status: int = 0  # of the last response that the client got
    wrong: str = ""  # why it is ambiguous, or broken otherwise


def fault(case, outcome):
    """Why the outcome is not what the case wants; empty if it is."""
    if outcome.wrong:
        return outcome.wrong
    if outcome.verdict != case.verdict:
        return f"{outcome.verdict} {outcome.status}, not {case.verdict}"
    if case.statuses and outcome.status not in case.statuses:
        return f"refused with {outcome.status}, not {case.statuses}"
    return ""


# Requests.


def send_request(case, port, origin, in_pieces=False):
    """Sends a case of requests to `port`, which must pass it on to `origin` (a Recorder)."""
    meant, rest = requests_in(case.sent)
    has_more = bool(rest)
    method = case.sent.lstrip(b"\r\n").split(b" ", 1)[0]
    # What is malformed must end the connection, after an answer or without one.
    answers = peers.UNTIL_CLOSE if has_more else len(meant)
    try:
        got, closed = peers.ask(port, case.sent, method, answers, case.then, in_pieces)
        late = ""
    except AssertionError as why:
        got, closed, late = b"", False, str(why)
    origin.wait_until_quiet()
    arrived, wrongs = origin.take()
    try:
        responses, rest = peers.read_responses(got, method, closed)
    except referee.NoReading as why:
        return Outcome("ambiguous" if arrived else "refused", 0, f"the client got what has no reading: {why}")
    status = responses[-1].status if responses else 0
    if wrongs:
        return Outcome("ambiguous", status, f"ambiguous at the origin: {wrongs[0][1]}: {wrongs[0][0]!r}")
    if rest and not closed:
        return Outcome("ambiguous", status, f"the client got {rest!r} besides its answers")
    for (raw, message), original in zip(arrived, meant):
        if referee.request_meaning(message) != referee.request_meaning(original):
            return Outcome("ambiguous", status, f"another meaning arrived: {raw!r}")
        if wrong := referee.wrong_trailers(message, original):
            return Outcome("ambiguous", status, f"trailers that must not arrive: {wrong}")
    if len(arrived) > len(meant):
        return Outcome("lenient", status, f"a request arrived that was not meant: {arrived[-1][0]!r}")
    if late:
        return Outcome("hangs", status, late)
    if has_more or len(arrived) < len(meant):
        return Outcome("refused" if len(responses) > len(arrived) else "cut", status)
    same = [plain(message) for _, message in arrived] == [plain(message) for message in meant]
    return Outcome("passed" if same else "normalised", status)


def requests_in(sent):
    """Those that have a reading, and the bytes from the first on that has none."""
    found = []
    while sent:
        try:
            message, sent = referee.take_request(sent)
        except (referee.Incomplete, referee.NoReading):
            break
        found.append(message)
    return found, sent


def plain(request):
    """What is the same, byte for byte, in a request that only had the proxy's own fields changed."""
    return unchanged_lines(request), request.framing, request.body, request.trailers


def unchanged_lines(message):
    fields = zip(message.fields, message.lines)
    return [message.start, *(line for (name, _), line in fields if not referee.is_written_anew(name))]


# Responses.


def play_response(case, port, origin):
    """Asks by `case.request` while `origin` (a Player) answers with the case's bytes; then asks once more."""
    method = case.request.split(b" ", 1)[0]
    origin.script, origin.then = case.sent, case.then
    got, closed = peers.ask(port, case.request + b"\r\nHost: a\r\n\r\n", method)
    outcome = response_outcome(case, method, got, closed)
    origin.script, origin.then = peers.SECOND, "closes"
    after, _ = peers.ask(port, NEXT)
    responses, rest = peers.read_responses(after, b"GET", True)
    if len(responses) != 1 or responses[0].body != b"second" or rest:
        outcome.wrong = outcome.wrong or f"the next exchange got {after!r}"
    return outcome


def response_outcome(case, method, got, closed):
    try:
        responses, rest = peers.read_responses(got, method, closed)
    except referee.NoReading as why:
        return Outcome("ambiguous", 0, f"the client got what has no reading: {why}: {got!r}")
    if not responses:
        return Outcome("cut") if closed else Outcome("ambiguous", 0, f"the client got {got!r}")
    if rest:
        return Outcome("ambiguous", responses[0].status, f"the client got {rest!r} besides its answer")
    status = responses[0].status
    meant = first_final(case.sent, method, case.then != "waits")
    if meant and (wrong := referee.wrong_trailers(responses[0], meant)):
        return Outcome("ambiguous", status, f"trailers that must not arrive: {wrong}")
    if meant and referee.response_meaning(responses[0]) == referee.response_meaning(meant):
        same = responses[0].framing == meant.framing and unchanged_lines(responses[0]) == unchanged_lines(meant)
        same = same and responses[0].trailers == meant.trailers
        return Outcome("passed" if same else "normalised", status)
    if b"problem+json" in got or b"text/html" in got:
        return Outcome("refused", status)
    return Outcome("ambiguous", status, f"another meaning arrived: {got!r}")


def first_final(sent, method, is_closed):
    """The response that the case means, or nothing."""
    try:
        while True:
            response, sent = referee.take_response(sent, method, is_closed)
            if response.status >= 200:
                return response
    except (referee.NoReading, referee.Incomplete):
        return None
