"""One daemon replaces another: what hands over, what is refused and why, what becomes of the old one's exchanges.
test_upgrade_old_daemon.py has what both promise together, test_upgrade_load.py the load, test_upgrade_kill.py the deaths in between."""
import json
import os
import signal
import ssl
import threading
import time

import pytest

from harness.behaviours import Withholding
from harness.secure import SecureWire
from harness.tls_scene import TlsScene
from harness.upgrade_scene import GRACE, UpgradeScene, last_event
from harness.upgrades import Lineage, program, speaker
from harness.waiting import eventually
from harness.wire import Wire, head, request
from test_drain import Switching
from test_stream_close import TO_CLIENT, ChatScene

HELLO = b'{"say":"hello","protocol":%d,"version":"0.0.9","pid":1,"state_version":%d}'

pytestmark = pytest.mark.usefixtures("reaper")


@pytest.fixture
def scene(stage):
    return UpgradeScene(stage)


# What hands over


def test_new_daemon_serves_the_same_port_socket_and_decisions(scene):
    daemon, lineage = scene.daemon, scene.lineage
    assert daemon.cli("switch", "green", "--reason", "v2").returncode == 0
    done = lineage.upgrade("--json", "--reason", "a newer one", "--by", "ops")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["ok"], result["changed"], result["from"]["pid"]) == (True, True, lineage.first)
    assert result["to"]["pid"] == lineage.serving() != lineage.first
    assert daemon.port == scene.port
    assert request(scene.port, "/").body == b"green"
    assert daemon.service()["revision"] == 2
    line = eventually(lambda: last_event(daemon, "upgraded"), what="its line in the history")
    assert (line["event"], line["by"], line["reason"]) == ("upgraded", "ops", "a newer one")
    assert (line["pid"], line["from_version"], line["to_version"]) == (lineage.serving(), *[result["to"]["version"]] * 2)
    assert daemon.child.wait(20) == 0
    lineage.stop()


def test_signal_does_the_same(scene):
    scene.daemon.child.send(signal.SIGUSR2)
    eventually(lambda: scene.lineage.serving() != scene.lineage.first, what="the new daemon")
    eventually(lambda: scene.daemon.history_lines()[-1]["by"] == "SIGUSR2", what="its line in the history")
    assert scene.daemon.child.wait(20) == 0
    second = scene.lineage.serving()
    os.kill(second, signal.SIGUSR2)
    eventually(lambda: scene.lineage.serving() != second, what="the third daemon")
    assert scene.lineage.wait_for_end(second) == 0
    scene.lineage.stop()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_tls_sessions_are_resumed_by_the_new_daemon(stage, version):
    scene = TlsScene(stage, config=GRACE)
    lineage, context = Lineage(scene.daemon), scene.authority.context(None, version)
    with SecureWire(scene.port, context) as wire:
        assert wire.exchange(head("GET", "/", host="shop.test")).status == 200
        session = wire.tls.session
    lineage.demand_upgrade()
    with SecureWire(scene.port, context, session=session) as wire:
        assert wire.tls.session_reused
        assert wire.exchange(head("GET", "/", host="shop.test")).status == 200
    assert scene.daemon.child.wait(20) == 0
    lineage.stop()


# What is refused, and why


def test_programs_that_cannot_be_run(scene):
    folder = scene.stage.folder
    plain = folder / "plain"
    plain.write_text("no program\n")
    text = program(folder, "text", "no program\n")
    reasons = {
        "/opt/none": "No such file or directory",
        folder: "is not a file",
        plain: "is not executable",
        text: "is neither a binary of Linux nor a script with #!",
    }
    for binary, why in reasons.items():
        assert scene.refused(binary) == (2, f"tealgate: {binary}: {why}\n"), binary
    assert "(PrivateTmp, ProtectHome); put the binary elsewhere" in scene.refused("/tmp/none")[1]


def test_program_that_is_no_tealgate(scene):
    code, words = scene.refused("/bin/true")
    assert code == 5
    assert "/bin/true ended with exit code 0 without a word of the hand-over: is it a tealgate that can" in words


