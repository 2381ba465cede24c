"""Comments and trailing commas become spaces, and nothing else changes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.text.jsonc import plain_json

JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.sampled_from('ab"\\/*,]}\n\r é')),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.sampled_from('/*,"\\a')), inner),
)
NOISE = st.text(st.sampled_from('"\\/*,:[]{} \n\ra1'))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("1 // one", "1       "),
        ("/* a */1", "       1"),
        ("[1, /* a\n b */ 2]", "[1,     \n      2]"),
        ("1 // one\r\n", "1       \r\n"),
        ("[1,]", "[1 ]"),
        ('{"a": 1 , }', '{"a": 1   }'),
        ("[1, // last\n]", "[1         \n]"),
        ("[[],{},]", "[[],{} ]"),
        ('"// no /* comment */ ,]"', '"// no /* comment */ ,]"'),
        ('"\\"// no"', '"\\"// no"'),
        ('["\\\\"] // yes', '["\\\\"]       '),
        ("/**/1/***/", "    1     "),
    ],
)
def test_what_json_lacks_becomes_spaces(written: str, plain: str) -> None:
    assert plain_json(written) == plain


@pytest.mark.parametrize("wrong", ["[,]", "{,}", "[1,,]", '{"a":,}', "[ , ]", "1 /* no end", '"no end // x\n', "1 / 2"])
def test_mistakes_stay_for_the_parser_to_find(wrong: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(plain_json(wrong))


@given(JSON_VALUES, st.sampled_from([None, 2]))
def test_valid_json_is_returned_as_it_is(value: Any, indent: int | None) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
        assert plain_json(text) == text


@given(NOISE)
def test_length_and_lines_always_stay(text: str) -> None:
    plain = plain_json(text)
    assert len(plain) == len(text)
    assert [i for i, char in enumerate(plain) if char in "\r\n"] == [i for i, char in enumerate(text) if char in "\r\n"]


@given(JSON_VALUES, st.text(st.characters(exclude_characters="\r\n")), st.text().filter(lambda text: "*/" not in text))
def test_comments_around_a_value_do_not_change_it(value: Any, line: str, block: str) -> None:
    text = f"/*{block} */{json.dumps(value)}//{line}"
    assert json.loads(plain_json(text)) == value


def test_a_large_file_takes_no_time() -> None:
    text = "[" + "[1,   ],// x\n" * 50_000 + "]"
    assert json.loads(plain_json(text)) == [[1]] * 50_000
