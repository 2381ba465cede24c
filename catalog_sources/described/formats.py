"""The formats in which tools are described, told apart by their content; one file may hold several.

* one JSON object a server, ``{"server": ..., "tools": [...]}``, or a list of tools, or one tool;
* JSON lines, a tool each.

A tool is written as in ``tools/list`` (``inputSchema``), or as for a model of OpenAI (``{"type": "function",
"function": {...}}``, or the same without the inner object; ``parameters``) or Anthropic (``input_schema``). Beside that
it may say its ``server``, ``domain``, ``serverDescription`` and ``kind``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mcp_toolweaver import MCP_WORKER, MalformedTool, Tool, is_array, is_object

_LISTS = ("tools", "functions")
_OF_REQUESTS = ("type", "strict", "cache_control")
"""What is said to a model's provider, not of the tool."""
_FUNCTIONS = ("function", "custom")
_FORMATS = 'write {"server": "...", "tools": [...]}, a list of tools, or one tool a line, each with a "name"'


def rows_of(file: Path) -> Iterator[tuple[str, Any]]:
    """Yield each tool of a file with its place in it: ``tools[3]``, ``line 7``.

    Raises:
        OSError: it cannot be read.
        ValueError, RecursionError: it is in none of the formats; the message says where, and what to write.
    """
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    if file.suffix == ".jsonl":
        yield from _lines(text)
        return
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        if not _starts_with_object_line(text):
            raise ValueError(f"not JSON: {error}; {_FORMATS if not text.strip() else 'correct it there'}") from error
        yield from _lines(text)
        return
    yield from _rows(content, file.stem)


def tool_of(row: Any, name: str) -> Tool:
    """Return the tool of a row; it belongs to the server ``name`` if it does not say whose it is.

    Raises:
        MalformedTool: it is none; the message says why.
    """
    if not is_object(row):
        raise MalformedTool(row if isinstance(row, str) else "a tool definition must be a JSON object")
    definition = _plain(row)
    server, domain, description = (definition.pop(key, None) for key in ("server", "domain", "serverDescription"))
    kind = definition.pop("kind", None) or MCP_WORKER
    if not isinstance(kind, str):
        raise MalformedTool('its kind is no text; write for example "kind": "function", or leave it out')
    return Tool.from_definition(
        str(server or name),
        definition,
        domain=str(domain or ""),
        server_description=str(description or ""),
        is_callable=False,
        kind=kind,
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a tool of any format as in ``tools/list``, with what is ours beside it.

    Raises:
        MalformedTool: it is something else that models are offered, which has no name.
    """
    inner, kind = row.get("function"), row.get("type")
    definition = {**row, **inner} if is_object(inner) else dict(row)
    if is_object(inner):
        del definition["function"]
    if "name" not in definition and isinstance(kind, str) and kind not in _FUNCTIONS:
        raise MalformedTool(f"it has the type {kind[:40]!r} and no name; only functions can be described here")
    schema = definition.pop("input_schema", None)
    if schema is not None:
        definition.setdefault("inputSchema", schema)
    if schema is not None or kind in _FUNCTIONS:
        definition = {key: value for key, value in definition.items() if key not in _OF_REQUESTS}
    return definition


def _rows(content: Any, stem: str) -> Iterator[tuple[str, Any]]:
    key = next((key for key in _LISTS if is_object(content) and is_array(content.get(key))), None)
    if key is not None:
        yield from _server(content, key, stem)
    elif is_array(content) and content:
        yield from ((f"[{number}]", tool) for number, tool in enumerate(content))
    elif is_object(content) and ("name" in content or is_object(content.get("function"))):
        yield "line 1", content
    else:
        raise ValueError(f"it holds no tools in a format that is known; {_FORMATS}")


def _server(content: dict[str, Any], key: str, stem: str) -> Iterator[tuple[str, Any]]:
    """Yield the tools of an object a server, each told what the object says of all of them."""
    shared = {
        "server": content.get("server") or stem,
        "domain": content.get("domain"),
        "serverDescription": content.get("description") or content.get("instructions"),
        "kind": content.get("kind"),
    }
    for number, tool in enumerate(content[key]):
        yield f"{key}[{number}]", {**shared, **tool} if is_object(tool) else tool


def _lines(text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield f"line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"line {number}", f"not JSON: {error}"


def _starts_with_object_line(text: str) -> bool:
    first = text.lstrip().split("\n", maxsplit=1)[0]
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
