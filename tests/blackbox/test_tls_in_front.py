"""examples/tls-in-front, run: nginx and Caddy before Tealgate, with other ports and a certificate of our own.
The client's address and scheme arrive, and a switch behind them is not noticed."""
import pathlib
import ssl
import subprocess

import pytest

from harness.behaviours import Named
from harness.ports import Port
from harness.processes import Child
from harness.waiting import eventually
from harness.wire import Wire, head

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "tls-in-front"
NAME = "shop.example.com"
CLIENT = "127.0.0.2"  # so that the client is not mistaken for the proxy


def replaced(text, *pairs):
    """`text` with each pair's first put right by its second; the example must contain the first."""
    for old, new in pairs:
        assert old in text, f"the example lacks {old!r}"
        text = text.replace(old, new)
    return text


def make_certificate(folder):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    command += ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


def begin_nginx(stage, port, plain_port, tealgate_port):
    certificate, key = make_certificate(stage.folder)
    config = replaced(
        (EXAMPLES / "nginx.conf").read_text(),
        ("127.0.0.1:8080", f"127.0.0.1:{tealgate_port}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
        (f"/etc/ssl/{NAME}/fullchain.pem", str(certificate)),
        (f"/etc/ssl/{NAME}/privkey.pem", str(key)),
    )
    path = stage.folder / "nginx.conf"
    path.write_text(config)
    (stage.folder / "logs").mkdir()
    directives = f"daemon off; master_process off; pid {stage.folder}/nginx.pid; error_log stderr;"
    return Child(["/usr/sbin/nginx", "-p", stage.folder, "-c", path, "-g", directives], stage.folder / "nginx.log")


def begin_caddy(stage, port, plain_port, tealgate_port):
    certificate, key = make_certificate(stage.folder)
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
    config = options + replaced(
        (EXAMPLES / "Caddyfile").read_text(),
        ("127.0.0.1:8080", f"127.0.0.1:{tealgate_port}"),
        (f"\n{NAME} {{", f"\nhttps://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}"),
    )
    path = stage.folder / "Caddyfile"
    path.write_text(config)
    environment = {name: str(stage.folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    command = ["/usr/bin/caddy", "run", "--config", path, "--adapter", "caddyfile"]
    return Child(command, stage.folder / "caddy.log", environment)


def begin_tealgate(stage, blue, green):
    """The example's own config, on free ports and with our servers."""
    text = replaced(
        (EXAMPLES / "tealgate.yaml").read_text(),
        ("127.0.0.1:8080", "127.0.0.1:0"),
        ("127.0.0.1:8081", blue),
        ("127.0.0.1:8082", green),
    )
    folder = stage.folder / "tealgate-1"
    text += f"control: {{socket: {folder}/control.sock, state: {folder}/state}}\n"
    text += f"logs: {{access: {folder}/access.log}}\n"
    daemon = stage.daemon(text)
    eventually(lambda: daemon.service()["state"] == "ok", what="health")
    return daemon


def connect(port, certificate):
    """A connection from CLIENT, with the certificate checked."""
    wire = Wire(port, source=CLIENT)
    context = ssl.create_default_context(cafile=str(certificate))
    wire.socket = context.wrap_socket(wire.socket, server_hostname=NAME)
    return wire


def accepts(port, proxy):
    if not proxy.is_running():
        raise AssertionError(proxy.output())
    try:
        Wire(port).close()
        return True
    except OSError:
        return False


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(begin_nginx, marks=pytest.mark.needs("/usr/sbin/nginx")),
        pytest.param(begin_caddy, marks=pytest.mark.needs("/usr/bin/caddy")),
    ],
)
def test_requests_pass_through_tls_with_their_origin_kept(stage, begin):
    origins = {pool: stage.scripted(Named(pool)) for pool in ("blue", "green")}
    daemon = begin_tealgate(stage, origins["blue"].address, origins["green"].address)
    port, plain_port = (stage.also_close(Port()).number for _ in range(2))
    proxy = stage.also_close(begin(stage, port, plain_port, daemon.port))
    eventually(lambda: accepts(port, proxy), 20, "the TLS proxy")
    with connect(port, stage.folder / "cert.pem") as client:
        answer = client.exchange(head("GET", "/over-tls", "X-Forwarded-For: 6.6.6.6", host=NAME))
        assert (answer.status, bytes(answer.body)) == (200, b"blue")
        seen = next(asked for asked in origins["blue"].requests if "/over-tls" in asked.first_line)
        assert ", ".join(seen.all("x-forwarded-for")) == f"{CLIENT}, 127.0.0.1"
        assert seen.field("x-forwarded-proto") == "https" and seen.field("x-forwarded-host") == NAME
        assert seen.field("host") == NAME
        line = daemon.wait_for_log(lambda line: line["path"] == "/over-tls")
        assert line["client_ip"] == CLIENT and line.get("request_id") == seen.field("x-request-id")
        assert daemon.control.switch("green").ok
        body = b"b" * 300_000
        answer = client.exchange(head("POST", "/after", f"Content-Length: {len(body)}", host=NAME) + body, "POST")
        assert (answer.status, bytes(answer.body)) == (200, b"green")
        posted = next(asked for asked in origins["green"].requests if "/after" in asked.first_line)
        assert bytes(posted.body) == body
