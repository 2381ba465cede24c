"""An MCP server in this process that asks its host things, in whichever era the host speaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Any

import anyio
from mcp.client._memory import InMemoryTransport  # the SDK's own way to a server in the process
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.runner import serve_loop
from mcp.shared.exceptions import MCPError
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import ServerMessageMetadata
from mcp_types import (
    METHOD_NOT_FOUND,
    CallToolRequestParams,
    CallToolResult,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResultWithTools,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    EmptyResult,
    ListRootsRequest,
    ListRootsResult,
    ListToolsResult,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    PaginatedRequestParams,
    RequestParams,
    SetLevelRequestParams,
    TextContent,
    Tool,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

Context = ServerRequestContext[Any]

_NAMES = (
    *(
        "ask",
        "ask_late",
        "ask_twice",
        "ask_and_hang",
        "ask_stubbornly",
        "ask_for_ever",
        "sample_with_tools",
        "list_roots",
    ),
    *("steps", "hang", "meta", "log", "echo", "flood"),
)
FORM: Mapping[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}


class AskingServer:
    """What its tools do, and what it has noticed."""

    def __init__(self, *, is_modern: bool) -> None:
        """Begin with nothing noticed; speak 2026-07-28, or only what came before."""
        self.is_modern = is_modern
        self.cancelled: list[str] = []
        self.began: list[str] = []
        self.levels: list[str] = []
        self.metas: list[Mapping[str, Any]] = []
        self.roots_changed = 0
        self.answered: list[str] = []
        self._end = anyio.Event()
        self.may_ask = anyio.Event()
        """`ask_late` asks when this is set."""

    def transport(self) -> AbstractAsyncContextManager[Any]:
        """Return a way to it; each time to a new connection."""
        server: Server[Any] = Server("asking", version="1")
        if self.is_modern:
            server.middleware.append(of_new)
        server.add_request_handler("tools/list", PaginatedRequestParams, self._list_tools)
        server.add_request_handler("tools/call", CallToolRequestParams, self._call)
        server.add_request_handler("logging/setLevel", SetLevelRequestParams, self._level)
        server.add_notification_handler("notifications/roots/list_changed", RequestParams, self._roots)
        return self._mortal(InMemoryTransport(server) if self.is_modern else of_old(server))

    async def _list_tools(self, _ctx: Context, _params: PaginatedRequestParams) -> ListToolsResult:
        return ListToolsResult(tools=[Tool(name=name, input_schema={"type": "object"}) for name in _NAMES])

    async def _level(self, _ctx: Context, params: SetLevelRequestParams) -> EmptyResult:
        self.levels.append(params.level)
        return EmptyResult()

    async def _roots(self, _ctx: Context, _params: RequestParams) -> None:
        self.roots_changed += 1

    async def _call(self, ctx: Context, params: CallToolRequestParams) -> Any:
        self.began.append(params.name)
        self.metas.append(dict((ctx.params or {}).get("_meta") or {}))
        try:
            return await self._answer(ctx, params)
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(params.name)
            raise

    async def _answer(self, ctx: Context, params: CallToolRequestParams) -> Any:
        made = getattr(self, f"_{params.name}", None)
        return _text("done") if made is None else await made(ctx, params)

    async def _ask(self, ctx: Context, params: CallToolRequestParams) -> Any:
        return await _ask(ctx, params, str((params.arguments or {}).get("question", "?")))

    async def _ask_late(self, ctx: Context, params: CallToolRequestParams) -> Any:
        await self.may_ask.wait()
        return await self._ask(ctx, params)

    async def _ask_and_hang(self, ctx: Context, params: CallToolRequestParams) -> Any:
        await _ask(ctx, params, "first?")
        await anyio.sleep_forever()

    async def _ask_stubbornly(self, ctx: Context, params: CallToolRequestParams) -> Any:
        with anyio.CancelScope(shield=True):
            return await self._ask_noting(ctx, params, "stubborn?")

    async def _ask_for_ever(self, ctx: Context, params: CallToolRequestParams) -> Any:
        return await _ask(ctx, params, "again?", forever=True)

    async def _list_roots(self, ctx: Context, _params: CallToolRequestParams) -> CallToolResult:
        request = ListRootsRequest(method="roots/list")
        roots = await ctx.session.send_request(request, ListRootsResult, metadata=_related(ctx))
        return _text(", ".join(str(root.uri) for root in roots.roots))

    async def _steps(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        for step in range(3):
            await anyio.sleep(float((params.arguments or {}).get("pause", 0)))
            await ctx.session.report_progress(step + 1, 3, f"step {step + 1}")
        return _text("done")

    async def _hang(self, _ctx: Context, _params: CallToolRequestParams) -> None:
        await anyio.sleep_forever()

    async def _log(self, ctx: Context, _params: CallToolRequestParams) -> CallToolResult:
        for level in ("debug", "error"):
            told = LoggingMessageNotificationParams(level=level, logger="part", data=level)
            await ctx.session.send_notification(LoggingMessageNotification(params=told), ctx.request_id)
        return _text("done")

    async def _flood(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        arguments = params.arguments or {}
        for step in range(int(arguments["times"])):
            if arguments["with"] == "progress":
                await ctx.session.report_progress(step + 1, None, "x" * 100)
            else:
                told = LoggingMessageNotificationParams(level="info", data="x" * 100)
                await ctx.session.send_notification(LoggingMessageNotification(params=told), ctx.request_id)
        return _text("done")

    async def _sample_with_tools(self, ctx: Context, _params: CallToolRequestParams) -> CallToolResult:
        tool = Tool(name="t", input_schema={"type": "object"})
        said = {"role": "user", "content": {"type": "text", "text": "hello"}}
        asked = CreateMessageRequestParams.model_validate({"messages": [said], "maxTokens": 5, "tools": [tool]})
        request = CreateMessageRequest(params=asked)
        answer = await ctx.session.send_request(request, CreateMessageResultWithTools, metadata=_related(ctx))
        return _text(answer.model_dump_json())

    async def _ask_twice(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        said: list[str] = []

        async def ask(question: str) -> None:
            said.append(f"{question} {(await _ask(ctx, params, question)).content[0].text}")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, "one?")
            tasks.start_soon(ask, "two?")
        return _text("; ".join(sorted(said)))

    async def _ask_noting(self, ctx: Context, params: CallToolRequestParams, question: str) -> Any:
        try:
            answer = await _ask(ctx, params, question)
        except MCPError as error:
            self.answered.append(error.message)
            raise
        self.answered.append(str(answer.content))
        return answer

    def die(self) -> None:
        """End the connection, as a process that dies does."""
        self._end.set()

    @asynccontextmanager
    async def _mortal(self, transport: AbstractAsyncContextManager[Any]) -> AsyncGenerator[Any]:
        sending, receiving = anyio.create_memory_object_stream[Any](0)

        async def pass_on(read: Any) -> None:
            async for item in read:
                with suppress(anyio.ClosedResourceError):
                    await sending.send(item)

        async with sending, receiving, transport as (read, write), anyio.create_task_group() as tasks:
            tasks.start_soon(pass_on, read)
            tasks.start_soon(self._close, sending)
            yield receiving, write
            tasks.cancel_scope.cancel()

    async def _close(self, sending: Any) -> None:
        await self._end.wait()
        sending.close()


async def of_new(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Refuse the handshake of the older eras, as a middleware."""
    if ctx.method == "initialize":
        raise MCPError(METHOD_NOT_FOUND, "there is no handshake any more")
    return await call_next(ctx)


