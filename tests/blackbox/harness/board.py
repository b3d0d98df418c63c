"""The dashboard's address, as a browser or a script with a token asks it."""
import hashlib
import json

from harness.ports import Port
from harness.wire import request


def token(name, role, secret, **more):
    """An entry of control.dashboard.tokens."""
    return {"name": name, "role": role, "sha256": hashlib.sha256(secret.encode()).hexdigest(), **more}


class Board:
    def __init__(self, stage):
        self._port = stage.also_close(Port())
        self.number = self._port.number
        self.address = self._port.address

    def config(self, **terms):
        return {"control": {"dashboard": {"address": self.address, **terms}}}

    def ask(self, target, method="GET", token=None, body=None, fields=(), host=None):
        """The answer to one request on a connection of its own."""
        if token is not None:
            fields = [*fields, f"Authorization: Bearer {token}"]
        given = b"" if body is None else json.dumps(body).encode()
        return request(self.number, target, method, fields=fields, body=given, host=host or self.address)

    def get(self, target, **settings):
        """The JSON that is answered."""
        return json.loads(self.ask(target, **settings).body)

    def post(self, target, body, **settings):
        """Status and last line of the answer."""
        answer = self.ask(target, "POST", body=body, **settings)
        return answer.status, json.loads(bytes(answer.body).strip().splitlines()[-1])
