"""Pauses double up to a limit and are shortened by chance."""

from mcp_toolweaver.resilience.backoff import Backoff


def test_pauses_double_up_to_the_longest_and_start_anew() -> None:
    backoff = Backoff(1, 15, chance=lambda: 1.0)
    assert [backoff.pause() for _ in range(6)] == [1, 2, 4, 8, 15, 15]
    assert backoff.pause(lasted=15) == 15
    assert backoff.pause(lasted=16) == 1
    assert backoff.pause() == 2


def test_chance_shortens_a_pause_by_half_at_most() -> None:
    assert Backoff(4, 15, chance=lambda: 0.0).pause() == 2
    pauses = {Backoff(4, 15).pause() for _ in range(50)}
    assert len(pauses) > 1
    assert all(2 <= pause <= 4 for pause in pauses)
