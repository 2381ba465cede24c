"""A batch is as large as is fast, and as the device has memory for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.embeddings.torch_runtime.batches import CPU, GPU, Batches, Limits

FULL = 1024


def taken(batches: Batches, longest: int = FULL) -> int:
    return batches.take(longest, 1_000_000)


def run(batches: Batches, seconds: float, longest: int = FULL) -> int:
    count = taken(batches, longest)
    batches.took(count, longest, seconds)
    return count


def test_a_gpu_that_is_not_full_gets_twice_as_much_each_time_up_to_the_bound() -> None:
    batches = Batches(GPU, FULL)
    assert [run(batches, seconds=0.01) for _ in range(6)] == [128, 256, 512, 1024, 1024, 1024]


def test_a_gpu_that_gets_no_faster_goes_back_to_the_smaller_batch() -> None:
    batches = Batches(GPU, FULL)
    sizes: list[int] = []
    for _ in range(5):
        size = taken(batches)
        sizes.append(run(batches, seconds=max(0.01, size / 25_600)))  # full with 256 texts
    assert sizes == [128, 256, 512, 256, 256]


def test_batches_of_short_texts_have_more_of_them_so_that_they_are_no_less_work() -> None:
    batches = Batches(GPU, FULL)
    assert [batches.take(longest, 1_000_000) for longest in (FULL, FULL // 2, FULL // 4, 1)] == [128, 256, 512, 1024]


def test_texts_that_get_shorter_are_not_taken_for_a_faster_device() -> None:
    batches = Batches(GPU, FULL)
    run(batches, seconds=0.01)
    run(batches, seconds=0.02)
    assert run(batches, seconds=0.01, longest=FULL // 2) == 256
    assert taken(batches) == 128


def test_a_batch_for_want_of_texts_says_nothing_about_the_device() -> None:
    batches = Batches(GPU, FULL)
    batches.took(batches.take(FULL, 20), FULL, 0.000_1)
    assert taken(batches) == 128


def test_the_cpu_gets_eight_long_texts_or_up_to_32_short_ones_always() -> None:
    batches = Batches(CPU, FULL)
    assert [run(batches, 0.01, longest) for longest in (FULL, FULL // 2, 20, 1, FULL)] == [8, 16, 32, 32, 8]


def test_out_of_memory_halves_what_did_not_fit_until_nothing_is_left_to_try_and_starts_anew() -> None:
    batches = Batches(GPU, FULL)
    sizes = [128]
    while batches.ran_out(sizes[-1], FULL):
        sizes.append(taken(batches))
    assert sizes == [128, 64, 32, 16, 8, 4, 2, 1]
    assert taken(batches) == 128


def test_few_texts_that_do_not_fit_are_halved_themselves() -> None:
    batches = Batches(GPU, FULL)
    count = batches.take(100, 10)
    assert batches.ran_out(count, 100)
    assert batches.take(100, 10) == 5


def test_a_device_that_ran_out_of_memory_does_not_get_as_much_again_soon() -> None:
    batches = Batches(GPU, FULL)
    batches.ran_out(128, FULL)
    assert {run(batches, seconds=0.01) for _ in range(90)} == {64}
    assert max(run(batches, seconds=0.01) for _ in range(1000)) == 1024


lengths = st.integers(1, FULL)
steps = st.lists(st.tuples(lengths, st.integers(1, 5000), st.floats(0, 10), st.booleans()), max_size=60)
sizes = st.integers(1, 3000)


def limited(start: int, most: int, texts: int) -> Limits:
    return Limits(min(start, most), most, texts)


limits = st.builds(limited, sizes, sizes, sizes)


@given(limits, steps)
def test_a_batch_is_never_empty_nor_above_the_bound_whatever_happened(
    limits: Limits, steps: list[tuple[int, int, float, bool]]
) -> None:
    batches = Batches(limits, FULL)
    for longest, left, seconds, is_full in steps:
        count = batches.take(longest, left)
        assert 1 <= count <= min(limits.texts, left)
        assert count == 1 or count * longest <= limits.most * FULL
        if is_full:
            batches.ran_out(count, longest)
        else:
            batches.took(count, longest, seconds)


@given(limits, lengths, st.integers(1, 5000), steps)
def test_running_out_of_memory_ends(
    limits: Limits, longest: int, left: int, before: list[tuple[int, int, float, bool]]
) -> None:
    batches = Batches(limits, FULL)
    for length, some, seconds, _ in before:
        batches.took(batches.take(length, some), length, seconds)
    sizes = [batches.take(longest, left)]
    while batches.ran_out(sizes[-1], longest):
        sizes.append(batches.take(longest, left))
    assert sizes[-1] == 1
    assert sizes[1:] == [size // 2 for size in sizes[:-1]]


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_clock_that_stands_still_does_no_harm(seconds: float) -> None:
    batches = Batches(GPU, FULL)
    assert [run(batches, seconds) for _ in range(5)] == [128, 256, 512, 1024, 1024]
