"""Tools described in JSON files: they can be found, but nothing stands behind them.

Two formats, told apart by the content:

* one JSON object a server, ``{"server": ..., "tools": [...]}``, tools as in ``tools/list``;
* JSON lines, ``{"name", "description", "inputSchema" or "parameters", "server"?, "domain"?}``.

A folder stands for all ``*.json`` and ``*.jsonl`` files in it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from pydantic import BaseModel, ConfigDict, ValidationError

from mcp_toolweaver import (
    ConfigurationError,
    MalformedTool,
    Tool,
    ToolNotCallable,
    ToolResult,
    is_array,
    is_object,
    run_in_thread,
)

_log = logging.getLogger(__name__)


class JsonFileOptions(BaseModel):
    """The options of a ``json_file`` source."""

    model_config = ConfigDict(extra="forbid")

    path: Path
    """A file, or a folder of files."""


class JsonFileSource:
    """A `CatalogSource` over files; it does not notice that they change."""

    def __init__(self, name: str, path: Path) -> None:
        """Read ``path``; tools whose file names no server belong to the server ``name``."""
        self._name = name
        self._path = path

    async def list_tools(self) -> Sequence[Tool]:
        """See `CatalogSource.list_tools`; what cannot be read is left out with a line in the log."""
        return await run_in_thread(lambda: list(self._tools()))

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:  # noqa: ARG002
        """Raise `ToolNotCallable`: nothing stands behind a file."""
        raise ToolNotCallable(f"{name!r} is only described in {self._path}; no server stands behind it")

    async def wait_changed(self) -> None:
        """See `CatalogSource.wait_changed`."""
        await anyio.sleep_forever()

    def _tools(self) -> Iterator[Tool]:
        for file in _files(self._path):
            try:
                rows = list(_rows(file))
            except (OSError, ValueError, RecursionError) as problem:
                _log.warning("%s: left out: %s", file, problem)
                continue
            yield from self._usable(file, rows)

    def _usable(self, file: Path, rows: Sequence[tuple[str, Any]]) -> Iterator[Tool]:
        for where, row in rows:
            try:
                yield _tool(row, self._name)
            except MalformedTool as problem:
                _log.warning("%s: %s: left out: %s", file, where, problem)


@asynccontextmanager
async def open_source(name: str, options: Mapping[str, Any]) -> AsyncGenerator[JsonFileSource]:
    """Open files as a source; see `SourceFactory`."""
    try:
        path = JsonFileOptions.model_validate(options).path.expanduser()
        exists = path.exists()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{key}: {first['msg']}; a json_file source takes a path") from error
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigurationError(f"path: cannot be used: {error}") from error
    if not exists:
        raise ConfigurationError(f"path: {path} does not exist; correct it, relative to the configuration file")
    yield JsonFileSource(name, path)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in {".json", ".jsonl"})


def _rows(file: Path) -> Iterator[tuple[str, Any]]:
    """Yield each tool with its place in the file.

    Raises:
        ValueError: the file is neither of the two formats.
    """
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    try:
        content = None if file.suffix == ".jsonl" else json.loads(text)
    except json.JSONDecodeError as error:
        if not _starts_with_object_line(text):
            raise ValueError(f"not JSON: {error}") from error
        content = None
    if content is None:
        yield from _lines(text)
    elif is_object(content) and is_array(content.get("tools")):
        yield from _server(content, file.stem)
    elif is_object(content) and "name" in content:
        yield "line 1", content
    else:
        raise ValueError('neither an object with "server" and "tools" nor lines with "name" and "description"')


def _server(content: dict[str, Any], stem: str) -> Iterator[tuple[str, Any]]:
    """Yield the tools of an object a server, each told what the object says of all of them."""
    shared = {
        "server": content.get("server") or stem,
        "domain": content.get("domain"),
        "serverDescription": content.get("description") or content.get("instructions"),
    }
    for number, tool in enumerate(content["tools"]):
        yield f"tools[{number}]", {**shared, **tool} if is_object(tool) else tool


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
    except json.JSONDecodeError:
        return False


def _tool(row: Any, name: str) -> Tool:
    if not is_object(row):
        raise MalformedTool(row if isinstance(row, str) else "a tool definition must be a JSON object")
    definition = dict(row)
    server, domain, description = (definition.pop(key, None) for key in ("server", "domain", "serverDescription"))
    return Tool.from_definition(
        str(server or name),
        definition,
        domain=str(domain or ""),
        server_description=str(description or ""),
        is_callable=False,
    )
