"""Bodies of HTTP responses with a limit, which the SDK's transports lack: JSON as a whole, events one by one."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Protocol

import httpx2
from mcp_types import JSONRPCRequest

from mcp_toolweaver.core.frames import Frame, Oversized
from mcp_toolweaver.proxy.messages import failure, messages
from mcp_toolweaver.proxy.server_log import ServerLog

_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?:\r\n|\n|\r)")
_ENCODINGS = ("gzip", "deflate")
_PIECE = 65_536
_ANY_ENCODING = zlib.MAX_WBITS | 32


class BoundedBodies:
    """Bounds the bodies of all responses of a client."""

    def __init__(self, largest: int, log: ServerLog) -> None:
        """Let messages of at most ``largest`` bytes pass; others become errors, which are noted in ``log``."""
        self._largest = largest
        self._log = log

    def bound(self, client: httpx2.AsyncClient) -> None:
        """Bound what ``client`` receives from here on."""
        client.headers["accept-encoding"] = ", ".join(_ENCODINGS)  # what can be unpacked piece by piece
        client.event_hooks["response"].append(self._bound_response)

    async def _bound_response(self, response: httpx2.Response) -> None:
        if not isinstance(response.stream, httpx2.AsyncByteStream):
            return
        is_packed = response.headers.get("content-encoding", "").strip().lower() in _ENCODINGS
        if is_packed:
            del response.headers["content-encoding"]
        is_events = response.headers.get("content-type", "").lower().startswith("text/event-stream")
        bounded = _Events(self._largest, self._log) if is_events else _Whole(self._largest, self._log, response.request)
        response.stream = _BoundedStream(response.stream, bounded, is_packed=is_packed)


class _Body(Protocol):
    is_cut: bool
    """Whether the rest is not to be read."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what may be passed on."""
        ...

    def end(self) -> bytes:
        """Return what is left over at the end of the body."""
        ...


class _Events:
    """Passes on whole events; one that is too large is replaced by an error for the request that it answers."""

    def __init__(self, largest: int, log: ServerLog) -> None:
        self._largest = largest
        self._log = log
        self._event = Frame(largest)
        self.is_cut = False
        self._edge = b""
        """Half of what may be a blank line."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        text, at = self._edge + chunk, 0
        for blank in _BLANK_LINE.finditer(text):
            self._take(text[at : blank.end()])
            at = blank.end()
            yield self._passed(self._event.finish())
        rest = text[at:].rstrip(b"\r\n")
        self._edge = text[at + len(rest) :]
        self._take(rest)
        yield self._passed(self._event.endless())

    def end(self) -> bytes:
        self._take(self._edge)
        return self._passed(self._event.finish())

    def _take(self, piece: bytes) -> None:
        self._event.take(piece)

    def _passed(self, event: bytes | Oversized | None) -> bytes:
        if not isinstance(event, Oversized):
            return event or b""
        if event.answered is None:
            self._log.note(f"dropped an event of {event.size} bytes that answers nothing we know")
            return b""
        told = event.told(self._largest)
        self._log.note(told)
        return b"event: message\ndata: %s\n\n" % _error(event.answered, told)


class _Whole:
    """Passes on a body when it is complete; one that is too large is replaced by an error for the request."""

    def __init__(self, largest: int, log: ServerLog, request: httpx2.Request) -> None:
        self._largest = largest
        self._log = log
        self._request = request
        self._kept = Frame(largest)
        self._size = 0
        self.is_cut = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._size += len(chunk)
        if self._size > self._largest:
            self.is_cut = True
            told = Oversized(self._size, None, is_whole=False).told(self._largest)
            self._log.note(told)
            yield _error(_id_of(self._request), told)
        else:
            self._kept.take(chunk)

    def end(self) -> bytes:
        whole = self._kept.finish()
        return whole if isinstance(whole, bytes) else b""


def _id_of(request: httpx2.Request) -> str | int:
    """Return the id of the request of JSON-RPC in a request of HTTP; nothing if there is none."""
    with suppress(httpx2.RequestNotRead, ValueError):
        found = messages(request.content)[0]
        return found.id if isinstance(found, JSONRPCRequest) else ""
    return ""


def _error(request_id: str | int, told: str) -> bytes:
    return failure(request_id, told).model_dump_json(by_alias=True, exclude_unset=True).encode()


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, body: _Body, *, is_packed: bool) -> None:
        self._inner = inner
        self._body = body
        self._unpacking = zlib.decompressobj(_ANY_ENCODING) if is_packed else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            for piece in self._unpacked(chunk):
                for part in self._body.feed(piece):
                    if part:
                        yield part
                if self._body.is_cut:
                    return
        if rest := self._body.end():
            yield rest

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _unpacked(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what is packed in pieces of bounded size, however well it was packed."""
        if self._unpacking is None:
            yield chunk
            return
        try:
            while chunk:
                yield self._unpacking.decompress(chunk, _PIECE)
                chunk = self._unpacking.unconsumed_tail
        except zlib.error as error:
            raise httpx2.StreamError(f"the body cannot be unpacked: {error}") from error
