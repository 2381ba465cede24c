"""JSON values made shorter that stay JSON values of the same shape.

Arrays lose elements from their end; long texts are cut. The members of an object share the room: a
short one is kept whole, and what it leaves goes to the longer ones. Names stay, unless there are too many
of them. What a schema requires (``required``, ``minItems``) stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.proxy.paging.boundaries import boundary
from mcp_toolweaver.proxy.paging.compact import length

_MOST_REQUIRED = 100
_SHARES = 4
"""How many fair shares of the room a member is measured for; longer ones are equally long."""
_LONGEST_PLACE = 60


class Pruning:
    """Shortens one value; ``losses`` says where and how much."""

    def __init__(self) -> None:
        self.losses: list[str] = []

    def shortened(self, value: Any, room: int, schema: Any = None, place: str = "") -> Any:
        """Return the value within about so many characters of JSON text."""
        if length(value, most=room) <= room:
            return value
        if isinstance(value, str):
            kept = value[: boundary(value, 0, max(room - 3, 0))] if room > 3 else ""  # noqa: PLR2004  quotes and comma
            self._note(place, len(kept), len(value), "characters")
            return kept
        if is_array(value):
            return self._array(value, room - 3, schema, place)
        return self._object(value, room - 3, schema, place) if is_object(value) else value

    def _array(self, value: list[Any], room: int, schema: Any, place: str) -> list[Any]:
        least = max(1, min(_number(schema, "minItems"), _MOST_REQUIRED))
        items = schema.get("items") if is_object(schema) else None
        kept: list[Any] = []
        for number, item in enumerate(value):
            left = max(room // max(1, least - number), 0)
            if number >= least and length(item, most=room) > room:
                break
            kept.append(self.shortened(item, left if number < least else room, items, f"{place}[{number}]"))
            room -= length(kept[-1], most=max(room, 0) + 1)
        if len(kept) < len(value):
            self._note(place, len(kept), len(value), "elements")
        return kept

    def _object(self, value: dict[str, Any], room: int, schema: Any, place: str) -> dict[str, Any]:
        names = _names(value, room, schema)
        if len(names) < len(value):
            self._note(place, len(names), len(value), "members")
        properties = schema.get("properties") if is_object(schema) else None
        parts = properties if is_object(properties) else {}
        shares = _shares({name: value[name] for name in names}, room - sum(len(name) + 3 for name in names))
        return {
            name: self.shortened(value[name], shares[name], parts.get(name), f"{place}.{name}" if place else name)
            for name in names
        }

    def _note(self, place: str, kept: int, total: int, what: str) -> None:
        where = place if len(place) <= _LONGEST_PLACE else place[: _LONGEST_PLACE - 1] + "…"
        self.losses.append(f"{where or 'the whole'}: {kept:,} of {total:,} {what}")


def _shares(members: Mapping[str, Any], room: int) -> dict[str, int]:
    """Return how many characters each member may take: all it needs, or an equal share of what is left."""
    left, waiting = max(room, 0), len(members)
    most = _SHARES * left // max(1, waiting) + 8
    lengths = {name: length(value, most=most) for name, value in members.items()}
    shares: dict[str, int] = {}
    for name in sorted(members, key=lengths.__getitem__):
        share = left // waiting
        shares[name] = lengths[name] if lengths[name] <= min(share, most) else share
        left, waiting = left - shares[name], waiting - 1
    return shares


def _names(value: Mapping[str, Any], room: int, schema: Any) -> list[str]:
    """Return the names that stay: all, unless they alone take more than half of the room."""
    half = room // 2
    if sum(len(name) + 3 for name in value) <= half:
        return list(value)
    required = schema.get("required") if is_object(schema) else None
    needed = {name for name in (required if is_array(required) else [])[:_MOST_REQUIRED] if isinstance(name, str)}
    names: list[str] = []
    for name in value:
        half -= len(name) + 3
        if half >= 0 or name in needed:
            names.append(name)
    return names


def _number(schema: Any, keyword: str) -> int:
    found = schema.get(keyword) if is_object(schema) else None
    return found if isinstance(found, int) else 0
