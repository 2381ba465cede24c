"""A server with everything that the conformance suite looks for, on the SDK's low-level server.

``python -m tests.conformance.everything`` serves on stdio; with a port, streamable HTTP at ``/mcp``.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.stdio import stdio_server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolRequestParams,
    CompleteRequestParams,
    EmptyResult,
    GetPromptRequestParams,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    RequestParams,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    UnsubscribeRequestParams,
)

from tests.conformance import definitions, rounds
from tests.conformance.listening import serve_http

Context: TypeAlias = ServerRequestContext[Any]
Page: TypeAlias = PaginatedRequestParams | None
ParamsT = TypeVar("ParamsT", bound=RequestParams)

_STEP = 0.05
_PIXEL = {"type": "image", "data": definitions.PIXEL, "mimeType": "image/png"}
_INSIDE = {"uri": "test://embedded-resource", "mimeType": "text/plain", "text": "This is an embedded resource content."}
_MIXED = {"uri": "test://mixed-content-resource", "mimeType": "application/json", "text": '{"test":"data","value":123}'}


def text(words: str) -> dict[str, Any]:
    """Return a block of text."""
    return {"type": "text", "text": words}


STATIC: dict[str, dict[str, Any]] = {
    "test_simple_text": {"content": [text("This is a simple text response for testing.")]},
    "test_image_content": {"content": [_PIXEL]},
    "test_audio_content": {"content": [{"type": "audio", "data": definitions.SOUND, "mimeType": "audio/wav"}]},
    "test_embedded_resource": {"content": [{"type": "resource", "resource": _INSIDE}]},
    "test_multiple_content_types": {
        "content": [text("Multiple content types test:"), _PIXEL, {"type": "resource", "resource": _MIXED}]
    },
    "test_error_handling": {
        "content": [text("This tool intentionally returns an error for testing")],
        "isError": True,
    },
    "json_schema_2020_12_tool": {"content": [text("ok")]},
    "test_custom_headers": {"content": [text("ok")]},
    "test_streaming_elicitation": {"content": [text("ok")]},
}


class Everything:
    """The handlers; one instance serves every connection."""

    def __init__(self) -> None:
        self._bus = InMemorySubscriptionBus()
        self._ways: dict[str, Callable[[Context, Mapping[str, Any]], Awaitable[dict[str, Any]]]] = {
            "test_tool_with_logging": _log,
            "test_logging_tool": _log,
            "test_tool_with_progress": _progress,
            "test_sampling": _sample,
            "test_elicitation": _elicit,
            "test_elicitation_sep1034_defaults": _elicit_defaults,
            "test_elicitation_sep1330_enums": _elicit_enums,
            "test_reconnection": _reconnect,
            "test_missing_capability": _need_sampling,
            "test_trigger_tool_change": self._change_tools,
            "test_trigger_prompt_change": self._change_prompts,
        }

    def server(self) -> Server[Any]:
        """Return the server."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # logging is deprecated, and a conformance server has it all the same
            server: Server[Any] = Server(  # pyright: ignore[reportDeprecated]
                "everything",
                version="1",
                on_list_tools=_tools,
                on_list_resources=_resources,
                on_list_resource_templates=_templates,
                on_list_prompts=_prompts,
                on_subscribe_resource=_subscribed,
                on_unsubscribe_resource=_unsubscribed,
                on_set_logging_level=_level,
                on_subscriptions_listen=ListenHandler(self._bus),
            )
        server.add_request_handler("tools/call", CallToolRequestParams, _whole(self._call))
        server.add_request_handler("prompts/get", GetPromptRequestParams, _whole(_prompt))
        server.add_request_handler("resources/read", ReadResourceRequestParams, _whole(_read))
        server.add_request_handler("completion/complete", CompleteRequestParams, _whole(_complete))
        return server

    async def _call(self, ctx: Context, params: CallToolRequestParams) -> dict[str, Any]:
        if params.name in STATIC:
            return STATIC[params.name]
        if params.name in rounds.TOOLS:
            able = ctx.session.client_capabilities
            return rounds.tool_round(params.name, _given(ctx), params.request_state, able)
        if params.name not in self._ways:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name}")
        return await self._ways[params.name](ctx, params.arguments or {})

    async def _change_tools(self, _ctx: Context, _arguments: Mapping[str, Any]) -> dict[str, Any]:
        await self._bus.publish(ToolsListChanged())
        return _said("changed")

    async def _change_prompts(self, _ctx: Context, _arguments: Mapping[str, Any]) -> dict[str, Any]:
        await self._bus.publish(PromptsListChanged())
        return _said("changed")


def _whole(
    answer: Callable[[Context, ParamsT], Awaitable[dict[str, Any]]],
) -> Callable[[Context, ParamsT], Awaitable[dict[str, Any]]]:
    """Return a handler whose results say that they are complete, unless they ask for input."""

    async def answered(ctx: Context, params: ParamsT) -> dict[str, Any]:
        return {"resultType": "complete", **await answer(ctx, params)}

    return answered


async def _tools(_ctx: Context, _page: Page) -> ListToolsResult:
    return ListToolsResult.model_validate({"tools": definitions.TOOLS})


async def _resources(_ctx: Context, _page: Page) -> ListResourcesResult:
    return ListResourcesResult.model_validate({"resources": definitions.RESOURCES})


