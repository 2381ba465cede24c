"""Logins lie in the keyring of the system where there is one, else in files."""

from __future__ import annotations

import threading
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.logins import Place
from mcp_toolweaver.secrets.logins import KeptLogins
from tests.fakes.keyring import memory_keyring

pytestmark = pytest.mark.anyio

HERE = Place("vault", "https://vault.example/mcp")
THERE = Place("vault", "https://vault.example/other")
SECRET = "the tokens"


def everything_in(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.iterdir() if file.is_file())


def test_a_secret_goes_to_the_keyring_and_not_into_the_file(tmp_path: Path) -> None:
    store = KeptLogins(tmp_path)
    with memory_keyring() as keyring:
        store.write(HERE, SECRET)
        assert store.read(HERE) == SECRET
        assert SECRET in keyring.held.values()
        assert SECRET not in everything_in(tmp_path)
        assert list(store.places()) == [HERE]
        assert store.remove(HERE)
        assert not keyring.held
        assert store.read(HERE) is None


def test_what_the_keyring_does_not_take_goes_into_the_file(tmp_path: Path) -> None:
    store = KeptLogins(tmp_path)
    with memory_keyring(longest=5) as keyring:
        store.write(HERE, SECRET)
        assert store.read(HERE) == SECRET
        assert not keyring.held
        store.write(HERE, "short")
        assert SECRET not in everything_in(tmp_path)
        store.write(HERE, SECRET)
        assert store.read(HERE) == SECRET
        assert not keyring.held, "of two secrets the older one is not left behind"


def test_who_has_no_login_never_meets_the_keyring(tmp_path: Path) -> None:
    store = KeptLogins(tmp_path)
    with memory_keyring() as keyring:
        assert store.stamp(HERE) is None
        assert store.read(HERE) is None
        assert not store.remove(HERE)
        assert keyring.asked == 0


def test_a_locked_keyring_is_said_without_what_it_holds(tmp_path: Path) -> None:
    store = KeptLogins(tmp_path)
    with memory_keyring() as keyring:
        store.write(HERE, SECRET)
        keyring.is_locked = True
        with pytest.raises(Unavailable, match="unlock it") as refused:
            store.read(HERE)
        assert SECRET not in str(refused.value)
        assert refused.value.__cause__ is None


def test_a_keyring_that_has_gone_is_told_from_no_login(tmp_path: Path) -> None:
    store = KeptLogins(tmp_path)
    with memory_keyring():
        store.write(HERE, SECRET)
    with pytest.raises(Unavailable, match="log in again"):
        store.read(HERE)


def test_each_place_has_a_secret_of_its_own_and_each_change_is_seen(tmp_path: Path) -> None:
    store = KeptLogins(tmp_path, keyring=False)
    store.write(HERE, "one")
    store.write(THERE, "two")
    assert (store.read(HERE), store.read(THERE)) == ("one", "two")
    before = store.stamp(HERE)
    store.write(HERE, "one")
    assert store.stamp(HERE) != before


async def test_one_has_the_turn_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []

    async def take(store: KeptLogins, name: str) -> None:
        async with store.turn(HERE):
            order.append(f"{name} in")
            await anyio.sleep(0.02)
            order.append(f"{name} out")

    async with anyio.create_task_group() as tasks:
        for name in ("a", "b", "c"):
            tasks.start_soon(take, KeptLogins(tmp_path), name)
    assert [entry.split()[0] for entry in order[::2]] == [entry.split()[0] for entry in order[1::2]]
    assert len(order) == 6


def test_readers_see_whole_secrets_while_another_writes(tmp_path: Path) -> None:
    store = KeptLogins(tmp_path, keyring=False)
    store.write(HERE, "x" * 10_000)
    is_done = threading.Event()

    def write() -> None:
        for number in range(50):
            store.write(HERE, str(number % 10) * 10_000)
        is_done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not is_done.is_set():
        found = store.read(HERE)
        assert found is not None
        assert len(set(found)) == 1
        assert len(found) == 10_000
    writer.join()
