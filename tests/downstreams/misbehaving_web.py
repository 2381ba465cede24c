"""An MCP server over streamable HTTP that misbehaves on demand; the first part of the path says how.

It speaks 2025-06-18 with sessions, runs in threads of the test's own process, and keeps a ledger of what it executed.
``/good/mcp`` behaves; the other ways are those of `WAYS`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast

_LEGACY = "2025-06-18"
_TOOL = {
    "name": "echo",
    "description": "Answer with the nonce.",
    "inputSchema": {"type": "object", "properties": {"nonce": {"type": "string"}}},
}
_PAGE = b"<!doctype html><title>Welcome</title><p>Please log in.</p>"


class MisbehavingWeb:
    """A server on the loopback interface; leave and enter it again to be away for a while at the same port."""

    def __init__(self) -> None:
        self.ledger: list[str] = []
        """The nonce of each call that was executed."""
        self.requests: list[tuple[str, dict[str, str]]] = []
        """The path and the headers of each request."""
        self.sessions: set[str] = set()
        self.initialized = 0
        self.elsewhere = ""
        """Where the way ``moved`` redirects to."""
        self.over = threading.Event()
        """Set when whoever waits should stop."""
        self._port = 0

    def url(self, way: str) -> str:
        """Return the address that misbehaves in one way."""
        return f"http://127.0.0.1:{self._port}/{way}/mcp"

    def __enter__(self) -> Self:
        self.over.clear()
        self._server = _Server(("127.0.0.1", self._port), self)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], name="misbehaving web")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def forget_sessions(self) -> None:
        """Know no session any more, as after a restart."""
        self.sessions.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], web: MisbehavingWeb) -> None:
        super().__init__(address, _Handler)
        self.web = web

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def web(self) -> MisbehavingWeb:
        return cast("_Server", self.server).web

    def do_GET(self) -> None:
        """Offer no stream of its own."""
        self._note()
        self.refuse(405)

    def do_DELETE(self) -> None:
        """End a session."""
        self._note()
        self.web.sessions.discard(self.headers.get("Mcp-Session-Id", ""))
        self.reply(200, b"")

    def do_POST(self) -> None:
        """Answer one message."""
        self._note()
        message = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.way = self.path.strip("/").partition("/")[0]
        if self.way in _REFUSALS:
            self.refuse(int(self.way))
        elif self.way == "page":
            self.reply(200, _PAGE, kind="text/html")
        elif self.way == "moved":
            self.reply(307, b"", Location=self.web.elsewhere)
        else:
            self._message(message)

    def _message(self, message: Mapping[str, Any]) -> None:
        method, number = str(message.get("method")), message.get("id")
        if method == "initialize":
            self._begin(number)
        elif self.headers.get("Mcp-Session-Id") not in self.web.sessions:
            self.refuse(404 if "Mcp-Session-Id" in self.headers else 400)
        elif number is None:
            self.reply(202, b"")
        elif method == "tools/list":
            self.answer(number, {"tools": [_TOOL]})
        elif method == "tools/call":
            _CALLS.get(self.way, _answered)(self, number, message["params"].get("arguments", {}).get("nonce", ""))
        else:
            self.send_json({"id": number, "error": {"code": -32601, "message": f"no such method: {method}"}})

    def _begin(self, number: Any) -> None:
        self.web.initialized += 1
        session = f"session-{self.web.initialized}"
        self.web.sessions.add(session)
        result: dict[str, Any] = {
            "protocolVersion": _LEGACY,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "w", "version": "1"},
        }
        self.send_json({"id": number, "result": result}, **{"Mcp-Session-Id": session})

    def run(self, nonce: str) -> None:
        """Note that a call was executed."""
        self.web.ledger.append(nonce)

    def answer(self, number: Any, result: Mapping[str, Any]) -> None:
        """Answer a request rightly."""
        self.send_json({"id": number, "result": result})

    def send_json(self, message: Mapping[str, Any], **headers: str) -> None:
        """Answer with a message."""
        self.reply(200, json.dumps({"jsonrpc": "2.0", **message}).encode(), **headers)

    def refuse(self, status: int) -> None:
        """Answer with a status that says no."""
        more = {"Retry-After": "1"} if status in {429, 503} else {}
        self.reply(status, b"no", kind="text/plain", **more)

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        """Answer with a whole response."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        """Begin a stream of events."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name in the library
        """Say nothing."""

    def _note(self) -> None:
        self.web.requests.append((self.path, dict(self.headers)))


def _result(nonce: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": f"echo {nonce}"}]}


def _answered(handler: _Handler, number: Any, nonce: str) -> None:
    handler.run(nonce)
    handler.answer(number, _result(nonce))


def _refused(status: int, *, executed: bool) -> Callable[[_Handler, Any, str], None]:
    def refused(handler: _Handler, _number: Any, nonce: str) -> None:
        if executed:
            handler.run(nonce)
        handler.refuse(status)

    return refused


def _html(handler: _Handler, _number: Any, nonce: str) -> None:
    handler.run(nonce)
    handler.reply(200, _PAGE, kind="text/html")


def _cut(handler: _Handler, number: Any, nonce: str) -> None:
    """Promise a body and close in the midst of it."""
    handler.run(nonce)
    whole = json.dumps({"jsonrpc": "2.0", "id": number, "result": _result(nonce)}).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(whole)))
    handler.end_headers()
    handler.wfile.write(whole[: len(whole) // 2])
    handler.close_connection = True


def _cut_stream(handler: _Handler, _number: Any, nonce: str) -> None:
    """Begin a stream and close it before the answer."""
    handler.run(nonce)
    handler.stream()
    handler.wfile.write(b": soon\n\n")


def _drip(handler: _Handler, _number: Any, nonce: str) -> None:
    """Send a comment from time to time, and never an answer."""
    handler.run(nonce)
    handler.stream()
    while not handler.web.over.is_set():
        handler.wfile.write(b": wait\n\n")
        time.sleep(0.1)


_REFUSALS = {"401", "403"}
_CALLS: dict[str, Callable[[_Handler, Any, str], None]] = {
    "busy": _refused(429, executed=False),
    "broken": _refused(500, executed=False),
    "away": _refused(503, executed=False),
    "done_and_broken": _refused(500, executed=True),
    "html": _html,
    "cut": _cut,
    "cut_stream": _cut_stream,
    "drip": _drip,
}
WAYS = ("good", "moved", "page", *sorted(_REFUSALS), *_CALLS)
"""The ways in which the server can go."""