async def _templates(_ctx: Context, _page: Page) -> ListResourceTemplatesResult:
    return ListResourceTemplatesResult.model_validate({"resourceTemplates": definitions.TEMPLATES})


async def _prompts(_ctx: Context, _page: Page) -> ListPromptsResult:
    return ListPromptsResult.model_validate({"prompts": definitions.PROMPTS})


async def _subscribed(_ctx: Context, _params: SubscribeRequestParams) -> EmptyResult:
    return EmptyResult()


async def _unsubscribed(_ctx: Context, _params: UnsubscribeRequestParams) -> EmptyResult:
    return EmptyResult()


async def _level(_ctx: Context, _params: SetLevelRequestParams) -> EmptyResult:
    return EmptyResult()


async def _complete(_ctx: Context, params: CompleteRequestParams) -> dict[str, Any]:
    found = [word for word in ("paris", "park", "party") if word.startswith(params.argument.value)]
    return {"completion": {"values": found, "total": len(found), "hasMore": False}}


async def _read(_ctx: Context, params: ReadResourceRequestParams) -> dict[str, Any]:
    uri = params.uri
    if uri == "test://static-binary":
        return _contents({"uri": uri, "mimeType": "image/png", "blob": definitions.PIXEL})
    if uri.startswith("test://template/") and uri.endswith("/data"):
        key = uri.removeprefix("test://template/").removesuffix("/data")
        data = {"id": key, "templateTest": True, "data": f"Data for ID: {key}"}
        return _contents({"uri": uri, "mimeType": "application/json", "text": json.dumps(data)})
    if any(resource["uri"] == uri for resource in definitions.RESOURCES):
        words = "This is the content of the static text resource."
        return _contents({"uri": uri, "mimeType": "text/plain", "text": words})
    raise MCPError(INVALID_PARAMS, "Resource not found", {"uri": uri})


def _contents(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"contents": [content], "ttlMs": 0, "cacheScope": "private"}


async def _prompt(ctx: Context, params: GetPromptRequestParams) -> dict[str, Any]:
    given = params.arguments or {}
    if params.name == rounds.PROMPT:
        return rounds.prompt_round(_given(ctx))
    if params.name == "test_simple_prompt":
        return _messages(text("This is a simple prompt for testing."))
    if params.name == "test_prompt_with_arguments":
        return _messages(text(f"Prompt with arguments: arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'"))
    if params.name == "test_prompt_with_embedded_resource":
        words = "Embedded resource content for testing."
        inside = {"uri": given.get("resourceUri", ""), "mimeType": "text/plain", "text": words}
        return _messages({"type": "resource", "resource": inside}, text("Please process the embedded resource above."))
    if params.name == "test_prompt_with_image":
        return _messages(_PIXEL, text("Please analyze the image above."))
    raise MCPError(INVALID_PARAMS, f"Unknown prompt: {params.name}")


def _messages(*blocks: Mapping[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": block} for block in blocks]}


def _given(ctx: Context) -> rounds.Given:
    """Return the answers as they came; the models of the SDK would refuse those that the suite sends on purpose."""
    return (ctx.params or {}).get("inputResponses")


def _said(words: str) -> dict[str, Any]:
    return {"content": [text(words)]}


async def _log(ctx: Context, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            await ctx.session.send_log_message("info", words, related_request_id=ctx.request_id)  # pyright: ignore[reportDeprecated]
        await anyio.sleep(_STEP)
    return _said("done")


async def _progress(ctx: Context, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100)
        await anyio.sleep(_STEP)
    return _said("done")


async def _sample(ctx: Context, arguments: Mapping[str, Any]) -> dict[str, Any]:
    asked = SamplingMessage(role="user", content=TextContent(type="text", text=str(arguments.get("prompt"))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reply = await ctx.session.create_message(  # pyright: ignore[reportDeprecated]
            [asked], max_tokens=100, related_request_id=ctx.request_id
        )
    content = reply.content
    return _said(f"LLM response: {content.text if isinstance(content, TextContent) else content}")


async def _asked(ctx: Context, message: str, schema: dict[str, Any]) -> tuple[str, str]:
    reply = await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
    return reply.action, json.dumps(reply.content)


async def _elicit(ctx: Context, arguments: Mapping[str, Any]) -> dict[str, Any]:
    action, content = await _asked(ctx, str(arguments.get("message")), definitions.PERSON)
    return _said(f"User response: action={action}, content={content}")


async def _elicit_defaults(ctx: Context, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    action, content = await _asked(ctx, "Please review", definitions.DEFAULTS)
    return _said(f"Elicitation completed: action={action}, content={content}")


async def _elicit_enums(ctx: Context, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    action, content = await _asked(ctx, "Please choose", definitions.ENUMS)
    return _said(f"Elicitation completed: action={action}, content={content}")


async def _reconnect(ctx: Context, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
    await anyio.sleep(_STEP)
    return _said("reconnected")


async def _need_sampling(ctx: Context, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    able = ctx.session.client_capabilities
    if able is None or able.sampling is None:
        needed: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "this tool needs sampling", needed)
    return _said("able")


async def _on_stdio(server: Server[Any]) -> None:
    changes = NotificationOptions(tools_changed=True, prompts_changed=True)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options(changes))


if __name__ == "__main__":
    everything = Everything().server()
    if len(sys.argv) > 1:
        anyio.run(serve_http, everything, int(sys.argv[1]))
    else:
        anyio.run(_on_stdio, everything)
