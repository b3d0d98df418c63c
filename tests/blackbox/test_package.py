"""The Debian package: what is in it, what lintian says, and what its scripts do on an upgrade. That it installs in an
empty Debian, and is enough for a release, tests/packaging/debian shows (tests/run --long)."""
import os
import pathlib
import re
import subprocess

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.upgrades import program
from harness.waiting import eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **environment):
    command = [str(word) for word in command]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def package(binary, is_sanitized, tmp_path_factory):
    if is_sanitized:
        pytest.skip("packages hold no sanitizer")
    config = binary.parent / "CPackConfig.cmake"
    if not config.exists():
        pytest.skip(f"{binary} is not where CMake built it")
    folder = tmp_path_factory.mktemp("package")
    packed = run("cpack", "--config", config, "-B", folder)
    assert packed.returncode == 0, packed.stdout + packed.stderr
    return next(folder.glob("tealgate_*.deb"))


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    assert run("dpkg-deb", "--raw-extract", package, folder).returncode == 0
    return folder


def test_it_holds_what_the_installer_installs_owned_by_root(package):
    listed = run("dpkg-deb", "--contents", package).stdout.splitlines()
    owners = {line.split()[1] for line in listed}
    files = {line.split()[5] for line in listed if line.startswith("-")}
    assert owners == {"root/root"}
    assert {"./usr/bin/tealgate", "./etc/tealgate/tealgate.yaml", "./etc/logrotate.d/tealgate"} <= files
    assert {f"./lib/systemd/system/tealgate.{kind}" for kind in ("service", "socket")} <= files
    assert {f"./usr/share/doc/tealgate/{name}" for name in ("copyright", "changelog.gz")} <= files
    assert not any("/local" in line or line.endswith(".new") for line in listed)


def test_what_it_depends_on_was_found_by_the_libraries_it_uses(package):
    fields = run("dpkg-deb", "--field", package).stdout
    depends = re.search(r"^Depends: (.*)$", fields, re.MULTILINE)[1]
    for library in ("libc6", "libssl3", "libcurl4", "zlib1g", "libuv1", "libyaml-cpp0.7", "libfmt9", "adduser"):
        assert re.search(rf"(^|, ){re.escape(library)}( |,|$)", depends), depends
    assert "-dev" not in depends


def test_files_below_etc_are_the_operators(unpacked):
    named = set((unpacked / "DEBIAN/conffiles").read_text().split())
    there = {"/" + str(path.relative_to(unpacked)) for path in (unpacked / "etc").rglob("*") if path.is_file()}
    assert named == there


@pytest.mark.needs("/usr/bin/lintian")
def test_lintian_has_no_complaint(package):
    checked = run("lintian", "--fail-on", "error,warning", "--allow-root", package, LC_ALL="C.UTF-8")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_maintainer_scripts_do_nothing_where_there_is_nothing_to_do(unpacked):
    """As dpkg calls them when another package's failure is undone."""
    for script, words in (("postinst", ["abort-upgrade", "0.1.0"]), ("prerm", ["upgrade", "0.2.0"]), ("postrm", ["upgrade", "0.2.0"])):
        done = run("sh", "-e", unpacked / "DEBIAN" / script, *words)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def hand_over(unpacked, binary, daemon, folder, quote='"', **environment):
    """postinst's hand-over alone, with the binary of the tests: the rest of it needs a machine of its own."""
    text = (unpacked / "DEBIAN/postinst").read_text()
    function = re.search(r"^hand_over\(\) \{$.*?^\}$", text, re.MULTILINE | re.DOTALL)[0]
    defaults = folder / "defaults"
    defaults.write_text(f"# mine\nTEALGATE_SOCKET={quote}{daemon.socket_path}{quote}\n")
    function = function.replace("/usr/bin/tealgate", str(binary)).replace("/etc/default/tealgate", str(defaults))
    return run("sh", "-e", "-c", f"{function}\nhand_over 0.0.9", **environment)


def test_an_upgrade_of_the_package_hands_over_and_restarts_nothing(unpacked, binary, stage):
    daemon = stage.daemon(shop({"blue": [stage.scripted(Named("blue")).address]}))
    done = hand_over(unpacked, binary, daemon, stage.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "handed over to the new binary" in done.stdout
    successor = daemon.control.status()["pid"]
    assert successor != daemon.child.pid and daemon.child.wait() == 0
    assert daemon.history_lines()[-1]["reason"] == "package upgrade from 0.0.9"
    os.kill(successor, 15)
    eventually(lambda: not os.path.exists(f"/proc/{successor}"), what="its end")


def test_a_hand_over_that_fails_is_told_and_fails_no_package(unpacked, binary, stage):
    daemon = stage.daemon(shop({"blue": [stage.scripted(Named("blue")).address]}))
    daemon.config_path.write_text("nonsense: true\n")
    done = hand_over(unpacked, binary, daemon, stage.folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert "goes on with the old binary" in done.stderr and "type: tealgate upgrade" in done.stderr
    assert daemon.control.status()["pid"] == daemon.child.pid


def test_without_a_daemon_an_upgrade_of_the_package_says_nothing(unpacked, binary, stage):
    daemon = stage.daemon(shop({"blue": [stage.scripted(Named("blue")).address]}), start=False)
    done = hand_over(unpacked, binary, daemon, stage.folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_daemon_that_answers_on_another_socket_is_told_of(unpacked, binary, stage):
    daemon = stage.daemon(shop({"blue": [stage.scripted(Named("blue")).address]}), start=False)
    says_active = program(stage.folder, "systemctl", "#!/bin/sh\nexit 0\n")
    done = hand_over(unpacked, binary, daemon, stage.folder, PATH=f"{says_active.parent}:{os.environ['PATH']}")
    assert (done.returncode, done.stdout) == (0, "")
    assert "goes on with the old binary" in done.stderr and str(daemon.socket_path) in done.stderr


@pytest.mark.parametrize("quote", ["'", ""], ids=["single quotes", "no quotes"])
def test_socket_is_read_however_it_is_quoted(unpacked, binary, stage, quote):
    daemon = stage.daemon(shop({"blue": [stage.scripted(Named("blue")).address]}))
    daemon.config_path.write_text("nonsense: true\n")
    assert "rejects" in hand_over(unpacked, binary, daemon, stage.folder, quote).stderr


def packages_named_in(text):
    """Those of the first `apt-get install` in it."""
    words = re.search(r"apt-get install -y(.*?[^\\])\n", text, re.DOTALL)[1].split()
    return {word for word in words if re.fullmatch(r"[a-z0-9][a-z0-9+.-]*", word)}


def test_document_and_dockerfile_build_with_the_same_packages():
    documented = packages_named_in((ROOT / "docs/install.md").read_text())
    assert documented == packages_named_in((ROOT / "packaging/Dockerfile").read_text())
    assert {"g++", "file", "libexpected-dev"} <= documented
