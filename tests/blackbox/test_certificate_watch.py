"""Certificates are renewed while the daemon runs: by whatever writes their files, and without a command. An unusable one
changes nothing and is told of once."""
import os
import shutil
import ssl
import threading
import time

import pytest

from harness.daemon import shop
from harness.secure import SecureWire
from harness.tls_scene import TlsScene
from harness.waiting import eventually
from harness.wire import Wire, head

GET = head("GET", "/", host="shop.test")


def shown(scene, name="shop.test"):
    """The serial number of the certificate that a client is shown for `name`."""
    with SecureWire(scene.port, scene.authority.context(), name=name) as wire:
        return wire.tls.getpeercert()["serialNumber"]


def eventually_shown(scene, certificate, name="shop.test"):
    eventually(lambda: shown(scene, name) == certificate.serial, 15, f"the certificate {certificate.name}")


def replace(path, content):
    """Atomically, as careful tools do."""
    beside = path.with_suffix(".next")
    beside.write_bytes(content)
    os.replace(beside, path)


def history(scene, event):
    return [line for line in scene.daemon.history_lines() if line["event"] == event]


def test_a_certificate_is_taken_over_when_its_files_change(stage):
    scene = TlsScene(stage)
    new = scene.authority.issue("new", "DNS:shop.test", "IP:127.0.0.1")
    with scene.wire() as old_connection:
        assert old_connection.exchange(GET).status == 200
        replace(scene.shop.key, new.key.read_bytes())
        replace(scene.shop.cert, new.cert.read_bytes())
        eventually_shown(scene, new)
        assert old_connection.exchange(GET).status == 200
    eventually(lambda: history(scene, "certificate_renewed"), what="its line in the history")
    assert "has changed: taken over" in scene.daemon.output()
    certificate = scene.daemon.control.status()["certificates"][0]
    assert certificate["serial"].upper() == new.serial and certificate["names"] == ["shop.test"]
    assert certificate["used_by"] == ["listen 127.0.0.1:0"] and certificate["state"] == "ok"
    assert certificate["days_left"] == 59
    said = scene.daemon.cli("status").stdout
    assert "certificate shop.test  until " in said and "(59 days)" in said
    assert not history(scene, "certificate_refused"), "a key that comes before its certificate is no fault"


def test_certbots_links_are_followed(stage):
    scene = TlsScene(stage)
    live, archive = stage.folder / "live", stage.folder / "archive"
    live.mkdir()
    archive.mkdir()

    def lay_out(certificate, number):
        for kind, path in (("fullchain", certificate.cert), ("privkey", certificate.key)):
            target = archive / f"{kind}{number}.pem"
            shutil.copy(path, target)
            link = live / f"{kind}.pem"
            link.unlink(missing_ok=True)  # certbot, too, removes and links anew
            link.symlink_to(f"../archive/{kind}{number}.pem")

    lay_out(scene.shop, 1)
    scene.listen["tls"] |= {"cert": str(live / "fullchain.pem"), "key": str(live / "privkey.pem")}
    scene.reload()
    for number in (2, 3):
        new = scene.authority.issue(f"new{number}", "DNS:shop.test")
        lay_out(new, number)
        eventually_shown(scene, new)


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda scene, other: replace(scene.shop.key, other.key.read_bytes()), "is not the key of"),
        (lambda scene, other: replace(scene.shop.cert, other.cert.read_bytes()[:200]), "holds no certificate in PEM form"),
        (lambda scene, other: scene.shop.cert.unlink(), "cannot be read: No such file or directory"),
        (lambda scene, other: replace(scene.shop.cert, b""), "holds no certificate in PEM form"),
    ],
)
def test_an_unusable_one_keeps_the_old_and_is_told_once(stage, spoil, reason):
    scene = TlsScene(stage)
    before = scene.shop.serial
    files = scene.shop.cert.read_bytes(), scene.shop.key.read_bytes()
    other = scene.authority.issue("other", "DNS:shop.test")
    spoil(scene, other)
    told = eventually(lambda: scene.daemon.control.status()["tls_faults"], 15, "the fault in status")
    assert reason in told[0]["message"] and scene.shop.name in told[0]["file"]
    assert shown(scene) == before
    assert f"not taken over: {told[0]['message']}" in scene.daemon.cli("status").stdout
    replace(scene.shop.key, files[1])
    replace(scene.shop.cert, files[0])
    eventually(lambda: not scene.daemon.control.status()["tls_faults"], 15, "the end of the fault")
    refused = history(scene, "certificate_refused")
    assert len(refused) == 1 and reason in refused[0]["message"]
    assert scene.daemon.output().count(refused[0]["message"]) == 1


def test_an_expired_one_does_not_take_a_good_ones_place(stage):
    scene = TlsScene(stage)
    before = scene.shop.serial
    expired = scene.authority.issue("expired", "DNS:shop.test", expired=True)
    replace(scene.shop.key, expired.key.read_bytes())
    replace(scene.shop.cert, expired.cert.read_bytes())
    told = eventually(lambda: scene.daemon.control.status()["tls_faults"], 15, "the fault in status")
    assert "has expired at" in told[0]["message"]
    assert shown(scene) == before


