"""The stream of events: what a page, `top` and scripts read (docs/events.md)."""
import contextlib
import time

import pytest

from harness.behaviours import Named
from harness.control import request_bytes
from harness.daemon import shop
from harness.events import Events
from harness.metrics import Metrics
from harness.waiting import eventually
from harness.wire import Wire, head


@pytest.fixture
def daemon(stage):
    pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
    return stage.daemon(shop(pools))


def patched(value, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    value = dict(value) if isinstance(value, dict) else {}
    for name, part in patch.items():
        if part is None:
            value.pop(name, None)
        else:
            value[name] = patched(value.get(name), part)
    return value


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return value


def test_snapshot_then_the_switch_and_its_figures(daemon):
    with Events(daemon) as events:
        assert events.message.field("content-type") == "text/event-stream"
        name, identity, snapshot = events.next()
        assert name == "snapshot" and identity and snapshot["resumed"] is False
        assert snapshot["status"]["services"]["shop"]["split"] == ["blue"]
        with Wire(daemon.port) as wire:
            for _ in range(5):
                wire.exchange(head("GET", "/"))
        assert daemon.control.switch("green", reason="v2", by="ci").ok
        decided = events.until("event", lambda event: event["event"] == "switch.decided")
        assert decided["by"] == "ci" and "blue → green" in decided["message"] and "v2" in decided["message"]
        events.until("event", lambda event: event["event"] == "switch.done")


def test_ticks_carry_status_to_where_it_is(daemon):
    with Events(daemon) as events:
        status = events.next()[2]["status"]
        requests = 0
        assert daemon.control.switch("green").ok
        with Wire(daemon.port) as wire:
            for _ in range(5):
                wire.exchange(head("GET", "/"))
        while requests < 5:
            tick = events.until("tick")
            status = patched(status, tick.get("status", {}))
            requests += tick["figures"]["services"]["shop"]["pools"]["green"]["requests"]
        assert requests == 5
        assert status["services"]["shop"]["split"] == ["green"]
        now = daemon.control.status()["services"]["shop"]
        assert status["services"]["shop"]["rollback"] == without_nulls(now["rollback"])


def test_who_was_cut_off_goes_on_where_he_was(daemon):
    with Events(daemon) as events:
        events.next()
        daemon.control.post("/v1/services/shop/lock", {"by": "first"})
        seen = events.until("event", lambda event: event["event"] == "lock.taken")
    daemon.control.post("/v1/services/shop/unlock", {"force": True})
    with Events(daemon, last_id=seen["id"]) as events:
        snapshot = events.next()[2]
        assert snapshot["resumed"] is True
        assert [event["event"] for event in snapshot["events"]] == ["lock.released"]
    for unknown in ("nonsense", "1-1", seen["id"] + "0"):
        with Events(daemon, last_id=unknown) as events:
            snapshot = events.next()[2]
            assert snapshot["resumed"] is False and len(snapshot["events"]) >= 2


def test_events_alone(daemon):
    with Events(daemon, "?figures=0") as events:
        assert set(events.next()[2]) == {"events", "resumed"}
        assert not daemon.control.switch("green", if_active=["green"]).ok
        assert not daemon.control.switch("blue", "green", "nonsense").ok
        assert daemon.control.switch("green").ok
        assert events.next()[0] == "event"


def test_health_is_an_event_with_its_reason(stage):
    class Sick:
        status = 200

        def __call__(self, peer):
            while peer.read_request():
                peer.send(f"HTTP/1.1 {self.status} X\r\nContent-Length: 8\r\n\r\ndb: away".encode())

    sick = Sick()
    pools = {"blue": [stage.scripted(Named("blue")).address], "green": [stage.scripted(sick).address]}
    health = {"path": "/health", "interval": "100ms", "rise": 1, "fall": 1}
    daemon = stage.daemon(shop(pools, health=health))
    daemon.wait_until_up(*pools["green"])
    with Events(daemon, "?figures=0") as events:
        events.next()
        sick.status = 503
        down = events.until("event", lambda event: event["event"] == "server.down" and event["pool"] == "green")
        assert down["message"].endswith('GET /health → 503 "db: away"')
        sick.status = 200
        events.until("event", lambda event: event["event"] == "server.up")


def test_reader_that_stops_reading_is_dropped_and_nobody_else(daemon):
    with Wire(0, path=str(daemon.socket_path), receive_buffer=4096) as lazy, Events(daemon) as events:
        lazy.send(request_bytes("GET", "/v1/events"))
        lazy.receive_head()
        events.next()
        large = "x" * 4000
        readers = 'tealgate_event_readers 2\n'

        def dropped():
            daemon.control.post("/v1/services/shop/lock", {"reason": large})
            daemon.control.post("/v1/services/shop/unlock", {"force": True, "reason": large})
            with Wire(0, path=str(daemon.socket_path)) as wire:
                text = bytes(wire.exchange(request_bytes("GET", "/metrics")).body).decode()
            return readers not in text

        eventually(dropped, within=60, what="the end of the reader that does not read")
        events.until("event", lambda event: event["event"] == "lock.released")
        assert daemon.control.status()["ok"]


def say_much(daemon):
    """Two events of 8 KB."""
    large = {"reason": "x" * 4000}
    assert daemon.control.post("/v1/services/shop/lock", large).ok
    assert daemon.control.post("/v1/services/shop/unlock", large | {"force": True}).ok


def test_those_who_stop_reading_cost_bounded_memory_and_all_are_dropped(daemon, is_sanitized):
    for _ in range(100):
        say_much(daemon)  # as many as a snapshot has
    readers = 12
    with contextlib.ExitStack() as all_of_them:
        before = daemon.resident_bytes()
        for _ in range(readers):
            wire = all_of_them.enter_context(Wire(0, path=str(daemon.socket_path), receive_buffer=4096))
            wire.send(request_bytes("GET", "/v1/events"))
            wire.receive_head()
        most = before

        def are_dropped():
            nonlocal most
            say_much(daemon)
            most = max(most, daemon.resident_bytes())
            return Metrics.of(daemon).sum("tealgate_event_readers") == 0

        eventually(are_dropped, within=60, what="the end of the readers that do not read")
    snapshot = 200 * 9000
    print(f"{readers} readers: {(most - before) // 1024} KiB")
    assert is_sanitized or most - before < readers * (snapshot + (1 << 20)) + (16 << 20)


def test_who_takes_little_by_little_is_kept(daemon):
    for _ in range(100):
        say_much(daemon)
    with Wire(0, path=str(daemon.socket_path)) as slow:
        slow.send(request_bytes("GET", "/v1/events"))
        began, taken = time.monotonic(), b""
        while b"event: tick" not in taken[-70_000:]:
            piece = slow.socket.recv(32 * 1024)
            assert piece, f"dropped after {time.monotonic() - began:.1f} s and {len(taken)} bytes"
            taken += piece
            time.sleep(0.25)
    assert time.monotonic() - began > 11, "longer than who takes nothing is borne"


def test_readers_know_what_is_wrong_with_their_question(daemon):
    answer = daemon.control.get("/v1/events?service=shup")
    assert answer.status == 404 and "shop" in answer.error["hint"]
    assert daemon.control.post("/v1/events").status == 405
