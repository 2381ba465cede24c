"""The last listing of each source is known before any source is opened."""

import json
from typing import Any

import anyio
import pytest

from mcp_toolweaver.catalog.listing import Listing
from mcp_toolweaver.catalog.listings import Listings, listing_key
from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.core.tools import Tool
from tests.unit.catalog.scripted import EAGER, MemoryCache, Plugin, catalog_of, running, status_of, tool, until_snapshot

pytestmark = pytest.mark.anyio


async def listed_once(plugin: Plugin, cache: MemoryCache, **configured: Any) -> None:
    """Run a catalog until it has listed its source and kept the listing."""
    catalog = catalog_of({"s": plugin}, cache=cache, **configured)
    async with running(catalog):
        await catalog.wait_settled()
        await catalog.refresh()
    assert cache.values


async def restored(cache: MemoryCache, **configured: Any) -> list[str]:
    """Return the tools that a new catalog knows before it runs."""
    catalog = catalog_of({"s": Plugin()}, cache=cache, **configured)
    await catalog.restore()
    return [str(each) for each in catalog.snapshot.tools]


async def test_tools_of_the_last_run_are_there_before_any_source_is_opened() -> None:
    cache, plugin = MemoryCache(), Plugin(tool("s", "t", "does it"), tool("s", "u"))
    await listed_once(plugin, cache)
    never_opened = Plugin()
    catalog = catalog_of({"s": never_opened}, cache=cache)
    await catalog.restore()
    assert list(catalog.snapshot.tools.values()) == list(plugin.tools)
    assert (never_opened.attempts, catalog.is_known) == (0, True)
    assert (status_of(catalog, "s").state, status_of(catalog, "s").tools) == (SourceState.IDLE, 2)


async def test_a_source_that_was_never_listed_is_not_known() -> None:
    catalog = catalog_of({"s": Plugin()})
    await catalog.restore()
    assert not catalog.is_known


async def test_an_empty_listing_is_a_listing() -> None:
    cache = MemoryCache()
    await listed_once(Plugin(), cache)
    catalog = catalog_of({"s": Plugin()}, cache=cache)
    await catalog.restore()
    assert catalog.is_known


async def test_a_new_listing_takes_the_place_of_the_restored_one() -> None:
    cache = MemoryCache()
    await listed_once(Plugin(tool("s", "old")), cache)
    await_gate = anyio.Event()
    plugin = Plugin(tool("s", "new"))
    plugin.gate = await_gate
    catalog = catalog_of({"s": plugin}, cache=cache, policy=EAGER)
    async with running(catalog):
        assert [str(each) for each in catalog.snapshot.tools] == ["s::old"]
        await_gate.set()
        await until_snapshot(catalog, "s::new")
    assert await restored(cache) == ["s::new"]


async def test_without_news_there_is_no_new_snapshot_and_nothing_is_kept_again() -> None:
    cache = MemoryCache()
    catalog = catalog_of({"s": Plugin(tool("s", "t"))}, cache=cache)
    async with running(catalog):
        await catalog.wait_settled()
        snapshot = await catalog.refresh()
        cache.values.clear()
        assert await catalog.refresh() is snapshot
        with anyio.move_on_after(0.05) as waiting:
            await catalog.wait_changed()
        assert waiting.cancelled_caught
    assert cache.values == {}


async def test_changed_options_are_another_listing() -> None:
    cache = MemoryCache()
    await listed_once(Plugin(tool("s", "t")), cache, options={"url": "https://a", "headers": {"K": "1"}})
    assert await restored(cache, options={"headers": {"K": "1"}, "url": "https://a"}) == ["s::t"]
    assert await restored(cache, options={"url": "https://b", "headers": {"K": "1"}}) == []
    assert await restored(cache, options={"url": "https://a", "headers": {"K": "2"}}) == []


def test_keys_of_listings_tell_sources_apart_and_hold_no_secret() -> None:
    keys = {
        listing_key("a", "k", {}),
        listing_key("b", "k", {}),
        listing_key("a", "l", {}),
        listing_key("a", "k", {"token": "hunter2"}),
    }
    assert len(keys) == 4
    assert not any("hunter2" in key for key in keys)


async def test_everything_about_a_tool_survives_the_cache() -> None:
    definition = {
        "name": "créer",
        "title": "Créer",
        "description": "Crée, 作る",
        "inputSchema": {"type": "object", "properties": {"a": {"enum": [1, None, "x"]}}, "required": ["a"]},
        "outputSchema": {"type": "object"},
        "annotations": {"readOnlyHint": True},
        "_meta": {"k": [1.5]},
    }
    one = Tool.from_definition("sé", definition, domain="d", server_description="über", is_callable=False)
    listings = Listings(MemoryCache())
    listing = Listing.of([one], 1.5e9, ["tool 'x' is left out"])
    await listings.set("key", listing)
    kept = await listings.get("key")
    assert kept is not None
    assert kept == listing
    assert [each.digest for each in kept.tools] == [one.digest]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"not JSON",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"5",
        b"{}",
        b'{"format": 1}',
        b'{"format": 1, "tools": null}',
        b'{"format": 1, "tools": 5}',
        b'{"format": 1, "tools": ["text"]}',
        b'{"format": 1, "tools": [null]}',
        b'{"format": 1, "tools": [{}]}',
        b'{"format": 1, "tools": [{"server": "s"}]}',
        b'{"format": 1, "tools": [{"server": "s", "definition": 5}]}',
        b'{"format": 1, "tools": [{"server": "s", "definition": {"name": ""}}]}',
        b'{"format": 1, "tools": [{"server": "s", "definition": {"name": "t"}, "surprise": 1}]}',
        b'{"format": 1, "tools": [{"server": 5, "definition": {"name": "t"}}]}',
        b'{"format": 1, "tools": [{"server": "s", "definition": {"name": "t"}, "domain": 5}]}',
        b'{"format": 99, "tools": []}',
        b'{"format": 2, "tools": [], "made_at": null}',
        b'{"format": 2, "tools": [], "problems": [5]}',
        b'{"format": 1, "tools": [' + b'{"server": "s", "definition": {"name": "t"}}, ' * 3,
        b"[" * 100_000,
    ],
)
async def test_a_cached_listing_that_is_corrupt_is_none(value: bytes) -> None:
    cache = MemoryCache()
    await listed_once(Plugin(tool("s", "t")), cache)
    cache.values = dict.fromkeys(cache.values, value)
    catalog = catalog_of({"s": Plugin(tool("s", "fresh"))}, cache=cache)
    async with running(catalog):
        assert len(catalog.snapshot) == 0
        await until_snapshot(catalog, "s::fresh")


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\x1b", "\U000e0041"])
async def test_a_cached_listing_with_hidden_characters_is_none(hidden: str, escaped: bool) -> None:  # noqa: FBT001
    """Listings are kept as they were mended; one with such characters is not what was kept."""
    cache = MemoryCache()
    listings = Listings(cache)
    await listings.set("key", Listing.of([tool("s", "t", "visible, and a \\\\user\\\\name")]))
    assert await listings.get("key")
    kept = json.loads(cache.values["key"])
    kept["tools"][0]["definition"]["description"] = f"in{hidden}visible"
    cache.values["key"] = json.dumps(kept, ensure_ascii=escaped).encode()
    assert await listings.get("key") is None
