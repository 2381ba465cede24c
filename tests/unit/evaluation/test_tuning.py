"""A new weight is proposed only if queries gain that had no part in its choice."""

import json

import numpy as np
import pytest

from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.query import Hit, SearchRequest, SearchResult
from mcp_toolweaver.evaluation import LabelledQuery, Tuning, tune
from mcp_toolweaver.evaluation.tuning import judge
from tests.fakes.tools import make_tool
from tests.unit.evaluation.outcomes import query

WEIGHTS = [0.0, 0.5, 1.0]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class WeighedSearcher:
    """Finds the tool that a query names, behind the more others the farther its weight is from the best one."""

    def __init__(self, weight: float, best: float) -> None:
        self._others = round(10 * abs(weight - best))

    async def search(self, request: SearchRequest) -> SearchResult:
        names = [*(f"other{number}" for number in range(self._others)), request.text]
        hits = tuple(Hit(make_tool(name, server="s"), 1.0) for name in names)
        return SearchResult(hits[: request.limit], "high", "hybrid")


def asked(number: int) -> list[LabelledQuery]:
    return [query(f"tool{index}", f"s::tool{index}") for index in range(number)]


async def tuned(queries: list[LabelledQuery], *, best: float, current: float) -> Tuning:
    def searcher_for(weight: float) -> Searcher:
        return WeighedSearcher(weight, best)

    return await tune(searcher_for, queries, current=current, metric="nDCG@10")


@pytest.mark.anyio
async def test_a_weight_that_serves_all_queries_better_is_proposed() -> None:
    tuning = await tuned(asked(40), best=0.8, current=0.55)
    assert tuning.accepted
    assert (tuning.best, tuning.chosen, tuning.held_out) == (0.8, (0.8,) * 5, 1.0)
    assert 0.55 in tuning.means


@pytest.mark.anyio
async def test_the_best_weight_is_kept() -> None:
    tuning = await tuned(asked(40), best=0.6, current=0.6)
    assert not tuning.accepted
    assert (tuning.best, tuning.p) == (0.6, 1.0)
    assert "best of those tried" in tuning.reason


@pytest.mark.anyio
async def test_too_few_unrelated_queries_prove_nothing() -> None:
    related = [query(f"tool{index}", "s::same") for index in range(60)]
    assert "1 groups" in (await tuned(related, best=0.8, current=0.5)).reason
    assert not (await tuned(asked(10), best=0.8, current=0.5)).accepted


@pytest.mark.anyio
async def test_queries_that_no_tool_serves_take_no_part() -> None:
    tuning = await tuned([*asked(25), query("nothing")], best=0.8, current=0.8)
    assert tuning.before == 1.0


@pytest.mark.anyio
async def test_progress_runs_over_all_weights() -> None:
    told: list[tuple[int, int]] = []
    await tune(
        lambda weight: WeighedSearcher(weight, 0.5),
        asked(3),
        current=0.5,
        metric="MRR",
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told[0] == (1, 33)
    assert told[-1] == (33, 33)


def test_noise_is_not_taken_for_a_better_weight() -> None:
    """Of many searches that differ by chance alone, hardly any proposes a new weight."""
    proposed = 0
    for seed in range(100):
        scores = np.random.default_rng(seed).random((3, 60))
        proposed += judge(scores, WEIGHTS, np.arange(60, dtype=np.intp), current=0.5, metric="MRR").accepted
    assert proposed <= 8


def test_a_gain_of_a_few_related_queries_is_not_enough() -> None:
    """Thirty queries gain, but all of them ask for one tool: that is one observation, not thirty."""
    scores = np.zeros((3, 60))
    scores[2, :30] = 1.0
    groups = np.concatenate([np.zeros(30), np.arange(1, 31)]).astype(np.intp)
    tuning = judge(scores, WEIGHTS, groups, current=0.5, metric="MRR")
    assert not tuning.accepted
    assert tuning.best == 1.0


def test_of_equally_good_weights_the_nearest_to_the_current_one_is_best() -> None:
    scores = np.stack([np.full(40, 0.9), np.full(40, 0.5), np.full(40, 0.9)])
    weights = [0.0, 0.6, 1.0]
    assert judge(scores, weights, np.arange(40, dtype=np.intp), current=0.6, metric="MRR").best == 1.0


def test_a_finding_is_json() -> None:
    scores = np.random.default_rng(0).random((3, 30))
    document = judge(scores, WEIGHTS, np.arange(30, dtype=np.intp), current=0.5, metric="MRR").to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["setting"] == "search.meaning_weight"
