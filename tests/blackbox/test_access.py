"""Who may do what on the control sockets: roles, groups, lists of services; and that they follow a reload and
an upgrade."""
import grp
import json
import os
import pathlib
import re
import stat
import subprocess

import pytest

from harness.behaviours import Named
from harness.control import Control, request_bytes
from harness.daemon import config_text, shop
from harness.processes import Child
from harness.waiting import eventually
from harness.wire import Wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLES = ("none", "viewer", "deployer", "admin")
IS_ROOT = os.geteuid() == 0


def documented_roles():
    """{(method, pattern): role} of the table in docs/control-api.md, which a unit test holds to the code."""
    text = (ROOT / "docs" / "control-api.md").read_text()
    rows = re.findall(r"^\| `(GET|POST) ([^`]*)` \| (\w+) \|$", text, re.M)
    return {(method, pattern): role for method, pattern, role in rows}


def some_group():
    """A group that a file may be given to, if there is one besides the usual one."""
    return grp.getgrgid(1 if IS_ROOT else os.getgroups()[-1])


class Scene:
    """A daemon of the services shop and billing; the Control of each socket by its name."""

    def __init__(self, stage, **sockets):
        addresses = {pool: stage.scripted(Named(pool)).address for pool in ("blue", "green")}
        self.config = shop({pool: [address] for pool, address in addresses.items()})
        self.config["services"]["shop"]["hosts"] = ["shop.example"]
        self.config["services"]["billing"] = {
            "health": "none",
            "pools": {"old": [addresses["blue"]], "new": [addresses["green"]]},
        }
        self.daemon = stage.daemon(self.config, start=False)
        self.use(**sockets)
        self.daemon.start()

    def path(self, name):
        return self.daemon.folder / f"{name}.sock"

    def use(self, **sockets):
        """Writes a config with these sockets besides the admin's; `name={settings}`."""
        maps = [{"path": str(self.path("control"))}]
        maps += [{"path": str(self.path(name)), **settings} for name, settings in sockets.items()]
        self.daemon.write_config({**self.config, "control": {"socket": maps}})

    def on(self, name):
        return Control(self.path(name))

    def cli(self, name, *words):
        return self.daemon.cli(*words, "--socket", self.path(name))

    def files(self):
        return sorted(file.name for file in self.daemon.folder.glob("*.sock"))


@pytest.fixture
def scene(stage):
    return Scene(
        stage,
        viewer={"role": "viewer"},
        deployer={"role": "deployer"},
        shop={"role": "deployer", "services": ["shop"]},
    )


def test_every_endpoint_is_for_its_role_and_those_above(scene):
    roles = documented_roles()
    assert len(roles) >= 14
    for (method, pattern), needed in roles.items():
        path = pattern.replace("{s}", "shop").replace("{p}", "blue").replace("{name}", "x").replace("{id}", "x")
        for role, name in (("viewer", "viewer"), ("deployer", "deployer"), ("admin", "control")):
            # A body that nothing takes: what is permitted is told 400, and does nothing.
            with Wire(0, path=str(scene.path(name))) as wire:
                wire.send(request_bytes(method, path, {"nonsense": 1} if method == "POST" else None))
                answer = wire.receive_head(method)  # /v1/events does not end
            is_low = ROLES.index(role) < ROLES.index(needed)
            assert (answer.status == 403) == is_low, (method, path, role, answer.status)


def test_a_deployer_releases_and_does_nothing_else(scene):
    assert scene.cli("deployer", "switch", "-s", "shop", "green").returncode == 0
    assert scene.cli("deployer", "rollback", "-s", "shop").returncode == 0
    assert scene.cli("deployer", "wait", "shop/green", "--timeout", "20s").returncode == 0
    token = scene.cli("deployer", "lock", "-s", "shop").stdout.strip()
    assert scene.cli("deployer", "switch", "-s", "shop", "green").returncode == 5
    assert scene.cli("deployer", "switch", "-s", "shop", "green", "--lock", token).returncode == 0
    assert scene.cli("deployer", "unlock", "-s", "shop", "--lock", token).returncode == 0
    for words in (
        ("switch", "-s", "shop", "blue", "--force"),
        ("rollback", "-s", "shop", "--force"),
        ("unlock", "-s", "shop", "--force"),
        ("drain", "-s", "shop", scene.daemon.service()["pools"][0]["servers"][0]["name"]),
        ("reload",),
        ("upgrade", "/bin/true"),
    ):
        refused = scene.cli("deployer", *words)
        assert refused.returncode == 8, (words, refused)
        assert "takes the role admin" in refused.stderr and f"{scene.path('deployer')} gives deployer" in refused.stderr
    assert scene.daemon.service()["active"] == ["green"]


