"""From nothing to a full answer, step by step; what fails is tried again and is in nobody's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from mcp_toolweaver import warmup
from mcp_toolweaver.core.errors import InUse, Unavailable
from mcp_toolweaver.telemetry.timeline import State, Step, told
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.late_model import LateModel
from tests.unit.catalog.scripted import tool
from tests.unit.warmup.stage import GONE, Stage

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

pytestmark = pytest.mark.anyio


async def test_every_step_is_made_and_then_a_search_has_been_answered() -> None:
    stage = Stage(LateModel())
    async with stage.running():
        await stage.settled()
    made = [each.step for each in stage.warmup.timeline.moments if each.state is State.DONE]
    assert made == [Step.WORDS, Step.MODEL, Step.VECTORS, Step.INDEX, Step.PRIMED]
    assert stage.memory.with_vectors == {"a", "b", "c"}
    assert stage.searcher.requests
    assert await stage.warmup.unembedded() == 0


async def test_without_a_model_its_steps_are_not_waited_for() -> None:
    stage = Stage()
    async with stage.running():
        await stage.settled()
    steps = [each.step for each in stage.warmup.timeline.moments]
    assert steps == [Step.GREETED, Step.WORDS, Step.INDEX, Step.PRIMED]


async def test_words_wait_for_servers_that_nobody_has_listed_before() -> None:
    stage = Stage(LateModel())
    stage.server.gate = anyio.Event()
    async with stage.running():
        await stage.until(Step.WORDS, State.WAITS, "not listed yet: srv")
        await stage.until(Step.MODEL, State.DONE)
        assert {stage.moment(step).state for step in (Step.VECTORS, Step.INDEX, Step.PRIMED)} == {State.WAITS}
        stage.server.gate.set()
        await stage.settled()
    assert stage.memory.with_vectors == {"a", "b", "c"}


async def test_words_are_searchable_and_primed_while_the_model_loads() -> None:
    model = LateModel()
    model.gate = anyio.Event()
    stage = Stage(model)
    async with stage.running():
        await stage.until(Step.WORDS, State.DONE)
        while not stage.searcher.requests:
            await anyio.sleep(0.001)
        assert {stage.moment(step).state for step in (Step.MODEL, Step.PRIMED)} == {State.WAITS}
        model.gate.set()
        await stage.settled()


async def test_what_the_model_waits_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warmup, "_LOOK", 0.001)
    model = LateModel()
    model.gate = anyio.Event()
    stage = Stage(model)
    async with stage.running():
        await stage.until(Step.MODEL, State.WAITS, "30 of 90 MB")


async def test_a_model_that_failed_is_tried_again_when_it_makes_sense() -> None:
    stage = Stage(LateModel(GONE, GONE, retry_after=0.001))
    heard: list[str] = []
    stage.warmup.timeline.listen(lambda _seconds, moment: heard.append(told(moment)))
    async with stage.running():
        await stage.until(Step.VECTORS, State.DONE)
    assert heard.index("query model ready: no, no space left") < heard.index("query model ready")
    assert stage.model is not None
    assert stage.model.loads == 3
    assert stage.memory.with_vectors == {"a", "b", "c"}


async def test_a_change_of_the_catalog_does_not_load_the_model_early() -> None:
    stage = Stage(LateModel(GONE, retry_after=1000.0))
    async with stage.running():
        await stage.settled()
        stage.server.change(tool("srv", "new"))
        while "new" not in {id_.name for id_ in stage.memory.entries}:
            await anyio.sleep(0.001)
        await anyio.lowlevel.checkpoint()
    assert stage.model is not None
    assert stage.model.loads == 1


async def test_a_model_that_stays_away_leaves_search_by_words_and_says_why() -> None:
    stage = Stage(LateModel(GONE))
    async with stage.running():
        await stage.settled()
    assert stage.moment(Step.MODEL).reason == "no space left"
    assert stage.moment(Step.VECTORS).state is State.FAILED
    assert {stage.moment(step).state for step in (Step.WORDS, Step.INDEX, Step.PRIMED)} == {State.DONE}


async def test_tools_that_cannot_be_embedded_are_tried_again_at_the_next_change() -> None:
    model = LateModel()
    model.broken = Unavailable("fake model", "out of memory")
    stage = Stage(model)
    async with stage.running():
        await stage.until(Step.VECTORS, State.FAILED, "out of memory")
        model.broken = None
        stage.server.change(tool("srv", "a"), tool("srv", "new"))
        await stage.until(Step.VECTORS, State.DONE)
        assert stage.memory.with_vectors == {"a", "new"}


async def test_tools_that_cannot_be_embedded_are_tried_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warmup, "_RETRY", 0.001)
    model = LateModel()
    model.broken = Unavailable("fake model", "out of memory")
    stage = Stage(model)
    async with stage.running():
        await stage.until(Step.VECTORS, State.FAILED, "out of memory")
        model.broken = None
        await stage.until(Step.VECTORS, State.DONE)


async def test_a_change_is_embedded_too_and_the_first_time_counts_for_the_start() -> None:
    stage = Stage(LateModel())
    told = 0

    async def on_change() -> None:
        nonlocal told
        told += 1

    async with stage.running(on_change):
        await stage.settled()
        first = stage.moment(Step.VECTORS).seconds
        before = told
        stage.server.change(tool("srv", "a"), tool("srv", "new"))
        while stage.memory.with_vectors != {"a", "new"}:
            await anyio.sleep(0.001)
        await stage.settled()
    assert stage.moment(Step.VECTORS).seconds == first
    assert told > before


async def test_after_a_change_somebody_searches_before_a_user_does() -> None:
    stage = Stage(LateModel())
    async with stage.running():
        await stage.settled()
        before = len(stage.searcher.requests)
        stage.server.change(tool("srv", "new"))
        while len(stage.searcher.requests) == before:
            await anyio.sleep(0.001)
    assert "new" in {id_.name for id_ in stage.memory.entries}


async def test_how_many_tools_are_embedded_is_said_while_they_are() -> None:
    gate = anyio.Event()

    class Slow(LateModel):
        """Holds the second chunk back."""

        async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
            if self.batches:
                await gate.wait()
            return await super().embed_documents(texts)

    stage = Stage(Slow())
    stage.server.tools = [tool("srv", f"t{number}") for number in range(1100)]
    async with stage.running():
        await stage.until(Step.VECTORS, State.WAITS, "64 of 1,100 tools")
        assert not stage.warmup.timeline.is_settled
        gate.set()
        await stage.settled()


async def test_a_search_that_nobody_can_answer_is_no_priming() -> None:
    stage = Stage()
    stage.searcher.answer = Unavailable("index", "it is away")
    async with stage.running():
        await stage.until(Step.PRIMED, State.FAILED, "it is away")


async def test_a_store_that_is_away_is_said_until_it_is_back() -> None:
    store = FlakyStore()
    store.refusal = Unavailable("index", "connection refused")
    stage = Stage(LateModel(), store=store)
    async with stage.running():
        await stage.until(Step.INDEX, State.FAILED, "connection refused; memory answers instead")
        store.refusal = None
        await stage.until(Step.INDEX, State.DONE)
        await stage.settled()
    assert {id_.name for id_ in store.index.entries} == {"a", "b", "c"}


async def test_a_store_that_another_process_has_is_no_fault() -> None:
    store = FlakyStore()
    store.refusal = InUse("index", "another process has it")
    stage = Stage(LateModel(), store=store)
    async with stage.running():
        moment = await stage.until(Step.INDEX, State.DONE)
    assert moment.reason == "in memory, since another process has it"
