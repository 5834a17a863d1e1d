"""A page on this machine that shows a source, and follows it. It answers GET on 127.0.0.1, to its own page alone."""

from __future__ import annotations

import errno
import re
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from archwalk.api.watching.source import Source
from archwalk.data.decoding import encode_json
from archwalk.data.files import read_file
from archwalk.errors import ArchwalkError, UsageError
from archwalk.report.explorer.drawn import draw
from archwalk.report.explorer.live_page import render_live_page
from archwalk.report.explorer.section import colours, policy, views

HOST, PORT = "127.0.0.1", 8765
_DRAWING = re.compile(r"/drawing/(\d{1,9})\.svg")
_SHARE = 20.0
_OF_DRAWINGS = "default-src 'none'; style-src 'unsafe-inline'"


class Watch:
    """A source, read by one request at a time."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lock = threading.Lock()
        self._views: dict[str, Any] = {}
        self._looked, self._took = 0.0, 0.0

    def more(self, edition: int, series: int, architectures: int) -> dict[str, Any]:
        """What came since a page was told last; everything where that was of another edition."""
        with self._lock:
            source = self.source
            problem = ""
            try:
                source.update()
            except ArchwalkError as error:
                problem = str(error)
            explored = source.explored
            head = {
                "edition": source.edition, "state": source.state, "name": source.name, "problem": problem,
                "report": source.report is not None, "charts": source.charts,
                "quiet": None if source.written is None else round(time.time() - source.written),
            }  # fmt: skip
            if explored is None:
                return head
            if edition != source.edition:
                series = architectures = 0
            return head | {"delta": explored.delta(series, architectures) | {"colours": colours(explored)}}

    def views(self) -> dict[str, Any]:
        """The landscape and what else takes time: computed anew at most so often that it takes a twentieth of it."""
        with self._lock:
            explored, now = self.source.explored, time.monotonic()
            if explored is None:
                return {"rows": 0}
            known = self._views.get("edition") == self.source.edition
            if known and (self._views["rows"] == explored.rows or now - self._looked < _SHARE * self._took):
                return self._views
            self._views = {
                "edition": self.source.edition, "rows": explored.rows, "walks": explored.walks,
                "front": explored.front, **views(explored),
            }  # fmt: skip
            self._looked = time.monotonic()
            self._took = self._looked - now
            return self._views

    def drawing(self, number: int) -> str:
        """An SVG; empty where there is none."""
        with self._lock:
            return draw(self.source.explored, number) if self.source.explored is not None else ""


class _Handler(BaseHTTPRequestHandler):
    server: WatchServer
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer our own page."""
        if self.headers.get("Host", "") not in self.server.names:  # a page elsewhere whose name leads here
            self._send(HTTPStatus.FORBIDDEN, "text/plain", "this server answers to 127.0.0.1 alone")
            return
        parts = urlsplit(self.path)
        watch = self.server.watch
        if parts.path == "/":
            self._send(HTTPStatus.OK, "text/html", render_live_page(watch.source.name), policy(live=True))
        elif parts.path == "/more":
            asked = parse_qs(parts.query)
            numbers = [_number(asked, name) for name in ("edition", "series", "architectures")]
            self._send(HTTPStatus.OK, "application/json", encode_json(watch.more(*numbers)))
        elif parts.path == "/views":
            self._send(HTTPStatus.OK, "application/json", encode_json(watch.views()))
        elif (found := _DRAWING.fullmatch(parts.path)) and (svg := watch.drawing(int(found[1]))):
            self._send(HTTPStatus.OK, "image/svg+xml", svg, _OF_DRAWINGS)
        elif parts.path == "/report.html" and watch.source.report is not None:
            try:
                self._send(
                    HTTPStatus.OK, "text/html", read_file(watch.source.report).decode(errors="replace"), None
                )
            except ArchwalkError as error:
                self._send(HTTPStatus.NOT_FOUND, "text/plain", str(error))
        elif parts.path == "/favicon.ico":  # browsers ask for one
            self._send(HTTPStatus.NO_CONTENT, "image/x-icon", "")
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", "there is nothing of this name")

    def _send(
        self, status: HTTPStatus, kind: str, text: str, content_policy: str | None = "default-src 'none'"
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Referrer-Policy", "no-referrer")
        if content_policy is not None:
            self.send_header("Content-Security-Policy", f"{content_policy}; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """Nobody needs to know more."""
        return "archwalk"

    def log_message(self, format: str, *values: object) -> None:
        """Nobody needs to read it."""


def _number(asked: dict[str, list[str]], name: str) -> int:
    text = asked.get(name, ["0"])[0]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


class WatchServer(ThreadingHTTPServer):
    """Serves a source until it is told to stop. Raises UsageError for a port that cannot be had."""

    daemon_threads = True

    def __init__(self, source: Source, port: int = PORT) -> None:
        self.watch = Watch(source)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            why = "is taken" if error.errno == errno.EADDRINUSE else "is not for everybody"
            raise UsageError(
                f"port {port} {why}; say another one, or --port 0 for any that is free"
            ) from error
        self.names = {f"{host}:{self.server_port}" for host in (HOST, "localhost")}

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is none."""


def watch(source: Source, port: int = PORT, ready: Callable[[str], None] = lambda url: None) -> None:
    """Serve a source until Ctrl-C; `ready` is told the address. Raises UsageError for a port that is taken."""
    with WatchServer(source, port) as server:
        ready(server.url)
        server.serve_forever(poll_interval=0.2)