def test_program_that_crashes_at_start_and_what_it_said(scene):
    crashes = program(scene.stage.folder, "crashes", "#!/bin/sh\necho no such library >&2\nkill -SEGV $$\n")
    code, words = scene.refused(crashes)
    assert code == 5
    assert f"not upgraded, this daemon goes on: {crashes} was killed by signal 11 (Segmentation fault)" in words
    assert "  | no such library\n" in words


def test_program_that_hangs_is_killed(scene):
    hangs = program(scene.stage.folder, "hangs", "#!/bin/sh\nexec sleep 1000\n")
    code, words = scene.refused(hangs, "--timeout", "300ms")
    assert code == 6
    assert "not upgraded, this daemon goes on: it did not take over within 300 ms: step start" in words


def test_what_the_program_started_is_killed_with_it(scene):
    starts = program(scene.stage.folder, "starts", "#!/bin/sh\nsleep 1000\n")
    assert scene.refused(starts, "--timeout", "300ms")[0] == 6  # nothing of the lineage lives on


def test_tealgate_that_hangs_after_its_first_word_is_killed(scene):
    hangs = speaker(scene.stage.folder, "hangs", HELLO % (1, 1))
    code, words = scene.refused(hangs, "--timeout", "10s")
    assert code == 6
    assert "within 10 s: step check" in words


@pytest.mark.parametrize("words, why", [
    (HELLO % (1, 0), "tealgate 0.0.9 is older: it reads state up to version 0, and the state is of version 1"),
    (HELLO % (9, 1), "tealgate 0.0.9 hands over by protocol 9, this one"),
    (b'{"say":"hello"}', "its first word is not understood"),
], ids=["older state", "another protocol", "nonsense"])
def test_successors_that_do_not_fit(scene, words, why):
    code, sentence = scene.refused(speaker(scene.stage.folder, "misfit", words))
    assert (code, why in sentence) == (5, True), sentence


def test_config_that_the_new_binary_rejects(scene):
    daemon = scene.daemon
    daemon.config_path.write_text("nonsense: true\n")
    code, words = scene.refused()
    assert code == 7
    assert f"rejects {daemon.config_path}" in words
    assert 'unknown key "nonsense"' in words
    daemon.write_config()
    scene.lineage.demand_upgrade()
    scene.lineage.stop()


def test_decisions_that_the_new_config_contradicts(scene):
    daemon = scene.daemon
    assert daemon.cli("switch", "green").returncode == 0
    config = daemon.config
    pools = {"blue": config["services"]["shop"]["pools"]["blue"]}
    daemon.write_config(config | {"services": {"shop": {"health": "none", "pools": pools}}})
    code, words = scene.refused()
    assert code == 7, words
    assert "green" in words
    daemon.write_config(config)


def test_state_folder_that_the_new_config_moves(scene):
    daemon = scene.daemon
    config = daemon.config
    daemon.write_config({**config, "control": {**config["control"], "state": str(daemon.folder / "other")}})
    code, words = scene.refused()
    assert code == 7, words
    assert "that takes a restart" in words
    daemon.write_config(config)


def test_two_at_once(scene):
    hangs = program(scene.stage.folder, "hangs", "#!/bin/sh\nexec sleep 1000\n")
    body = {"binary": str(hangs), "timeout": "20s", "by": "first"}
    with scene.daemon.control.open("POST", "/v1/upgrade", body):
        eventually(lambda: len(scene.lineage.living()) == 2, what="the first one's program")
        done = scene.lineage.upgrade()
        assert (done.returncode, done.stderr) == (5, "tealgate: first is upgrading this daemon already\n")
        os.kill(scene.lineage.living()[-1], signal.SIGKILL)
        eventually(lambda: len(scene.lineage.living()) == 1, what="its end")
    scene.lineage.demand_upgrade()
    scene.lineage.stop()


def test_release_under_way_goes_first(stage):
    blue = Withholding("blue")
    scene = UpgradeScene(stage, blue, switch={"drain": "20s", "stream_drain": "20s"})
    with Wire(scene.port) as waiting:
        waiting.send(head("GET", "/"))
        eventually(lambda: blue.asked, what="the request at blue")
        switching = Switching(scene.daemon, "green", until="done")
        eventually(lambda: (scene.daemon.service()["operation"] or {}).get("drain"), what="the drain")
        done = scene.lineage.upgrade()
        assert done.returncode == 5
        assert "is switching shop to green" in done.stderr
        assert "tealgate upgrade --lock-wait" in done.stderr
        upgrade = threading.Thread(target=scene.lineage.demand_upgrade, args=("--lock-wait", "20s"))
        upgrade.start()
        blue.let_go()
        assert switching.result()["drain"]["cut"] == {"http": 0, "stream": 0}
        assert waiting.receive().status == 200
        upgrade.join()
    assert scene.lineage.serving() != scene.lineage.first
    scene.lineage.stop()