def test_a_refusal_is_recorded_with_who_asked_and_not_more_often_than_one_reads(scene):
    refused = scene.cli("viewer", "switch", "-s", "shop", "green", "--json")
    assert refused.returncode == 8
    error = json.loads(refused.stdout)["error"]
    assert (error["code"], error["exit"]) == ("forbidden", 8)
    for _ in range(50):
        scene.on("viewer").post("/v1/reload")
    lines = [line for line in scene.daemon.output().splitlines() if "refused what uid" in line]
    assert f"refused what uid {os.getuid()}, pid " in lines[0] and error["message"] in lines[0]
    assert f"pid {os.getpid()} asked: POST /v1/reload takes the role admin" in lines[1]
    assert len(lines) == 20 and "more are not logged" in lines[-1]


def test_who_has_one_service_learns_of_no_other(scene):
    admin, limited = scene.on("control"), scene.on("shop")
    for service, pool in (("shop", "green"), ("billing", "new")):
        assert admin.switch(pool, service=service, operation=f"op-{service}").ok
    assert limited.switch("blue", service="billing").status == 403
    seen = [
        json.dumps(limited.get(path).lines)
        for path in (
            "/v1/status",
            "/v1/history",
            "/v1/history?limit=1000",
            "/v1/operations/op-billing",
            "/v1/operations/op-billing?wait=1",
            "/v1/operations/op-none",
            "/v1/services/nobody",
            "/v1/history?service=nobody",
        )
    ]
    seen += [json.dumps(limited.switch("x", service=service).lines) for service in ("shop", "nobody")]
    # An id of others is as free as any.
    assert limited.switch("green", operation="op-billing").ok
    assert limited.get("/v1/operations/op-billing").result["operation"]["service"] == "shop"
    for text in seen:
        assert "billing" not in text.replace("op-billing", ""), text
    assert list(limited.status()["services"]) == ["shop"]
    assert {entry["service"] for entry in limited.get("/v1/history").result["entries"]} == {"shop"}
    assert limited.get("/v1/operations/op-shop").ok
    # What exists and what does not are refused alike.
    real, unreal = limited.get("/v1/services/billing"), limited.get("/v1/services/chilling")
    assert (real.status, real.error["code"], real.error["message"].replace("billing", "chilling")) == (
        unreal.status,
        unreal.error["code"],
        unreal.error["message"],
    )
    # One service only: none has to be named.
    assert scene.cli("shop", "switch", "blue").returncode == 0
    assert scene.cli("shop", "switch", "billing/old").returncode == 8


def test_an_admin_of_some_services_does_not_change_what_all_share(stage):
    scene = Scene(stage, some={"role": "admin", "services": ["shop"]})
    refused = scene.cli("some", "reload")
    assert refused.returncode == 8 and "takes all services" in refused.stderr
    assert scene.cli("some", "switch", "green", "--force").returncode == 0


def test_each_socket_belongs_to_its_group_alone(stage):
    group = some_group()
    scene = Scene(stage, named={"group": group.gr_name}, numbered={"group": str(group.gr_gid), "role": "viewer"})
    for name, gid in (("named", group.gr_gid), ("numbered", group.gr_gid), ("control", os.getegid())):
        file = scene.path(name).stat()
        assert (stat.S_IMODE(file.st_mode), file.st_gid) == (0o660, gid), name


def test_a_reload_opens_changes_and_closes_sockets(scene):
    with Wire(0, path=str(scene.path("deployer"))) as kept:
        unlock = request_bytes("POST", "/v1/services/shop/unlock", {}).replace(b"Connection: close\r\n", b"")
        assert kept.exchange(unlock).status == 200
        scene.use(deployer={"role": "viewer"}, fresh={"role": "viewer"})
        reloaded = scene.on("control").post("/v1/reload")  # sooner than a command: a connection that says nothing lives 5 s
        assert reloaded.ok and reloaded.result["restart_needed"] == []
        assert kept.exchange(unlock).status == 403, "what was connected before has the new role"
    assert scene.files() == ["control.sock", "deployer.sock", "fresh.sock"]
    assert scene.on("fresh").status()["ok"] and scene.on("fresh").post("/v1/reload").status == 403
    scene.use()
    assert scene.cli("deployer", "reload").returncode == 8
    assert scene.cli("control", "reload").returncode == 0
    assert scene.files() == ["control.sock"]


