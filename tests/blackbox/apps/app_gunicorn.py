"""The app server of the black-box tests as a WSGI application for gunicorn (one gthread worker, so that the
counts live in one process). It says who it is in X-Pool, X-Server and X-Version, echoes ids, hashes what it
receives and counts the ids of the POSTs it executed. README.md beside this file has the routes."""
import collections
import hashlib
import json
import os
import threading
import time
import urllib.parse

PIECE = 64 * 1024

lock = threading.Lock()
started = collections.Counter()
finished = collections.Counter()
broken = ""


def pattern(request_id, length):
    line = (request_id + "\n").encode()
    return (line * (length // len(line) + 1))[:length]


def receive(environ, query, echo):
    request_id = query.get("id", "")
    with lock:
        started[request_id] += 1
    digest, length, pieces = hashlib.sha256(), 0, []
    while piece := environ["wsgi.input"].read(PIECE):
        digest.update(piece)
        length += len(piece)
        if echo:
            pieces.append(piece)
    with lock:
        finished[request_id] += 1
    return b"".join(pieces) if echo else f"{digest.hexdigest()} {length}\n".encode()


def dump_ids(query):
    with lock:
        lines = [f"{key} {times} {finished[key]}\n" for key, times in started.items()]
        if "clear" in query:
            started.clear()
            finished.clear()
    return "".join(lines).encode()


def headers_of(environ):
    names = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    return json.dumps(names).encode()


def route(environ, path, query):
    """The status line and the body."""
    global broken
    if path == "/bytes":
        return "200 OK", pattern(query.get("id", "-"), int(query.get("n", 0)))
    if path in ("/hash", "/echo"):
        return "200 OK", receive(environ, query, path == "/echo")
    if path == "/ids":
        return "200 OK", dump_ids(query)
    if path == "/headers":
        return "200 OK", headers_of(environ)
    if path == "/health":
        return ("503 Service Unavailable", broken.encode()) if broken else ("200 OK", b"ok")
    if path == "/break":
        broken = query.get("why", "db: connection refused")
    elif path == "/mend":
        broken = ""
    else:
        return "404 Not Found", path.encode()
    return "200 OK", path.encode()


def application(environ, start_response):
    query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    if delay := int(query.get("delay", 0)):
        time.sleep(delay / 1000)
    status, body = route(environ, environ["PATH_INFO"], query)
    fields = [
        ("X-Pool", os.environ.get("APP_POOL", "")),
        ("X-Server", os.environ.get("APP_SERVER", "")),
        ("X-Version", os.environ.get("APP_VERSION", "")),
        ("X-Id", query.get("id", "")),
        ("X-Echo-Request-Id", environ.get("HTTP_X_REQUEST_ID", "")),
        ("Content-Type", "application/octet-stream"),
    ]
    if "chunked" in query:
        start_response(status, fields)
        middle = len(body) // 2
        return [piece for piece in (body[:middle], body[middle:]) if piece]
    start_response(status, fields + [("Content-Length", str(len(body)))])
    return [body]
