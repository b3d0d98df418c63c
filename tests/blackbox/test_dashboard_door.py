"""Who comes to the dashboard's address, and how many at once."""
import json

import pytest

from harness.behaviours import Named
from harness.board import Board, token
from harness.control import request_bytes
from harness.daemon import shop
from harness.metrics import Metrics
from harness.waiting import eventually
from harness.wire import Wire, head, request

TOKENS = [token("ci", "deployer", "may-release", services=["shop"]), token("ann", "admin", "may-everything")]
RELOAD = "/v1/reload"


class Scene(Board):
    """A dashboard before the services shop and billing; `daemon` is its daemon."""

    def __init__(self, stage, **terms):
        super().__init__(stage)
        config = shop({pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")})
        pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("red", "white")}
        config["services"]["billing"] = {"hosts": ["billing.test"], "pools": pools}
        self.daemon = stage.daemon(config | self.config(tokens=TOKENS, **terms))

    def raw(self, *lines):
        """The answer to a head of exactly these lines."""
        with Wire(self.number) as wire:
            wire.send("".join(f"{line}\r\n" for line in (*lines, "")).encode())
            return wire.receive_head()


@pytest.fixture
def scene(stage):
    return Scene(stage)


def test_a_crowd_takes_no_descriptors_from_the_proxys_clients(scene):
    before = scene.daemon.descriptors()
    crowd = [Wire(scene.number) for _ in range(300)]
    for index, wire in enumerate(crowd):
        wire.send((b"G", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"")[index % 3])
    eventually(lambda: "128 clients are connected, as many as control.dashboard allows" in scene.daemon.output())
    assert scene.daemon.descriptors() <= before + 128 + 2
    assert request(scene.daemon.port, "/").status == 200 and scene.daemon.control.status()["ok"]
    for wire in crowd[:200]:
        wire.close()
    assert scene.ask("/v1/version").status == 200, "who waits behind a crowd has his turn"
    for wire in crowd:
        wire.close()
    eventually(lambda: scene.daemon.descriptors() <= before + 2, what="the end of the crowd")


def test_who_says_nothing_has_to_go(scene):
    with Wire(scene.number) as silent, Wire(scene.number) as slow:
        slow.send(b"GET / HT")
        assert slow.receive().status == 408
        assert silent.socket.recv(1) == b""


def test_followers_leave_places_for_those_who_ask(scene):
    follow = request_bytes("GET", "/v1/events")
    followers = [Wire(0, path=str(scene.daemon.socket_path)) for _ in range(41)]
    seen = []
    for wire in followers:
        wire.send(follow)
        seen.append(wire.receive_head())
    assert [answer.status for answer in seen] == [200] * 40 + [503] and seen[-1].field("retry-after") == "10"
    assert scene.daemon.cli("switch", "green", "-s", "shop").returncode == 0
    assert scene.ask("/v1/events?figures=0", "HEAD").status == 200, "the dashboard's address has places of its own"
    followers.pop().close()
    followers.pop().close()

    def is_followed():
        with Wire(0, path=str(scene.daemon.socket_path)) as wire:
            wire.send(follow)
            return wire.receive_head().status == 200

    eventually(is_followed, what="the place that was given back")
    for wire in followers:
        wire.close()


def test_not_public_means_loopback_too(stage):
    scene = Scene(stage, public=False)
    assert scene.get("/v1/whoami")["role"] == "none"
    assert scene.ask("/v1/status").status == 401 and scene.ask("/v1/status", token="may-everything").status == 200
    assert scene.ask("/").status == 200


def test_health_takes_no_host(scene):
    assert scene.raw("GET /healthz HTTP/1.0").status == 200
    assert scene.raw("GET /healthz HTTP/1.1", "Host: whatever.example").status == 200
    assert scene.raw("GET /v1/version HTTP/1.0").status == 403


@pytest.mark.parametrize("name, values", [
    ("Authorization", ("Bearer may-release", "Bearer may-everything")),
    ("Origin", ("http://{address}", "http://evil.example")),
])
def test_who_says_twice_who_he_is_is_not_heard(scene, name, values):
    for order in (values, values[::-1]):
        lines = [f"{name}: {value.format(address=scene.address)}" for value in order]
        answer = scene.ask("/v1/status", fields=lines)
        assert answer.status == 400 and f"{name} is there twice" in answer.body.decode()


def test_foreign_pages_may_link_but_not_ask(scene):
    for site in ("cross-site", "same-site"):
        for path in ("/v1/events", "/v1/figures", "/metrics"):
            assert scene.ask(path, fields=[f"Sec-Fetch-Site: {site}"]).status == 403, path
        assert scene.ask("/", fields=[f"Sec-Fetch-Site: {site}"]).status == 200
    assert scene.ask("/v1/figures", fields=["Sec-Fetch-Site: same-origin"]).status == 200
    for path in ("/v1/status", "/metrics", "/healthz"):
        answer = scene.ask(path)
        assert answer.field("x-content-type-options") == "nosniff"
        assert answer.field("cross-origin-resource-policy") == "same-origin"


def test_refusal_comes_before_the_body(scene):
    for secret, status in (("wrong", 401), ("may-release", 403)):
        lines = ["POST /v1/reload HTTP/1.1", f"Host: {scene.address}", f"Authorization: Bearer {secret}"]
        answer = scene.raw(*lines, "Content-Length: 10", "Expect: 100-continue")
        assert answer.status == status


def test_acting_without_a_token_is_told_to_show_one(scene):
    answer = scene.ask(RELOAD, "POST", body={})
    assert answer.status == 401 and answer.field("www-authenticate") == "Bearer"
    assert scene.ask(RELOAD, "POST", body={}, token="may-release").status == 403


def test_a_query_that_cannot_be_read_is_no_query_for_all(scene):
    for query in ("service=%zz", "service=%00", "x=%"):
        for path in ("/v1/history", "/v1/figures", "/v1/events"):
            assert scene.ask(f"{path}?{query}").status == 400, (path, query)


def test_a_token_of_one_service_counts_nothing_of_others(scene):
    with Wire(scene.daemon.port) as wire:
        for _ in range(20):
            assert wire.exchange(head("GET", "/", host="billing.test")).status == 200
    all_of_it = lambda secret: scene.get("/v1/status", token=secret)  # noqa: E731
    eventually(lambda: all_of_it("may-everything")["finished"] >= 20, what="the requests in the total")
    assert not {"finished", "in_flight", "client_connections", "refused_connections"} & set(all_of_it("may-release"))


def test_the_first_event_says_with_what_a_service_begins(scene):
    events = [json.loads(line) for line in scene.daemon.cli("events", "--json").stdout.splitlines()]
    begun = {event["service"]: event["message"] for event in events if event["event"] == "service.begun"}
    why = "by config: first start"
    assert begun == {"shop": f"shop: begins with blue {why}", "billing": f"billing: begins with red {why}"}
    assert Metrics.of(scene.daemon).sum("tealgate_switches_total") == 0
