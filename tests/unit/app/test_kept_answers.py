"""The whole application over the demo's catalog, searched by words: a kept answer is the answer."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_toolweaver.app import App, open_app
from mcp_toolweaver.cache.file import open_file_cache
from mcp_toolweaver.caches import LISTINGS
from mcp_toolweaver.config import Configuration, Settings, SourceSpec
from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.demo import CATALOG, QUERIES
from mcp_toolweaver.evaluation import read_labelled
from mcp_toolweaver.telemetry.timeline import Step, told

pytestmark = pytest.mark.anyio

REFUND = SearchRequest("refund a payment")
PATIENCE = 20.0


def configured(folder: Path, **settings: Any) -> Configuration:
    """Return the configuration of an installation in a folder, without a model."""
    told_so = {"data_dir": folder / "data", "cache_dir": folder / "cache", "embedding": {"enabled": False}}
    source = SourceSpec("company", "json_file", {"path": str(CATALOG)}, "sources[0]")
    return Configuration(Settings.model_validate({**told_so, **settings}), (source,), (), None)


@asynccontextmanager
async def indexed(folder: Path, **settings: Any) -> AsyncGenerator[App]:
    """Open the application and make the catalog searchable, as commands do."""
    async with open_app(configured(folder, **settings)) as app, anyio.create_task_group() as tasks:
        tasks.start_soon(app.catalog.run)
        with anyio.fail_after(PATIENCE):
            await app.catalog.wait_settled()
            await app.warmup.once()
            yield app
        tasks.cancel_scope.cancel()


async def served(folder: Path, *, ahead: bool = False, **settings: Any) -> tuple[list[str], Mapping[str, int]]:
    """Start as for a host; return what was said of priming, and what was made of kept answers.

    With ``ahead`` it goes on until questions were answered ahead.
    """
    heard: list[str] = []

    async def nobody() -> None:
        """No host is told of changes."""

    async with open_app(configured(folder, **settings)) as app, anyio.create_task_group() as tasks:
        app.warmup.timeline.listen(lambda _seconds, moment: heard.append(told(moment)))
        for run in (app.catalog.run, app.run_caches, app.run_index):
            tasks.start_soon(run)
        tasks.start_soon(app.warmup.run, nobody, app.cached)
        with anyio.fail_after(PATIENCE):
            await app.catalog.wait_settled()
            await until_primed_anew(app)
            while ahead and not any("ahead" in line for line in heard):
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    return [line for line in heard if line.startswith(Step.PRIMED)], kept_answers(app)


async def until_primed_anew(app: App) -> None:
    """Return once everything is primed and nothing happens any longer."""
    while not app.warmup.timeline.has_settled(Step.PRIMED):
        await app.warmup.timeline.wait_changed(app.warmup.timeline.version)
    await anyio.wait_all_tasks_blocked()


async def answers(searcher: Searcher, requests: list[SearchRequest]) -> list[SearchResult]:
    return [await searcher.search(request) for request in requests]


def kept_answers(app: App) -> Mapping[str, int]:
    """Return where answers were found and how many were kept."""
    return app.caches.counters.counts.get("search", {})


def demo_requests() -> list[SearchRequest]:
    texts = [query.text for query in read_labelled(QUERIES)][::3]
    some = [SearchRequest(text, limit, domain) for text in texts[:5] for limit, domain in ((3, None), (5, "stripe"))]
    return [*map(SearchRequest, texts), *some]


async def test_answers_that_are_kept_are_those_that_a_search_gives(tmp_path: Path) -> None:
    requests = demo_requests()
    async with indexed(tmp_path) as app:
        searched = await answers(app.searcher, requests)
        assert sum(bool(answer.hits) for answer in searched) > 10
        assert await answers(app.cached, requests) == searched
        assert kept_answers(app) == {"misses": len(requests), "stored": len(requests)}
        assert await answers(app.cached, requests) == searched
        assert kept_answers(app)["memory"] == len(requests)
    async with indexed(tmp_path) as again:
        assert await answers(again.cached, requests) == searched
        assert kept_answers(again) == {"file": len(requests)}


@pytest.mark.parametrize(
    "other", [{"search": {"meaning_weight": 0.2}}, {"embedding": {"enabled": False, "precision": "fp32"}}]
)
async def test_with_other_settings_of_the_search_an_answer_is_made_anew(tmp_path: Path, other: dict[str, Any]) -> None:
    async with indexed(tmp_path) as app:
        await app.cached.search(REFUND)
    async with indexed(tmp_path, **other) as again:
        await again.cached.search(REFUND)
        assert kept_answers(again) == {"misses": 1, "stored": 1}


async def test_with_a_lifetime_of_nothing_no_answer_is_kept(tmp_path: Path) -> None:
    async with indexed(tmp_path, cache={"lifetimes": {"search": 0}}) as app:
        first, second = await answers(app.cached, [REFUND, REFUND])
        assert first == second == await app.searcher.search(REFUND)
        assert kept_answers(app) == {}


async def test_before_the_catalog_is_indexed_no_answer_is_kept(tmp_path: Path) -> None:
    async with indexed(tmp_path):
        pass
    async with open_app(configured(tmp_path)) as app:
        assert len(app.catalog.snapshot) > 100
        await app.cached.search(REFUND)
        assert "stored" not in kept_answers(app)


async def test_while_the_model_is_not_known_nothing_is_looked_up(tmp_path: Path) -> None:
    settings = {"embedding": {"model": str(tmp_path / "no-model")}, "index": {"engine": "memory"}}
    async with open_app(configured(tmp_path, **settings)) as app:
        answer = await app.cached.search(REFUND)
        assert answer.skipped
        assert kept_answers(app) == {}


async def test_what_users_ask_is_answered_ahead_the_next_time(tmp_path: Path) -> None:
    async with indexed(tmp_path) as app:
        await app.asked.search(REFUND)
        await app.cached.search(SearchRequest("nobody asked this"))
    primed, kept = await served(tmp_path, ahead=True, search={"meaning_weight": 0.2})
    assert "primed: 1 of the most frequent questions answered ahead" in primed
    assert kept == {"misses": 1, "stored": 1}


async def test_what_is_asked_ahead_does_not_count_as_asked(tmp_path: Path) -> None:
    async with indexed(tmp_path) as app:
        await app.asked.search(REFUND)
        await app.asked.search(REFUND)
    await served(tmp_path, ahead=True)
    async with open_file_cache(tmp_path / "data" / LISTINGS) as lasting:
        (counted,) = await lasting.get_many(["usage:questions"])
    [[*request, weight, _at]] = json.loads(counted or b"")
    assert request == [REFUND.text, REFUND.limit, REFUND.domain]
    assert weight == pytest.approx(2, abs=0.01)


async def test_what_users_asked_is_remembered_also_if_serving_is_cancelled(tmp_path: Path) -> None:
    with anyio.CancelScope() as scope:
        async with open_app(configured(tmp_path)) as app:
            await app.asked.search(REFUND)
            scope.cancel()
            await anyio.sleep_forever()
    primed, _kept = await served(tmp_path, ahead=True)
    assert "primed: 1 of the most frequent questions answered ahead" in primed


async def test_where_questions_are_not_learned_none_is_answered_ahead(tmp_path: Path) -> None:
    unlearned: dict[str, Any] = {"cache": {"learn_queries": False}}
    async with indexed(tmp_path, **unlearned) as app:
        await app.asked.search(REFUND)
    primed, _kept = await served(tmp_path)
    assert set(primed) == {"primed"}
    async with indexed(tmp_path) as app:
        await app.asked.search(REFUND)
    primed, _kept = await served(tmp_path, **unlearned)
    assert set(primed) == {"primed"}


async def test_what_wakes_the_search_is_never_answered_from_the_cache(tmp_path: Path) -> None:
    for _ in range(2):
        primed, kept = await served(tmp_path)
        assert set(primed) == {"primed"}
        assert kept == {}
