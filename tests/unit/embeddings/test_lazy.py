"""A runtime that opens itself once, and is let go when nobody uses it."""

import asyncio

import anyio
import anyio.lowlevel
import pytest

from mcp_toolweaver.core.errors import Unavailable, Warming
from mcp_toolweaver.embeddings.lazy import LazyRuntime
from mcp_toolweaver.embeddings.runtime import Runtime
from tests.fakes.runtime import FakeRuntime

pytestmark = pytest.mark.anyio


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Opener:
    """Opens a runtime, and counts how often."""

    def __init__(self, runtime: FakeRuntime | None = None, reason: str | None = None) -> None:
        self.runtime = runtime or FakeRuntime("opened")
        self.reason = reason
        self.count = 0
        self.gate: anyio.Event | None = None

    async def __call__(self) -> Runtime:
        self.count += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.reason is not None:
            raise Unavailable("search by meaning", self.reason)
        return self.runtime


async def test_it_is_opened_when_it_is_first_needed_and_once_for_all_who_ask_together() -> None:
    opener = Opener()
    lazy = LazyRuntime("not yet", opener)
    assert (lazy.label, opener.count) == ("not yet", 0)
    async with anyio.create_task_group() as tasks:
        for text in "abc":
            tasks.start_soon(lazy.embed, [text])
    assert (lazy.label, opener.count) == ("opened", 1)
    assert sorted(texts for texts, _prompt in opener.runtime.calls) == [["a"], ["b"], ["c"]]


async def test_a_failure_to_open_is_the_answer_for_a_while_and_then_it_is_tried_again() -> None:
    opener, clock = Opener(reason="no driver"), Clock()
    lazy = LazyRuntime("GPU", opener, retry=300, clock=clock)
    errors: list[Unavailable] = []
    for now, count in ((0, 1), (299, 1), (300, 2)):
        clock.now = 1000.0 + now
        with pytest.raises(Unavailable, match="search by meaning: no driver") as raised:
            await lazy.embed(["a"])
        lazy.release()
        errors.append(raised.value)
        assert (lazy.label, opener.count) == ("GPU", count)
    assert len(set(map(id, errors))) == 3, "an error that is raised again grows a traceback each time"
    opener.reason, clock.now = None, 2000.0
    assert len(await lazy.embed(["a"])) == 1


async def test_a_caller_who_gives_up_does_not_stop_the_opening() -> None:
    opener = Opener()
    opener.gate = anyio.Event()
    lazy = LazyRuntime("GPU", opener)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lazy.embed, ["a"])
        while not opener.count:
            await anyio.lowlevel.checkpoint()
        lazy.release()  # which is not open yet
        tasks.cancel_scope.cancel()
    opener.gate.set()
    await lazy.embed(["b"])
    assert opener.count == 1
    assert opener.runtime.calls == [(["b"], "")]


async def test_what_is_released_is_opened_again_and_whoever_uses_it_meanwhile_is_served() -> None:
    opener = Opener()
    lazy = LazyRuntime("GPU", opener)
    lazy.release()
    opener.runtime.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lazy.embed, ["a"])
        while not opener.runtime.calls:
            await anyio.lowlevel.checkpoint()
        lazy.release()
        assert lazy.label == "GPU"
        opener.runtime.gate.set()
    await lazy.embed(["b"])
    assert opener.count == 2


async def test_what_nobody_uses_is_let_go_but_not_while_somebody_does() -> None:
    opener = Opener()
    lazy = LazyRuntime("GPU", opener, idle=0)
    opener.runtime.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lazy.embed, ["a"])
        while not opener.runtime.calls:
            await anyio.lowlevel.checkpoint()
        gate, opener.runtime.gate = opener.runtime.gate, None
        await lazy.embed(["somebody else, meanwhile"])
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        assert lazy.label == "opened"
        gate.set()
    while lazy.label == "opened":
        await anyio.lowlevel.checkpoint()
    await lazy.embed(["b"])
    assert opener.count == 2


async def test_each_use_puts_off_when_it_is_let_go() -> None:
    opener = Opener()
    lazy = LazyRuntime("GPU", opener, idle=0)
    for text in "abcdef":
        await lazy.embed([text])
    assert opener.count == 1


async def test_without_an_idle_time_it_is_kept() -> None:
    opener = Opener()
    lazy = LazyRuntime("GPU", opener)
    for text in "ab":
        await lazy.embed([text])
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
    assert opener.count == 1


async def test_what_nobody_expected_is_a_failure_like_others_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, bugs = Clock(), [ValueError("a bug"), ValueError("a bug"), KeyError("another")]

    async def open_() -> Runtime:
        if bugs:
            raise bugs.pop(0)
        return FakeRuntime("opened")

    lazy = LazyRuntime("GPU", open_, retry=300, clock=clock)
    for now, said in ((0, "ValueError"), (299, "ValueError"), (300, "ValueError"), (600, "KeyError")):
        clock.now = 1000.0 + now
        with pytest.raises(Unavailable, match=f"search by meaning: it cannot be opened: {said}"):
            await lazy.embed(["a"])
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ValueError, KeyError]
    clock.now += 300
    assert len(await lazy.embed(["a"])) == 1


async def test_what_was_interrupted_is_opened_anew() -> None:
    opener = Opener()
    opener.gate = anyio.Event()
    lazy = LazyRuntime("GPU", opener)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_interrupted, lazy)
        while not opener.count:
            await anyio.lowlevel.checkpoint()
        for task in asyncio.all_tasks():
            if "_try" in repr(task.get_coro()):
                task.cancel()
    opener.gate.set()
    assert len(await lazy.embed(["a"])) == 1


async def _interrupted(lazy: LazyRuntime) -> None:
    with pytest.raises(Unavailable, match="GPU was interrupted while it was opened"):
        await lazy.embed(["a"])


async def test_what_is_open_only_after_everybody_has_left_is_let_go_too() -> None:
    opener = Opener()
    opener.gate = anyio.Event()
    lazy = LazyRuntime("GPU", opener, idle=0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lazy.embed, ["a"])
        while not opener.count:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    await anyio.sleep(0.01)  # in which the timer of who left has run out
    opener.gate.set()
    labels = [lazy.label]
    with anyio.fail_after(30):
        while labels[-2:] != ["opened", "GPU"]:
            await anyio.lowlevel.checkpoint()
            labels += [lazy.label] if lazy.label != labels[-1] else []


async def test_who_has_no_patience_hears_that_it_is_being_opened_which_goes_on() -> None:
    opener = Opener()
    opener.gate = anyio.Event()
    lazy = LazyRuntime("GPU", opener, patience=lambda: 0)
    for _ in range(2):
        with pytest.raises(Warming, match="GPU is still being opened"):
            await lazy.embed(["a"])
    opener.gate.set()
    while lazy.label == "GPU":
        await anyio.lowlevel.checkpoint()
    assert len(await lazy.embed(["a"])) == 1
    assert opener.count == 1
