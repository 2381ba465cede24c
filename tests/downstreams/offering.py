"""An MCP server in this process that offers resources and prompts, in either era of the protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import anyio
from mcp.client._memory import InMemoryTransport  # the SDK's own way to a server in the process
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
)
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolRequestParams,
    CompleteRequestParams,
    GetPromptRequestParams,
    JSONRPCResponse,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    Tool,
    UnsubscribeRequestParams,
)

from tests.downstreams.asking import of_new, of_old

Context = ServerRequestContext[Any]
ENVELOPE: Mapping[str, Any] = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


def resource(uri: str, **more: Any) -> dict[str, Any]:
    """Return a resource of this address."""
    return {"uri": uri, "name": uri.rpartition("/")[2] or uri, **more}


class OfferingServer:
    """What it offers, which a test may change, and what it has noticed."""

    def __init__(self, *, is_modern: bool, resources: tuple[str, ...] = (), prompts: tuple[str, ...] = ()) -> None:
        """Offer resources of these addresses, and prompts of these names."""
        self.is_modern = is_modern
        self.resources: list[Any] = [resource(uri) for uri in resources]
        self.templates: list[Any] = []
        self.prompts: list[Any] = [{"name": name} for name in prompts]
        self.links: list[str] = []
        """What its tool links to."""
        self.raw: dict[str, list[Any]] = {}
        """What it lists instead, by the key of the result, valid or not."""
        self.page = 1_000_000
        self.hangs: set[str] = set()
        """Methods that are never answered."""
        self.refuses: set[str] = set()
        """Methods that are answered with an error."""
        self.opened = 0
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.watched: list[str] = []
        self.listening = 0
        self._bus = InMemorySubscriptionBus()
        self._listen = ListenHandler(self._bus)
        self._connections: list[Any] = []
        self._end = anyio.Event()

    def transport(self) -> AbstractAsyncContextManager[Any]:
        """Return a way to it; each time to a new connection."""
        self._end = anyio.Event()
        self._connections.clear()
        self.watched.clear()
        changes = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
        server: Server[Any] = Server("offering", version="1")
        initialization = server.create_initialization_options
        server.create_initialization_options = lambda *_args, **_more: initialization(changes)  # type: ignore[method-assign]
        server.middleware.append(self._count)
        if self.is_modern:
            server.middleware.append(of_new)
        add = server.add_request_handler
        add("tools/list", PaginatedRequestParams, self._tools)
        add("tools/call", CallToolRequestParams, self._call)
        add("resources/list", PaginatedRequestParams, self._list_resources)
        add("resources/templates/list", PaginatedRequestParams, self._list_templates)
        add("resources/read", ReadResourceRequestParams, self._read)
        add("resources/subscribe", SubscribeRequestParams, self._subscribe)
        add("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)
        add("prompts/list", PaginatedRequestParams, self._list_prompts)
        add("prompts/get", GetPromptRequestParams, self._prompt)
        add("completion/complete", CompleteRequestParams, self._complete)
        if self.is_modern:
            add("subscriptions/listen", SubscriptionsListenRequestParams, self._listens)
        return self._meddled(InMemoryTransport(server) if self.is_modern else of_old(server))

    @asynccontextmanager
    async def _meddled(self, transport: AbstractAsyncContextManager[Any]) -> AsyncGenerator[Any]:
        """Put in what the SDK's server would not send."""
        sending, receiving = anyio.create_memory_object_stream[Any](0)

        async def pass_on(read: Any) -> None:
            async with sending:
                async for item in read:
                    if isinstance(item.message, JSONRPCResponse):
                        item.message.result.update(
                            {key: self.raw[key] for key in self.raw if key in item.message.result}
                        )
                    with suppress(anyio.ClosedResourceError):
                        await sending.send(item)

        async with sending, receiving, transport as (read, write), anyio.create_task_group() as tasks:
            tasks.start_soon(pass_on, read)
            tasks.start_soon(self._close, sending)
            yield receiving, write
            tasks.cancel_scope.cancel()

    def die(self) -> None:
        """End the connection, as a process that dies does."""
        self._end.set()

    async def change(self, uri: str) -> None:
        """Tell that a resource has changed."""
        await self._bus.publish(ResourceUpdated(uri))
        for connection in self._connections:
            await connection.send_resource_updated(uri)

    async def change_lists(self) -> None:
        """Tell that the lists of resources and prompts have changed."""
        await self._bus.publish(ResourcesListChanged())
        await self._bus.publish(PromptsListChanged())
        for connection in self._connections:
            await connection.send_resource_list_changed()
            await connection.send_prompt_list_changed()

    async def _count(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        result = await call_next(ctx)
        self.opened += ctx.method in {"initialize", "server/discover"}
        return result

    async def _close(self, sending: Any) -> None:
        await self._end.wait()
        sending.close()

    async def _note(self, ctx: Context) -> None:
        connection = ctx.session._connection  # pyright: ignore[reportPrivateUsage]
        if connection not in self._connections and not self.is_modern:
            self._connections.append(connection)
        self.asked.append((ctx.method, dict(ctx.params or {})))
        if ctx.method in self.hangs:
            await anyio.sleep_forever()
        if ctx.method in self.refuses:
            raise MCPError(-32603, "not now")

    async def _tools(self, ctx: Context, _params: PaginatedRequestParams) -> ListToolsResult:
        await self._note(ctx)
        return ListToolsResult(tools=[Tool(name="link", input_schema={"type": "object"})])

    async def _call(self, ctx: Context, _params: CallToolRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        return {**ENVELOPE, "content": [{"type": "resource_link", **resource(uri)} for uri in self.links]}

    def _page(self, items: list[Any], kind: str, params: PaginatedRequestParams) -> dict[str, Any]:
        start = int(params.cursor or 0)
        end = start + self.page
        more = {"nextCursor": str(end)} if end < len(items) else {}
        return {**ENVELOPE, kind: items[start:end], **more}

    async def _list_resources(self, ctx: Context, params: PaginatedRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        return self._page(self.resources, "resources", params)

    async def _list_templates(self, ctx: Context, params: PaginatedRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        return self._page(self.templates, "resourceTemplates", params)

    async def _list_prompts(self, ctx: Context, params: PaginatedRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        return self._page(self.prompts, "prompts", params)

    async def _read(self, ctx: Context, params: ReadResourceRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        if params.uri.endswith("missing"):
            raise MCPError(-32002, "no such thing", {"uri": params.uri})
        own = {"io.modelcontextprotocol/serverInfo": {"name": "x", "version": "1"}, "example.org/k": 1}
        contents = [{"uri": params.uri, "text": f"text of {params.uri}"}]
        return {**ENVELOPE, "contents": contents, "_meta": own}

    async def _prompt(self, ctx: Context, params: GetPromptRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        text = f"{params.name} {params.arguments}"
        return {**ENVELOPE, "messages": [{"role": "user", "content": {"type": "text", "text": text}}]}

    async def _complete(self, ctx: Context, params: CompleteRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        ref: Any = params.ref
        return {
            **ENVELOPE,
            "completion": {"values": [f"{getattr(ref, 'name', None) or ref.uri} {params.argument.value}"]},
        }

    async def _subscribe(self, ctx: Context, params: SubscribeRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        self.watched.append(params.uri)
        return {}

    async def _unsubscribe(self, ctx: Context, params: UnsubscribeRequestParams) -> dict[str, Any]:
        await self._note(ctx)
        self.watched.remove(params.uri)
        return {}

    async def _listens(self, ctx: Context, params: SubscriptionsListenRequestParams) -> Any:
        wanted = params.notifications.resource_subscriptions or []
        self.watched += wanted
        try:
            return await self._listen(ctx, params)
        finally:
            for uri in wanted:
                if uri in self.watched:
                    self.watched.remove(uri)
