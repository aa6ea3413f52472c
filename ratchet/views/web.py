"""Serve the report of a run to a browser on this machine, and update it when the journal changes.

Covered: only this machine can connect. The check of the Host header rejects other sites that resolve to this address
(DNS rebinding). The server offers the page and its version, and uses no input. Not covered: other users of this machine
can read the page. It has no audit numbers, because an agent on this machine could read it.
"""

from __future__ import annotations

import json
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ratchet.errors import RatchetError
from ratchet.repo.run import Run
from ratchet.views.report.write import page_of
from ratchet.views.watch import Watcher, now_text

HOST = "127.0.0.1"
IDLE_S = 10.0  # an idle connection is closed after this time
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Exhibit:
    """The served page. It is rendered again only when the run has changed."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._watcher = Watcher(run)
        self._turn = threading.Lock()
        self._page, self._version = "", ""

    def page(self) -> str:
        """Return the current report. Raises RatchetError if the journal cannot be read."""
        with self._turn:
            version = self._watcher.look().version or "empty"
            if version != self._version:
                self._page, self._version = page_of(self._run, has_audit=False, version=version), version
            return self._page

    def state(self) -> dict[str, str]:
        """Return the version of the current page and the current activity."""
        with self._turn:
            sight = self._watcher.look()
        return {"version": sight.version or "empty", "now": now_text(sight)}


class ReportServer(ThreadingHTTPServer):
    """Serves the page on one port of this machine."""

    daemon_threads = True

    def __init__(self, exhibit: Exhibit, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.exhibit = exhibit
        self.port = int(self.socket.getsockname()[1])


def make_server(run: Run, port: int) -> ReportServer:
    """Return a server for the page of a run, not started yet. Raises RatchetError if the port is in use."""
    try:
        return ReportServer(Exhibit(run), port)
    except OSError as error:
        raise RatchetError(f"--port: cannot use port {port}: {error.strerror}. Choose another.") from None


class _Handler(BaseHTTPRequestHandler):
    timeout = IDLE_S
    server_version, sys_version = "ratchet", ""

    def do_GET(self) -> None:
        assert isinstance(self.server, ReportServer)
        exhibit, port = self.server.exhibit, self.server.port
        if self.headers.get("Host") not in {f"{HOST}:{port}", f"localhost:{port}"}:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", "unknown host name\n")
            return
        try:
            if self.path == "/":
                self._answer(HTTPStatus.OK, "text/html", exhibit.page())
            elif self.path == "/version":
                self._answer(HTTPStatus.OK, "application/json", json.dumps(exhibit.state()))
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", "not found; available: / and /version\n")
        except RatchetError as error:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", f"{error}\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Print no log of requests to the terminal."""

    def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            **HEADERS,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
