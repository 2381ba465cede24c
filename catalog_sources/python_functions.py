"""Functions written in Python as tools: typed, documented, synchronous or not.

    {"kind": "python_functions", "name": "mine", "functions": "package.module:attribute"}

They run in this process, so the owner trusts them as much as Toolweaver itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import anyio
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from catalog_sources.functions.calling import Calls, FunctionTool
from catalog_sources.functions.finding import Unusable, functions_in, place_of
from catalog_sources.functions.folders import give_up
from catalog_sources.functions.importing import imported
from catalog_sources.functions.signature import Signature
from mcp_toolweaver import ConfigurationError, Tool, ToolResult, UnknownTool, run_apart

KIND = "function"
_REFERENCE = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.\w+)*(:[A-Za-z_]\w*(\.\w+)*)?$")]


class PythonFunctionsOptions(BaseModel):
    """The options of a ``python_functions`` source."""

    model_config = ConfigDict(extra="forbid")

    functions: Annotated[
        list[_REFERENCE],
        Field(min_length=1),
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    ]
    """``module:attribute``: a function, or what holds functions; or a list of such texts."""
    path: Path | None = None
    """A folder in which the modules are looked for first."""
    call_timeout: float = Field(default=60.0, gt=0)
    """Seconds that one call may take."""
    import_timeout: float = Field(default=60.0, gt=0)
    """Seconds that the imports may take, all together."""
    max_hung: int = Field(default=8, ge=1)
    """Threads that run on after their call was given up; while there are so many, no further call is begun."""


class PythonFunctions:
    """A `CatalogSource` over functions."""

    def __init__(self, name: str, tools: Sequence[FunctionTool], problems: Sequence[str], calls: Calls) -> None:
        """Offer the functions under the name of the source."""
        self.problems = list(problems)
        self._tools = {tool.name: tool for tool in tools}
        self._listed = [Tool.from_definition(name, tool.signature.definition, kind=KIND) for tool in tools]
        self._calls = calls

    async def list_tools(self) -> Sequence[Tool]:
        """See `CatalogSource.list_tools`."""
        return self._listed

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """See `CatalogSource.call_tool`.

        Raises:
            UnknownTool, InvalidArguments: there is no such function, or it takes something else.
        """
        if name not in self._tools:
            raise UnknownTool(name)
        return await self._calls.call(self._tools[name], arguments)

    async def wait_changed(self) -> None:
        """Wait for ever: functions change when the source is opened anew."""
        await anyio.sleep_forever()


@asynccontextmanager
async def open_source(name: str, options: Mapping[str, Any]) -> AsyncGenerator[PythonFunctions]:
    """Import functions as a source; see `SourceFactory`."""
    chosen = _options(options)
    folder = None if chosen.path is None else chosen.path.expanduser().resolve()
    tools, problems = await _loaded(chosen, folder)
    calls = Calls(folder, timeout=chosen.call_timeout, most_left=chosen.max_hung)
    yield PythonFunctions(name, tools, problems, calls)


async def _loaded(options: PythonFunctionsOptions, folder: Path | None) -> tuple[list[FunctionTool], list[str]]:
    """Import in time, or not at all."""
    try:
        with anyio.move_on_after(options.import_timeout):
            return await run_apart(_load, options.functions, folder)
    except anyio.get_cancelled_exc_class():
        give_up(folder)
        raise
    give_up(folder)
    late = f"the imports of {', '.join(options.functions)} took more than {options.import_timeout:g} s"
    raise ConfigurationError(f"functions: {late}; give them longer (import_timeout)")


def _load(references: Sequence[str], folder: Path | None) -> tuple[list[FunctionTool], list[str]]:
    """Return the functions that can be tools, and what is wrong with the others.

    Raises:
        ConfigurationError: nothing that is named can be imported.
    """
    problems = list[str]()
    found: dict[str, FunctionTool] = {}
    failures = list[ConfigurationError]()
    for reference in references:
        try:
            value = imported(reference, folder)
        except ConfigurationError as error:
            failures.append(error)
            continue
        for tool in _tools_of(value, reference, problems):
            if tool.name in found:
                other = place_of(found[tool.name].function)
                problems.append(
                    f"{place_of(tool.function)}: {tool.name}() is left out: {other} has its name; rename it"
                )
            found.setdefault(tool.name, tool)
    if len(failures) == len(references):
        raise failures[0]
    return list(found.values()), [*map(str, failures), *problems]


def _tools_of(value: Any, reference: str, problems: list[str]) -> Iterator[FunctionTool]:
    nothing = True
    for name, function in functions_in(value, reference):
        nothing = False
        try:
            if isinstance(function, Unusable):
                raise function
            tool = FunctionTool(function, Signature.of(name, function))
            if not tool.signature.definition["description"]:
                problems.append(f"{place_of(function)}: {name}() has no docstring, so searches know only its name")
            yield tool
        except Unusable as unusable:
            problems.append(str(unusable))
    if nothing:
        problems.append(f"{reference} holds no functions; name a function, or what holds some")


def _options(options: Mapping[str, Any]) -> PythonFunctionsOptions:
    try:
        return PythonFunctionsOptions.model_validate(options)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"]))
        fix = 'write for example "functions": "package.module:attribute"'
        raise ConfigurationError(f"{key}: {first['msg']}; {fix}") from error
