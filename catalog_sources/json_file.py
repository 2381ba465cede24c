"""Tools described in JSON files: they can be found, but nothing stands behind them.

{"kind": "json_file", "name": "extra", "path": "tools/**/*.json"}
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog_sources.described.files import Stamp, is_pattern, stamps_of
from catalog_sources.described.formats import rows_of, tool_of
from mcp_toolweaver import ConfigurationError, MalformedTool, Tool, ToolNotCallable, ToolResult, run_in_thread

_log = logging.getLogger(__name__)

_EVERY = 2.0
"""Seconds between looks at the files."""
_SHARE = 50
"""A look that takes long is followed by a pause so many times as long."""


class JsonFileOptions(BaseModel):
    """The options of a ``json_file`` source."""

    model_config = ConfigDict(extra="forbid")

    path: Path | None = None
    """A file, a folder of files, or a pattern such as ``tools/**/*.json``."""
    paths: list[Path] = Field(default=[])
    """Several of these."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a file."""

    stamp: Stamp
    tools: tuple[Tool, ...] = ()
    problems: tuple[str, ...] = ()


class JsonFileSource:
    """A `CatalogSource` over files; what it read of a file counts until that is written anew, and can be read."""

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        """Read ``paths``; tools whose file names no server belong to the server ``name``."""
        self.problems = list[str]()
        self._name = name
        self._paths = paths
        self._files: dict[Path, _Read] = {}
        self._seen: dict[Path, Stamp] = {}

    async def list_tools(self) -> Sequence[Tool]:
        """See `CatalogSource.list_tools`; what cannot be read is left out, and said."""
        self._seen, self._files, missing = await run_in_thread(self._read_all)
        self.problems = [*missing, *(each for read in self._files.values() for each in read.problems)]
        return [tool for read in self._files.values() for tool in read.tools]

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:  # noqa: ARG002
        """Raise `ToolNotCallable`: nothing stands behind a file."""
        where = ", ".join(map(str, self._paths))
        raise ToolNotCallable(f"{name!r} is only described in {where}; no server stands behind it")

    async def wait_changed(self) -> None:
        """Return when a file was written, added or removed; looks every few seconds, at what the system notes of it."""
        while True:
            begun = time.monotonic()
            if await run_in_thread(stamps_of, self._paths) != self._seen:
                return
            await anyio.sleep(max(_EVERY, _SHARE * (time.monotonic() - begun)))

    def _read_all(self) -> tuple[dict[Path, Stamp], dict[Path, _Read], list[str]]:
        seen = stamps_of(self._paths)
        return seen, {file: self._read(file, stamp) for file, stamp in seen.items()}, self._missing()

    def _read(self, file: Path, stamp: Stamp) -> _Read:
        before = self._files.get(file)
        if before is not None and before.stamp == stamp:
            return before
        try:
            rows = list(rows_of(file))
        except (OSError, ValueError, RecursionError) as problem:
            return self._unreadable(file, stamp, before, problem)
        tools, problems = list[Tool](), list[str]()
        for where, row in rows:
            try:
                tools.append(tool_of(row, self._name))
            except MalformedTool as problem:
                problems.append(_told(f"{file}: {where}: left out: {problem}"))
        return _Read(stamp, tuple(tools), tuple(problems))

    def _unreadable(self, file: Path, stamp: Stamp, before: _Read | None, problem: Exception) -> _Read:
        """Return what counts of a file that cannot be read: what it was before, if it is half written perhaps."""
        if before is not None and before.tools:
            return replace(before, stamp=stamp, problems=(_told(f"{file}: as it was before: {problem}"),))
        return _Read(stamp, (), (_told(f"{file}: left out: {problem}"),))

    def _missing(self) -> list[str]:
        """Return a line for each path that stands for no file."""
        gone = [path for path in self._paths if not path.is_dir() and not stamps_of([path])]
        return [f"{path}: {'matches no file' if is_pattern(path) else 'does not exist'}; correct it" for path in gone]


@asynccontextmanager
async def open_source(name: str, options: Mapping[str, Any]) -> AsyncGenerator[JsonFileSource]:
    """Open files as a source; see `SourceFactory`."""
    try:
        chosen = JsonFileOptions.model_validate(options)
        given = [chosen.path, *chosen.paths] if chosen.path is not None else chosen.paths
        paths = [path.expanduser() for path in given]
        usable = [path for path in paths if path.exists() or is_pattern(path)]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{key}: {first['msg']}; a json_file source takes a path") from error
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigurationError(f"path: cannot be used: {error}") from error
    if not paths:
        raise ConfigurationError('path: is missing; name a file, a folder or a pattern such as "tools/**/*.json"')
    if not usable:
        raise ConfigurationError(f"path: {paths[0]} does not exist; correct it, relative to the configuration file")
    yield JsonFileSource(name, paths)


def _told(problem: str) -> str:
    _log.warning("%s", problem)
    return problem
