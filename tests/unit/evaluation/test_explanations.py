"""A failure is explained: where the tool ranked, what its text lacks, what stood before it."""

from collections.abc import Sequence

import pytest

from mcp_toolweaver.core.query import Confidence, Hit, SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.evaluation import (
    FUSED,
    MEANING,
    WORDS,
    Explainer,
    Failure,
    LabelledQuery,
    MissedNeed,
    failures_of,
    ranks_in_short,
)
from tests.fakes.catalog import FakeCatalog
from tests.fakes.tools import make_tool
from tests.unit.evaluation.outcomes import outcome, query

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


REFUND = make_tool("refund", "Give money back for a payment", server="pay")
OTHERS = [make_tool(f"other{number}", f"thing{number}", server="x") for number in range(30)]


class RankedSearcher:
    """Answers everything with the same tools, as many as are asked for."""

    def __init__(
        self, tools: Sequence[Tool], confidence: Confidence = "low", alternatives: Sequence[Tool] = ()
    ) -> None:
        self._hits = tuple(Hit(tool, 1.0, tuple(alternatives)) for tool in tools)
        self._confidence: Confidence = confidence

    async def search(self, request: SearchRequest) -> SearchResult:
        return SearchResult(self._hits[: request.limit], self._confidence, "hybrid")


def with_refund_at(rank: int, tools: Sequence[Tool] = OTHERS) -> list[Tool]:
    return [*tools[: rank - 1], REFUND, *tools[rank - 1 :]]


def failure_of(asked: LabelledQuery) -> Failure:
    return failures_of([outcome(asked)])[0]


async def explained(
    text: str, arms: dict[str, RankedSearcher], *, catalog: FakeCatalog | None = None, need: str = "pay::refund"
) -> MissedNeed:
    view = catalog or FakeCatalog([REFUND, *OTHERS])
    (missed,) = (await Explainer(view, arms).explain(failure_of(query(text, need)))).explained
    return missed


async def test_each_arm_tells_where_the_tool_ranked() -> None:
    arms = {
        FUSED: RankedSearcher(with_refund_at(12)),
        WORDS: RankedSearcher(OTHERS),
        MEANING: RankedSearcher(with_refund_at(25)),
    }
    missed = await explained("get my cash returned", arms)
    assert missed.ranks == {FUSED: 12, WORDS: None, MEANING: 25}
    assert missed.ranks is not None
    assert ranks_in_short(missed.ranks) == "fused 12, words -, meaning 25"
    assert "at rank 12" in missed.reason


async def test_words_are_told_apart_by_whether_the_tool_has_them() -> None:
    missed = await explained("Return the payments of Monday", {FUSED: RankedSearcher(OTHERS)})
    assert missed.held == ("payments",)
    assert missed.lacked == ("Return", "Monday")
    assert "lacks 'Return', 'Monday'" in missed.reason


async def test_a_tool_without_any_word_of_the_query_is_said_to_have_none() -> None:
    missed = await explained("reimburse her", {FUSED: RankedSearcher(OTHERS)})
    assert missed.reason == "its text has no word of the query"


async def test_one_arm_alone_that_finds_it_is_named() -> None:
    arms = {FUSED: RankedSearcher(OTHERS), WORDS: RankedSearcher(OTHERS), MEANING: RankedSearcher(with_refund_at(2))}
    assert (await explained("reimburse", arms)).reason == "found by meaning (rank 2) and not by words"


async def test_a_tool_above_that_reads_alike_is_named() -> None:
    double = make_tool("refund", "Give money back for a payment", server="bank")
    other = [*OTHERS[:3], double, *OTHERS[3:]]
    missed = await explained("money back", {FUSED: RankedSearcher(other)}, catalog=FakeCatalog([REFUND, double]))
    assert missed.double is not None
    assert (missed.double.tool, missed.double.rank) == ("bank::refund", 4)
    assert "bank::refund at rank 4 reads like it" in missed.reason


async def test_a_tool_listed_as_an_alternative_is_said_to_be() -> None:
    searcher = RankedSearcher(OTHERS[:1], alternatives=[REFUND])
    missed = await explained("money back", {FUSED: searcher})
    assert missed.hidden_behind == "x::other0"
    assert "listed as an alternative of x::other0" in missed.reason


async def test_an_answer_of_nothing_is_said_to_be_one() -> None:
    missed = await explained("money back", {FUSED: RankedSearcher([], "none")})
    assert missed.reason.startswith("the search answered that nothing fits; ")


async def test_of_several_alternatives_the_nearest_is_explained() -> None:
    searcher = RankedSearcher(with_refund_at(14))
    missed = await explained("money", {FUSED: searcher}, need="x::unknown x::other20 pay::refund")
    assert missed.wanted == "pay::refund"


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        ("away::send", "the server away is not ready: connection refused"),
        ("nobody::send", "the catalog has no server nobody"),
        ("pay::send", "the server pay lists no tool send"),
        ("send", "the catalog has no tool send"),
    ],
)
async def test_a_tool_that_is_not_in_the_catalog_is_said_to_be_absent(need: str, reason: str) -> None:
    catalog = FakeCatalog([REFUND])
    catalog.statuses = (SourceStatus("away", "mcp_server", SourceState.FAILED, 0, "connection refused"),)
    missed = await explained("send it", {FUSED: RankedSearcher(OTHERS)}, catalog=catalog, need=need)
    assert missed.reason == reason


async def test_needs_that_were_met_are_not_explained() -> None:
    failure = failures_of([outcome(query("both", "x::other0", "pay::refund"))])[0]
    explainer = Explainer(FakeCatalog([REFUND, *OTHERS]), {FUSED: RankedSearcher(OTHERS)})
    explained_failure = await explainer.explain(failure)
    assert [need.wanted for need in explained_failure.explained] == ["pay::refund"]
    assert explained_failure.to_json()["explained"][0]["ranks"] == {FUSED: None}


async def test_talk_that_the_search_leaves_out_is_not_blamed() -> None:
    missed = await explained("Hey, I really need help to reimburse Monday", {FUSED: RankedSearcher(OTHERS)})
    assert missed.lacked == ("reimburse", "Monday")


async def test_talk_is_searched_for_where_there_is_nothing_else() -> None:
    missed = await explained("help me think", {FUSED: RankedSearcher(OTHERS)})
    assert missed.lacked == ("help", "think")


async def test_a_word_that_is_matched_as_a_synonym_is_not_lacking() -> None:
    mail = make_tool("send_letter", "Send a letter", server="post")
    catalog = FakeCatalog([mail, *OTHERS])
    arms = {FUSED: RankedSearcher(OTHERS)}
    missed = await explained("notify Monday", arms, catalog=catalog, need="post::send_letter")
    assert (missed.held, missed.meant, missed.lacked) == ((), ("notify",), ("Monday",))
    both = await explained("notify with a letter", arms, catalog=catalog, need="post::send_letter")
    assert both.reason.startswith("its text has all words of the query or synonyms of them")
    assert both.to_json()["synonyms"] == ["notify"]


async def test_where_nothing_was_answered_no_other_tool_is_said_to_fit_better() -> None:
    searcher = RankedSearcher([], "none")
    for text, reason in (
        ("money of Monday", "its text lacks 'Monday'"),
        ("money", "its text has all words of the query"),
    ):
        missed = await explained(text, {FUSED: searcher})
        assert missed.reason == f"the search answered that nothing fits; {reason}"
