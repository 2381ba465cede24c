"""Laying the environment over the file over the defaults, each checked on its own.

A wrong value is reported and left out, so the layer below shows through. No setting
depends on another one; therefore layers that are right by themselves are right together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from mcp_toolweaver.config.environment import environment_values, variable_name
from mcp_toolweaver.config.json_types import as_object
from mcp_toolweaver.config.left_out import Steps, left_out, remedy, without_halves
from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.config.profile_settings import SHAPES
from mcp_toolweaver.config.settings import Settings


def read_settings(table: Any, environ: Mapping[str, str], problems: Problems) -> Settings:
    """Make the settings out of a file's ``toolweaver`` table and the environment.

    Args:
        table: The value of the key ``toolweaver``; None if there is none.
        environ: The environment variables.
        problems: Takes what is unknown or wrong; such values are left out.
    """
    file = _Layer(problems.within("toolweaver"), ".".join)
    environment = _Layer(problems.elsewhere("environment"), variable_name)
    given = ({} if table is None else table, environment_values(environ))
    accepted = [layer.accepted(values) for layer, values in zip((file, environment), given, strict=True)]
    return Settings(**_merged(*without_halves(given, accepted)))


@dataclass(frozen=True, slots=True)
class _Layer:
    """One place that settings come from, and how a setting is spelled there."""

    problems: Problems
    spell: Callable[[Steps], str]

    def accepted(self, values: Any) -> dict[str, Any]:
        """Return the values that are known and right; report the others."""
        known = self._known(Settings, values, ())
        try:
            Settings(**known)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=False, include_input=False):
                path = tuple(str(step) for step in detail["loc"])
                known = left_out(known, path)
                self._refuse(path, *_told(detail["type"], detail["msg"], path))
        return known

    def _known(self, model: type[BaseModel], values: Any, path: Steps) -> dict[str, Any]:
        short = getattr(model, "by_text", None)
        table = {short: values} if short is not None and isinstance(values, str) else as_object(values)
        if table is None:
            self._refuse(path, "should be an object", remedy(path) if path else "correct or remove it")
            return {}
        return dict(self._known_items(model, table, path))

    def _known_items(self, model: type[BaseModel], table: Mapping[str, Any], path: Steps) -> Iterator[tuple[str, Any]]:
        for key, value in table.items():
            field = model.model_fields.get(key)
            if field is None:
                self._refuse((*path, key), "is not a setting", _suggestion(key, tuple(model.model_fields)))
            elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield key, self._known(field.annotation, value, (*path, key))
            else:
                yield key, value

    def _refuse(self, path: Steps, message: str, fix: str) -> None:
        self.problems.add(self.spell(path), message, fix)


def _suggestion(key: str, known: Sequence[str]) -> str:
    close = get_close_matches(key.lower(), known, n=1)
    return f"did you mean {close[0]}?" if close else f"use one of {', '.join(known)}"


def _told(kind: str, message: str, path: Steps) -> tuple[str, str]:
    """Return what is wrong and what to do about it, in the words that all settings share."""
    inside = SHAPES.get(path[2:-1]) if path[0] == "profiles" else None
    if kind != "extra_forbidden" or inside is None:
        return message.removeprefix("Input "), remedy(path)
    suggestion = _suggestion(path[-1], tuple(inside.model_fields))
    return "is not a setting", f"{suggestion}; {remedy(path).partition('; ')[2]}"


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        inner, outer = as_object(below.get(key)), as_object(value)
        merged[key] = value if inner is None or outer is None else _merged(inner, outer)
    return merged
