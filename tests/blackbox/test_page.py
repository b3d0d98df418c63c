"""The daemon's page in Chromium, against the real daemon under load: what it shows, what can be done from it, and how it
takes the daemon's death. The scripts are in clients/page; TEALGATE_SHOTS names a folder for pictures."""
import json
import threading

import pytest

from harness.board import Board, token
from harness.daemon import shop
from harness.page import App, clients, visit
from harness.waiting import eventually
from harness.wire import Wire, head

pytestmark = pytest.mark.needs("/usr/bin/chromium")
TOKENS = [token("ci", "deployer", "may-release"), token("ann", "admin", "may-everything")]
NAMES = [f"{pool}-{number}" for pool in ("blue", "green") for number in (1, 2)]


class Scene:
    """shop before two pools of two servers; `acts` is what a script may ask for."""

    def __init__(self, stage):
        self.board = Board(stage)
        self.apps = {name: App() for name in NAMES}
        for app in self.apps.values():
            stage.also_close(Closing(app.let_go))
        pools = {pool: [] for pool in ("blue", "green")}
        for name, app in self.apps.items():
            address = stage.scripted(app).address
            pools[name.split("-")[0]].append({"name": name, "address": address})
        health = {"path": "/health", "interval": "200ms", "fall": 2}
        service = shop(pools, health, switch={"drain": "10m"})
        self.daemon = stage.daemon(service | self.board.config(tokens=TOKENS))
        self.daemon.wait_until_up(*NAMES)
        self.threads = []
        self.acts = {
            "break": lambda name, why: self.apps[name].make_sick(why),
            "mend": lambda name: self.apps[name].mend(),
            "hold": self.hold,
            "let go": self.let_go,
            "run": self.run,
            "status": self.status,
            "kill": self.daemon.kill,
            "start": lambda: self.daemon.start() and None,
        }

    def status(self):
        return json.loads(self.daemon.cli("status", "--json").stdout)

    def history(self, event):
        """The lines of `tealgate history` that people wrote."""
        lines = json.loads(self.daemon.cli("history", "--json").stdout)["entries"]
        return [line for line in lines if line["event"] == event and line["by"] != "config"]

    def run(self, *words):
        """A command that may last longer than the script waits for it."""
        self._go_on_with(lambda: self.daemon.cli(*words, timeout=300))

    def hold(self, pool):
        """A request that stays in flight in `pool` until let_go()."""
        port = self.daemon.port

        def ask():
            with Wire(port, timeout=300) as wire:
                assert wire.exchange(head("GET", "/slow")).status == 200

        self._go_on_with(ask)
        servers = [name for name in NAMES if name.startswith(pool)]
        eventually(lambda: any(self.daemon.server(name)["responding"] or self.daemon.server(name)["in_flight"] for name in servers))

    def let_go(self):
        for app in self.apps.values():
            app.let_go()

    def _go_on_with(self, job):
        self.threads.append(threading.Thread(target=job))
        self.threads[-1].start()

    def visit(self, script):
        try:
            visit(script, f"http://{self.board.address}/", self.acts)
        finally:
            self.let_go()
            for thread in self.threads:
                thread.join()


class Closing:
    def __init__(self, close):
        self.close = close


@pytest.fixture
def scene(stage):
    return Scene(stage)


def test_page_shows_what_happens(scene):
    with clients(scene.daemon.port):
        scene.visit("shows")


def test_page_acts_and_the_history_names_who_and_why(scene):
    with clients(scene.daemon.port):
        scene.visit("acts")
    decided = [(line["kind"], line["by"], line["reason"]) for line in scene.history("decided")]
    assert decided == [("switch", "ci", "by the page"), ("rollback", "ci", "too slow"), ("server", "ann", "new disk")]
    assert [(line["by"], line["reason"]) for line in scene.history("refused")] == [("ci", "try it")]


def test_page_says_that_it_is_stale_and_recovers(scene):
    scene.visit("recovers")


def test_page_is_used_by_keyboard_alone(scene):
    scene.visit("keyboard")
    decided = [(line["to"], line["reason"]) for line in scene.history("decided")]
    assert decided == [(["green"], "by keyboard")]


def test_page_is_accessible_in_light_and_dark(scene):
    scene.apps["blue-2"].make_sick("db: connection refused")
    with clients(scene.daemon.port):
        scene.visit("accessible")
