"""What is asked most is answered ahead, once everything is there, and anew after a change."""

from __future__ import annotations

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.index.indexer import Indexer
from mcp_toolweaver.search.priming import Priming
from mcp_toolweaver.search.usage import Usage
from mcp_toolweaver.telemetry.timeline import State, Step, told
from mcp_toolweaver.warmup import Warmup
from tests.fakes.cache import FakeCache
from tests.fakes.late_model import LateModel
from tests.fakes.searcher import FakeSearcher
from tests.unit.catalog.scripted import tool
from tests.unit.warmup.stage import FOUND, GONE, Stage

pytestmark = pytest.mark.anyio

OFTEN, SELDOM = SearchRequest("often"), SearchRequest("seldom")


class PrimedStage(Stage):
    """A stage on which two questions were asked in an earlier run."""

    def __init__(self, model: LateModel | None = None, *, anew: FakeSearcher | None = None) -> None:
        super().__init__(model)
        usage = Usage(FakeCache())
        for request in (OFTEN, SELDOM, OFTEN):
            usage.note(request)
        indexer = Indexer(self.memory, model or LateModel())
        self.warmup = Warmup(self.catalog, indexer, model, priming=Priming(self.catalog, usage, anew=anew))
        self.heard: list[str] = []
        self.warmup.timeline.listen(lambda _seconds, moment: self.heard.append(told(moment)))

    @property
    def ahead(self) -> list[SearchRequest]:
        """The frequent questions that were asked so far."""
        return [request for request in self.searcher.requests if request in (OFTEN, SELDOM)]

    async def until_ahead(self, *requests: SearchRequest) -> None:
        while self.ahead != list(requests):
            await anyio.sleep(0.001)


async def test_frequent_questions_are_answered_ahead_and_said() -> None:
    stage = PrimedStage(LateModel())
    async with stage.running():
        await stage.until_ahead(OFTEN, SELDOM)
        with anyio.fail_after(30):
            while "primed: 2 of the most frequent questions answered ahead" not in stage.heard:
                await anyio.sleep(0.001)


async def test_nothing_is_asked_ahead_before_the_model_is_there() -> None:
    model = LateModel()
    model.gate = anyio.Event()
    stage = PrimedStage(model)
    async with stage.running():
        await stage.until(Step.INDEX, State.DONE)
        while not stage.searcher.requests:
            await anyio.sleep(0.001)
        await anyio.wait_all_tasks_blocked()
        assert stage.ahead == []
        model.gate.set()
        await stage.until_ahead(OFTEN, SELDOM)


async def test_after_a_change_of_the_tools_they_are_answered_anew() -> None:
    stage = PrimedStage(LateModel())
    async with stage.running():
        await stage.until_ahead(OFTEN, SELDOM)
        await stage.settled()
        stage.server.change(tool("srv", "new"))
        await stage.until_ahead(OFTEN, SELDOM, OFTEN, SELDOM)
    assert "new" in {id_.name for id_ in stage.memory.entries}


async def test_a_model_that_came_late_has_them_answered_all_the_same() -> None:
    model = LateModel(GONE, retry_after=0.001)
    first, second = anyio.Event(), anyio.Event()
    model.gate = first
    stage = PrimedStage(model)
    stage.searcher.answer = SearchResult((), "low", "lexical", skipped=("the model is away",))
    async with stage.running():
        while not model.loads:
            await anyio.sleep(0.001)
        model.gate = second
        first.set()
        await stage.until_ahead(OFTEN)
        await stage.until(Step.PRIMED, State.DONE)
        stage.searcher.answer = FOUND
        second.set()
        await stage.until_ahead(OFTEN, OFTEN, SELDOM)


async def test_where_a_frequent_question_cannot_be_answered_it_is_said_and_tried_again() -> None:
    class Choosy(FakeSearcher):
        """Answers anything but what is asked often."""

        refusal: Unavailable | None = Unavailable("index", "it is away")

        async def search(self, request: SearchRequest) -> SearchResult:
            result = await super().search(request)
            if request == OFTEN and self.refusal is not None:
                raise self.refusal
            return result

    stage = PrimedStage(LateModel())
    stage.searcher = choosy = Choosy(FOUND)
    async with stage.running():
        await stage.until(Step.PRIMED, State.FAILED, "it is away")
        choosy.refusal = None
        stage.server.change(tool("srv", "new"))
        while stage.ahead[-2:] != [OFTEN, SELDOM]:
            await anyio.sleep(0.001)
        await stage.until(Step.PRIMED, State.DONE)


async def test_who_has_answers_from_before_does_not_keep_the_others_from_waking() -> None:
    anew = FakeSearcher(FOUND)
    stage = PrimedStage(LateModel(), anew=anew)
    async with stage.running():
        await stage.until_ahead(OFTEN, SELDOM)
        await stage.settled()
    assert anew.requests
    assert stage.searcher.requests == [OFTEN, SELDOM]