def test_held_lock_is_named(scene):
    with scene.daemon.control.open("POST", "/v1/services/shop/lock", {"hold": True, "by": "night shift"}):
        eventually(lambda: scene.daemon.service()["lock"], what="the lock")
        done = scene.lineage.upgrade()
        assert done.returncode == 5
        assert "night shift" in done.stderr


def test_lock_that_nobody_holds_open_goes_over(scene):
    token = json.loads(scene.daemon.cli("lock", "--by", "night shift", "--json").stdout)["lock"]
    scene.lineage.demand_upgrade()
    assert "night shift" in scene.daemon.cli("switch", "green").stderr
    assert scene.daemon.cli("switch", "green", TEALGATE_LOCK=token).returncode == 0
    scene.lineage.stop()


# What becomes of the old one's exchanges


def test_last_answers_say_that_the_connection_ends(stage):
    blue = Withholding("blue")
    scene = UpgradeScene(stage, blue)
    with Wire(scene.port) as waiting:
        waiting.send(head("GET", "/", "X-Request-Id: old"))
        eventually(lambda: blue.asked, what="the request at blue")
        scene.lineage.demand_upgrade()
        blue.let_go()
        answer = waiting.receive()
        assert (answer.status, answer.announces_close) == (200, True)
        assert waiting.is_closed_by_peer(10), "before the 20 s of shutdown_grace"
    assert request(scene.port, "/").status == 200
    assert scene.daemon.child.wait(20) == 0
    assert scene.daemon.wait_for_log(lambda line: line["request_id"] == "old")["end"] == "ok"
    scene.lineage.stop()


def test_upload_under_way_is_finished(scene):
    with Wire(scene.port) as upload:
        upload.send(head("POST", "/", "Content-Length: 10") + b"12345")
        eventually(lambda: scene.daemon.server("blue")["in_flight"] == 1, what="the upload")
        scene.lineage.demand_upgrade()
        upload.send(b"67890")
        assert upload.receive("POST").status == 200
    assert scene.daemon.child.wait(20) == 0
    scene.lineage.stop()


def test_exchange_without_an_answer_is_bounded(stage):
    scene = UpgradeScene(stage, Withholding("blue"), config={"shutdown_grace": "1s"})
    with Wire(scene.port, timeout=20) as waiting:
        waiting.send(head("GET", "/"))
        eventually(lambda: scene.daemon.server("blue")["in_flight"] == 1, what="the request")
        scene.lineage.demand_upgrade()
        assert waiting.receive().status == 504
    assert scene.daemon.child.wait(20) == 0
    scene.lineage.stop()


def test_streams_are_closed_properly_one_after_another(stage):
    scene = ChatScene(stage, {"drain": "1s", "stream_drain": "30s", "stream_spread": "12s"})
    lineage = Lineage(scene.daemon)
    pairs = [scene.open() for _ in range(4)]
    lineage.demand_upgrade()
    ends = []
    for pair in pairs:
        assert pair.at_client.next() == TO_CLIENT
        ends.append(time.monotonic())
        pair.finish()
    assert ends[-1] - ends[0] > 2, "spread over 12 s"
    assert scene.daemon.child.wait(20) == 0
    assert {scene.end_of(pair.name)["end"] for pair in pairs} == {"drain_close"}
    scene.chat.over.set()
    lineage.stop()


def test_event_stream_gets_its_proper_end(stage):
    scene = ChatScene(stage, {"drain": "1s", "stream_drain": "30s", "stream_spread": "100ms"})
    lineage = Lineage(scene.daemon)
    client, peer, message = scene.open_events()
    lineage.demand_upgrade()
    assert client.receive_rest(message).complete
    assert scene.daemon.child.wait(20) == 0
    scene.chat.over.set()
    lineage.stop()
