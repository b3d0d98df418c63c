"""The text of /metrics as numbers."""
import re

from harness.control import request_bytes
from harness.wire import Wire


class Metrics(dict):
    """Values by name and labels: metrics["tealgate_requests_total", {"pool": "blue", "code": "200"}] adds up all
    series that have these labels."""

    @classmethod
    def of(cls, daemon):
        return cls(text_of(daemon))

    def __init__(self, text):
        super().__init__()
        for name, labels, value in re.findall(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", text, re.M):
            key = (name, frozenset(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels)))
            assert key not in self, f"twice: {key}"
            self[key] = float(value)

    def sum(self, name, **labels):
        wanted = set(labels.items())
        return sum(value for (found, has), value in self.items() if found == name and wanted <= has)

    def series(self, name, **labels):
        wanted = set(labels.items())
        return [key for key in self if key[0] == name and wanted <= key[1]]


def text_of(daemon):
    with Wire(0, path=str(daemon.socket_path)) as wire:
        answer = wire.exchange(request_bytes("GET", "/metrics"))
    assert answer.status == 200, answer.first_line
    return bytes(answer.body).decode()