@asynccontextmanager
async def of_old(server: Server[Any]) -> AsyncGenerator[Any]:
    """Connect to a server that knows the eras with a handshake only."""
    async with create_client_server_memory_streams() as (client, (read, write)), anyio.create_task_group() as tasks:
        tasks.start_soon(partial(serve_loop, server, read, write, lifespan_state={}))
        yield client
        tasks.cancel_scope.cancel()


async def _ask(ctx: Context, params: CallToolRequestParams, question: str, *, forever: bool = False) -> Any:
    form = {"mode": "form", "message": question, "requestedSchema": dict(FORM)}
    if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
        answers = (ctx.params or {}).get("inputResponses")
        if not answers or forever:
            asked = {"who": {"method": "elicitation/create", "params": form}}
            return {"resultType": "input_required", "inputRequests": asked, "requestState": f"state of {question}"}
        answer = ElicitResult.model_validate(answers["who"])
        return _text(f"{_said(answer)}, {params.request_state}")
    asked_form = ElicitRequest(params=ElicitRequestFormParams.model_validate(form))
    return _text(_said(await ctx.session.send_request(asked_form, ElicitResult, metadata=_related(ctx))))


def _said(answer: ElicitResult) -> str:
    return f"{answer.action}: {(answer.content or {}).get('name')}"


def _related(ctx: Context) -> ServerMessageMetadata:
    return ServerMessageMetadata(related_request_id=ctx.request_id)


def _text(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)])
