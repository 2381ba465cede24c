"""Many sources at once: they take turns to be opened, and none that is slow, hangs or fails holds up the others."""

from __future__ import annotations

import anyio
import pytest

from mcp_toolweaver.catalog.turns import Turns
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.status import SourceState
from tests.unit.catalog.scripted import Plugin, catalog_of, found, running, status_of, tool, until

pytestmark = pytest.mark.anyio


async def test_of_a_hundred_sources_the_slowest_is_waited_for_once_and_those_that_fail_cost_nothing() -> None:
    plugins = {f"s{number}": Plugin(tool(f"s{number}", "t")) for number in range(100)}
    gates = {name: anyio.Event() for name in list(plugins)[:3]}
    for name, gate in gates.items():
        plugins[name].gate = gate
    for name in list(plugins)[3:13]:
        plugins[name].refusals = [Unavailable(name, "is broken")] * 100
    catalog = catalog_of(plugins)
    async with running(catalog):
        await until(lambda: len(catalog.snapshot) == 87 or catalog.statuses[-1].state is SourceState.READY)
        await until(lambda: sum(status.state is SourceState.READY for status in catalog.statuses) == 87)
        assert sum(status.state is SourceState.FAILED for status in catalog.statuses) == 10
        assert all(status_of(catalog, name).state is SourceState.CONNECTING for name in gates)
        for gate in gates.values():
            gate.set()
        await catalog.wait_settled()
        assert len(await catalog.refresh()) == 90
        timing = status_of(catalog, "s0").timing
        assert timing is not None
        assert timing.connecting > status_of(catalog, "s99").timing.connecting  # type: ignore[union-attr]


async def test_it_is_known_how_long_a_source_took_that_failed() -> None:
    broken = Plugin(tool("a", "t"))
    broken.refusals = [Unavailable("a", "is broken")]
    catalog = catalog_of({"a": broken})
    async with running(catalog):
        await until(lambda: status_of(catalog, "a").state is SourceState.FAILED)
        assert (status := status_of(catalog, "a")).timing is not None
        assert (status.timing.listing, status.seconds) == (0, None)


async def test_no_more_are_opened_at_once_than_there_are_turns() -> None:
    turns, begun = Turns(most=2, longest=1e6), list[int]()
    held = []

    async def one(number: int) -> None:
        held.append(await turns.take())
        begun.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(4):
            tasks.start_soon(one, number)
        await anyio.wait_all_tasks_blocked()
        assert len(begun) == 2
        held[0].end()
        await until(lambda: len(begun) == 3)
        await anyio.wait_all_tasks_blocked()
        assert len(begun) == 3
        held[1].end()
        await until(lambda: len(begun) == 4)
    assert sorted(begun) == [0, 1, 2, 3]


async def test_who_hangs_in_its_turn_is_waited_for_only_so_long() -> None:
    turns = Turns(most=1, longest=0.01)
    for _ in range(5):
        with anyio.fail_after(60):
            await turns.take()


async def test_a_source_that_somebody_waits_for_needs_no_turn() -> None:
    turns = Turns(most=1, longest=1e6)
    await turns.take()
    with anyio.fail_after(60):
        await turns.take(at_once=True)


async def test_a_wait_for_a_turn_that_is_given_up_leaves_the_turns_as_they_are() -> None:
    turns = Turns(most=1, longest=1e6)
    first = await turns.take()
    with anyio.move_on_after(0.01) as gave_up:
        await turns.take()
    assert gave_up.cancelled_caught
    first.end()
    with anyio.fail_after(60):
        await turns.take()


async def test_a_call_finds_what_is_open_while_others_are_being_opened() -> None:
    slow, quick = Plugin(tool("slow", "t")), Plugin(tool("quick", "t"))
    slow.gate = anyio.Event()
    catalog = catalog_of({"slow": slow, "quick": quick})
    async with running(catalog):
        await until(lambda: status_of(catalog, "quick").state is SourceState.READY)
        await catalog.refresh()
        assert not (await catalog.call(found(catalog, "quick", "t"), {})).is_error
