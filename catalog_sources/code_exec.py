"""Programs of the owner's as tools: each call runs one, with the arguments as JSON on its stdin.

    {"kind": "code_exec", "name": "scripts", "tools": [{"name": "resize", "command": ["python3", "resize.py"]}]}

A command is a list of texts that no shell reads, and nothing of a call gets into it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import anyio
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mcp_toolweaver import (
    ConfigurationError,
    Finished,
    MalformedTool,
    Program,
    Tool,
    ToolResult,
    UnknownTool,
    is_object,
    run_in_thread,
    run_program,
    server_log,
)

KIND = "code_exec"
_SHORTEST_SECRET = 8
_EXAMPLE = '{"name": "resize", "command": ["python3", "resize.py"]}'


def _no_shell(command: Any) -> Any:
    if isinstance(command, str):
        raise ValueError('must be a list of texts, since no shell reads it: ["python3", "resize.py"]')  # noqa: TRY004
    return command


class CodeExecTool(BaseModel):
    """One program, and the tool that it is."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    title: str | None = None
    description: str = ""
    inputSchema: dict[str, Any] = {"type": "object", "properties": {}}  # noqa: N815  the protocol's name
    outputSchema: dict[str, Any] | None = None  # noqa: N815
    annotations: dict[str, Any] | None = None
    command: Annotated[list[str], BeforeValidator(_no_shell), Field(min_length=1)]
    cwd: str | None = None
    env: dict[str, str] = Field(default={}, repr=False)
    timeout: float = Field(default=60.0, gt=0)
    """Seconds that one run may take."""
    max_output_bytes: int = Field(default=1_000_000, ge=1)
    """Bytes of stdout that are kept."""

    def definition(self) -> dict[str, Any]:
        """Return the tool as in ``tools/list``."""
        told = {"name", "title", "description", "inputSchema", "outputSchema", "annotations"}
        return self.model_dump(include=told, exclude_none=True)


class CodeExecOptions(BaseModel):
    """The options of a ``code_exec`` source; the tools are read one by one."""

    model_config = ConfigDict(extra="forbid")

    tools: list[Any] = Field(min_length=1, repr=False)
    cwd: str | None = None
    """The folder in which programs run that name none."""
    env: dict[str, str] = Field(default={}, repr=False)
    """For all programs; what a tool says of its own counts more."""
    concurrency: int = Field(default=4, ge=1)
    """Programs that run at once; further calls wait."""


