"""Callers who leave at any moment take nothing from others: no value ever answers another key."""

from __future__ import annotations

import asyncio
import math
import random

import anyio
import pytest

from mcp_toolweaver.resilience.breaker import Circuit
from mcp_toolweaver.resilience.guarded_store import GuardedStore
from tests.redis.opened import guarded_at
from tests.redis.server import redis_server

pytestmark = pytest.mark.anyio

QUESTIONS = 20_000
AT_ONCE = 1_000
KEYS = 1_000
CONNECTIONS = 10


async def test_a_storm_of_callers_who_leave_never_mixes_answers_up() -> None:
    chance = random.Random(7)
    async with redis_server() as server, guarded_at(server.url, max_connections=CONNECTIONS) as store:
        await store.set_many({key: _value(key) for key in map(_key, range(KEYS))}, ttl=3600)
        longest = await _seconds_for_all(store, chance)
        left = answered = 0
        for _ in range(QUESTIONS // AT_ONCE):
            outcomes = await asyncio.gather(*(_ask(store, chance, longest) for _ in range(AT_ONCE)))
            left += outcomes.count(False)
            answered += outcomes.count(True)
            await store.get_many([_key(0)])  # comes after what those who left have asked for
        assert left > QUESTIONS / 50
        assert answered > QUESTIONS / 50
        assert store.state is Circuit.CLOSED
        keys = [_key(number) for number in range(KEYS)]
        assert list(await store.get_many(keys)) == [_value(key) for key in keys]
        ours = [client for client in await server.ask("CLIENT LIST") if not client["cmd"].startswith("client")]
        assert 0 < len(ours) <= CONNECTIONS


async def test_a_question_whose_caller_left_is_still_answered_so_that_its_connection_stays_clean() -> None:
    async with redis_server() as server, guarded_at(server.url, max_connections=1) as store:
        await store.set_many({_key(number): _value(_key(number)) for number in range(2)}, ttl=3600)
        connections = (await server.info("stats"))["total_connections_received"]
        for _ in range(50):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(store.get_many, [_key(0)])
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                tasks.cancel_scope.cancel()
            assert list(await store.get_many([_key(1)])) == [_value(_key(1))]
        ours = (await server.info("stats"))["total_connections_received"] - connections - 1
        assert ours == 0


async def _seconds_for_all(store: GuardedStore, chance: random.Random) -> float:
    """Return how long it takes this machine to answer all who ask at once, if nobody leaves."""
    started = anyio.current_time()
    assert all(await asyncio.gather(*(_ask(store, chance, math.inf) for _ in range(AT_ONCE))))
    return anyio.current_time() - started


async def _ask(store: GuardedStore, chance: random.Random, longest: float) -> bool:
    """Ask for two keys, and leave within ``longest`` seconds; return whether the answer came before."""
    keys = [_key(chance.randrange(KEYS)) for _ in range(2)]
    with anyio.move_on_after(chance.uniform(0, longest) if math.isfinite(longest) else longest):
        assert list(await store.get_many(keys)) == [_value(key) for key in keys]
        return True
    return False


def _key(number: int) -> str:
    return f"search:{number}"


def _value(key: str) -> bytes:
    """Return a value that names its key, of another length for each."""
    return f"{key} ".encode() * (1 + len(key) + hash(key) % 50)
