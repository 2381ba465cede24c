"""From a file to a plain dictionary. Nothing a file can hold, or be, makes this raise."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mcp_toolweaver.config.json_types import as_list, as_object, type_name
from mcp_toolweaver.config.lines import lines_of, nearest, twice, written
from mcp_toolweaver.config.problems import Problem, Problems
from mcp_toolweaver.text.jsonc import plain_json

_DEEPEST = 64
_TOO_DEEP = f"is nested more than {_DEEPEST} levels deep"
_CORRECT_SYNTAX = {
    "JSON": "correct it there (comments and trailing commas are fine)",
    "TOML": "correct it there",
}


def read(path: Path, problems: Problems) -> dict[str, Any] | None:
    """Read a configuration file: TOML if its name ends so, else JSON, with comments or without.

    Args:
        path: The file.
        problems: Takes what is wrong with the file, and keys that appear twice.

    Returns:
        The object at the top of the file; None if there is none to be had.
    """
    text = _text(path, problems)
    if text is None:
        return None
    if not text.strip():
        problems.add("", "is empty", "write at least {} into it, or use no file")
        return None
    return _parsed(text, path, problems)


def is_toml(path: Path) -> bool:
    """Whether the name of the file says that it is TOML."""
    return path.suffix.lower() == ".toml"


def placed(found: Sequence[Problem], path: Path) -> tuple[Problem, ...]:
    """Return the problems of a file with the lines that they are in, as far as that can be known."""
    if not any(problem.file == str(path) and problem.key for problem in found):
        return tuple(found)
    try:
        lines = lines_of(path.read_bytes().decode("utf-8-sig"), is_toml=is_toml(path))
    except (OSError, ValueError, RecursionError):
        return tuple(found)
    return tuple(
        replace(each, line=each.line or nearest(lines, each.key)) if each.file == str(path) else each for each in found
    )


def _text(path: Path, problems: Problems) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add("", f"is not UTF-8 (byte {error.start + 1} is wrong)", "save it with the encoding UTF-8")
    except OSError as error:
        problems.add("", *_why_unreadable(error, path))
    except ValueError:
        problems.add("", "is not a possible file name", "name another file")
    return None


def _why_unreadable(error: OSError, path: Path) -> tuple[str, str]:
    """Return a message and a fix."""
    if isinstance(error, FileNotFoundError):
        return "does not exist", "create it, or name another file"
    if os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises where it must not look
        return "is a folder", "name the file inside it"
    if isinstance(error, PermissionError):
        return "must not be read by you", "give yourself the permission to read it"
    return f"cannot be read ({error.strerror})", "name another file"


def _parsed(text: str, path: Path, problems: Problems) -> dict[str, Any] | None:
    syntax = "TOML" if is_toml(path) else "JSON"
    try:
        return _checked(tomllib.loads(text) if syntax == "TOML" else _json(text, problems), problems)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        problems.add("", f"is not valid JSON at {where}", _CORRECT_SYNTAX[syntax])
    except ValueError as error:
        problems.add("", f"is not valid {syntax}: {error}", _CORRECT_SYNTAX[syntax])
    except RecursionError:
        problems.add("", _TOO_DEEP, "write it with fewer levels")
    return None


def _json(text: str, problems: Problems) -> Any:
    has_twice = False

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_twice
        made = dict(pairs)
        has_twice = has_twice or len(made) < len(pairs)
        return made

    parsed = json.loads(plain_json(text), object_pairs_hook=build)
    for steps, lines in twice(text) if has_twice else ():
        holder = written(steps[:-1]) or "the file"
        message = f"is there more than once in {holder} (lines {' and '.join(map(str, lines))}); the last one counts"
        problems.add(str(steps[-1]), message, "remove the others", line=lines[-1])
    return parsed


def _checked(parsed: Any, problems: Problems) -> dict[str, Any] | None:
    document = as_object(parsed)
    if document is None:
        problems.add("", f"holds {type_name(parsed)} at the top", "put everything into one object: { ... }")
    elif _is_too_deep(document):
        problems.add("", _TOO_DEEP, "write it with fewer levels")
        return None
    return document


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [child for item in level for child in _children(item)]
    return bool(level)


def _children(value: Any) -> list[Any]:
    return list((as_object(value) or {}).values()) + (as_list(value) or [])
