"""Arguments that are wrapped once too often: ``{"arguments": {...}}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.proxy.mending.names import takes_any_name
from mcp_toolweaver.proxy.mending.texts import decoded

_OURS = "arguments"
_WRAPPERS = frozenset({_OURS, "input", "params", "parameters"})


def unwrapped(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what is inside, as an object or as its JSON text; None where the wrapper may be meant."""
    properties = schema.get("properties")
    wrapper, value = next(iter(arguments.items()), ("", None))
    known = properties if is_object(properties) else {}
    if len(arguments) != 1 or wrapper not in _WRAPPERS or wrapper in known or takes_any_name(schema):
        return None
    inside = next(decoded(value), None) if isinstance(value, str) else value
    return inside if is_object(inside) else None


def is_ours(schema: Mapping[str, Any], arguments: Mapping[str, Any], inside: Mapping[str, Any]) -> bool:
    """Whether the wrapper is surely that of ``call_tool``: all that is inside are parameters of the tool.

    A tool without required parameters that forbids no others takes the wrapper too, and ignores all of it.
    """
    properties = schema.get("properties")
    return _OURS in arguments and bool(inside) and is_object(properties) and inside.keys() <= properties.keys()
