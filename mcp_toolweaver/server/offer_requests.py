"""Requests about resources and prompts: answered from what the servers offer, or passed on to the one that is meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CompleteRequestParams,
    GetPromptRequestParams,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    UnsubscribeRequestParams,
)

from mcp_toolweaver.core.access import CALLER
from mcp_toolweaver.core.errors import InvalidRequest, ToolweaverError
from mcp_toolweaver.core.exchange import Refusal
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.tools import ToolResult
from mcp_toolweaver.server.callers_bus import CallersBus
from mcp_toolweaver.server.calls import Calls, without_reserved
from mcp_toolweaver.server.offered import Offered
from mcp_toolweaver.server.sessions import Sessions
from mcp_toolweaver.server.warming import Warming
from mcp_toolweaver.server.watches import Watches

Context = ServerRequestContext[Any]

_NOT_FOUND = -32002
"""The protocol's code for a resource that does not exist (2025-11-25, server/resources)."""
_LONGEST_SHOWN = 300
_ENVELOPE: Mapping[str, Any] = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
"""What results must say since 2026-07-28, which is left out of those for older hosts: nothing may be kept."""


class OfferRequests:
    """Answers requests about resources, prompts and completions."""

    def __init__(
        self,
        offered: Offered,
        calls: Calls,
        sessions: Sessions,
        bus: CallersBus,
        warming: Warming,
    ) -> None:
        """Answer from ``offered``, and pass the rest on through ``calls``, both after ``warming``."""
        self._view = offered.view
        self._offered = offered
        self._calls = calls
        self._sessions = sessions
        self._warming = warming
        self._listen = ListenHandler(bus)
        self.watches = Watches(offered.view, bus)
        sessions.listen(self.watches.updated, self.watches.end)

    def end_listening(self) -> None:
        """End all streams of events in order."""
        self._listen.close()

    def register(self, server: Server[Any]) -> None:
        """Have ``server`` answer by this, in either era."""

        def add(method: str, params: type[Any], answer: Callable[[Context, Any], Awaitable[Any]]) -> None:
            async def answer_when_warm(ctx: Context, given: Any) -> Any:
                await self._warming.wait()
                return await answer(ctx, given)

            server.add_request_handler(method, params, answer_when_warm)

        add("resources/list", PaginatedRequestParams, self._resources)
        add("resources/templates/list", PaginatedRequestParams, self._templates)
        add("resources/read", ReadResourceRequestParams, self._read)
        add("resources/subscribe", SubscribeRequestParams, self._subscribe)
        add("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)
        add("subscriptions/listen", SubscriptionsListenRequestParams, self._listens)
        add("prompts/list", PaginatedRequestParams, self._prompts)
        add("prompts/get", GetPromptRequestParams, self._prompt)
        add("completion/complete", CompleteRequestParams, self._complete)

    async def _resources(self, _ctx: Context, _params: PaginatedRequestParams) -> dict[str, Any]:
        return {**_ENVELOPE, "resources": self._offered.resources()}

    async def _templates(self, _ctx: Context, _params: PaginatedRequestParams) -> dict[str, Any]:
        return {**_ENVELOPE, "resourceTemplates": self._offered.templates()}

    async def _prompts(self, _ctx: Context, _params: PaginatedRequestParams) -> dict[str, Any]:
        return {**_ENVELOPE, "prompts": self._offered.prompts()}

    async def _read(self, ctx: Context, params: ReadResourceRequestParams) -> dict[str, Any]:
        server, address = self._resource(params.uri)
        result = await self._passed_on(ctx, server, "resources/read", {"uri": address})
        contents = result.get("contents")
        if params.uri != address and is_array(contents):
            result["contents"] = [self._renamed(server, content) for content in contents]
        return result

    async def _subscribe(self, ctx: Context, params: SubscribeRequestParams) -> dict[str, Any]:
        self.watches.begin(self._resource(params.uri), self._sessions.of(ctx), params.uri)
        return {}

    async def _unsubscribe(self, ctx: Context, params: UnsubscribeRequestParams) -> dict[str, Any]:
        self.watches.end(self._sessions.of(ctx), params.uri)
        return {}

    async def _listens(self, ctx: Context, params: SubscriptionsListenRequestParams) -> Any:
        wanted = params.notifications.resource_subscriptions or ()
        known = {address: found for address in wanted if (found := self._offered.resource(address)) is not None}
        if CALLER.get().profiles:  # of the rest, this caller is not to know that others watch it
            heard = params.notifications.model_copy(update={"resource_subscriptions": list(known)})
            params = params.model_copy(update={"notifications": heard})
        with self.watches.during(known):
            return await self._listen(ctx, params)

    async def _prompt(self, ctx: Context, params: GetPromptRequestParams) -> dict[str, Any]:
        server, name = self._prompt_named(params.name)
        arguments = {} if params.arguments is None else {"arguments": params.arguments}
        result = await self._passed_on(ctx, server, "prompts/get", {"name": name, **arguments})
        messages = result.get("messages")
        blocks = [each.get("content") for each in messages if is_object(each)] if is_array(messages) else []
        self._offered.note_links(server, {"content": blocks})
        return result

    async def _complete(self, ctx: Context, params: CompleteRequestParams) -> dict[str, Any]:
        asked = params.model_dump(by_alias=True, mode="json", exclude_none=True)
        asked.pop("_meta", None)
        if asked["ref"]["type"] == "ref/prompt":
            server, name = self._prompt_named(asked["ref"]["name"])
            asked["ref"]["name"] = name
        else:
            server, address = self._resource(asked["ref"]["uri"])
            asked["ref"]["uri"] = address
        return await self._passed_on(ctx, server, "completion/complete", asked)

    async def _passed_on(self, ctx: Context, server: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the server's result as it is; its errors, and ours, are errors of the protocol."""

        async def passing() -> ToolResult:
            return ToolResult(await self._view.request(server, method, params))

        try:
            result = dict((await self._calls.passed_on(ctx, passing)).payload)
        except Refusal as refusal:
            raise MCPError(refusal.code, scrub(refusal.message), refusal.data) from refusal
        except ToolweaverError as error:
            code = INVALID_PARAMS if isinstance(error, InvalidRequest) else INTERNAL_ERROR
            raise MCPError(code, scrub(str(error))) from error
        meta = without_reserved(result.pop("_meta", None))
        return {**_ENVELOPE, **result} | ({"_meta": meta} if meta else {})

    def _renamed(self, server: str, content: Any) -> Any:
        uri = content.get("uri") if is_object(content) else None
        return {**content, "uri": self._offered.own(server, uri)} if isinstance(uri, str) else content

    def _resource(self, address: str) -> tuple[str, str]:
        found = self._offered.resource(address)
        if found is None:
            raise MCPError(_NOT_FOUND, f"no server has the resource {address[:_LONGEST_SHOWN]!r}", {"uri": address})
        return found

    def _prompt_named(self, name: str) -> tuple[str, str]:
        found = self._offered.prompt(name)
        if found is None:
            raise MCPError(INVALID_PARAMS, f"no server has the prompt {name[:_LONGEST_SHOWN]!r}")
        return found
