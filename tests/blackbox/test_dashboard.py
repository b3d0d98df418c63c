"""The dashboard's address: the page, who may read, and who may act with which token. test_page.py has the page in a browser."""
import gzip
import json
import pathlib

import pytest

from harness.behaviours import Named
from harness.board import Board, token
from harness.daemon import shop

BUILT = pathlib.Path(__file__).resolve().parents[2] / "dashboard" / "built"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
TOKENS = [
    token("screen", "viewer", "may-read"),
    token("ci", "deployer", "may-release", services=["shop"]),
    token("ann", "admin", "may-everything"),
]
SWITCH = "/v1/services/shop/switch"


@pytest.fixture
def board(stage):
    """A dashboard before two pools, whose tokens are TOKENS; `daemon` is its daemon."""
    board = Board(stage)
    pools = {pool: [stage.scripted(Named(pool)).address] for pool in ("blue", "green")}
    board.base = shop(pools)
    board.daemon = stage.daemon(board.base | board.config(tokens=TOKENS))
    return board


# The page.


@pytest.mark.parametrize("file", sorted(BUILT.iterdir()), ids=lambda file: file.name)
def test_page_is_served_whole_plain_gzipped_and_not_again(board, file):
    path = "/" if file.name == "index.html" else f"/assets/{file.name}"
    plain = board.ask(path)
    assert (plain.status, bytes(plain.body)) == (200, file.read_bytes())
    assert plain.field("content-encoding") is None
    packed = board.ask(path, fields=["Accept-Encoding: br, gzip"])
    assert packed.field("content-encoding") == "gzip" and gzip.decompress(packed.body) == file.read_bytes()
    for answer in (plain, packed):
        assert answer.field("content-type").split(";")[0] == TYPES[file.suffix]
        assert answer.field("vary") == "Accept-Encoding" and answer.field("cache-control") == "no-cache"
        assert answer.field("x-content-type-options") == "nosniff" and answer.field("referrer-policy") == "no-referrer"
        assert answer.field("content-security-policy").startswith("default-src 'none'; script-src 'self';")
    assert plain.field("etag") != packed.field("etag")
    again = board.ask(path, fields=[f"If-None-Match: {plain.field('etag')}"])
    assert (again.status, bytes(again.body)) == (304, b"") and again.field("etag") == plain.field("etag")
    looked = board.ask(path, "HEAD")
    assert looked.status == 200 and int(looked.field("content-length")) == file.stat().st_size


def test_page_ends_where_its_files_end(board):
    assert board.ask("/assets/app.map").status == 404
    assert board.ask("/assets/").status == 404
    for path in ("//", "/assets//app.js", "/assets/app.js/", "/assets/..%2findex.html", "/./"):
        assert board.ask(path).status in (400, 404), path
    assert board.ask("/", "POST").status == 405


# Who may what.


def test_without_a_token_loopback_reads_and_changes_nothing(board):
    who = board.get("/v1/whoami")
    assert who == {"ok": True, "name": None, "role": "viewer", "services": None, "actions": False, "sign_in": True}
    assert board.get("/v1/status")["services"]["shop"]["split"] == ["blue"]
    status, result = board.post(SWITCH, {"to": ["green"]})
    assert status == 401 and result["error"]["exit"] == 8
    assert board.daemon.service()["split"] == ["blue"]


def test_without_tokens_nobody_can_sign_in(stage):
    board = Board(stage)
    stage.daemon(shop({"blue": [stage.scripted(Named("blue")).address]}) | board.config())
    assert board.get("/v1/whoami")["sign_in"] is False
    assert board.ask("/v1/status", token="x").status == 401


def test_token_switches_in_its_own_name(board):
    who = board.get("/v1/whoami", token="may-release")
    assert (who["name"], who["role"], who["services"], who["actions"]) == ("ci", "deployer", ["shop"], True)
    body = {"to": ["green"], "by": "somebody else", "reason": "v2"}
    status, result = board.post(SWITCH, body, token="may-release")
    assert status == 200 and result["ok"] and result["to"] == ["green"]
    decided = [line for line in board.daemon.history_lines() if line["event"] == "decided" and line["by"] != "config"]
    assert [(line["by"], line["reason"]) for line in decided] == [("ci", "v2")]
    assert board.daemon.service()["by"] == "ci"


