"""A standby index keeps the promises of `ToolIndex`, whatever happens to its store meanwhile."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
import pytest

from mcp_toolweaver.core.errors import InUse, Unavailable
from mcp_toolweaver.resilience.standing import StoreState
from tests.contracts.tool_index import TOOL_INDEX_CONTRACT, Promise
from tests.fakes.meddled_index import MeddledIndex
from tests.unit.resilience.standing_by import Stand

pytestmark = pytest.mark.anyio

Meddling: TypeAlias = Callable[[int], Awaitable[None]]
REFUSED = Unavailable("store", "connection refused")


def name_of(value: object) -> str:
    return getattr(value, "__name__", repr(value))


async def nothing(_change: int) -> None:
    return None


async def never_there(stand: Stand) -> Meddling:
    stand.store.refusal = REFUSED
    return nothing


async def in_use(stand: Stand) -> Meddling:
    stand.store.refusal = InUse("store", "another process has it")
    return nothing


async def there_before(stand: Stand) -> Meddling:
    await stand.becomes(StoreState.IN_STEP)
    return nothing


async def there_before_and_awaited(stand: Stand) -> Meddling:
    await stand.becomes(StoreState.IN_STEP)

    async def meddle(_change: int) -> None:
        await stand.becomes(StoreState.IN_STEP)

    return meddle


async def there_later(stand: Stand) -> Meddling:
    stand.store.gate = gate = anyio.Event()

    async def meddle(_change: int) -> None:
        gate.set()
        await anyio.lowlevel.checkpoint()

    return meddle


async def unable_to_write(stand: Stand) -> Meddling:
    stand.store.index.failure_of_changes = REFUSED
    return nothing


async def dying_after_the_first_change(stand: Stand) -> Meddling:
    async def meddle(_change: int) -> None:
        stand.store.index.failure = REFUSED

    return meddle


async def dying_and_back_by_turns(stand: Stand) -> Meddling:
    async def meddle(change: int) -> None:
        if change % 2:
            stand.store.refusal = stand.store.index.failure = None
            await stand.becomes(StoreState.IN_STEP)
        else:
            stand.store.refusal = stand.store.index.failure = REFUSED

    return meddle


async def tearing_every_second_change(stand: Stand) -> Meddling:
    async def meddle(change: int) -> None:
        stand.store.index.tears = change % 2 == 0
        stand.store.index.failure_of_changes = None if change % 2 else REFUSED
        if change % 2:
            await stand.becomes(StoreState.IN_STEP)

    return meddle


FATES = (
    never_there,
    in_use,
    there_before,
    there_before_and_awaited,
    there_later,
    unable_to_write,
    dying_after_the_first_change,
    dying_and_back_by_turns,
    tearing_every_second_change,
)


@pytest.mark.parametrize("promise", TOOL_INDEX_CONTRACT, ids=name_of)
@pytest.mark.parametrize("keep_memory", [True, False], ids=["kept", "let go"])
@pytest.mark.parametrize("fate", FATES, ids=name_of)
async def test_a_standby_index_keeps_its_promise(
    fate: Callable[[Stand], Awaitable[Meddling]], promise: Promise, *, keep_memory: bool
) -> None:
    stand = Stand(keep_memory=keep_memory)
    async with stand.running() as index:
        await promise(MeddledIndex(index, await fate(stand)))
