"""As many rows as fit, in as much detail as fits: never more than the room, and more room never loses a row."""

from hypothesis import example, given
from hypothesis import strategies as st

from mcp_toolweaver.server.packing import pack

LADDERS = st.lists(
    st.lists(st.integers(0, 60), min_size=1, max_size=5).map(sorted), max_size=12
)  # each version costs at least as much as the one before
ROOM = st.integers(-10, 700)


def spent(ladders: list[list[int]], steps: tuple[int, ...]) -> int:
    return sum(ladder[step] for ladder, step in zip(ladders, steps, strict=False))


def test_all_rows_are_whole_where_there_is_room() -> None:
    assert pack([[10, 20], [5, 50, 60], [1]], 81) == (1, 2, 0)


def test_later_rows_lose_detail_first() -> None:
    assert pack([[10, 40], [10, 40], [10, 40]], 90) == (1, 1, 0)
    assert pack([[10, 40], [10, 40], [10, 40]], 89) == (1, 0, 0)


def test_all_rows_are_named_before_any_is_described() -> None:
    assert pack([[10, 40], [10, 40], [10, 40]], 30) == (0, 0, 0)


def test_every_row_rises_one_step_before_any_rises_two() -> None:
    assert pack([[1, 10, 30], [1, 10, 30]], 39) == (1, 1)


def test_rows_at_the_end_are_left_out_where_not_even_their_names_fit() -> None:
    assert pack([[10], [10], [10]], 29) == (0, 0)
    assert pack([[10], [30], [1]], 29) == (0,)
    assert pack([[10]], 9) == ()


def test_a_row_too_large_to_be_lifted_does_not_hold_up_the_next() -> None:
    assert pack([[1, 1_000], [1, 5]], 10) == (0, 1)


def test_a_row_is_not_lifted_where_one_before_it_waits_for_room() -> None:
    assert pack([[10, 60], [10, 60], [10, 11]], 89) == (1, 0, 0)


def test_nothing_packs_into_anything() -> None:
    assert pack([], 0) == ()


@given(LADDERS, ROOM)
def test_the_room_is_never_exceeded(ladders: list[list[int]], room: int) -> None:
    steps = pack(ladders, room)
    assert spent(ladders, steps) <= max(room, 0)
    assert all(0 <= step < len(ladder) for ladder, step in zip(ladders, steps, strict=False))


@given(LADDERS, ROOM, st.integers(0, 300))
def test_more_room_never_loses_a_row(ladders: list[list[int]], room: int, more: int) -> None:
    assert len(pack(ladders, room)) <= len(pack(ladders, room + more))


@given(LADDERS, ROOM)
def test_a_row_is_left_out_only_where_its_name_does_not_fit_beside_those_before_it(
    ladders: list[list[int]], room: int
) -> None:
    kept = len(pack(ladders, room))
    names = sum(ladder[0] for ladder in ladders[: kept + 1])
    assert kept == len(ladders) or names > room


@example([[35, 36, 36], [0, 56, 57], [0, 0, 0]], 91)
@given(st.lists(st.lists(st.integers(0, 60), min_size=3, max_size=3).map(sorted), max_size=12), ROOM)
def test_a_row_says_less_than_a_later_one_only_if_it_is_too_large_to_say_more(
    ladders: list[list[int]], room: int
) -> None:
    steps = pack(ladders, room)
    names = sum(ladder[0] for ladder, _step in zip(ladders, steps, strict=False))
    for row, (ladder, step) in enumerate(zip(ladders, steps, strict=False)):
        more = ladder[step + 1 : max(steps[row:]) + 1]
        assert all(price - ladder[0] > room - names for price in more)
