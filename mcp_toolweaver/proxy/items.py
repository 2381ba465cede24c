"""Lists of what a server offers beside its tools, item by item: the SDK refuses a whole list over one that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from mcp_types.methods import validate_server_result
from mcp_types.version import LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION
from pydantic import ValidationError

from mcp_toolweaver.core.json_values import is_array, is_object

LISTS: Mapping[str, str] = {
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
    "prompts/list": "prompts",
}
"""What each of these requests lists, by the key of its result."""

_ERAS = (LATEST_HANDSHAKE_VERSION, LATEST_MODERN_VERSION)
"""An item is offered to hosts of either era, so it must be valid in both."""
_ENVELOPE: Mapping[str, Any] = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
_PLAIN_KEYS = ("name", "title", "description", "uri", "uriTemplate", "mimeType", "arguments")


def keep_valid(method: str, result: MutableMapping[str, Any], problems: list[str]) -> None:
    """Leave out the items of a result that are malformed, and of others the trimmings that are; note the former."""
    items = result.get(LISTS[method])
    if is_array(items):
        result[LISTS[method]] = list(_valid(method, items, problems))


def _valid(method: str, items: list[Any], problems: list[str]) -> Iterator[dict[str, Any]]:
    for item in items:
        if is_object(item) and _is_valid(method, item):
            yield item
            continue
        plain = {key: item[key] for key in _PLAIN_KEYS if key in item} if is_object(item) else {}
        if _is_valid(method, plain):
            yield plain
        else:
            problems.append(f"one of its {LISTS[method]} is malformed: {str(plain)[:80]}")


def _is_valid(method: str, item: Mapping[str, Any]) -> bool:
    try:
        for era in _ERAS:
            validate_server_result(method, era, {**_ENVELOPE, LISTS[method]: [item]})
    except (ValidationError, RecursionError):
        return False
    return True
