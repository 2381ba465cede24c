"""The timeline knows when each step was first done, and how it stands now."""

from __future__ import annotations

import logging

import anyio
import anyio.lowlevel
import pytest

from mcp_toolweaver.telemetry.timeline import Moment, State, Step, Timeline, line


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A timeline of three steps that started at 100, and what it told."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.timeline = Timeline([Step.GREETED, Step.WORDS, Step.MODEL], start=100.0, clock=self.clock)
        self.told: list[str] = []
        self.timeline.listen(lambda seconds, moment: self.told.append(line(seconds, moment)))

    def at(self, seconds: float) -> Timeline:
        self.clock.now = 100.0 + seconds
        return self.timeline


def moment(timeline: Timeline, step: Step) -> Moment:
    return next(each for each in timeline.moments if each.step is step)


def test_a_step_waits_until_it_is_done_and_the_first_time_counts() -> None:
    scene = Scene()
    assert moment(scene.timeline, Step.WORDS) == Moment(Step.WORDS, State.WAITS, None, "")
    scene.at(0.5).done(Step.WORDS)
    scene.at(7).waits(Step.WORDS, "a server")
    scene.at(9).done(Step.WORDS)
    assert moment(scene.timeline, Step.WORDS) == Moment(Step.WORDS, State.DONE, 0.5, "")


def test_a_step_that_failed_says_why_until_it_is_done() -> None:
    scene = Scene()
    scene.at(1).failed(Step.MODEL, "no space left")
    assert moment(scene.timeline, Step.MODEL) == Moment(Step.MODEL, State.FAILED, None, "no space left")
    scene.at(31).done(Step.MODEL)
    assert moment(scene.timeline, Step.MODEL) == Moment(Step.MODEL, State.DONE, 31.0, "")


def test_it_is_settled_as_long_as_no_step_waits() -> None:
    scene = Scene()
    for step in (Step.GREETED, Step.WORDS):
        scene.timeline.done(step)
        assert not scene.timeline.is_settled
    scene.timeline.failed(Step.MODEL, "it is broken")
    assert scene.timeline.is_settled
    scene.timeline.waits(Step.MODEL, "it is downloaded")
    assert not scene.timeline.is_settled
    assert scene.timeline.has_settled(Step.WORDS, Step.VECTORS)


def test_a_step_that_is_not_to_be_made_is_not_noted() -> None:
    scene = Scene()
    scene.timeline.done(Step.VECTORS)
    assert Step.VECTORS not in [each.step for each in scene.timeline.moments]
    assert scene.told == []


def test_each_step_is_told_when_it_happens_and_not_again_while_it_stays_so() -> None:
    scene = Scene()
    scene.at(0.684).done(Step.GREETED)
    scene.at(0.7).waits(Step.MODEL, "it is loaded")
    scene.at(12.3).failed(Step.MODEL, "it is broken")
    scene.at(13).done(Step.GREETED)
    scene.at(100).done(Step.MODEL, "on the CPU")
    assert scene.told == [
        "   0.68 s  handshake answered",
        "  12.30 s  query model ready: no, it is broken",
        " 100.00 s  query model ready: on the CPU",
    ]


def test_the_log_has_one_line_when_the_start_is_complete(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    with caplog.at_level(logging.INFO):
        scene.at(0.5).done(Step.GREETED)
        scene.at(1).done(Step.WORDS)
        assert caplog.messages == []
        scene.at(2).failed(Step.MODEL, "it is broken")
        scene.at(3).done(Step.MODEL)
        scene.at(4).waits(Step.WORDS, "a change")
        scene.at(5).done(Step.WORDS)
    [message] = caplog.messages
    assert message.startswith("start-up took 2.00 s: handshake answered 0.50 s; searchable by words 1.00 s; ")
    assert message.endswith("; query model ready: no, it is broken")


@pytest.mark.anyio
async def test_who_waits_for_a_change_misses_none() -> None:
    timeline = Scene().timeline
    seen = timeline.version
    timeline.done(Step.WORDS)
    with anyio.fail_after(5):
        await timeline.wait_changed(seen)
    again = timeline.version

    async def later() -> None:
        await anyio.lowlevel.checkpoint()
        timeline.done(Step.WORDS)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(later)
            await timeline.wait_changed(again)
    assert timeline.version > again


def test_seconds_count_from_the_start_of_the_process() -> None:
    assert 0 < Timeline().seconds < 3600
