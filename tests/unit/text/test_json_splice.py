"""One member of a JSON text is changed, and nothing else: not a comment, a blank or a comma."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.text.json_splice import members_of, value_of, with_member, without_member
from mcp_toolweaver.text.jsonc import plain_json

FILE = """\
// Mine.
{
  "theme": "dark", // not light
  "mcpServers": {
    /* the clock */
    "time": {"command": "uvx", "args": ["mcp-server-time"]},
    "git": {
      "command": "uvx",
    }, // the last
  },
  "other": [1, 2,],
}
"""


def read(text: str) -> Any:
    return json.loads(plain_json(text.lstrip("\ufeff")))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_value_is_replaced_where_it_stands(newline: str, start: str) -> None:
    text = start + FILE.replace("\n", newline)
    changed = with_member(text, ["mcpServers"], {"toolweaver": {"command": "t"}})
    before, after = text.split('"mcpServers": ')[0], text[text.index(f",{newline}" + '  "other"') :]
    assert changed.startswith(before)
    assert changed.endswith(after)
    assert read(changed) == {**read(text), "mcpServers": {"toolweaver": {"command": "t"}}}
    assert ("\n" in changed.replace(newline, "")) is False


def test_a_new_member_comes_first_with_the_indent_of_the_others() -> None:
    changed = with_member(FILE, ["mcpServers", "new"], {"command": "x"})
    assert changed == FILE.replace(
        '"mcpServers": {\n', '"mcpServers": {\n    "new": {\n      "command": "x"\n    },\n', 1
    )


def test_objects_that_are_missing_are_made() -> None:
    assert read(with_member("{}", ["mcp", "servers", "a"], 1)) == {"mcp": {"servers": {"a": 1}}}
    assert with_member("{}", ["a"], 1) == '{\n  "a": 1\n}'
    assert with_member('{"b": 2}', ["a"], 1) == '{\n  "a": 1,\n  "b": 2}'
    assert with_member("{\n}\n", ["a"], 1) == '{\n  "a": 1\n}\n'


def test_a_member_goes_with_its_comma() -> None:
    assert without_member(FILE, ["theme"]).startswith("// Mine.\n{ // not light\n")
    assert read(without_member(FILE, ["mcpServers", "git"]))["mcpServers"] == {"time": read(FILE)["mcpServers"]["time"]}
    assert without_member('{"a": 1, "b": 2}', ["b"]) == '{"a": 1}'
    assert without_member('{"a": 1, "b": 2}', ["a"]) == '{ "b": 2}'
    assert without_member('{\n  "a": 1\n}', ["a"]) == "{\n}"
    assert without_member('{"a": 1 /* x, y */, "b": 2 /* z, */}', ["b"]) == '{"a": 1 /* x, y */ /* z, */}'
    assert without_member(FILE, ["nothing"]) == FILE


def test_values_are_given_as_they_are_written() -> None:
    assert value_of(FILE, ["other"]) == "[1, 2,]"
    assert list(members_of(FILE, ["mcpServers"])) == ["time", "git"]
    assert members_of(FILE, ["nothing"]) == {}
    assert value_of('{"a": 1, "a": 2}', ["a"]) == "2"


@pytest.mark.parametrize("text", ["", "[]", '{"a": [}', '{"a" 1}', '{"a": 1', "null"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        with_member(text, ["a"], 1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
INDENTS = st.sampled_from([None, 1, 2, 4, "\t"])


@given(OBJECTS, st.text(max_size=4), VALUES, INDENTS, st.sampled_from(["\n", "\r\n"]))
def test_any_member_of_any_object_is_set_and_the_others_stay_as_they_were_written(
    given_: dict[str, Any], key: str, value: Any, indent: int | str | None, newline: str
) -> None:
    text = json.dumps(given_, indent=indent, ensure_ascii=False)
    text = text.replace("\n", newline)
    changed = with_member(text, [key], value)
    assert json.loads(changed) == {**given_, key: value}
    others = {name: told for name, told in members_of(text, []).items() if name != key}
    assert {name: told for name, told in members_of(changed, []).items() if name != key} == others
    assert json.loads(without_member(changed, [key])) == {name: each for name, each in given_.items() if name != key}


@given(OBJECTS, OBJECTS, INDENTS)
def test_a_member_that_is_put_in_and_taken_out_leaves_what_was_there(
    outer: dict[str, Any], inner: dict[str, Any], indent: int | str | None
) -> None:
    text = json.dumps({**outer, "section": inner}, indent=indent)
    back = without_member(with_member(text, ["section", "toolweaver"], {"command": "x"}), ["section", "toolweaver"])
    assert json.loads(back) == json.loads(text) if "toolweaver" not in inner else True
