"""Toolweaver: one MCP server in front of all your tools.

This is what the author of a source plugin needs, and all that is public. Each part is imported when it is
first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp_toolweaver.core.definition import MalformedTool
    from mcp_toolweaver.core.errors import (
        ConfigurationError,
        DeadlineExceeded,
        InvalidArguments,
        InvalidRequest,
        NotSent,
        ToolNotCallable,
        ToolweaverError,
        Unavailable,
        UnknownTool,
    )
    from mcp_toolweaver.core.interfaces import CatalogSource, SourceFactory
    from mcp_toolweaver.core.json_values import is_array, is_object
    from mcp_toolweaver.core.threads import ForeignExit, run_apart, run_in_thread
    from mcp_toolweaver.core.tools import MCP_WORKER, Tool, ToolId, ToolResult
    from mcp_toolweaver.proxy import transports
    from mcp_toolweaver.proxy.connecting import connect
    from mcp_toolweaver.proxy.downstream import Downstream
    from mcp_toolweaver.proxy.program import Finished, Program, run_program
    from mcp_toolweaver.proxy.server_log import ServerLog, server_log

__all__ = [
    "MCP_WORKER",
    "CatalogSource",
    "ConfigurationError",
    "DeadlineExceeded",
    "Downstream",
    "Finished",
    "ForeignExit",
    "InvalidArguments",
    "InvalidRequest",
    "MalformedTool",
    "NotSent",
    "Program",
    "ServerLog",
    "SourceFactory",
    "Tool",
    "ToolId",
    "ToolNotCallable",
    "ToolResult",
    "ToolweaverError",
    "Unavailable",
    "UnknownTool",
    "connect",
    "is_array",
    "is_object",
    "run_apart",
    "run_in_thread",
    "run_program",
    "server_log",
    "transports",
]

_PLACES = {
    "core.definition": ("MalformedTool",),
    "core.errors": (
        "ConfigurationError",
        "DeadlineExceeded",
        "InvalidArguments",
        "InvalidRequest",
        "NotSent",
        "ToolNotCallable",
        "ToolweaverError",
        "Unavailable",
        "UnknownTool",
    ),
    "core.interfaces": ("CatalogSource", "SourceFactory"),
    "core.json_values": ("is_array", "is_object"),
    "core.threads": ("ForeignExit", "run_apart", "run_in_thread"),
    "core.tools": ("MCP_WORKER", "Tool", "ToolId", "ToolResult"),
    "proxy.connecting": ("connect",),
    "proxy.downstream": ("Downstream",),
    "proxy.program": ("Finished", "Program", "run_program"),
    "proxy.server_log": ("ServerLog", "server_log"),
}
_LATE = {name: f"mcp_toolweaver.{place}" for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import what is asked for: nothing of others is imported before stdout has been claimed for the protocol."""
    if name == "transports":
        return import_module("mcp_toolweaver.proxy.transports")
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
