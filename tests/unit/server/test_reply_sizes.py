"""A reply is as long as it may be: rows lose detail before they are left out, and what is left out is counted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Confidence
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.server.reply import reply
from mcp_toolweaver.server.requests import Detail
from mcp_toolweaver.server.wanted import LEAST_TOKENS, Wanted
from mcp_toolweaver.text.tokens import cost
from tests.unit.server.fixed_view import result_of, tool

SCHEMA = {
    "type": "object",
    "properties": {
        name: {"type": "string", "description": f"The {name} of it."} for name in ("title", "body", "owner")
    },
    "required": ["title"],
}
MANY = [
    tool(f"server{number}", f"create_thing_{number}", description=f"Create thing {number}. " * 9, inputSchema=SCHEMA)
    for number in range(30)
]
DETAILS: list[Detail] = ["names", "signature", "schema"]
CONFIDENCES: list[Confidence] = ["high", "low"]
TOKENS = st.integers(LEAST_TOKENS, 6_000)


def within(tools: list[Tool], confidence: Confidence = "high", **wanted: Any) -> dict[str, Any]:
    return reply(result_of(*tools, confidence=confidence), Wanted(limit=len(tools) or 1, **wanted))


@given(st.integers(0, 30), st.sampled_from(CONFIDENCES), st.sampled_from(DETAILS), TOKENS)
def test_a_reply_is_never_longer_than_asked(number: int, confidence: Confidence, detail: Detail, tokens: int) -> None:
    answer = within(MANY[:number], confidence, detail=detail, max_tokens=tokens)
    assert cost(answer) <= tokens
    assert len(answer["tools"]) + answer.get("left_out", 0) == number


@given(st.integers(0, 30), st.sampled_from(DETAILS), TOKENS, st.integers(0, 2_000))
def test_a_longer_reply_never_has_fewer_rows_and_always_the_first_ones(
    number: int, detail: Detail, tokens: int, more: int
) -> None:
    short, long = (
        [row["name"] for row in within(MANY[:number], detail=detail, max_tokens=each)["tools"]]
        for each in (tokens, tokens + more)
    )
    assert short == long[: len(short)]
    assert long == [each.callable_name for each in MANY[: len(long)]]


@pytest.mark.parametrize("tokens", [1, 50, LEAST_TOKENS])
def test_a_very_short_reply_is_the_shortest_that_helps(tokens: int) -> None:
    answer = within(MANY[:5], max_tokens=tokens)
    assert answer == within(MANY[:5], max_tokens=LEAST_TOKENS)
    assert answer["tools"][0] == {"name": "server0__create_thing_0"}
    assert "get_tool_details" in answer["hint"]


def test_rows_lose_detail_from_the_end() -> None:
    rows = within(MANY[:5], max_tokens=300)["tools"]
    described = ["signature" in row for row in rows]
    assert described == sorted(described, reverse=True)
    assert described[0]
    assert not described[-1]


def test_what_is_left_out_is_counted() -> None:
    answer = within(MANY, max_tokens=200)
    assert 0 < answer["left_out"] < 30
    assert "left_out" not in within(MANY, max_tokens=20_000)


def test_notes_make_way_for_rows_and_are_counted() -> None:
    notes = ["server x is not available: " + "reason " * 60] * 3
    answer = reply(result_of(*MANY[:3]), Wanted(max_tokens=200), notes)
    assert answer["degraded"] == ["3 left out"]
    assert len(answer["tools"]) == 3
    assert reply(result_of(*MANY[:3]), Wanted(max_tokens=2_000), notes)["degraded"] == notes


def test_names_are_nothing_but_names() -> None:
    assert within(MANY[:3], detail="names")["tools"] == [{"name": each.callable_name} for each in MANY[:3]]


def test_schemas_are_whole_in_every_row_that_has_room_for_one() -> None:
    assert [row["inputSchema"] for row in within(MANY[:3], "low", detail="schema")["tools"]] == [SCHEMA] * 3
    huge = tool("s", "t", inputSchema={"type": "object", "properties": {f"p{n}": {} for n in range(9_000)}})
    rows = within([huge, *MANY[:3]], detail="schema")["tools"]
    assert ["inputSchema" in row for row in rows] == [False, True, True, True]


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_where_nothing_was_asked_every_row_says_what_its_tool_is_for(confidence: Confidence) -> None:
    answer = within(MANY, confidence)
    assert len(answer["tools"]) == 30
    assert all({"description", "signature", "score"} <= set(row) for row in answer["tools"])


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_five_rows_of_ordinary_tools_stay_within_what_a_model_likes_to_read(confidence: Confidence) -> None:
    assert cost(within(MANY[:5], confidence)) <= 600
