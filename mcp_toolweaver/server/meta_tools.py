"""The tools that a host always sees: three, and a fourth where long results are cut."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mcp_types import Tool as WireTool

from mcp_toolweaver.core.paging import READ_RESULT
from mcp_toolweaver.server.requests import CallArguments, DetailsArguments, ReadArguments, SearchArguments, schema

SEARCH = "search_tools"
DETAILS = "get_tool_details"
CALL = "call_tool"
READ = READ_RESULT

_ALWAYS_LOAD: Mapping[str, Any] = {"anthropic/alwaysLoad": True}
"""Otherwise the tool search of Claude Code hides the tools that would find the others."""


def meta_tools(search_description: str, *, kinds: Collection[str] = (), reads_results: bool = False) -> list[WireTool]:
    """Return the definitions of the meta-tools, in a fixed order; with the one that reads on where results are cut.

    ``kinds`` are those of the tools there are; a search is told of them only where it could choose.
    """
    tools = [
        _of_kinds(_tool(SEARCH, search_description, SearchArguments, readOnlyHint=True), kinds),
        _tool(
            DETAILS,
            "Get the full definitions (description, JSON schemas, annotations) of tools that search_tools found.",
            DetailsArguments,
            readOnlyHint=True,
        ),
        _tool(
            CALL,
            "Call a tool that search_tools found. Pass its name and its arguments; the result is the tool's own.",
            CallArguments,
            openWorldHint=True,
        ),
    ]
    reading = _tool(READ, "Read on in a result that was cut, by the key it names.", ReadArguments, readOnlyHint=True)
    return [*tools, reading] if reads_results else tools


def _of_kinds(search: WireTool, kinds: Collection[str]) -> WireTool:
    properties: dict[str, Any] = search.input_schema["properties"]
    if len(kinds) > 1:
        properties["kind"]["enum"] = sorted(kinds)
    else:
        del properties["kind"]
    return search


def _tool(name: str, description: str, arguments: Any, **annotations: bool) -> WireTool:
    return WireTool.model_validate(
        {
            "name": name,
            "description": description,
            "inputSchema": schema(arguments),
            "annotations": annotations,
            "_meta": dict(_ALWAYS_LOAD),
        }
    )
