"""As much of HTTP/1.1 as a Qdrant client speaks: a request in, a response out, over a connection that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from anyio.streams.buffered import BufferedByteReceiveStream

_LONGEST_HEAD = 65536


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What it is told."""

    status: int
    body: bytes
    kind: str = "application/json"

    def head(self) -> bytes:
        """Return everything before the body."""
        lines = [f"HTTP/1.1 {self.status} Said", f"content-type: {self.kind}", f"content-length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode()


async def read_request(buffered: BufferedByteReceiveStream) -> Request:
    """Read one request; `anyio.EndOfStream` or `anyio.IncompleteRead` once the client is gone."""
    head = (await buffered.receive_until(b"\r\n\r\n", _LONGEST_HEAD)).decode()
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    body = await buffered.receive_exactly(length) if length else b""
    url = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    return Request(method, url.path, query, headers, body)
