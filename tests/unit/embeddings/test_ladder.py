"""When a runtime fails the next one does its work, and nothing that is wrong gets out."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.ladder import Ladder
from mcp_toolweaver.embeddings.lazy import LazyRuntime
from mcp_toolweaver.embeddings.runtime import Runtime
from mcp_toolweaver.embeddings.vectors import normalized
from tests.fakes.runtime import FakeRuntime

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

pytestmark = pytest.mark.anyio


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def checked(vectors: "Sequence[Vector]", count: int) -> "Sequence[Vector]":
    return normalized(vectors, count, 2)


def rungs() -> list[FakeRuntime]:
    return [FakeRuntime("GPU", 0.0), FakeRuntime("CPU", 1.0), FakeRuntime("slow CPU", 2.0)]


async def test_the_best_runtime_is_used_with_the_texts_and_the_prompt_as_they_are() -> None:
    runtimes = rungs()
    ladder = Ladder(runtimes, checked)
    vectors = await ladder.embed(["a", "b"], prompt="query: ")
    assert [runtime.calls for runtime in runtimes] == [[(["a", "b"], "query: ")], [], []]
    assert [vector.tolist() for vector in vectors] == [[0.0, 1.0]] * 2
    assert ladder.label == "GPU"


async def test_when_it_fails_the_next_one_does_the_same_texts_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runtimes = rungs()
    runtimes[0].reason = "out of memory"
    ladder = Ladder(runtimes, checked)
    for text in ("a", "b"):
        [vector] = await ladder.embed([text], prompt="p")
        assert vector[0] > 0
    assert [runtime.calls for runtime in runtimes] == [[(["a"], "p")], [(["a"], "p"), (["b"], "p")], []]
    assert ladder.label == "CPU"
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "GPU: search by meaning: out of memory; CPU instead"
    ]


async def test_the_better_one_is_tried_again_after_a_while_and_said_to_fail_only_if_for_another_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runtimes, clock = rungs(), Clock()
    ladder = Ladder(runtimes, checked, retry=300, clock=clock)
    for now, reason, tries in (
        (0, "driver", 1),
        (299, "driver", 1),
        (300, "driver", 2),
        (500, "driver", 2),
        (600, "memory", 3),
        (900, None, 4),
        (901, None, 5),
        (902, "memory", 6),
    ):
        clock.now, runtimes[0].reason = 1000.0 + now, reason
        await ladder.embed(["a"])
        assert len(runtimes[0].calls) == tries, now
        assert ladder.label == ("CPU" if reason else "GPU")
    assert [record.getMessage().split("; ")[0] for record in caplog.records] == [
        "GPU: search by meaning: driver",
        "GPU: search by meaning: memory",
        "GPU: search by meaning: memory",
    ]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
async def test_vectors_that_are_not_numbers_never_get_out(number: float) -> None:
    good = FakeRuntime("CPU", 1.0)
    [vector] = await Ladder([FakeRuntime("GPU", number), good], checked).embed(["a"])
    assert vector.tolist() == pytest.approx([0.5**0.5] * 2)
    with pytest.raises(Unavailable, match="GPU: the model returned a vector that is not finite, or zero"):
        await Ladder([FakeRuntime("GPU", number)], checked).embed(["a"])


@pytest.mark.parametrize("lost", [1, -1, 2])
async def test_another_number_of_vectors_than_of_texts_never_gets_out(lost: int) -> None:
    broken = FakeRuntime("GPU")
    broken.lost = lost
    assert len(await Ladder([broken, FakeRuntime("CPU")], checked).embed(["a", "b"])) == 2


async def test_when_all_fail_the_error_has_all_reasons_those_of_the_ones_given_up_before_as_well() -> None:
    runtimes = rungs()
    ladder = Ladder(runtimes, checked)
    runtimes[0].reason = "out of memory"
    await ladder.embed(["a"])
    runtimes[1].reason, runtimes[2].reason = "not installed", "no weights"
    message = r"^search by meaning: GPU: out of memory; CPU: not installed; slow CPU: no weights$"
    for _ in range(2):
        with pytest.raises(Unavailable, match=message):
            await ladder.embed(["a"])


async def test_after_all_failed_the_best_is_the_first_to_be_asked_again() -> None:
    runtimes = rungs()
    ladder = Ladder(runtimes, checked, retry=300, clock=Clock())
    for runtime in runtimes:
        runtime.reason = "gone"
    for _ in range(3):
        with pytest.raises(Unavailable):
            await ladder.embed(["a"])
    assert [len(runtime.calls) for runtime in runtimes] == [3, 3, 3]
    runtimes[1].reason = None
    await ladder.embed(["a"])
    assert ladder.label == "CPU"
    runtimes[0].reason = None
    await ladder.embed(["a"])
    assert ladder.label == "CPU", "which works, so that the better one may wait"


async def test_a_bug_in_opening_one_is_no_reason_not_to_use_the_next() -> None:
    async def open_with_a_bug() -> Runtime:
        raise ValueError("a bug")

    ladder = Ladder([LazyRuntime("GPU", open_with_a_bug), FakeRuntime("CPU")], checked)
    assert len(await ladder.embed(["a"])) == 1
    assert ladder.label == "CPU"
