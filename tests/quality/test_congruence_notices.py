"""What compares two indexes notices every way in which they could differ, and lets ties pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.congruent import differences
from bench.index_tools import Asked
from mcp_toolweaver.core.query import Candidates, IndexQuery, Match, Probe, SearchRequest
from mcp_toolweaver.core.tools import Snapshot
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.tools import make_tool

TOOLS = [make_tool(f"tool_{number}", f"says {number}", server=f"server{number}") for number in range(4)]
SNAPSHOT = Snapshot.of(TOOLS)
LIMIT = 3
ASKED = Asked(SearchRequest("thing"), IndexQuery((Probe(("thing",), FakeEmbedder().vector("thing")),), LIMIT))
SCORES = (3.0, 2.0, 1.0, 1.0)


def found(*numbers: int) -> Candidates:
    """Return these tools with the scores that they have in both lanes; the last two have the same."""
    return Candidates(tuple(match(number) for number in numbers), crowd=0.1)


def match(number: int, *, words: float = 0.0, meaning: float = 0.0, coverage: float = 0.0) -> Match:
    """Return a tool, with something added to its scores."""
    score = SCORES[number]
    return Match(TOOLS[number].id, (score + words,), (score / 10 + meaning,), score / 4 + coverage)


def compared(other: Candidates) -> list[str]:
    return differences(found(0, 1, 2), other, ASKED, SNAPSHOT)


def test_equal_candidates_are_the_same_in_any_order() -> None:
    assert compared(found(0, 1, 2)) == compared(found(2, 0, 1)) == []


def test_another_of_several_equal_last_candidates_is_the_same() -> None:
    assert compared(found(0, 1, 3)) == []


def test_more_than_its_lanes_bring_is_no_tie() -> None:
    assert differences(found(0, 1), found(0, 1, 2), ASKED, SNAPSHOT) == [f"gained {TOOLS[2].id}"]


def test_a_better_candidate_that_is_missing_is_noticed() -> None:
    assert f"lost {TOOLS[0].id}" in compared(found(1, 2, 3))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (match(1, words=0.001), "words"),
        (match(1, meaning=0.001), "meaning"),
        (match(1, coverage=0.001), "coverage"),
        (Match(TOOLS[1].id, (2.0,), (), 0.5), "meaning"),
    ],
)
def test_another_score_is_noticed(changed: Match, said: str) -> None:
    other = Candidates((match(0), changed, match(2)), crowd=0.1)
    assert any(line.startswith(f"{TOOLS[1].id} has {said}") for line in compared(other))


@pytest.mark.parametrize("crowd", [None, 0.101, 0.0])
def test_another_crowd_is_noticed(crowd: float | None) -> None:
    assert f"crowd {crowd}, not 0.1" in compared(replace(found(0, 1, 2), crowd=crowd))
