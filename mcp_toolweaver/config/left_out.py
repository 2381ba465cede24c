"""What remains of settings when a wrong value is left out: never more than the owner may have meant to allow.

Most settings fall back to what they would be without the value. A profile without one of its rules would be wider, so
it is left out whole; an effect that cannot be read is taken for the worst.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from mcp_toolweaver.config.json_types import as_object
from mcp_toolweaver.core.access import Effect

Steps: TypeAlias = tuple[str, ...]

_WORST: Effect = "destructive"
_PROFILE = 2
"""Steps to a profile, and to the effect of a pattern."""


def left_out(values: Mapping[str, Any], path: Steps) -> dict[str, Any]:
    """Return the values without what is wrong at a path."""
    if path[0] == "profiles":
        return _without(values, path[:_PROFILE])
    if path[0] == "effects":
        return {**values, "effects": _worst(values["effects"], path)}
    return _without(values, path)


def without_halves(given: Iterable[Any], accepted: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the layers of settings without each profile of which a part is left out in one of them.

    The part that is right in another layer alone could be wider.
    """
    wrong = {name for all_of, kept in zip(given, accepted, strict=True) for name in _names(all_of) - _names(kept)}
    return [
        {**kept, "profiles": {name: rules for name, rules in kept["profiles"].items() if name not in wrong}}
        if _names(kept) & wrong
        else kept
        for kept in accepted
    ]


def _names(settings: Any) -> set[str]:
    """Return the names of the profiles in settings, which need not be right."""
    return set(as_object((as_object(settings) or {}).get("profiles")) or {})


def remedy(path: Steps) -> str:
    """Say what to do about it, and what counts until then."""
    if path[0] == "profiles" and len(path) >= _PROFILE:
        return f"correct or remove it; there is no profile {path[1]!r} until then"
    if path[0] == "effects":
        meant = "what it is about" if len(path) == _PROFILE else "every tool"
        return f"correct or remove it; {meant} counts as {_WORST} until then"
    return "correct or remove it; it is ignored until then"


def _worst(effects: Any, path: Steps) -> dict[str, Any]:
    table = as_object(effects)
    if table is None or len(path) != _PROFILE or path[1] not in table:
        return {"*": _WORST}
    return {**table, path[1]: _WORST}


def _without(values: Mapping[str, Any], path: Steps) -> dict[str, Any]:
    head, *rest = path
    inner = as_object(values.get(head))
    if inner is None or not rest:
        return {key: value for key, value in values.items() if key != head}
    return {**values, head: _without(inner, tuple(rest))}
