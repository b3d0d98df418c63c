"""The stand-in for Loki notices each push that Loki would refuse, or should not be sent."""
import gzip
import http.client
import json

import pytest

from harness.loki import Loki


def push(loki, streams, path="/loki/api/v1/push", pack=gzip.compress, **fields):
    fields = {"Content-Type": "application/json", "Content-Encoding": "gzip", **fields}
    connection = http.client.HTTPConnection("127.0.0.1", loki.port.number, timeout=10)
    connection.request("POST", path, pack(json.dumps({"streams": streams}).encode()), fields)
    answer = connection.getresponse()
    connection.close()
    return answer.status


def stream(*values, **labels):
    return {"stream": {"stream": "access", **labels}, "values": list(values)}


NOW = "1795356131123000000"
WRONG = {
    "path": dict(streams=[stream([NOW, "a"])], path="/loki/push"),
    "type": dict(streams=[stream([NOW, "a"])], **{"Content-Type": "text/plain"}),
    "encoding": dict(streams=[stream([NOW, "a"])], **{"Content-Encoding": "identity"}),
    "nothing": dict(streams=[]),
    "label's name": dict(streams=[stream([NOW, "a"], **{"a-b": "c"})]),
    "label of many values": dict(streams=[stream([NOW, "a"], request_id="c")]),
    "label that is a number": dict(streams=[stream([NOW, "a"], pool=1)]),
    "empty label": dict(streams=[stream([NOW, "a"], pool="")]),
    "stream twice": dict(streams=[stream([NOW, "a"]), stream([NOW, "b"])]),
    "time as a number": dict(streams=[stream([int(NOW), "a"])]),
    "time in milliseconds": dict(streams=[stream([NOW[:13], "a"])]),
    "line that is an object": dict(streams=[stream([NOW, {"a": 1}])]),
    "metadata that is a number": dict(streams=[stream([NOW, "a", {"request_id": 1}])]),
    "order": dict(streams=[stream([NOW, "a"], [NOW[:-1] + "1", "b"], [NOW, "c"])]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_stand_in_notices(stage_without_daemon, wrong):
    loki = stage_without_daemon.also_close(Loki())
    assert push(loki, [stream([NOW, "a", {"request_id": "r"}], service="shop", pool="blue")]) == 204
    assert not loki.faults
    push(loki, **WRONG[wrong])
    assert loki.faults
