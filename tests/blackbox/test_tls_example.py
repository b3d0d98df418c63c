"""examples/tls, run: with other ports and folders, and without Let's Encrypt."""
import grp
import os
import pathlib
import ssl
import subprocess

from harness.ports import Port
from harness.secure import SecureWire
from harness.scripted import answer_everything
from harness.waiting import eventually
from harness.wire import head
from test_tls_in_front import replaced

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "tls"
NAME = "shop.example.com"
GET = head("GET", "/", host=NAME)


def make_certificates(folder, *names):
    subprocess.run([EXAMPLES / "make-certificates", folder, *names], check=True, capture_output=True, timeout=60)
    return folder


def trusting(folder):
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


def serial(port, context):
    with SecureWire(port, context, name=NAME) as wire:
        return wire.tls.getpeercert()["serialNumber"]


def begin(stage, file, *pairs):
    text = replaced(
        (EXAMPLES / file).read_text(),
        ('":80"', '"127.0.0.1:0"'),
        ('":443"', '"127.0.0.1:0"'),
        ("/run/tealgate/control.sock", str(stage.folder / "tealgate-1" / "control.sock")),
        *pairs,
    )
    text += f"  state: {stage.folder}/tealgate-1/state\nlogs: {{access: {stage.folder}/tealgate-1/access.log}}\n"
    return stage.daemon(text)


def test_an_authority_of_our_own(stage):
    tls = make_certificates(stage.folder / "tls", NAME)
    servers = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    servers.load_cert_chain(tls / "server.pem", tls / "server.key")
    blue, green = (stage.scripted(answer_everything, tls=servers) for _ in range(2))
    daemon = begin(
        stage,
        "tealgate.yaml",
        ("/etc/tealgate/tls", str(tls)),
        ("127.0.0.1:8444", blue.address),
        ("127.0.0.1:8445", green.address),
    )
    daemon.wait_until_up(blue.address)
    port = daemon.ports[1]
    with SecureWire(port, trusting(tls), name=NAME) as wire:
        answer = wire.exchange(GET)
        assert answer.status == 200 and answer.field("Strict-Transport-Security")
        before = wire.tls.getpeercert()["serialNumber"]
    make_certificates(tls, NAME, "127.0.0.1")
    eventually(lambda: serial(port, trusting(tls)) != before, 15, "the renewed certificate")
    with SecureWire(port, trusting(tls), name="127.0.0.1") as wire:
        assert ("IP Address", "127.0.0.1") in wire.tls.getpeercert()["subjectAltName"]


def test_certbots_hook(stage, binary):
    first = make_certificates(stage.folder / "first", NAME)
    tls = stage.folder / "tls"
    tls.mkdir()
    for kind in ("key", "pem"):
        (tls / f"{NAME}.{kind}").write_bytes((first / f"server.{kind}").read_bytes())
    standalone, blue = stage.scripted(), stage.scripted()
    daemon = begin(
        stage,
        "tealgate-certbot.yaml",
        ("/etc/tealgate/tls", str(tls)),
        (":8081", blue.address),
        (":8888", standalone.address),
        (":8082", "127.0.0.1:9"),
    )
    daemon.wait_until_up(blue.address)
    port = daemon.ports[1]
    with SecureWire(port, trusting(first), name=NAME) as wire:
        assert wire.exchange(head("GET", "/.well-known/acme-challenge/token", host=NAME)).status == 200
        assert wire.exchange(GET).status == 200
    assert len(standalone.requests) == 1
    lineage = stage.folder / "live" / NAME
    lineage.mkdir(parents=True)
    renewed = make_certificates(stage.folder / "second", NAME)
    (lineage / "privkey.pem").write_bytes((renewed / "server.key").read_bytes())
    (lineage / "fullchain.pem").write_bytes((renewed / "server.pem").read_bytes())
    words = stage.folder / "words"
    words.mkdir()
    (words / "tealgate").symlink_to(binary)
    environment = daemon.environment() | {
        "RENEWED_LINEAGE": str(lineage),
        "TEALGATE_TLS": str(tls),
        "TEALGATE_GROUP": grp.getgrgid(os.getgid()).gr_name,
        "PATH": f"{words}:{os.environ['PATH']}",
    }
    done = subprocess.run([EXAMPLES / "certbot-hook"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert serial(port, trusting(renewed))
    (lineage / "privkey.pem").write_bytes((first / "server.key").read_bytes())
    done = subprocess.run([EXAMPLES / "certbot-hook"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "is not the key of" in done.stdout + done.stderr, "certbot shows what is wrong"
    assert serial(port, trusting(renewed))
