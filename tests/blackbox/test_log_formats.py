"""The access log's formats: `combined` is what nginx writes of the same requests; the trace's id in the JSON line."""
import re

import pytest

from harness.behaviours import Named
from harness.daemon import shop
from harness.ports import Port
from harness.processes import Child
from harness.waiting import eventually
from harness.wire import Wire, head, request

NGINX = "/usr/sbin/nginx"
NGINX_CONFIG = """daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.error;
events {{}}
http {{ access_log {folder}/nginx.log combined; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen {address}; location / {{ return 200 "blue"; }} }} }}
"""
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def combined(stage):
    config = shop({pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")})
    config["logs"] = {"access": str(stage.folder / "combined.log"), "format": "combined"}
    daemon = stage.daemon(config)
    daemon.lines = lambda: (stage.folder / "combined.log").read_text().splitlines()
    return daemon


def without_time(line):
    found = re.search(r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]", line)
    assert found, line
    return line.replace(found.group(), "[time]")


@pytest.mark.needs(NGINX)
def test_combined_is_what_nginx_writes(stage, combined):
    port = stage.also_close(Port())
    config = stage.folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(folder=stage.folder, address=port.address))
    child = stage.also_close(Child([NGINX, "-p", stage.folder, "-c", config], stage.folder / "nginx.out"))
    eventually(lambda: not child.is_running() or answers(port.number), what="nginx")
    asks = [
        head("GET", "/"),
        head("GET", "/cart%20x", "User-Agent: curl/7.88.1", "Referer: https://shop.example/a?b=c"),
        head("HEAD", "/"),
        head("POST", "/form", "Content-Length: 0", "User-Agent: \"quoted\" \\ back ~ \t tab"),
        head("GET", "/", "User-Agent: \xe4\xff", "Referer: "),
    ]
    for ask in asks:
        for to in (combined.port, port.number):
            with Wire(to) as wire:
                wire.send(ask)
                assert wire.receive_head().status == 200
    eventually(lambda: len(combined.lines()) == len(asks), what="all lines")
    nginx = stage.folder / "nginx.log"
    eventually(lambda: r'"\xE4\xFF"' in nginx.read_text(), what="nginx's line of the last request")
    nginx_lines = nginx.read_text().splitlines()[-len(asks) :]
    assert sorted(map(without_time, combined.lines())) == sorted(map(without_time, nginx_lines))


def answers(port):
    try:
        return request(port, "/").status == 200
    except OSError:
        return False


def test_combined_of_what_was_no_request(combined):
    with Wire(combined.port) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        answer = wire.receive()
        assert answer.status == 400
    eventually(lambda: combined.lines(), what="the line")
    assert without_time(combined.lines()[0]) == f'127.0.0.1 - - [time] "-" 400 {len(answer.body)} "-" "-"'


def test_tealgate_logs_shows_combined_lines_and_cannot_choose_among_them(combined):
    for _ in range(3):
        request(combined.port, "/")
    eventually(lambda: len(combined.lines()) == 3, what="three lines")
    shown = combined.cli("logs", "--limit", "2")
    assert (shown.returncode, shown.stdout.splitlines()) == (0, combined.lines()[-2:])
    for words in (["--status", "5xx"], ["--pool", "blue"], ["-s", "shop"], ["--since", "1h"]):
        refused = combined.cli("logs", *words)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "logs.format is combined: such lines have no fields to choose by" in refused.stderr


def test_the_format_takes_a_restart(combined):
    config = {**combined.config, "logs": {**combined.config["logs"], "format": "json"}}
    combined.write_config(config)
    assert combined.control.post("/v1/reload").result["restart_needed"] == ["logs.format"]


def test_the_json_line_has_the_id_of_a_valid_traceparent(stage):
    origin = stage.scripted(Named("blue"))
    daemon = stage.daemon(shop({"blue": [origin.address], "green": ["127.0.0.1:9"]}))
    for path, value in (("/good", f"00-{TRACE}-00f067aa0ba902b7-01"), ("/bad", f"00-{TRACE}-0000000000000000-01")):
        assert request(daemon.port, path, fields=[f"traceparent: {value}"]).status == 200
        assert origin.requests[-1].field("traceparent") == value, "it goes on untouched"
    assert daemon.wait_for_log(lambda line: line["path"] == "/good")["trace_id"] == TRACE
    assert "trace_id" not in daemon.wait_for_log(lambda line: line["path"] == "/bad")