def test_token_gives_its_role_and_no_more(board):
    assert board.get("/v1/whoami", token="may-read")["actions"] is False
    for secret, target in (("may-read", SWITCH), ("may-release", "/v1/reload")):
        status, result = board.post(target, {}, token=secret)
        assert (status, result["error"]["code"]) == (403, "forbidden")
    status, result = board.post(SWITCH, {"to": ["green"], "force": True}, token="may-release")
    assert status == 403
    assert board.post("/v1/reload", {}, token="may-everything")[0] == 200
    assert 'the token "screen"' in board.daemon.output()


def test_wrong_token_is_refused_then_not_looked_at(board):
    for _ in range(5):
        answer = board.ask("/v1/status", token="guess")
        assert answer.status == 401 and answer.field("www-authenticate") == "Bearer"
        assert json.loads(answer.body)["error"]["code"] == "forbidden"
    for secret in ("guess", "may-everything"):
        answer = board.ask("/v1/whoami", token=secret)
        assert answer.status == 429 and 0 < int(answer.field("retry-after")) <= 60
    assert board.post(SWITCH, {"to": ["green"]}, token="may-release")[0] == 429
    assert board.ask("/v1/status").status == 200  # the page goes on
    assert "refused what 127.0.0.1 asked: the token is not one of" in board.daemon.output()


def test_foreign_host_or_origin_is_refused_whatever_token_it_shows(board):
    for secret in (None, "may-everything"):
        assert board.ask("/v1/status", host="evil.example.com", token=secret).status == 403
        assert board.ask("/", host="evil.example.com", token=secret).status == 403
        foreign = ["Origin: http://evil.example.com"]
        assert board.ask("/v1/status", fields=foreign, token=secret).status == 403
        assert board.ask(SWITCH, "POST", body={"to": ["green"]}, fields=foreign, token=secret).status == 403
    own = [f"Origin: http://{board.address}"]
    assert board.ask(SWITCH, "POST", body={"to": ["green"]}, fields=own, token="may-release").status == 200


def test_reload_changes_names_and_tokens_and_not_the_address(board):
    assert board.ask("/v1/status", host="board.example.com").status == 403
    changed = [token("ops", "deployer", "another"), TOKENS[2]]
    board.daemon.write_config(board.base | board.config(tokens=changed, hosts=["Board.example.com"]))
    assert board.daemon.control.post("/v1/reload").result["restart_needed"] == []
    assert board.ask("/v1/status", host="board.example.com").status == 200
    assert board.get("/v1/whoami", token="another")["name"] == "ops"
    assert board.ask("/v1/whoami", token="may-release").status == 401
    board.daemon.write_config(board.base | {"control": {"dashboard": {"address": "127.0.0.1:1", "tokens": changed}}})
    assert board.daemon.control.post("/v1/reload").result["restart_needed"] == ["control.dashboard"]
    assert board.get("/v1/whoami", token="another")["name"] == "ops"


def test_off_loopback_reading_takes_a_token_unless_it_is_public(stage):
    for is_public in (False, True):
        board = Board(stage)
        pools = {"blue": [stage.scripted(Named("blue")).address]}
        config = {"address": f"0.0.0.0:{board.number}", "tokens": TOKENS, "public": is_public}
        stage.daemon(shop(pools) | {"control": {"dashboard": config}})
        for path in ("/", "/assets/app.js", "/healthz"):
            assert board.ask(path).status == 200
        assert board.get("/v1/whoami")["role"] == ("viewer" if is_public else "none")
        for path in ("/v1/status", "/v1/figures", "/v1/history", "/metrics", "/v1/services/shop"):
            answer = board.ask(path)
            assert answer.status == (200 if is_public else 401), path
            if not is_public:
                assert answer.field("www-authenticate") == "Bearer" and b"blue" not in answer.body
            assert board.ask(path, token="may-read").status == 200
        assert board.ask(SWITCH, "POST", body={"to": ["blue"]}).status == 401


def test_no_token_is_ever_written_down(board):
    board.post(SWITCH, {"to": ["green"]}, token="may-release")
    board.post("/v1/reload", {}, token="may-release")
    board.ask("/v1/status", token="almost-right")
    board.ask("/v1/status?x=1", fields=["Authorization: Basic may-everything"])
    board.daemon.stop()
    files = [path for path in board.daemon.folder.rglob("*") if path.is_file()]
    texts = [board.daemon.output(), *(path.read_text(errors="replace") for path in files)]
    for secret in ("may-release", "almost-right", "may-everything"):
        assert not any(secret in text for text in texts)
