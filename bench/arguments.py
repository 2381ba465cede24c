"""What checking arguments costs, and which mistakes of models it mends rightly.

    python bench/arguments.py [FOLDER] [--rounds N]

FOLDER holds ``{"server": ..., "tools": [...]}`` in files, by default the catalog that ships. Each
tool is given arguments that fit its schema, and then the same with one mistake. A mistake is mended
rightly if what is sent is what was there before the mistake; one that fits the schema too, such as a text where
text is allowed, is none.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any, TypeAlias

import anyio
from rich.console import Console
from rich.table import Table

from mcp_toolweaver.core.definition import MalformedTool
from mcp_toolweaver.core.errors import InvalidArguments
from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.demo import CATALOG
from mcp_toolweaver.proxy.arguments import CheckedCaller
from mcp_toolweaver.proxy.validation.schemas import Check, Schemas

Arguments: TypeAlias = dict[str, Any]
_DEEPEST = 4
_LARGEST = 20
_TEXT = "alpha"


class Sent:
    """A caller that remembers what was sent last."""

    def __init__(self) -> None:
        self.last: Mapping[str, Any] = {}

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """Remember the arguments."""
        self.last = arguments
        return ToolResult.from_text(tool.id.name)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=CATALOG, help="files of tools")
    parser.add_argument("--rounds", type=int, default=20, help="how often each call is timed")
    options = parser.parse_args()
    tools = list(_tools(options.folder))
    given = {tool.id: (tool, fitting) for tool in tools if (fitting := _fitting(tool)) is not None}
    console = Console(width=110)
    console.print(f"{len(tools)} tools; arguments that fit were made for {len(given)}")
    pairs = list(given.values())
    largest = sorted(pairs, key=lambda pair: len(json.dumps(pair[0].input_schema)), reverse=True)[:_LARGEST]
    console.print(anyio.run(_costs, {"all": pairs, f"the {_LARGEST} largest schemas": largest}, options.rounds))
    console.print(anyio.run(_mistakes, pairs))


def _tools(folder: Path) -> Iterator[Tool]:
    for file in sorted(folder.glob("*.json")):
        held = json.loads(file.read_text(encoding="utf-8"))
        for definition in held["tools"]:
            try:
                yield Tool.from_definition(str(held.get("server", file.stem)), definition)
            except MalformedTool:
                continue


def _fitting(tool: Tool) -> Arguments | None:
    check = Schemas().check(tool)
    made = None if check is None else _example(check, check.schema, 0)
    return made if check is not None and is_object(made) and not check.faults(made) else None


def _example(check: Check, schema: Any, depth: int) -> Any:
    """Return a value that probably fits the schema."""
    schema = check.meant(schema)
    if not is_object(schema) or depth > _DEEPEST:
        return _TEXT
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf"):
        if schema.get(key) and "properties" not in schema:
            return _example(check, schema[key][0], depth + 1)
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    return _of_type(check, schema, kinds[0] if is_array(kinds) else kinds, depth)


def _of_type(check: Check, schema: Mapping[str, Any], kind: str, depth: int) -> Any:
    if kind == "object":
        return {name: _example(check, part, depth + 1) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_example(check, schema.get("items", {}), depth + 1)] * max(1, schema.get("minItems", 1))
    plain = {"integer": 7, "number": 7.5, "boolean": True, "null": None}
    if kind in {"integer", "number"}:
        return max(min(plain[kind] or 7, schema.get("maximum", 10**9)), schema.get("minimum", -(10**9)))
    return plain.get(kind, _TEXT + "x" * max(0, schema.get("minLength", 0) - len(_TEXT)))


async def _costs(groups: Mapping[str, Sequence[tuple[Tool, Arguments]]], rounds: int) -> Table:
    table = Table("calls that fit", "first p50 µs", "first p95", "then p50", "then p95", "largest")
    for name, pairs in groups.items():
        caller = CheckedCaller(Sent())
        first: list[float] = []
        later: list[float] = []
        for tool, arguments in pairs:
            assert tool.digest
            first.append(await _timed(caller, tool, arguments))
            later += [await _timed(caller, tool, arguments) for _round in range(rounds)]
        table.add_row(name, *_middle_and_high(first), *_middle_and_high(later), f"{max(later):.0f}")
    return table


async def _timed(caller: CheckedCaller, tool: Tool, arguments: Arguments) -> float:
    began = time.perf_counter()
    await caller.call(tool, arguments)
    return (time.perf_counter() - began) * 1e6


def _middle_and_high(times: Sequence[float]) -> tuple[str, str]:
    cuts = quantiles(times, n=20)
    return f"{cuts[9]:.0f}", f"{cuts[18]:.0f}"


def _replaced(change: Callable[[Any], Any]) -> Callable[[Tool, Arguments], Iterator[tuple[Arguments, Arguments]]]:
    """Return a maker of mistakes in one value each: what is given, and what is meant."""

    def make(_tool: Tool, meant: Arguments) -> Iterator[tuple[Arguments, Arguments]]:
        for name, value in meant.items():
            changed = change(value)
            if changed is not None:
                yield {**meant, name: changed}, meant

    return make


def _wrapped(key: str, *, as_text: bool) -> Callable[[Tool, Arguments], Iterator[tuple[Arguments, Arguments]]]:
    def make(_tool: Tool, meant: Arguments) -> Iterator[tuple[Arguments, Arguments]]:
        yield {key: json.dumps(meant) if as_text else meant}, meant

    return make


def _null(tool: Tool, meant: Arguments) -> Iterator[tuple[Arguments, Arguments]]:
    for name in meant:
        if name not in tool.input_schema.get("required", []):
            yield {**meant, name: None}, {key: value for key, value in meant.items() if key != name}


def _renamed(tool: Tool, meant: Arguments) -> Iterator[tuple[Arguments, Arguments]]:
    for name in meant:
        parts = name.split("_")
        other = parts[0] + "".join(part.capitalize() for part in parts[1:]) if len(parts) > 1 else name.capitalize()
        if other not in tool.input_schema.get("properties", {}):
            yield {other if key == name else key: value for key, value in meant.items()}, meant


def _other_case(value: Any) -> Any:
    return value.swapcase() if isinstance(value, str) and value.swapcase() != value and value != _TEXT else None


def _number_as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


MISTAKES: Mapping[str, Callable[[Tool, Arguments], Iterator[tuple[Arguments, Arguments]]]] = {
    "a number as text": _replaced(_number_as_text),
    "true or false as text": _replaced(lambda value: str(value) if isinstance(value, bool) else None),
    "an object or array as JSON text": _replaced(
        lambda value: json.dumps(value) if is_object(value) or is_array(value) else None
    ),
    "one element for an array": _replaced(lambda value: value[0] if is_array(value) and len(value) == 1 else None),
    "an allowed value in another case": _replaced(_other_case),
    "null for an optional parameter": _null,
    "a name in another style": _renamed,
    'in {"arguments": ...}': _wrapped("arguments", as_text=False),
    'in {"input": ...}': _wrapped("input", as_text=False),
    'JSON text in {"arguments": ...}': _wrapped("arguments", as_text=True),
    "a word for a number": _replaced(lambda value: None if _number_as_text(value) is None else "several"),
}


async def _mistakes(pairs: Sequence[tuple[Tool, Arguments]]) -> Table:
    table = Table("mistake", "made", "mended rightly", "wrongly", "refused", "fits as it is")
    for name, make in MISTAKES.items():
        counts: Counter[str] = Counter()
        sent = Sent()
        caller = CheckedCaller(sent)
        for tool, fitting in pairs:
            for given, meant in make(tool, copy.deepcopy(fitting)):
                counts[await _outcome(caller, sent, tool, given, meant)] += 1
        order = ("right", "wrong", "refused", "fits")
        table.add_row(name, str(counts.total()), *(str(counts[key]) for key in order))
    return table


async def _outcome(caller: CheckedCaller, sent: Sent, tool: Tool, given: Arguments, meant: Arguments) -> str:
    before = json.dumps(given)
    try:
        await caller.call(tool, given)
    except InvalidArguments:
        return "refused"
    after = json.dumps(sent.last)
    return "fits" if after == before else "right" if sent.last == meant else "wrong"


if __name__ == "__main__":
    main()
