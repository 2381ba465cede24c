"""An answer survives being kept; whatever else is kept is none, and no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Confidence, Hit, SearchResult, Tier
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.search.kept_result import decode, encode
from tests.fakes.tools import make_tool

TOOLS = [
    make_tool("read_file", "Reads a file.", server="files"),
    make_tool("read_file", "Reads.", server="copies"),
    make_tool("créer", "Crée.", server="sé", domain="über"),
    make_tool("a::b", server="x::y"),
]
SNAPSHOT = Snapshot.of(TOOLS)

some_tools = st.lists(st.sampled_from(TOOLS), max_size=4).map(tuple)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 3)
confidences: st.SearchStrategy[Confidence] = st.sampled_from(["high", "low", "none"])
tiers: st.SearchStrategy[Tier] = st.sampled_from(["hybrid", "lexical"])
answers = st.builds(
    SearchResult,
    hits=st.lists(st.builds(Hit, st.sampled_from(TOOLS), numbers, some_tools), max_size=4).map(tuple),
    confidence=confidences,
    tier=tiers,
    nearest=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    similar=some_tools,
)
"""Any whole answer: one without reasons why it is not."""

FOUND = SearchResult(
    hits=(Hit(TOOLS[0], 0.75, (TOOLS[1],)), Hit(TOOLS[2], 0.5)),
    confidence="low",
    tier="hybrid",
    nearest=("files", "über"),
    similar=(TOOLS[3],),
)


@given(answers)
def test_any_whole_answer_comes_back_equal(answer: SearchResult) -> None:
    assert decode(encode(answer), SNAPSHOT) == answer


def test_the_tools_of_an_answer_are_those_of_the_catalog_at_hand() -> None:
    [tool] = Snapshot.of([make_tool("read_file", "Reads a file.", server="files")]).tools.values()
    kept = encode(SearchResult((Hit(TOOLS[0], 1.0),), "high", "lexical"))
    again = decode(kept, Snapshot.of([tool]))
    assert again is not None
    assert again.hits[0].tool is tool


def test_what_is_kept_of_a_tool_is_its_identity_alone() -> None:
    assert b"Reads" not in encode(FOUND)


def test_any_tool_that_is_not_in_the_catalog_makes_it_none() -> None:
    for gone in TOOLS:
        left = Snapshot.of(tool for tool in TOOLS if tool is not gone)
        assert decode(encode(FOUND), left) is None


@given(st.binary(max_size=64))
def test_any_bytes_are_none_and_no_error(kept: bytes) -> None:
    assert decode(kept, SNAPSHOT) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(json_values, min_size=4, max_size=6) | json_values)
def test_any_json_is_none_and_no_error(value: Any) -> None:
    assert decode(json.dumps(value).encode(), SNAPSHOT) is None


@given(st.data())
def test_one_part_of_another_kind_makes_all_of_it_none_or_leaves_it_whole(data: st.DataObject) -> None:
    parts = json.loads(encode(FOUND))
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = data.draw(json_values)
    again = decode(json.dumps(parts).encode(), SNAPSHOT)
    assert again is None or json.loads(encode(again)) == parts


def with_part(at: int, part: str) -> bytes:
    """Return the bytes of an answer with one of its five parts replaced by this JSON."""
    parts = [json.dumps(each) for each in json.loads(encode(FOUND))]
    parts[at] = part
    return f"[{','.join(parts)}]".encode()


def with_hit(part: str) -> bytes:
    return with_part(2, f"[{part}]")


def test_the_answer_that_is_spoiled_here_is_good_before() -> None:
    assert decode(with_part(0, '"low"'), SNAPSHOT) == FOUND
    assert decode(with_hit('[["files","read_file"],0.5,[]]'), SNAPSHOT) is not None


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"null",
        b"{}",
        b'"abcde"',
        b'{"low":1,"hybrid":1,"a":1,"b":1,"c":1}',
        with_part(0, '"certain"'),
        with_part(0, '["high"]'),
        with_part(0, "null"),
        with_part(1, '"magic"'),
        with_part(1, "{}"),
        with_part(2, "null"),
        with_part(2, '""'),
        with_part(2, "{}"),
        with_part(3, '"files"'),
        with_part(3, "[5]"),
        with_part(3, '{"files":1}'),
        with_part(4, '["sé"]'),
        with_part(4, "[null]"),
        with_part(4, '""'),
        with_part(4, '[["sé","créer","more"]]'),
        with_part(4, '[[["sé"],"créer"]]'),
        with_part(4, "[[1,2]]"),
        with_hit('[["files","read_file"],NaN,[]]'),
        with_hit('[["files","read_file"],Infinity,[]]'),
        with_hit('[["files","read_file"],-1e999,[]]'),
        with_hit(f'[["files","read_file"],1{"0" * 400},[]]'),
        with_hit('[["files","read_file"],true,[]]'),
        with_hit('[["files","read_file"],"1.0",[]]'),
        with_hit('[["files","read_file"],null,[]]'),
        with_hit('[["files","read_file"],1.0]'),
        with_hit('[["files","read_file"],1.0,[],1]'),
        with_hit('[["files","read_file"],1.0,[["files","unknown"]]]'),
        with_hit('[["files","unknown"],1.0,[]]'),
        with_hit('[{"files":1,"read_file":2},1.0,[]]'),
        with_hit('"abc"'),
    ],
)
def test_what_is_no_answer_of_ours_is_none(kept: bytes) -> None:
    assert decode(kept, SNAPSHOT) is None
