"""A breaker says when a part is asked, when it is not, and when it is tried again."""

from __future__ import annotations

import pytest

from mcp_toolweaver.core.errors import CircuitOpen, DeadlineExceeded, Refused, Unavailable
from mcp_toolweaver.resilience.breaker import Breaker, Circuit

GONE = Unavailable("Redis", "it is gone")
LATE = DeadlineExceeded("Redis", "no answer in 0.25 s")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker("Redis", first_pause=1, longest_pause=10, clock=clock)
    assert breaker.failed(LATE)
    return breaker


def fail_a_trial(breaker: Breaker, clock: Clock) -> float:
    """Return the pause after it."""
    clock.now += breaker.wait
    breaker.try_once()
    assert breaker.failed(GONE)
    return breaker.wait


def test_a_new_breaker_lets_everything_through() -> None:
    breaker = Breaker("Redis")
    breaker.check()
    assert breaker.state is Circuit.CLOSED
    assert breaker.wait == 0
    assert breaker.reason == ""


def test_three_failures_in_a_row_open_it() -> None:
    breaker = Breaker("Redis")
    assert not breaker.failed(GONE)
    assert not breaker.failed(GONE)
    breaker.check()
    assert breaker.failed(GONE)
    assert breaker.state is Circuit.OPEN
    assert breaker.wait > 0


def test_a_success_between_them_makes_failures_no_row() -> None:
    breaker = Breaker("Redis")
    for _ in range(5):
        assert not breaker.failed(GONE)
        assert not breaker.failed(GONE)
        breaker.succeeded()
    breaker.check()


def test_how_many_failures_open_it_can_be_said() -> None:
    assert Breaker("Redis", failures=1).failed(Refused("Redis", "it is full"))
    patient = Breaker("Redis", failures=5)
    assert [patient.failed(GONE) for _ in range(5)] == [False] * 4 + [True]


def test_a_missed_deadline_opens_it_at_once() -> None:
    breaker = Breaker("Redis")
    assert breaker.failed(LATE)
    assert breaker.state is Circuit.OPEN


def test_while_it_is_open_the_error_names_the_part_and_why_it_failed() -> None:
    breaker = opened(Clock())
    with pytest.raises(CircuitOpen, match=r"Redis: no answer in 0\.25 s"):
        breaker.check()


def test_it_stays_open_until_somebody_tries_even_when_a_trial_is_due() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1000
    assert breaker.wait == 0
    with pytest.raises(CircuitOpen):
        breaker.check()


def test_the_wait_is_what_is_left_of_the_pause() -> None:
    clock = Clock()
    breaker = opened(clock)
    pause = breaker.wait
    assert 0.5 <= pause <= 1
    clock.now += 0.25
    assert breaker.wait == pytest.approx(pause - 0.25)


def test_during_the_one_trial_nothing_else_is_asked() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += breaker.wait
    breaker.try_once()
    assert breaker.state is Circuit.HALF_OPEN
    assert breaker.wait == 0
    with pytest.raises(CircuitOpen, match="no answer"):
        breaker.check()


def test_a_trial_that_succeeds_closes_it_and_forgets_why() -> None:
    breaker = opened(Clock())
    breaker.try_once()
    breaker.succeeded()
    assert breaker.state is Circuit.CLOSED
    assert breaker.reason == ""
    breaker.check()


def test_a_trial_that_fails_opens_it_again_for_the_newest_reason() -> None:
    breaker = opened(Clock())
    breaker.try_once()
    assert breaker.failed(GONE)
    assert breaker.state is Circuit.OPEN
    assert breaker.reason == "it is gone"


def test_pauses_double_after_each_trial_that_fails_but_never_exceed_the_longest() -> None:
    clock = Clock()
    breaker = opened(clock)
    pauses = [breaker.wait, *(fail_a_trial(breaker, clock) for _ in range(8))]
    for pause, nominal in zip(pauses, [1, 2, 4, 8, 10, 10, 10, 10, 10], strict=True):
        assert nominal / 2 <= pause <= nominal


@pytest.mark.parametrize(("lasted", "longest", "least"), [(11.0, 1.0, 0.5), (0.5, 10.0, 5.0)])
def test_only_a_success_that_lasts_makes_pauses_short_again(lasted: float, longest: float, least: float) -> None:
    clock = Clock()
    breaker = opened(clock)
    for _ in range(5):
        fail_a_trial(breaker, clock)
    breaker.try_once()
    breaker.succeeded()
    clock.now += lasted
    breaker.failed(LATE)
    assert least <= breaker.wait <= longest


def test_a_success_makes_three_failures_necessary_again() -> None:
    breaker = opened(Clock())
    breaker.try_once()
    breaker.succeeded()
    assert [breaker.failed(GONE) for _ in range(3)] == [False, False, True]


def test_failures_that_come_while_it_is_open_neither_count_nor_prolong_the_pause() -> None:
    clock = Clock()
    breaker = opened(clock)
    pause = breaker.wait
    assert not any(breaker.failed(late) for late in (LATE, GONE, GONE, GONE))
    assert breaker.wait == pause
    assert breaker.reason == LATE.reason
    breaker.try_once()
    breaker.succeeded()
    assert not breaker.failed(GONE)


def test_an_answer_that_comes_while_it_is_open_does_not_close_it() -> None:
    breaker = opened(Clock())
    breaker.succeeded()
    with pytest.raises(CircuitOpen):
        breaker.check()


def test_it_can_be_opened_without_a_failure() -> None:
    breaker = Breaker("Redis")
    breaker.open(Unavailable("Redis", "it is being connected"))
    with pytest.raises(CircuitOpen, match="it is being connected"):
        breaker.check()


def test_breakers_of_several_processes_do_not_try_at_the_same_moment() -> None:
    assert len({opened(Clock()).wait for _ in range(20)}) > 1
