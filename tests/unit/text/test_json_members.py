"""Members of an object in a JSON text are exchanged, and every other character stays."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.text.json_members import exchanged, members
from mcp_toolweaver.text.jsonc import plain_json

NAMES = st.text(st.sampled_from('ab{}[]",:/*\\ é'), min_size=1, max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('a"\\{}[],:/* é'), max_size=6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=5
)
GAPS = st.sampled_from(["", " ", "\n", "\r\n", "\t", " // a, b: {}\n", '/* "x": 1, */', "/* two\nlines */ "])
INDENTS: st.SearchStrategy[int | None] = st.sampled_from([None, 2])
NEW = '"new": {"command": "x"}'


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return an object as people may write it, and its keys."""
    keys = draw(st.lists(NAMES.filter(lambda name: name != "new"), unique=True, max_size=5))
    parts: list[str] = []
    for key in keys:
        value = json.dumps(draw(VALUES), indent=draw(INDENTS))
        written = json.dumps(key, ensure_ascii=False)
        parts.append(f"{draw(GAPS)}{written}{draw(GAPS)}:{draw(GAPS)}{value}{draw(GAPS)}")
    has_last_comma: bool = draw(st.booleans())
    last = "," if parts and has_last_comma else ""
    return f"{{{','.join(parts)}{last}{draw(GAPS)}}}", keys


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str], set[str], str, str]:
    """Return a text, the keys of the object in it, some of them, and what stands before and after the object."""
    inner, keys = draw(objects())
    before = f'{draw(GAPS)}{{{draw(GAPS)}"other"{draw(GAPS)}: [1, {{}}],{draw(GAPS)}"list"{draw(GAPS)}:{draw(GAPS)}'
    after = f'{draw(GAPS)}, "last": {{"list": 1}}{draw(GAPS)}}}{draw(GAPS)}'
    out = draw(st.sets(st.sampled_from(keys))) if keys else set[str]()
    return before + inner + after, keys, out, before, after


def value_of(text: str) -> Any:
    return json.loads(plain_json(text))


@given(documents())
def test_what_is_exchanged_is_exchanged_and_nothing_else(given_text: tuple[str, list[str], set[str], str, str]) -> None:
    text, _, out, before, after = given_text
    result = exchanged(text, ["list"], out, [NEW])
    assert result.startswith(before)
    assert result.endswith(after)
    expected = value_of(text)
    rest = {key: value for key, value in expected["list"].items() if key not in out}
    assert value_of(result) == {**expected, "list": {**rest, "new": {"command": "x"}}}


@given(documents())
def test_the_members_that_stay_are_written_as_they_were(given_text: tuple[str, list[str], set[str], str, str]) -> None:
    text, keys, out, _, _ = given_text
    was = {member.key: text[member.start : member.end] for member in members(text, ["list"]) or ()}
    result = exchanged(text, ["list"], out, [NEW])
    now = {member.key: result[member.start : member.end] for member in members(result, ["list"]) or ()}
    assert list(was) == keys
    assert {key: written for key, written in was.items() if key not in out} == {
        key: written for key, written in now.items() if key != "new"
    }


@given(documents())
def test_taking_some_out_leaves_every_comment_between_the_others(
    given_text: tuple[str, list[str], set[str], str, str],
) -> None:
    text, keys, out, before, after = given_text
    result = exchanged(text, ["list"], out, [])
    assert result.startswith(before)
    assert result.endswith(after)
    assert set(value_of(result)["list"]) == set(keys) - out
    spans = [member for member in members(text, ["list"]) or () if member.key in out]
    inside = sum(text[member.start : member.end].count("// a, b") for member in spans)
    assert result.count("// a, b: {}") == text.count("// a, b: {}") - inside


@given(documents())
def test_a_text_for_strict_parsers_stays_one(given_text: tuple[str, list[str], set[str], str, str]) -> None:
    strict = json.dumps(value_of(given_text[0]), indent=2)
    assert json.loads(exchanged(strict, ["list"], given_text[2], [NEW]))["list"]["new"] == {"command": "x"}
    assert json.loads(exchanged(strict, ["list"], given_text[2], [])) is not None
