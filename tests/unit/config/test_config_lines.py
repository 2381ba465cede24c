"""A problem of a file says its line."""

import json
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.config import load
from mcp_toolweaver.config.lines import lines_of, places, written
from mcp_toolweaver.config.toml_lines import toml_places

FILE = """{
  // "mcpServers": {"not": "this"},
  "mcpServers": {
    "a": {"command": "x", "args": ["{", 5,
       7, {"b": ["]"]}]},
    "a": {"command": "y"}
  },
  "sources": [{"kind": "k", "name": "s"},
    {"kind": "k",
     "name": "s"}, /* a
    comment */ {"name": "no kind"}
  ],
  "sources.dotted": 1
}
"""


def test_each_problem_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text(FILE.replace('"a": {"command": "y"}', '"b": {"command": ["y"]}'))
    problems = load(file, {}).problems
    assert [(problem.key, problem.line) for problem in problems] == [
        ("mcpServers.a.args[1]", 4),
        ("mcpServers.a.args[2]", 5),
        ("mcpServers.a.args[3]", 5),
        ("mcpServers.b.command", 6),
        ("sources[2].kind", 11),
        ("sources[1]", 9),
    ]
    assert str(problems[-1]).startswith(f"{file}: sources[1] (line 9): is left out, because sources[0] has its name; ")


def test_a_key_that_is_there_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text(FILE)
    first, *_others = load(file, {}).problems
    assert str(first) == (
        f"{file}: a (line 6): is there more than once in mcpServers (lines 4 and 6); the last one counts; "
        "remove the others"
    )


def test_a_key_is_there_twice_only_if_it_is_so_in_one_object(tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    file.write_text('{"mcpServers": {"a": {"command": "x"}, "a": {"command": "x"}}}')
    assert [problem.key for problem in load(file, {}).problems] == ["a"]


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _ways(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the way to each value in a document, in their order."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        inner = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType]
    return [way for step, each in inner for way in ((*above, step), *_ways(each, (*above, step)))]


@given(_JSON, st.sampled_from([None, 1]))
def test_every_value_has_its_place_in_any_document(document: Any, indent: int | None) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    assert [steps for steps, _line, _holder in places(text)] == _ways(document)


@given(st.text(alphabet='{}[],:"\\\n ab1/*', max_size=60))
def test_no_text_is_too_wrong_to_be_looked_through(text: str) -> None:
    assert all(line <= text.count("\n") + 1 for line in lines_of(text).values())


@pytest.mark.parametrize(("steps", "key"), [((), ""), (("a", "b", 1, 2, "c"), "a.b[1][2].c")])
def test_a_way_is_written_as_problems_write_it(steps: tuple[str | int, ...], key: str) -> None:
    assert written(steps) == key


TOML = """
# [mcpServers.not]
toolweaver.log_level = "loud"
[mcpServers.a]
command = "x"
args = [
  "[",  # ]
  5, { b = 1 },
]

[mcpServers."b.c".env]
NAME = \'\'\'
command = 5
\'\'\'
[mcpServers."b.c"]
command = ["y"]

[[sources]]
kind = "k"
[[sources]]
name = "no kind"
tools = [{ name = "x" },
  { cwd = "y" }]
"""


def test_each_problem_of_a_toml_file_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "toolweaver.toml"
    file.write_text(TOML)
    assert [(problem.key, problem.line) for problem in load(file, {}).problems] == [
        ("toolweaver.log_level", 3),
        ("mcpServers.a.args[1]", 8),
        ("mcpServers.a.args[2]", 8),
        ("mcpServers.b.c.command", 16),
        ("sources[1].kind", 20),
    ]
    lines = lines_of(TOML, is_toml=True)
    assert (lines["sources[1].tools[1].cwd"], lines["mcpServers.b.c.env.NAME"]) == (23, 12)


_TOML: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab .#[]'\"=", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text("ab .#[]'\"=", min_size=1), _TOML, max_size=4))
def test_every_value_of_any_toml_document_has_its_place(document: dict[str, Any]) -> None:
    assert {steps for steps, _line in toml_places(tomlkit.dumps(document))} == set(_ways(document))


@given(st.text(alphabet="{}[].=,:\"'#\\\n ab1", max_size=60))
def test_no_toml_is_too_wrong_to_be_looked_through(text: str) -> None:
    assert all(line <= text.count("\n") + 1 for line in lines_of(text, is_toml=True).values())