def test_who_connected_as_a_member_of_another_group_has_nothing_of_the_new_one(scene):
    for role in ("admin", "deployer"):
        group = str(some_group().gr_gid if role == "admin" else os.getegid())
        with Wire(0, path=str(scene.path("viewer"))) as kept:
            status = request_bytes("GET", "/v1/status").replace(b"Connection: close\r\n", b"")
            assert kept.exchange(status).status == 200
            scene.use(viewer={"role": role, "group": group})
            assert scene.cli("viewer" if role == "deployer" else "control", "reload").returncode == 0
            assert kept.socket.recv(1) == b"", "it has to connect again"
        assert scene.path("viewer").stat().st_gid == int(group)
        assert scene.on("viewer").post("/v1/services/shop/unlock").status == 200


def test_the_answer_to_a_reload_that_closes_its_own_socket_comes(stage):
    scene = Scene(stage, other={})
    scene.use()
    reloaded = scene.cli("other", "reload")
    assert reloaded.returncode == 0, reloaded
    assert scene.files() == ["control.sock"]


def test_a_reload_with_a_socket_that_cannot_be_leaves_all_as_it_was(scene):
    before = scene.files()
    bad = str(scene.daemon.folder / "missing" / "x.sock")
    maps = [{"path": str(scene.path("control"))}, {"path": str(scene.path("fresh"))}, {"path": bad}]
    scene.daemon.write_config({**scene.config, "control": {"socket": maps}})
    refused = scene.cli("control", "reload")
    assert refused.returncode == 7 and bad in refused.stderr
    assert scene.files() == before
    assert scene.on("shop").status()["ok"]


def test_an_upgrade_hands_every_socket_over(scene):
    before = {name: scene.path(name).stat().st_ino for name in ("control", "viewer", "deployer", "shop")}
    old = scene.daemon.control.get("/v1/version").result["pid"]
    upgraded = scene.cli("control", "upgrade", "--json")
    assert upgraded.returncode == 0, upgraded
    new = json.loads(upgraded.stdout)["to"]["pid"]
    try:
        for name, inode in before.items():
            assert scene.on(name).get("/v1/version").result["pid"] == new != old
            assert scene.path(name).stat().st_ino == inode, "nobody was refused meanwhile"
        assert scene.on("viewer").post("/v1/reload").status == 403
        assert list(scene.on("shop").status()["services"]) == ["shop"]
    finally:
        os.kill(new, 15)
        eventually(lambda: scene.files() == [], what="the end of the new daemon")


def test_an_upgrade_takes_over_what_the_config_says_of_the_sockets_now(scene):
    scene.use(viewer={"group": str(some_group().gr_gid), "role": "deployer"}, fresh={})
    upgraded = scene.cli("control", "upgrade", "--json")
    assert upgraded.returncode == 0, upgraded
    new = json.loads(upgraded.stdout)["to"]["pid"]
    try:
        eventually(lambda: scene.files() == ["control.sock", "fresh.sock", "viewer.sock"], what="the new sockets alone")
        assert scene.path("viewer").stat().st_gid == some_group().gr_gid
        assert scene.cli("viewer", "unlock", "-s", "shop").returncode == 0
        assert scene.cli("fresh", "reload").returncode == 0
    finally:
        os.kill(new, 15)
        eventually(lambda: scene.files() == [], what="the end of the new daemon")


def test_a_daemon_that_cannot_start_leaves_no_socket_behind(stage):
    scene = Scene(stage)
    second = stage.daemon(scene.config, start=False)
    taken = f"127.0.0.1:{scene.daemon.port}"
    sockets = [str(second.folder / "one.sock"), str(second.folder / "two.sock")]
    second.write_config({**scene.config, "listen": [taken], "control": {"socket": sockets}})
    second.begin()
    assert second.child.wait(20) == 1
    assert list(second.folder.glob("*.sock")) == []


