"""Every case of tests/http/corpus against the real binary: what arrives at a server, and at a client, has exactly one
reading, and it is the one that the sender meant. The judge is tests/http/referee.py."""
import pathlib
import sys

import pytest

from harness.daemon import shop

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))

import cases  # noqa: E402
import verdicts  # noqa: E402
from peers import Player, Recorder  # noqa: E402

REQUESTS, RESPONSES = cases.requests(), cases.responses()


def daemon_before(stage, origin):
    config = shop({"blue": [f"127.0.0.1:{origin.port}"], "green": ["127.0.0.1:9"]}, retries={"attempts": 1})
    return stage.daemon({**config, "workers": 1})


def judged(check, chosen):
    """Every case's fault, not only the first."""
    faults = []
    for case in chosen:
        try:
            if fault := check(case):
                faults.append(f"{case.name} ({case.what}; RFC {case.rfc}): {fault}")
        except AssertionError as late:
            faults.append(f"{case.name} ({case.what}): {late}")
    return "\n".join(faults)


def test_the_corpus_is_large():
    assert len(REQUESTS) >= 300 and len(RESPONSES) >= 100
    assert {case.verdict for case in REQUESTS} == {"refused", "cut", "normalised", "passed"}


@pytest.mark.parametrize("in_pieces", [False, True], ids=["whole", "byte by byte"])
def test_no_request_has_two_readings(stage, in_pieces):
    origin = stage.also_close(Recorder())
    daemon = daemon_before(stage, origin)

    def check(case):
        if in_pieces and len(case.sent) > 4096:
            return ""
        outcome = verdicts.send_request(case, daemon.port, origin, in_pieces)
        return verdicts.fault(case, outcome)

    faults = judged(check, REQUESTS)
    assert not faults, "\n" + faults
    daemon.wait_until_idle()


def test_no_response_has_two_readings(stage):
    origin = stage.also_close(Player())
    daemon = daemon_before(stage, origin)
    faults = judged(lambda case: verdicts.fault(case, verdicts.play_response(case, daemon.port, origin)), RESPONSES)
    assert not faults, "\n" + faults
    daemon.wait_until_idle()
