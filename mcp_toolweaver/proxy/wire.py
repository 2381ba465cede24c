"""Between the SDK's transport and the SDK's session: sees what neither reports.

The SDK refuses a whole ``tools/list`` over one malformed tool, and does not say when a
child process or stream has ended. A transport wrapped here mends the listing tool by tool
before the session validates it, and tells of changed listings and of the end of the stream.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from mcp_types import Tool as WireTool
from pydantic import ValidationError

from mcp_toolweaver.core.definition import MalformedTool, mend
from mcp_toolweaver.core.exchange import CAPABILITIES, EXCHANGE
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.proxy.failures import STAND_IN
from mcp_toolweaver.proxy.items import LISTS, keep_valid

Transport: TypeAlias = AbstractAsyncContextManager[tuple[Any, Any]]
"""A transport of the SDK: a context of a stream to read from and one to write to."""

_CHANGES = tuple(f"notifications/{what}/list_changed" for what in ("tools", "prompts", "resources"))
_PLAIN_KEYS = ("name", "title", "description", "inputSchema")


@dataclass(slots=True)
class Wire:
    """What was seen on one connection."""

    why_refused: Callable[[str | int], str | None] = lambda _message_id: None
    """Says what the transport knows of an error that answers the message of an id."""
    news: anyio.Event = field(default_factory=anyio.Event)
    """Set when the connection ended, or a list of what it offers changed."""
    ended: bool = False
    """Whether the downstream closed the stream or its process ended."""
    problems: list[str] = field(default_factory=list[str])
    """One sentence for each tool that had to be left out of a listing."""
    listing_requests: set[str | int] = field(default_factory=set[str | int])
    """The ids of the ``tools/list`` requests under way."""

    offer_requests: dict[str | int, str] = field(default_factory=dict[str | int, str])
    """The ids and methods of requests for what it offers beside its tools, which are under way."""

    over: anyio.Event = field(default_factory=anyio.Event)
    """Set when the connection has ended."""

    is_of_old: bool = True
    """Whether the session is of an era before 2026-07-28, which refuses a list over more than later ones."""

    is_given_up: bool = False
    """Whether it was we who ended it, to connect anew."""

    def give_up(self) -> None:
        """End the connection, to be made anew."""
        self.is_given_up = True
        self.end()

    def end(self) -> None:
        """Note that nothing more will come over this connection."""
        self.over.set()
        self.ended = True
        self.news.set()


@asynccontextmanager
async def observed(transport: Transport, wire: Wire) -> AsyncGenerator[tuple[_Reader, _Writer]]:
    """Wrap a transport of the SDK, telling ``wire`` what passes."""
    async with transport as (read, write):
        yield _Reader(read, wire), _Writer(write, wire)


class _Stream:
    """What both halves have in common."""

    def __init__(self, inner: Any, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class _Writer(_Stream):
    async def send(self, item: SessionMessage, /) -> None:
        message = item.message
        if isinstance(message, JSONRPCRequest):
            if message.method == "tools/list":
                self._wire.listing_requests.add(message.id)
            elif message.method in LISTS:
                self._wire.offer_requests[message.id] = message.method
            _tell_capabilities(message)
        await self._inner.send(item)


class _Reader(_Stream):
    @property
    def last_context(self) -> Any:
        """The context variables of the sender, which the SDK reads where a stream has them."""
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        try:
            item: SessionMessage | Exception = await self._inner.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._wire.end()
            raise
        if isinstance(item, SessionMessage):
            self._note(item.message)
        return item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    def _note(self, message: JSONRPCMessage) -> None:
        if isinstance(message, JSONRPCResponse):
            self._mend_listing(message)
            if (method := self._wire.offer_requests.pop(message.id, None)) is not None:
                keep_valid(method, message.result, self._wire.problems)
        elif isinstance(message, JSONRPCError) and message.error.message == STAND_IN and message.id is not None:
            message.error.message = self._wire.why_refused(message.id) or STAND_IN
        elif isinstance(message, JSONRPCNotification) and message.method in _CHANGES:
            self._wire.news.set()

    def _mend_listing(self, response: JSONRPCResponse) -> None:
        if response.id not in self._wire.listing_requests:
            return
        self._wire.listing_requests.discard(response.id)
        tools = response.result.get("tools")
        if is_array(tools):
            response.result["tools"] = [tool for raw in tools if (tool := self._mended(raw)) is not None]

    def _mended(self, raw: Any) -> dict[str, Any] | None:
        try:
            return _acceptable(mend(raw), is_of_old=self._wire.is_of_old)
        except MalformedTool as problem:
            self._wire.problems.append(str(problem))
            return None


def _tell_capabilities(request: JSONRPCRequest) -> None:
    """Say of a request of 2026-07-28 what the host may be asked whose own request it serves, rather than any host."""
    exchange, meta = EXCHANGE.get(), (request.params or {}).get("_meta")
    told = meta.get(CLIENT_CAPABILITIES_META_KEY) if is_object(meta) else None
    if exchange is None or not is_object(meta) or not is_object(told):
        return
    answers = exchange.host.answers
    meta[CLIENT_CAPABILITIES_META_KEY] = {
        name: value for name, value in told.items() if CAPABILITIES.get(name) in answers or name not in CAPABILITIES
    }


def _acceptable(tool: dict[str, Any], *, is_of_old: bool) -> dict[str, Any]:
    """Return the tool as the session's model accepts it, without its trimmings where they are wrong."""
    if is_of_old and "outputSchema" in tool:
        tool["outputSchema"] = {"type": "object", **tool["outputSchema"]}
        if tool["outputSchema"]["type"] != "object":
            del tool["outputSchema"]
    try:
        WireTool.model_validate(tool)
    except ValidationError:
        return {key: tool[key] for key in _PLAIN_KEYS if key in tool}
    return tool
