"""An HTTP server on a free port of this machine that keeps what arrives, byte for byte, and answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Arrived:
    """One request."""

    method: str
    target: str
    """Path and query as they were sent."""
    headers: list[tuple[str, str]]
    """Names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        """The path as it was sent."""
        return self.target.split("?")[0]

    @property
    def query(self) -> str:
        """The query as it was sent; empty if there is none."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """Return a header; None if it was not sent."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    status: int = 200
    body: bytes = b'{"ok": true}'
    kind: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Recorder:
    """The server."""

    port: int = 0
    requests: list[Arrived] = field(default_factory=list[Arrived])
    answer: Callable[[Arrived], Reply] = lambda _: Reply()

    @property
    def url(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def last(self) -> Arrived:
        """The last request."""
        return self.requests[-1]


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _any(self) -> None:
            line: bytes = vars(self)["raw_requestline"]
            method, target, _ = line.decode("latin-1").rstrip("\r\n").split(" ", 2)
            length = int(self.headers.get("content-length") or 0)
            headers = [(name.lower(), value) for name, value in self.headers.items()]
            arrived = Arrived(method, target, headers, self.rfile.read(length))
            recorder.requests.append(arrived)
            reply = recorder.answer(arrived)
            body = b"" if method == "HEAD" else reply.body
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.kind is not None:
                self.send_header("content-type", reply.kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True


@contextmanager
def recording() -> Generator[Recorder]:
    """Run a server until left."""
    recorder = Recorder()
    server = _Server(("127.0.0.1", 0), _handler(recorder))
    recorder.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