class CodeExec:
    """A `CatalogSource` over programs."""

    def __init__(self, name: str, options: CodeExecOptions) -> None:
        """Offer the programs under the name of the source."""
        self.problems = list[str]()
        self._name = name
        self._options = options
        self._tools: dict[str, CodeExecTool] = {}
        for tool in _tools(options, self.problems):
            self._tools.setdefault(tool.name, tool)
        self._running = anyio.CapacityLimiter(options.concurrency)
        secrets = [value for tool in self._tools.values() for value in tool.env.values()]
        self._secrets = sorted((each for each in secrets if len(each) >= _SHORTEST_SECRET), key=len, reverse=True)
        self._log = server_log(name, self._secrets)
        self._problems_of_options = tuple(self.problems)

    @property
    def has_tools(self) -> bool:
        """Whether any tool was written well."""
        return bool(self._tools)

    async def list_tools(self) -> Sequence[Tool]:
        """See `CatalogSource.list_tools`; a tool whose program is missing is left out, and said."""
        self.problems = list(self._problems_of_options)
        return await run_in_thread(lambda: list(self._usable()))

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """See `CatalogSource.call_tool`.

        Raises:
            UnknownTool: there is no such tool.
        """
        if name not in self._tools:
            raise UnknownTool(name)
        tool = self._tools[name]
        program = Program(name, tool.command, tool.env, tool.cwd, tool.timeout, tool.max_output_bytes)
        try:
            async with self._running:
                finished = await run_program(program, json.dumps(dict(arguments), ensure_ascii=False).encode())
        except OSError as error:
            return _error(f"{name} was not run: {tool.command[0]!r} cannot be started ({error.strerror})")
        if finished.stderr:
            await run_in_thread(self._log.feed, finished.stderr.rstrip(b"\n") + b"\n")
        return self._result(tool, finished)

    async def wait_changed(self) -> None:
        """Wait for ever: the tools are those of the configuration."""
        await anyio.sleep_forever()

    def _usable(self) -> Iterator[Tool]:
        for tool in self._tools.values():
            if why := _missing(tool):
                self.problems.append(f"{tool.name}: {why}")
                continue
            try:
                yield Tool.from_definition(self._name, tool.definition(), kind=KIND)
            except MalformedTool as error:
                self.problems.append(f"{tool.name}: {error}")

    def _result(self, tool: CodeExecTool, finished: Finished) -> ToolResult:
        text = finished.stdout.decode(errors="replace")
        if finished.is_late:
            late = f"{tool.name} was ended: it took more than {tool.timeout:g} s (timeout); what it did stays done"
            return _error(late + self._tail(finished, text))
        if finished.status != 0:
            return _error(f"{tool.name} failed: {_in_words(finished.status)}" + self._tail(finished, text))
        value = None if finished.is_cut else _as_object(text)
        if finished.is_cut:
            text += f"\n[cut after {tool.max_output_bytes} bytes (max_output_bytes); it wrote more]"
        if value is None and tool.outputSchema is not None:
            return _error(f"{tool.name} did not print the JSON object that its outputSchema says; it printed: {text}")
        structured = {} if value is None else {"structuredContent": value}
        return ToolResult({"content": [{"type": "text", "text": text}], **structured, "isError": False})

    def _tail(self, finished: Finished, text: str) -> str:
        """Return the end of what it said: on stderr, else on stdout."""
        where, said = ("stderr", finished.stderr.decode(errors="replace"))
        if not said.strip():
            where, said = "stdout", text[-2000:]
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return f"; the end of its {where}:\n{said.strip()}" if said.strip() else ""


@asynccontextmanager
async def open_source(name: str, options: Mapping[str, Any]) -> AsyncGenerator[CodeExec]:
    """Offer programs as a source; see `SourceFactory`."""
    try:
        chosen = CodeExecOptions.model_validate(options)
    except ValidationError as error:
        raise ConfigurationError(f'{_told(error)}; write "tools": [{_EXAMPLE}]') from error
    source = CodeExec(name, chosen)
    if source.problems and not source.has_tools:
        raise ConfigurationError(source.problems[0])
    yield source


def _tools(options: CodeExecOptions, problems: list[str]) -> Iterator[CodeExecTool]:
    """Yield the tools that are written well, each with what holds for all."""
    names = set[str]()
    for index, raw in enumerate(options.tools):
        try:
            tool = CodeExecTool.model_validate(raw)
        except ValidationError as error:
            problems.append(f"tools[{index}].{_told(error)}; write for example {_EXAMPLE}")
            continue
        if tool.name in names:
            problems.append(f"tools[{index}].name: is left out, because another tool is {tool.name!r} too; rename one")
        names.add(tool.name)
        yield tool.model_copy(update={"env": {**options.env, **tool.env}, "cwd": tool.cwd or options.cwd})


def _missing(tool: CodeExecTool) -> str:
    """Return why a program cannot be started, as far as that can be seen; nothing if it can."""
    if tool.cwd is not None and not Path(tool.cwd).is_dir():
        return f"the folder {tool.cwd!r} (cwd) does not exist; create it, or correct its path"
    command = tool.command[0]
    found = Path(tool.cwd or ".", command) if os.path.dirname(command) else command  # noqa: PTH120  "./x" has one
    if shutil.which(found, path=tool.env.get("PATH")) is None:
        return f"{command!r} was not found, or must not be executed; install it, or correct the command"
    return ""


def _told(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}"


def _as_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if is_object(value) else None


def _in_words(status: int | None) -> str:
    if status is None or status >= 0:
        return f"status {status}"
    try:
        return f"it was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"it was ended by signal {-status}"


def _error(text: str) -> ToolResult:
    return ToolResult.from_text(text, is_error=True)
