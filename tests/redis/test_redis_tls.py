"""TLS to Redis: only a server that proves who it is gets our password, and what is wrong is told in one line."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from mcp_toolweaver.core.errors import Unavailable
from tests.redis.certificates import Authority
from tests.redis.opened import store_at
from tests.redis.relay import Relay, relay
from tests.redis.server import SERVICE, RedisServer, redis_sentinel, redis_server

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[RedisServer]:
    async with redis_server(password="hunter2") as running:
        yield running


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
async def door(server: RedisServer, ours: Authority) -> AsyncGenerator[Relay]:
    """Where the server speaks TLS."""
    async with relay(server, ours.server_context()) as opened:
        yield opened


async def test_a_server_whose_authority_is_trusted_is_used(door: Relay, ours: Authority) -> None:
    async with store_at(f"rediss://:hunter2@127.0.0.1:{door.port}", ca_file=str(ours.file)) as store:
        await store.set_many({"search:a": b"1"}, ttl=60)
        assert list(await store.get_many(["search:a"])) == [b"1"]


async def test_a_server_of_another_authority_is_not_used(door: Relay, tmp_path: Path) -> None:
    theirs = Authority(tmp_path, "theirs")
    told = await _refusal(f"rediss://:hunter2@127.0.0.1:{door.port}", ca_file=str(theirs.file))
    assert "TLS" in told
    assert "ca_file" in told


async def test_a_server_that_the_system_does_not_trust_is_not_used(door: Relay) -> None:
    assert "ca_file" in await _refusal(f"rediss://:hunter2@127.0.0.1:{door.port}")


async def test_a_server_under_another_name_is_not_used(door: Relay, ours: Authority) -> None:
    told = await _refusal(f"rediss://:hunter2@localhost:{door.port}", ca_file=str(ours.file))
    assert "TLS" in told
    assert "localhost" in told


async def test_tls_with_a_server_that_has_none_says_so(server: RedisServer, ours: Authority) -> None:
    assert "TLS" in await _refusal(f"rediss://127.0.0.1:{server.port}", ca_file=str(ours.file))


async def test_no_tls_with_a_server_that_wants_it_says_what_to_look_at(door: Relay) -> None:
    assert "cache.redis.url" in await _refusal(f"redis://:hunter2@127.0.0.1:{door.port}")


@pytest.mark.parametrize("content", [None, "", "no certificate\n"])
async def test_a_file_of_authorities_that_holds_none_is_named(door: Relay, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert "ca_file" in await _refusal(f"rediss://127.0.0.1:{door.port}", ca_file=str(file))


async def test_a_primary_that_a_sentinel_knows_is_spoken_to_by_tls(
    server: RedisServer, door: Relay, ours: Authority
) -> None:
    async with redis_sentinel(server, known_as=door.port) as sentinel, relay(sentinel, ours.server_context()) as way:
        place = f"rediss+sentinel://:hunter2@127.0.0.1:{way.port}/{SERVICE}"
        async with store_at(place, ca_file=str(ours.file)) as store:
            await store.set_many({"search:a": b"1"}, ttl=60)
    assert door.connections > 0


async def _refusal(url: str, ca_file: str | None = None) -> str:
    """Return why a Redis cannot be used: one line, without the password."""
    with pytest.raises(Unavailable) as refused:
        async with store_at(url, ca_file=ca_file) as store:
            await store.check()
    told = refused.value.reason
    assert "\n" not in told
    assert "hunter2" not in told
    assert len(told) < 450
    return told
