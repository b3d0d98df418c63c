"""What a switch owes to requests that are under way: drains that wait, report truthfully, cut only at their
deadline, and are disarmed when a later switch brings their pool back. Each rule with a server that withholds
its answer."""
import threading

import pytest

from harness.behaviours import Named, Withholding
from harness.control import parse_lines
from harness.daemon import shop
from harness.message import Malformed
from harness.waiting import eventually
from harness.wire import Wire, head, request


class Switching:
    """A switch running in a thread of its own."""

    def __init__(self, daemon, *to, **fields):
        self.answer = None
        self.wire = daemon.control.open("POST", "/v1/services/shop/switch", {"to": list(to), **fields})
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _receive(self):
        try:
            self.answer = parse_lines(self.wire.receive("POST").body)
        except (OSError, Malformed):
            pass  # the daemon died: there is no answer

    def is_over(self):
        return self.answer is not None

    def settle(self, within=20.0):
        """Until its answer has come or none can come any more."""
        self._thread.join(within)
        assert not self._thread.is_alive(), "a switch without an end"

    def result(self):
        eventually(self.is_over, 20, "the switch's result")
        return self.answer[-1]


def phase(daemon):
    operation = daemon.service()["operation"]
    return operation and operation["phase"]


@pytest.fixture
def withheld(stage):
    """A daemon with one request under way at blue, which withholds its answer; green answers at once."""

    class Scene:
        blue = Withholding("blue")
        green = Named("green")

    scene = Scene()
    origins = {"blue": [stage.scripted(scene.blue).address], "green": [stage.scripted(scene.green).address]}
    scene.daemon = stage.daemon(shop(origins, switch={"drain": "30s", "stream_drain": "60s"}))
    scene.client = stage.also_close(Wire(scene.daemon.port, timeout=20))
    scene.client.send(head("GET", "/under-way", "X-Request-Id: under-way"))
    eventually(lambda: scene.blue.asked == 1, what="the request at blue")
    return scene


def test_drain_waits_for_an_answer_that_is_withheld(withheld):
    switching = Switching(withheld.daemon, "green", until="done")
    eventually(lambda: phase(withheld.daemon) == "draining", what="the drain")
    assert withheld.daemon.service()["split"] == ["green"]
    assert request(withheld.daemon.port, "/new").body == b"green", "new requests go to the new pool meanwhile"
    assert not switching.is_over()
    withheld.blue.let_go()
    assert withheld.client.receive().body == b"withheld"
    drain = switching.result()["drain"]
    assert (drain["drained"], drain["finished"], drain["left"]) == (True, 1, 0)
    assert drain["cut"] == {"http": 0, "stream": 0}


def test_drain_cuts_at_its_deadline_and_says_so(withheld):
    result = Switching(withheld.daemon, "green", until="done", drain="300ms").result()
    assert result["ok"] and result["drain"]["cut"] == {"http": 1, "stream": 0}
    assert result["drain"]["finished"] == 0
    assert result["drain"]["took_ms"] >= 300
    assert withheld.client.receive().status == 504
    line = withheld.daemon.wait_for_log(lambda line: line.get("request_id") == "under-way")
    assert (line["end"], line["status"]) == ("drain_cut", 504)


def test_until_switched_does_not_wait_for_the_drain(withheld):
    result = Switching(withheld.daemon, "green", until="switched").result()
    assert result["ok"] and result["changed"]
    assert withheld.blue.asked == 1
    withheld.blue.let_go()
    assert withheld.client.receive().body == b"withheld"


def test_switch_back_disarms_the_drain(withheld):
    first = Switching(withheld.daemon, "green", until="done", drain="6s")
    eventually(lambda: phase(withheld.daemon) == "draining", what="the drain")
    back = withheld.daemon.control.switch("blue", until="switched")
    assert back.ok, back
    result = first.result()
    assert (result["error"]["code"], result["error"]["exit"]) == ("superseded", 9), result
    assert "taken back" in result["error"]["message"]
    finished = next(line for line in withheld.daemon.history_lines() if line["event"] == "finished")
    assert finished["superseded"] is True and finished["drain"]["cut"] == {"http": 0, "stream": 0}
    assert withheld.client.stays_open(7.0), "the disarmed deadline passed"
    withheld.blue.let_go()
    assert withheld.client.receive().body == b"withheld"


