"""`tealgate ssh` as sshd runs a forced command: by the account's shell, with the client's line in
SSH_ORIGINAL_COMMAND, and with whatever the client may have put into the environment."""
import json
import os
import shlex
import signal
import subprocess

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.waiting import eventually


class Host:
    """A daemon of the services shop and billing, and the ssh server before it."""

    def __init__(self, stage):
        pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
        config = shop(pools)
        config["services"]["shop"]["hosts"] = ["shop.example"]
        config["services"]["billing"] = {"health": "none", "pools": pools}
        self.daemon = stage.daemon(config)

    def forced(self, options):
        own = ["ssh", *options.split(), "--socket", str(self.daemon.socket_path)]
        return shlex.join(self.daemon.command(*own))

    def environment(self, line, **variables):
        environment = {**os.environ, **variables}
        if line is not None:
            environment["SSH_ORIGINAL_COMMAND"] = line
        return environment

    def ssh(self, line, options="--role deployer -s shop --by github", **variables):
        """What the client of a key with this forced command sees."""
        return subprocess.run(
            ["sh", "-c", self.forced(options)],
            env=self.environment(line, **variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.daemon.folder,
        )


@pytest.fixture
def host(stage):
    return Host(stage)


ATTACKS = (
    "status; id",
    "status && touch pwned",
    "status || touch pwned",
    "status & touch pwned",
    "status | tee pwned",
    "status > pwned",
    "status >> pwned",
    "status < /etc/passwd",
    "$(touch pwned)",
    "switch `touch pwned`",
    'switch "$(touch pwned)"',
    'switch "`touch pwned`"',
    "switch ${IFS}green",
    "switch $HOME",
    "switch *",
    "switch gree?",
    "switch {green,blue}",
    "switch [g]reen",
    "status\ntouch pwned",
    "status\r\ntouch pwned",
    "'status\ntouch pwned'",
    "status \\; touch pwned",
    "status # comment",
    "(touch pwned)",
    "switch 'green",
    'switch "green',
    "!!",
    "~/x",
    "status\x1b[2J",
)


def test_shell_characters_are_refused_in_one_sentence(host):
    for line in ATTACKS:
        refused = host.ssh(line)
        assert refused.returncode == 2 and refused.stdout == "", (line, refused)
        assert refused.stderr.startswith("tealgate ssh: ") and "\x1b" not in refused.stderr, (line, refused)
        assert len(refused.stderr.splitlines()) == 1, (line, refused)
    assert not (host.daemon.folder / "pwned").exists()
    assert host.daemon.service()["revision"] == 1


FORBIDDEN = (
    "upgrade /bin/true",
    "upgrade",
    "check /etc/shadow",
    "run -c /etc/shadow",
    "demo",
    "lock -- touch pwned",
    "ssh --role admin",
    "status --socket /tmp/other.sock",
    "--socket /tmp/other.sock status",
)


def test_nothing_that_runs_a_program_or_reads_a_file_is_for_any_key(host):
    for line in FORBIDDEN:
        for role in ("viewer", "deployer", "admin"):
            refused = host.ssh(line, f"--role {role}")
            assert refused.returncode == 8, (line, refused)
            assert "this key may not" in refused.stderr and "it may: status, history" in refused.stderr
    assert not (host.daemon.folder / "pwned").exists()


def test_no_other_program_is_run(host):
    for line in ("id", "bash", "/bin/sh -c id", "scp -t /tmp", "internal-sftp", "/usr/bin/tealgate status", "env"):
        refused = host.ssh(line)
        assert refused.returncode == 2 and refused.stdout == "", refused


def test_a_release_looks_as_it_does_on_the_host(host):
    switched = host.ssh("tealgate switch green --reason 'it'\"'\"'s v2' --label v2 --json")
    assert switched.returncode == 0, switched
    assert json.loads(switched.stdout)["to"] == ["green"] and "announced" in switched.stderr
    service = host.daemon.service()
    assert (service["active"], service["by"], service["reason"]) == (["green"], "github", "it's v2")
    assert host.ssh("status --active").stdout == "green\n"
    assert host.ssh("switch gren").returncode == 2
    assert host.ssh("switch blue --if-revision 99").returncode == 5
    assert host.ssh("rollback").returncode == 0
    assert host.ssh("wait green --timeout 20s").returncode == 0
    assert host.ssh("version").stdout.startswith("tealgate ")
    assert host.ssh("switch --help").returncode == 0


def test_a_key_reaches_its_services_alone(host):
    for line in ("switch -s billing green", "switch billing/green", "status -s billing", "history -s billing",
                 "lock -s billing", "wait billing/green", "status -s nobody"):
        refused = host.ssh(line)
        assert refused.returncode == 8, (line, refused)
        assert "as lowered by the request, gives shop, not" in refused.stderr
    assert "billing" not in host.ssh("status").stdout + host.ssh("history").stdout
    assert host.daemon.service("billing")["revision"] == 1
    both = "--role deployer -s shop,billing"
    assert host.ssh("switch -s billing green", both).returncode == 0
    assert host.ssh("switch green", both).returncode == 2, "which of the two?"
    assert host.ssh("switch -s billing blue", "--role deployer").returncode == 0, "no -s: all of them"


def test_a_service_that_a_key_was_given_by_mistake_tells_nothing_of_the_others(host):
    for line in ("status -s shpo", "switch -s shpo green", "history -s shpo", "status"):
        told = host.ssh(line, "--role deployer -s shpo")
        assert "billing" not in told.stdout + told.stderr and '"shop"' not in told.stdout + told.stderr, told
    assert host.ssh("status -s shpo", "--role deployer -s shpo").returncode == 2


def test_a_key_has_its_role_and_no_higher_one(host):
    name = host.daemon.service()["pools"][0]["servers"][0]["name"]
    for line in ("switch green --force", "unlock --force", "rollback --force", f"drain {name}", f"maint {name}", "reload"):
        refused = host.ssh(line)
        assert refused.returncode == 8, (line, refused)
        assert "takes the role admin" in refused.stderr
    assert "refused what uid" in host.daemon.output()
    for line in ("switch green", "lock", "unlock", "rollback", "wait green"):
        assert host.ssh(line, "--role viewer -s shop").returncode == 8, line
    assert host.ssh("status", "--role viewer -s shop").returncode == 0
    assert host.ssh("reload", "--role admin").returncode == 0
    assert host.ssh("switch green --force", "--role admin -s shop").returncode == 0
    assert host.ssh("reload", "--role admin -s shop").returncode == 8, "all services share the config"


def test_the_clients_environment_changes_nothing(host):
    other = host.daemon.folder / "other.sock"
    switched = host.ssh(
        "switch green",
        "--role deployer -s shop",
        TEALGATE_SOCKET=str(other),
        TEALGATE_SERVICE="billing",
        TEALGATE_LOCK="forged",
        SUDO_USER="root",
        USER="root",
    )
    assert switched.returncode == 0, switched
    assert host.daemon.service()["active"] == ["green"] and host.daemon.service("billing")["active"] == ["blue"]
    assert host.daemon.service()["by"].startswith("ssh ") and host.daemon.service()["by"] != "ssh "


def test_who_acts_cannot_be_forged(host):
    host.ssh("switch green --by root")
    assert host.daemon.service()["by"] == "github"
    host.ssh("switch blue --by root", "--role deployer -s shop")
    assert host.daemon.service()["by"].startswith("root (ssh ")


def test_a_lock_taken_by_ssh_is_used_by_its_token(host):
    token = host.ssh("lock --ttl 10m").stdout.strip()
    assert host.ssh("switch green").returncode == 5
    assert host.ssh("switch green", TEALGATE_LOCK=token).returncode == 5, "the environment does not count"
    assert host.ssh(f"switch green --lock {token}").returncode == 0
    assert host.ssh(f"unlock --lock {token}").returncode == 0


def test_without_a_command_it_says_what_the_key_may(host):
    for line in (None, "", "tealgate"):
        told = host.ssh(line)
        assert told.returncode == 2 and told.stdout == ""
        assert "this key opens no shell; it may: status, history, events, top, version, wait, switch" in told.stderr
        assert "role deployer, shop" in told.stderr


def test_a_forced_command_that_is_wrong_lets_nobody_in(host):
    for options, words in (
        ("-s shop", "--role is missing"),
        ("--role deploy -s shop", 'there is no role "deploy": it is viewer, deployer or admin'),
        ("--role deployer -s shop,", "-s"),
        ("--role deployer -s sh/op", "names no services"),
    ):
        refused = host.ssh("status", options)
        assert refused.returncode == 2 and words in refused.stderr, refused


def test_errors_are_json_where_that_is_asked_for(host):
    refused = host.ssh("switch -s billing green --json")
    assert json.loads(refused.stdout)["error"]["exit"] == refused.returncode == 8
    refused = host.ssh("upgrade --json")
    assert json.loads(refused.stdout)["error"]["code"] == "forbidden" and refused.returncode == 8


def test_a_client_that_hangs_up_leaves_no_lock_and_no_operation(host):
    """sshd closes the command's streams; the operation that waits for somebody else's lock is given up."""
    token = host.ssh("lock").stdout.strip()
    waiting = subprocess.Popen(
        ["sh", "-c", "exec " + host.forced("--role deployer -s shop")],
        env=host.environment("switch green --lock-wait 10m --operation op-w"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # which nohup(1) around these tests ignores
    )
    operation = lambda: host.daemon.service()["operation"]  # noqa: E731
    eventually(lambda: (operation() or {}).get("id") == "op-w", what="the waiting switch")
    waiting.send_signal(signal.SIGHUP)
    waiting.communicate(timeout=20)
    eventually(lambda: operation() is None, what="its end")
    assert host.ssh(f"unlock --lock {token}").returncode == 0
