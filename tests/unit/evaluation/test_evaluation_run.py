"""A run puts each query to the searcher and reports what came back."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import Confidence, Hit, SearchRequest, SearchResult, Tier
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.evaluation import LabelledQuery, Report, evaluate

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class ScriptedSearcher:
    """Answers each text with the result laid down for it, and remembers what it was asked."""

    results: Mapping[str, SearchResult]
    delay: float = 0.0
    asked: list[SearchRequest] = field(default_factory=list[SearchRequest])

    async def search(self, request: SearchRequest) -> SearchResult:
        self.asked.append(request)
        await anyio.sleep(self.delay)
        if request.text not in self.results:
            raise Unavailable("searcher", "not scripted")
        return self.results[request.text]


def found(
    names: str, *, confidence: Confidence = "high", tier: Tier = "hybrid", skipped: tuple[str, ...] = ()
) -> SearchResult:
    tools = [Tool(ToolId("s", name), {"name": name}) for name in names.split()]
    return SearchResult(tuple(Hit(tool, 1.0) for tool in tools), confidence, tier, skipped)


def wants(text: str, *needs: str, kind: str = "") -> LabelledQuery:
    return LabelledQuery(f"id-{text}", text, tuple(tuple(need.split()) for need in needs), kind)


async def run(script: Mapping[LabelledQuery, SearchResult]) -> Report:
    searcher = ScriptedSearcher({query.text: result for query, result in script.items()})
    return await evaluate(searcher, list(script))


async def test_metrics_are_means_over_the_answerable_queries() -> None:
    report = await run(
        {
            wants("first", "s::a"): found("a x"),
            wants("second", "b", "c"): found("x b y z c"),
            wants("nothing"): found("x"),
        }
    )
    gain = (1 / math.log2(3) + 1 / math.log2(6)) / (1 + 1 / math.log2(3))
    assert report.overall.metrics == pytest.approx(
        {
            "recall@1": 0.5,
            "recall@3": 0.75,
            "recall@5": 1.0,
            "recall@10": 1.0,
            "nDCG@10": (1 + gain) / 2,
            "MRR": 0.75,
            "hit@1": 0.5,
        }
    )


async def test_queries_are_counted() -> None:
    report = await run({wants("one", "a"): found("a"), wants("two", "a"): found(""), wants("three"): found("")})
    assert (report.overall.queries, report.overall.answerable, report.overall.unanswerable) == (3, 2, 1)


async def test_abstention_is_told_apart_by_whether_it_was_right() -> None:
    no: Confidence = "none"
    report = await run(
        {
            wants("a1", "a"): found("a", confidence="low"),
            wants("a2", "a"): found("", confidence=no),
            wants("a3", "a"): found("a", confidence=no),
            wants("a4", "a"): found("a"),
            wants("u1"): found("x", confidence=no),
            wants("u2"): found("x", confidence="low"),
            wants("u3"): found("", confidence=no),
        }
    )
    assert report.overall.abstention == pytest.approx(2 / 3)
    assert report.overall.false_abstention == 0.5
    assert report.overall.metrics["recall@10"] == 0.75  # a3's hit counts, a2 has none


async def test_a_share_of_no_queries_is_none() -> None:
    answerable = await run({wants("one", "a"): found("a")})
    assert answerable.overall.abstention is None
    unanswerable = await run({wants("one"): found("a")})
    assert unanswerable.overall.false_abstention is None
    assert unanswerable.overall.metrics == {}


async def test_kinds_are_summarized_apart() -> None:
    report = await run(
        {
            wants("one", "a", kind="easy"): found("a"),
            wants("two", "a", kind="hard"): found("x"),
            wants("three", "a", kind="easy"): found("x"),
            wants("four", kind="nothing"): found("x"),
        }
    )
    assert list(report.by_kind) == ["easy", "hard", "nothing"]
    assert report.by_kind["easy"].metrics["recall@10"] == 0.5
    assert report.by_kind["hard"].metrics["recall@10"] == 0.0
    assert report.by_kind["nothing"].unanswerable == 1


async def test_without_kinds_there_is_no_breakdown() -> None:
    report = await run({wants("one", "a"): found("a")})
    assert report.by_kind == {}


async def test_tiers_and_skipped_parts_are_counted_by_query() -> None:
    away = "The model is loading."
    report = await run(
        {
            wants("one", "a"): found("a"),
            wants("two", "a"): found("a", tier="lexical", skipped=(away, away)),
            wants("three", "a"): found("a", tier="lexical", skipped=(away, "The cache is away.")),
        }
    )
    assert report.tiers == {"hybrid": 1, "lexical": 2}
    assert report.skipped == {away: 2, "The cache is away.": 1}


async def test_failures_are_told_worst_first() -> None:
    report = await run(
        {
            wants("fine", "a"): found("a"),
            wants("half, late", "a", "b"): found("x y a"),
            wants("half, early", "a", "b"): found("a"),
            wants("none at all", "a", "b"): found("x y"),
            wants("no tool"): found("x"),
        }
    )
    assert [failure.query.text for failure in report.failures] == ["none at all", "half, late", "half, early"]


async def test_a_failure_tells_what_was_wanted_and_what_was_got() -> None:
    report = await run({wants("mixed", "a1 a2", "b1 b2"): found("u v a2 x y z")})
    (failure,) = report.failures
    assert failure.wanted == ("a1", "b1")
    assert failure.missing == ("b1",)
    assert failure.got == ("s::u", "s::v", "s::a2", "s::x", "s::y")
    assert failure.best_rank == 3
    assert failure.recall == 0.5


async def test_a_failure_without_any_right_tool_has_no_rank() -> None:
    report = await run({wants("lost", "a"): found("x")})
    assert report.failures[0].best_rank is None


async def test_ten_tools_are_asked_for_and_more_do_not_count() -> None:
    searcher = ScriptedSearcher({"deep": found("x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 a")})
    report = await evaluate(searcher, [wants("deep", "a")])
    assert searcher.asked == [SearchRequest("deep", limit=10)]
    assert report.overall.metrics["MRR"] == 0.0


async def test_progress_is_told_after_each_query() -> None:
    told: list[tuple[int, int]] = []
    searcher = ScriptedSearcher({"one": found(""), "two": found("")})
    await evaluate(
        searcher, [wants("one", "a"), wants("two", "a")], on_progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 2), (2, 2)]


async def test_the_time_of_each_search_is_measured() -> None:
    searcher = ScriptedSearcher({"slow": found("a")}, delay=0.02)
    report = await evaluate(searcher, [wants("slow", "a")])
    assert report.latency_ms["p50"] >= 15
    assert report.latency_ms["p50"] == report.latency_ms["p99"]


async def test_a_searcher_that_is_away_ends_the_run() -> None:
    with pytest.raises(Unavailable):
        await evaluate(ScriptedSearcher({}), [wants("one", "a")])


async def test_no_queries_make_an_empty_report() -> None:
    report = await evaluate(ScriptedSearcher({}), [])
    assert report.overall.queries == 0
    assert report.latency_ms == {}
    assert json.loads(json.dumps(report.to_json(), allow_nan=False)) == report.to_json()


async def test_a_report_is_json_with_four_digits() -> None:
    report = await run(
        {
            wants("one", "a", kind="k"): found("x y a", skipped=("away",)),
            wants("two", "a", "b", "c", kind="k"): found("x a", tier="lexical"),
        }
    )
    document = report.to_json()
    latency = document.pop("latency_ms")
    metrics = {
        "recall@1": 0.0,
        "recall@3": 0.6667,
        "recall@5": 0.6667,
        "recall@10": 0.6667,
        "nDCG@10": 0.398,  # (0.5 + 0.63093 / 2.13093) / 2
        "MRR": 0.4167,  # (1 / 3 + 1 / 2) / 2
        "hit@1": 0.0,
    }
    intervals = document.pop("intervals")
    assert document["by_kind"]["k"].pop("intervals") == intervals
    assert set(intervals) == {*metrics, "false_abstention"}
    assert all(low <= metrics.get(name, 0.0) <= high for name, (low, high) in intervals.items())
    per_query = document.pop("per_query")
    assert per_query["fields"] == ["fingerprint", *metrics, "abstained"]
    assert [row[1:] for row in per_query["rows"].values()] == [
        [0.0, 1.0, 1.0, 1.0, 0.5, 0.3333, 0.0, 0],
        [0.0, 0.3333, 0.3333, 0.3333, 0.2961, 0.5, 0.0, 0],
    ]
    summary = {
        "queries": 2,
        "answerable": 2,
        "unanswerable": 0,
        "metrics": metrics,
        "abstention": None,
        "false_abstention": 0.0,
    }
    failure = {
        "id": "id-two",
        "query": "two",
        "kind": "k",
        "wanted": ["a", "b", "c"],
        "missing": ["b", "c"],
        "got": ["s::x", "s::a"],
        "best_rank": 2,
        "recall@10": 0.3333,
    }
    assert document == {
        **summary,
        "by_kind": {"k": summary},
        "tiers": {"hybrid": 1, "lexical": 1},
        "skipped": {"away": 1},
        "failures": [failure],
    }
    assert all(value == round(value, 4) for value in latency.values())
    assert json.loads(json.dumps(document, allow_nan=False)) == document
