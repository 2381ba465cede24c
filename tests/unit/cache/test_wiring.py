"""Without Redis the caches are memory over a file, sealed by a secret that all processes of a user share."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_toolweaver.cache.counters import MISSES, STORED, total
from mcp_toolweaver.caches import COUNTERS, FILE, open_cache_file, open_caches, seal_of
from mcp_toolweaver.config import Settings

pytestmark = pytest.mark.anyio


def settings(folder: Path, **cache: Any) -> Settings:
    return Settings.model_validate({"data_dir": folder / "data", "cache_dir": folder / "cache", "cache": cache})


async def test_a_value_outlives_the_process_and_is_found_in_the_file(tmp_path: Path) -> None:
    async with open_caches(settings(tmp_path)) as caches:
        await caches.whole.set_many({"search:a": b"1"}, ttl=60)
        assert await caches.whole.get_many(["search:a"]) == [b"1"]
        assert caches.counters.counts == {"search": {STORED: 1, "memory": 1}}
    async with open_caches(settings(tmp_path)) as caches:
        assert await caches.whole.get_many(["search:a", "search:x"]) == [b"1", None]
        assert await caches.whole.get_many(["search:a"]) == [b"1"]
        assert caches.counters.counts == {"search": {"file": 1, "memory": 1, MISSES: 1}}


async def test_what_is_kept_for_long_is_not_held_in_memory(tmp_path: Path) -> None:
    async with open_caches(settings(tmp_path)) as caches:
        await caches.lasting.set_many({"embeddings:a": b"1"}, ttl=60)
        assert len(caches.memory) == 0
        assert await caches.lasting.get_many(["embeddings:a"]) == [b"1"]
        assert await caches.whole.get_many(["embeddings:a"]) == [b"1"]
        assert len(caches.memory) == 1


async def test_without_redis_nothing_is_shared(tmp_path: Path) -> None:
    async with open_caches(settings(tmp_path)) as caches:
        assert caches.redis is None
        assert caches.shared is None


async def test_memory_is_as_large_as_the_settings_say(tmp_path: Path) -> None:
    async with open_caches(settings(tmp_path, memory_entries=2, memory_mb=1)) as caches:
        await caches.whole.set_many({f"search:{number}": b"1" for number in range(5)}, ttl=60)
        assert len(caches.memory) == 2
        await caches.whole.set_many({"search:large": bytes(2**20)}, ttl=60)
        assert len(caches.memory) == 2
        assert await caches.whole.get_many(["search:0", "search:large"]) == [b"1", bytes(2**20)]


async def test_what_lies_in_the_file_is_sealed(tmp_path: Path) -> None:
    async with open_caches(settings(tmp_path)) as caches:
        await caches.whole.set_many({"search:a": b"a clear value"}, ttl=60)
    async with open_cache_file(settings(tmp_path)) as file:
        (sealed,) = await file.get_many(["search:a"])
        assert sealed is not None
        opened = seal_of(settings(tmp_path)).open("search:a", sealed)
        assert opened is not None
        assert opened.value == b"a clear value"
        await file.set_many({"search:a": b"planted"}, ttl=60)
    async with open_caches(settings(tmp_path)) as caches:
        assert await caches.whole.get_many(["search:a"]) == [None]


async def test_with_another_secret_the_file_holds_nothing(tmp_path: Path) -> None:
    async with open_caches(settings(tmp_path, secret="one")) as caches:
        await caches.whole.set_many({"search:a": b"1"}, ttl=60)
    async with open_caches(settings(tmp_path, secret="two")) as caches:
        assert await caches.whole.get_many(["search:a"]) == [None]


async def test_what_was_counted_outlives_each_process(tmp_path: Path) -> None:
    for _ in range(2):
        async with open_caches(settings(tmp_path)) as caches:
            await caches.whole.get_many(["search:x"])
    async with open_cache_file(settings(tmp_path)) as file:
        many = await file.values(COUNTERS)
    assert [json.loads(counted) for counted in many] == [{"search": {MISSES: 1}}] * 2
    assert total(many).counts == {"search": {MISSES: 2}}


async def test_account_is_kept_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_toolweaver.caches._COUNTED_EACH", 0.001)
    async with open_caches(settings(tmp_path)) as caches, open_cache_file(settings(tmp_path)) as file:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(caches.run)
                await caches.whole.get_many(["search:x"])
                while not await file.values(COUNTERS):
                    await anyio.sleep(0.005)
                tasks.cancel_scope.cancel()


async def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("data", "cache"):
        (tmp_path / name).write_bytes(b"in the way")
    with caplog.at_level(logging.WARNING):
        async with open_caches(settings(tmp_path)) as caches:
            await caches.whole.set_many({"search:a": b"1"}, ttl=60)
            assert await caches.lasting.get_many(["search:a"]) == [b"1"]
    assert "good for this process only" in caplog.text
    assert not (tmp_path / "cache" / FILE).exists()


def test_all_processes_of_a_user_have_one_seal(tmp_path: Path) -> None:
    sealed = seal_of(settings(tmp_path)).close("search:a", b"1", 60)
    assert seal_of(settings(tmp_path)).open("search:a", sealed) is not None
    assert seal_of(settings(tmp_path / "other")).open("search:a", sealed) is None
    (kept,) = (tmp_path / "data").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_secret_of_the_settings_counts_before_any_password(tmp_path: Path) -> None:
    by_url = {"url": "redis://user:in-url@localhost"}
    names = [
        seal_of(settings(tmp_path, **given)).name
        for given in (
            {"secret": "s", "redis": {"password": "p", **by_url}},
            {"secret": "s"},
            {"redis": {"password": "p", **by_url}},
            {"redis": {"password": "p"}},
            {"redis": by_url},
            {"redis": {"password": "in-url"}},
        )
    ]
    assert names[0] == names[1]
    assert names[2] == names[3]
    assert names[4] == names[5]
    assert len(set(names)) == 3
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("url", ["redis://localhost", "redis://user@localhost", "redis://[localhost", "unix:///tmp/x"])
def test_without_a_password_the_secret_is_our_own(tmp_path: Path, url: str) -> None:
    assert seal_of(settings(tmp_path, redis={"url": url})).name == seal_of(settings(tmp_path)).name


def test_where_no_secret_can_be_kept_each_seal_is_of_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cache-secret").write_bytes(b"\xff\xfe")
    assert seal_of(settings(tmp_path)).name != seal_of(settings(tmp_path)).name
    assert "no secret can be kept" in caplog.text
