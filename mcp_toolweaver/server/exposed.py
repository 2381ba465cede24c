"""The list of tools that a host sees, in the form of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mcp_types import Tool as WireTool
from pydantic import ValidationError

from mcp_toolweaver.core.interfaces import CatalogView
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.server.describe import search_description
from mcp_toolweaver.server.meta_tools import meta_tools


def listed_tools(catalog: CatalogView, tools: Iterable[Tool], *, reads_results: bool) -> list[WireTool]:
    """Return the meta-tools, with the one that reads on where results are cut, and ``tools`` under their own names."""
    snapshot = catalog.snapshot
    described = search_description(snapshot, catalog.statuses)
    return [*meta_tools(described, kinds=snapshot.kinds, reads_results=reads_results), *_direct(tools)]


def _direct(tools: Iterable[Tool]) -> Iterator[WireTool]:
    """Yield each tool under its callable name; one that the SDK refuses is left to the search."""
    for tool in tools:
        definition = dict(tool.definition)
        output = definition.get("outputSchema")
        if output is not None and output.get("type") != "object":
            del definition["outputSchema"]  # hosts up to 2025-11-25 refuse the whole list over it
        if not tool.is_callable:
            definition["description"] = f"(Only described in a file: it cannot be called.) {tool.description}"
        try:
            yield WireTool.model_validate({**definition, "name": tool.callable_name})
        except ValidationError:
            continue