def test_who_starts_with_an_expired_one_says_so(stage):
    scene = TlsScene(stage)
    expired = scene.authority.issue("expired", "DNS:shop.test", expired=True)
    scene.listen["tls"] |= expired.files
    daemon = stage.daemon(scene.config_now())
    assert f"the certificate in {expired.cert} has expired at" in daemon.output()
    line = eventually(lambda: [l for l in daemon.history_lines() if l["event"] == "certificate_expired"], what="its line")
    assert line[0]["file"] == str(expired.cert)
    assert daemon.control.status()["certificates"][0]["state"] == "expired"
    assert "EXPIRED since" in daemon.cli("status").stdout


def test_one_that_ends_soon_is_told_of(stage):
    scene = TlsScene(stage)
    soon = scene.authority.issue("soon", "DNS:shop.test", since=-60, days=3)
    replace(scene.shop.key, soon.key.read_bytes())
    replace(scene.shop.cert, soon.cert.read_bytes())
    eventually(lambda: history(scene, "certificate_expires"), 15, "its line in the history")
    assert "renew it" in scene.daemon.cli("status").stdout
    assert scene.daemon.control.status()["certificates"][0]["state"] == "ends_soon"


def test_what_servers_are_shown_and_believed_by_changes_too(stage):
    scene = TlsScene(stage)
    app = scene.authority.issue("app", "DNS:app.test")
    secure = stage.scripted(tls=scene.authority.server_context(app, asks_for_one=True))
    ca, cert, key = (stage.folder / name for name in ("ca.pem", "ours.pem", "ours.key"))
    replace(ca, b"")
    ours = scene.authority.issue("ours", "DNS:gate.test")
    replace(ca, scene.shop.leaf.read_bytes())  # the wrong one
    replace(cert, ours.cert.read_bytes())
    replace(key, ours.key.read_bytes())
    tls = {"ca": str(ca), "name": "app.test", "cert": str(cert), "key": str(key)}
    config = shop({"blue": {"servers": [secure.address], "tls": tls}, "green": ["127.0.0.1:9"]})
    daemon = stage.daemon(config)

    def ask():
        with Wire(daemon.port) as wire:
            return wire.exchange(GET).status

    assert ask() == 502
    replace(ca, scene.authority.cert.read_bytes())
    eventually(lambda: ask() == 200, 15, "the new authority")


class Asking:
    """Clients that ask without a pause, on new and kept connections, for two names; what they saw."""

    def __init__(self, scene, names):
        self.stop = threading.Event()
        self.faults = []
        self.answers = 0
        self._scene, self._names = scene, names
        self._threads = [threading.Thread(target=self._run, args=(name, kept)) for name in names for kept in (1, 20)]
        for thread in self._threads:
            thread.start()

    def _run(self, name, kept):
        while not self.stop.is_set():
            try:
                with SecureWire(self._scene.port, self._scene.authority.context(), name=name) as wire:
                    names = {value for _, value in wire.tls.getpeercert()["subjectAltName"]}
                    assert name in names, f"{names} for {name}"
                    for _ in range(kept):
                        assert wire.exchange(GET).status == 200
                        self.answers += 1
            except (OSError, AssertionError, ssl.SSLError) as fault:
                self.faults.append(f"{name}: {fault!r}")

    def close(self):
        self.stop.set()
        for thread in self._threads:
            thread.join()


def test_many_reloads_under_load(stage, is_long):
    """By turns through the files alone and by the command; no request fails, and each name has its own certificate."""
    scene = TlsScene(stage)
    api = scene.authority.issue("api", "DNS:api.test")
    scene.listen["tls"]["certificates"] = [api.files]
    scene.service = {"hosts": ["shop.test", "api.test"]}
    scene.reload()
    asking = stage.also_close(Asking(scene, ["shop.test", "api.test"]))
    for number in range(200 if is_long else 10):
        target, name = ((scene.shop, "shop.test"), (api, "api.test"))[number % 2]
        new = scene.authority.issue(f"new{number}", f"DNS:{name}")
        replace(target.key, new.key.read_bytes())
        replace(target.cert, new.cert.read_bytes())
        if number % 4 > 1:
            done = scene.daemon.cli("reload")
            assert done.returncode == 0, done.stdout + done.stderr
            assert shown(scene, name) == new.serial
        else:
            eventually_shown(scene, new, name)
        other = "api.test" if name == "shop.test" else "shop.test"
        with SecureWire(scene.port, scene.authority.context(), name=other) as wire:
            assert ("DNS", other) in wire.tls.getpeercert()["subjectAltName"]
    asking.close()
    assert not asking.faults, asking.faults[:5]
    assert asking.answers > 100
    assert not history(scene, "certificate_refused")
