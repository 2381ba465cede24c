"""What tools are called is learned once a catalog, beside everything else, and is never that of an older one."""

import threading

import anyio
import pytest

from mcp_toolweaver.search.names import CurrentNames, NameIndex
from tests.fakes.catalog import FakeCatalog
from tests.fakes.held_snapshot import HeldSnapshot
from tests.fakes.tools import make_tool

pytestmark = pytest.mark.anyio

READ, WRITE = make_tool("read_file"), make_tool("write_file")


@pytest.fixture
def held() -> HeldSnapshot:
    return HeldSnapshot([READ])


@pytest.fixture
def catalog(held: HeldSnapshot) -> FakeCatalog:
    catalog = FakeCatalog()
    catalog.snapshot = held
    return catalog


async def test_the_tools_of_the_catalog_are_known_by_name() -> None:
    names = await CurrentNames(FakeCatalog([READ])).get()
    assert names.find("read_file").tools == (READ,)


async def test_a_catalog_is_learned_once() -> None:
    names = CurrentNames(FakeCatalog([READ]))
    assert await names.get() is await names.get()


async def test_a_changed_catalog_is_learned_anew() -> None:
    catalog = FakeCatalog([READ])
    names = CurrentNames(catalog)
    await names.get()
    catalog.snapshot = FakeCatalog([WRITE]).snapshot
    changed = await names.get()
    assert changed.find("write_file").tools == (WRITE,)
    assert changed.find("read_file").tools == ()


async def test_requests_at_the_same_time_share_what_one_of_them_learns(
    catalog: FakeCatalog, held: HeldSnapshot
) -> None:
    names = CurrentNames(catalog)
    learned: list[NameIndex] = []

    async def ask() -> None:
        learned.append(await names.get())

    async with anyio.create_task_group() as tasks:
        for _request in range(5):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        held.released.set()
    assert len(learned) == 5
    assert all(each is learned[0] for each in learned)


async def test_nothing_waits_while_names_are_learned(catalog: FakeCatalog, held: HeldSnapshot) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(CurrentNames(catalog).get)
        await anyio.wait_all_tasks_blocked()
        held.released.set()
    assert held.reader not in {None, threading.get_ident()}


async def test_who_asks_after_a_change_gets_the_new_names_even_while_the_old_ones_are_learned(
    catalog: FakeCatalog, held: HeldSnapshot
) -> None:
    names = CurrentNames(catalog)
    learned: dict[str, NameIndex] = {}

    async def ask(when: str) -> None:
        learned[when] = await names.get()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "before")
        await anyio.wait_all_tasks_blocked()
        catalog.snapshot = FakeCatalog([WRITE]).snapshot
        tasks.start_soon(ask, "after")
        await anyio.wait_all_tasks_blocked()
        held.released.set()
    assert learned["before"].find("read_file").tools == (READ,)
    assert learned["after"].find("write_file").tools == (WRITE,)
    assert await names.get() is learned["after"]


async def test_a_request_that_gives_up_keeps_nobody_from_learning(catalog: FakeCatalog, held: HeldSnapshot) -> None:
    names = CurrentNames(catalog)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(names.get)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    held.released.set()
    assert (await names.get()).find("read_file").tools == (READ,)
