"""From the text of a host's file to a plain object, with the line of what is wrong."""

from __future__ import annotations

import io
import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.host_files.hosts import Syntax
from mcp_toolweaver.text.jsonc import plain_json


class Unreadable(ValueError):
    """A file that is not what it should be; says where and why."""


def parsed(text: str, syntax: Syntax) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the object in a file, and a sentence for each key that is there twice.

    Raises:
        Unreadable: there is none.
    """
    doubles: list[str] = []
    try:
        found = _PARSERS[syntax](text.removeprefix("\ufeff"), doubles)
    except json.JSONDecodeError as error:
        raise Unreadable(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from error
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"not TOML: {error}") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Unreadable(f"not YAML{where}: {error.problem or error.context}") from error
    except (YAMLError, RecursionError) as error:
        raise Unreadable(f"cannot be read: {type(error).__name__}") from error
    if found is None:
        return {}, ()
    if not is_object(found):
        raise Unreadable("the top of it is not an object")
    return found, tuple(doubles)


def _json(text: str, doubles: list[str]) -> Any:
    plain = plain_json(text)

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = (key for key, times in Counter(key for key, _value in pairs).items() if times > 1)
        doubles.extend(f"{key!r} is there more than once in one object; the last one counts" for key in twice)
        return dict(pairs)

    return json.loads(plain, object_pairs_hook=build) if plain.strip() else None


def _toml(text: str, _doubles: list[str]) -> Any:
    return tomllib.loads(text)


def _yaml(text: str, _doubles: list[str]) -> Any:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


_PARSERS = {"json": _json, "toml": _toml, "yaml": _yaml}


def at(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return the value at a path; None if there is none."""
    value: Any = document
    for key in path:
        value = value.get(key) if is_object(value) else None
    return value
