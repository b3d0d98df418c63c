"""A daemon that speaks TLS, with certificates of every kind, before one scripted origin."""
import subprocess

from harness.certificates import Authority
from harness.daemon import shop
from harness.scripted import answer_everything
from harness.secure import SecureWire
from harness.wire import head


class TlsScene:
    """`tls` are more keys of listen.tls, `listen` of the listener, `more` further listeners, `service` of the service."""

    def __init__(self, stage, script=answer_everything, tls=None, listen=None, more=(), config=None, **service):
        self.stage = stage
        self.authority = Authority(stage.folder / "ca")
        self.shop = self.authority.issue("shop.test", "DNS:shop.test", "IP:127.0.0.1")
        self.origin = stage.scripted(script)
        self.service = service
        self.listen = {"address": "127.0.0.1:0", "tls": {**self.shop.files, **(tls or {})}, **(listen or {})}
        self.more = list(more)
        self.config = config or {}
        self.daemon = stage.daemon(self.config_now())
        self.port = self.daemon.port

    def config_now(self):
        pools = {"blue": [self.origin.address], "green": ["127.0.0.1:9"]}
        return shop(pools, **self.service) | {"listen": [self.listen, *self.more]} | self.config

    def reload(self):
        """With what `listen` and the rest say now."""
        self.daemon.write_config(self.config_now())
        done = self.daemon.cli("reload")
        assert done.returncode == 0, done.stdout + done.stderr

    def wire(self, version=None, certificate=None, **settings):
        return SecureWire(self.port, self.authority.context(certificate, version), **settings)

    def ask(self, target="/", method="GET", *fields, body=b"", **settings):
        """One request on a connection of its own."""
        if body or method in ("POST", "PUT"):
            fields = [*fields, f"Content-Length: {len(body)}"]
        with self.wire(**settings) as wire:
            return wire.exchange(head(method, target, *fields, host="shop.test") + body, method)

    def s_client(self, *words, given=b"", orders=None, name="shop.test"):
        """What openssl s_client says; its exit code is left out since it is 0 after nearly anything. `given` ends with the
        end of its input; `orders` (`R`: renegotiate) do not."""
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-CAfile", self.authority.cert]
        command += ["-servername", name] if name else ["-noservername"]
        command = [*map(str, command), *map(str, words)]
        if orders is None:
            done = subprocess.run(command, input=given, capture_output=True, timeout=60)
            return (done.stdout + done.stderr).decode(errors="replace")
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as child:
            child.stdin.write(orders)
            child.stdin.flush()
            return child.stdout.read().decode(errors="replace")

    def line(self, **wanted):
        """The first line of the access log in which these fields have these values."""
        return self.daemon.wait_for_log(lambda line: wanted.items() <= line.items(), what=f"a line with {wanted}")

    def no_lines(self):
        return not self.daemon.access_log()