@pytest.mark.parametrize(
    "socket, words",
    [
        ({"role": "deploy"}, ["is no role: it is viewer, deployer or admin", "did you mean deployer?"]),
        ({"services": ["shpo"]}, ['"shpo" is no service of this file', 'did you mean "shop"?']),
        ({"group": "no-such-group"}, ['"no-such-group" is no group of this machine']),
        ({"group": 4294967295}, ['"4294967295" is no group of this machine']),
    ],
)
def test_a_socket_that_is_wrong_is_found_by_check_start_and_reload(scene, socket, words):
    scene.use(wrong=socket)
    config = scene.daemon.config_path
    checked = scene.daemon.cli("check", config)
    started = subprocess.run([scene.daemon.binary, "run", "-c", config], capture_output=True, text=True, timeout=20)
    reloaded = scene.cli("control", "reload")
    for found in (checked, started, reloaded):
        assert found.returncode == 7, found
        text = found.stderr + found.stdout
        assert all(word in text for word in words) and re.search(r"tealgate\.yaml:\d+:\d+", text), text
    assert scene.on("shop").status()["ok"], "the running daemon is untouched"


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
def test_a_group_that_the_daemons_user_is_no_member_of_is_told(stage):
    scene = Scene(stage)
    folder = stage.folder / "open"
    folder.mkdir()
    for each in (stage.folder, folder):
        each.chmod(0o777)
    control = {"socket": [{"path": str(folder / "x.sock"), "group": "daemon"}], "state": str(folder / "state")}
    config = folder / "tealgate.yaml"
    config.write_text(config_text({**scene.config, "control": control, "logs": {"access": "off"}}))
    started = subprocess.run(
        [scene.daemon.binary, "run", "-c", config],
        user="nobody", group=65534, extra_groups=[], cwd="/", capture_output=True, text=True, timeout=20,
    )
    assert started.returncode == 1
    assert "the daemon's user is no member of the group daemon" in started.stderr
    assert not (folder / "x.sock").exists()


def test_folders_that_systemd_made_are_used_the_first_of_several(stage):
    folders = {name: stage.folder / name for name in ("run-a", "run-b", "state-a", "state-b")}
    for folder in folders.values():
        folder.mkdir()
    scene = Scene(stage)
    config = stage.folder / "tealgate.yaml"
    config.write_text(config_text({**scene.config, "logs": {"access": "off"}}))
    environment = {
        "RUNTIME_DIRECTORY": f"{folders['run-a']}:{folders['run-b']}",
        "STATE_DIRECTORY": f"{folders['state-a']}:{folders['state-b']}",
    }
    log = stage.folder / "started.log"
    daemon = stage.also_close(Child([scene.daemon.binary, "run", "-c", config], log, environment))
    daemon.wait_for_output("serves on")
    assert Control(folders["run-a"] / "control.sock").status()["ok"]
    assert (folders["state-a"] / "state.json").exists()
    assert daemon.terminate() == 0


def test_a_crowd_on_one_socket_takes_the_daemons_descriptors_from_nobody(scene):
    before = scene.daemon.descriptors()
    crowd = [Wire(0, path=str(scene.path("viewer"))) for _ in range(100)]
    for index, wire in enumerate(crowd):
        wire.send((b"", b"GET /v1/sta", b"POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")[index % 3])
    eventually(lambda: "64 clients are connected, as many as the control socket" in scene.daemon.output())
    assert scene.daemon.descriptors() <= before + 64 + 2
    assert scene.on("control").status()["ok"] and scene.cli("deployer", "unlock", "-s", "shop").returncode == 0
    # Who waits behind the crowd has his turn as soon as it has said nothing for long enough.
    assert scene.on("viewer").status()["ok"]
    for wire in crowd:
        wire.close()
    eventually(lambda: scene.daemon.descriptors() <= before + 2, what="the end of the crowd")


def test_who_says_nothing_has_to_go_and_who_waits_for_an_answer_has_not(scene):
    lock, admin = "/v1/services/shop/lock", scene.on("control")
    token = admin.post(lock).result["lock"]
    with admin.open("POST", lock, {"lock_wait": "60s"}) as waiting, Wire(0, path=str(scene.path("control"))) as idle:
        asked = request_bytes("GET", "/v1/version").replace(b"Connection: close\r\n", b"")
        for _ in range(2):
            assert idle.exchange(asked).status == 200
        assert idle.is_closed_by_peer(within=20)
        assert admin.post("/v1/services/shop/unlock", {"lock": token}).ok
        assert json.loads(waiting.receive().body.splitlines()[-1])["ok"]
