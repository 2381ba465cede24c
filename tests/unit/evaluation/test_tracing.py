"""How one question was answered: which lane put which tool where, and why a certain one is not shown."""

from __future__ import annotations

import pytest

from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.evaluation.explanation import FUSED, MEANING, WORDS
from mcp_toolweaver.evaluation.tracing import Standing, Trace, trace
from tests.fakes.catalog import FakeCatalog
from tests.unit.evaluation.test_explanations import OTHERS, REFUND, RankedSearcher, with_refund_at

pytestmark = pytest.mark.anyio


async def traced(text: str, fused: RankedSearcher, *, wanted: bool = True) -> Trace:
    arms = {FUSED: fused, WORDS: RankedSearcher(OTHERS), MEANING: RankedSearcher(with_refund_at(9))}
    catalog = FakeCatalog([REFUND, *OTHERS])
    return await trace(SearchRequest(text, limit=5), arms, catalog, REFUND if wanted else None)


async def test_each_row_says_where_each_lane_put_it_and_which_words_it_holds() -> None:
    found = await traced("give the money back, please", RankedSearcher(with_refund_at(2)))
    row = found.rows[1]
    assert (row.name, row.standings[FUSED].rank, row.standings[WORDS]) == ("pay__refund", 2, Standing(None, None))
    assert row.standings[MEANING] == Standing(9, 1.0)
    assert {"money", "back"} <= set(row.holds)
    assert len(found.rows) == 5
    assert (found.wanted, found.missed) == (found.wanted, None)
    assert found.wanted is not None
    assert found.wanted.standings == row.standings


async def test_a_tool_below_the_rows_is_said_to_be_just_below() -> None:
    found = await traced("give money back", RankedSearcher(with_refund_at(7)))
    assert found.missed is not None
    assert found.missed.reason == "just below what is shown, at rank 7"
    assert found.to_json()["why_not"]["ranks"] == {"fused": 7, "words": None, "meaning": 9}


async def test_where_nothing_fits_nothing_is_shown_and_the_tool_was_refused() -> None:
    found = await traced("give money back", RankedSearcher(with_refund_at(1), confidence="none"))
    assert found.rows == ()


async def test_a_question_in_another_language_is_shown_as_it_was_read() -> None:
    found = await traced("devolver el dinero del pago", RankedSearcher(OTHERS), wanted=False)
    assert found.english is not None
    assert found.english in str(found.to_json())
    assert found.missed is None
    assert set(found.words) <= set(found.english.split())