def test_moving_answer_outlives_the_deadline_for_waiting_ones(stage):
    blue = Withholding("blue", begin=True)
    origins = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(origins, switch={"drain": "200ms", "stream_drain": "30s"}))
    client = stage.also_close(Wire(daemon.port))
    client.send(head("GET", "/moving"))
    message = client.receive_head()
    switching = Switching(daemon, "green", until="done")
    assert client.stays_open(0.8), "nothing is cut at 200 ms"
    assert not switching.is_over()
    blue.let_go()
    assert client.receive_rest(message).body == b"beginended"
    assert switching.result()["drain"]["cut"] == {"http": 0, "stream": 0}


def test_upload_that_ends_after_the_deadline_is_cut_when_it_waits(stage):
    blue = Withholding("blue")
    origins = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(origins, switch={"drain": "200ms", "stream_drain": "60s"}))
    client = stage.also_close(Wire(daemon.port, timeout=20))
    client.send(head("POST", "/upload", "Content-Length: 2") + b"1")
    eventually(lambda: daemon.server_counts()["uploading"] == 1, what="the upload")
    switching = Switching(daemon, "green", until="done")
    eventually(lambda: phase(daemon) == "draining", what="the drain")
    assert client.stays_open(0.6), "what uploads is not cut at 200 ms"
    client.send(b"2")
    eventually(lambda: blue.asked == 1, what="the whole request at blue")
    result = switching.result()
    assert result["drain"]["cut"] == {"http": 1, "stream": 0}, result
    assert client.receive().status == 504


def test_moving_answer_is_cut_at_the_stream_deadline(stage):
    blue = Withholding("blue", begin=True)
    origins = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(origins, switch={"drain": "100ms", "stream_drain": "400ms"}))
    client = stage.also_close(Wire(daemon.port))
    client.send(head("GET", "/moving", "X-Request-Id: moving"))
    client.receive_head()
    result = Switching(daemon, "green", until="done").result()
    assert result["drain"]["cut"] == {"http": 0, "stream": 1}, result
    assert daemon.wait_for_log(lambda line: line.get("request_id") == "moving")["end"] == "drain_cut"


def test_switch_leaves_idle_and_busy_client_connections_open(withheld):
    idle = Wire(withheld.daemon.port)
    with idle:
        assert withheld.daemon.control.switch("green", until="switched").ok
        assert idle.exchange(head("GET", "/1")).body == b"green"
        assert withheld.daemon.control.switch("blue", "green", until="switched").ok
        assert withheld.daemon.control.switch("green", until="switched").ok
        assert idle.exchange(head("GET", "/2")).body == b"green"
    withheld.blue.let_go()
    assert withheld.client.receive().body == b"withheld"
    assert withheld.client.exchange(head("GET", "/3")).body == b"green", "the same connection goes to the new pool"


def test_idle_connections_to_a_drained_server_close_at_once(stage):
    blue = Named("blue")
    origins = {"blue": [stage.scripted(blue).address], "green": [stage.scripted(Named("green")).address]}
    daemon = stage.daemon(shop(origins))
    assert request(daemon.port, "/").body == b"blue"
    assert blue.closed == 0
    assert daemon.control.switch("green", until="done").ok
    eventually(lambda: blue.closed == 1, 3.5, "the close of the idle connection to blue")


def test_server_in_drain_gets_nothing_new_and_finishes_what_it_has(stage):
    slow, other = Withholding("blue"), Named("blue")
    scripts = {"slow": slow, "other": other}
    servers = [{"address": stage.scripted(script).address, "name": name} for name, script in scripts.items()]
    daemon = stage.daemon(shop({"blue": servers, "green": ["127.0.0.1:9"]}) | {"workers": 1})
    clients = [stage.also_close(Wire(daemon.port)) for _ in range(2)]
    for client in clients:
        client.send(head("GET", "/"))
    eventually(lambda: slow.asked == 1, what="the request at the slow server")
    assert daemon.control.post("/v1/services/shop/pools/blue/servers/slow/state", {"state": "drain"}).ok
    assert (daemon.server("slow")["admin"], daemon.server("slow")["in_flight"]) == ("drain", 1)
    for number in range(6):
        assert request(daemon.port, f"/{number}").body == b"blue"
    assert slow.asked == 1
    slow.let_go()
    assert sorted(bytes(client.receive().body) for client in clients) == [b"blue", b"withheld"]
    assert daemon.control.post("/v1/services/shop/pools/blue/servers/slow/state", {"state": "ready"}).ok
    assert b"withheld" in [request(daemon.port, "/").body for _ in range(2)]
