"""A listing that another process left is there for everybody, each definition once; what was meddled with is none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.catalog.listing import Listing
from mcp_toolweaver.catalog.shared_listings import SharedListings
from mcp_toolweaver.core.definition import MalformedTool
from mcp_toolweaver.core.tools import Tool
from tests.fakes.cache import FakeCache
from tests.unit.catalog.scripted import tool

pytestmark = pytest.mark.anyio

KEY = "catalog:5eed"
TOOLS = [tool("s", "read", "Reads."), tool("s", "write", "Writes."), tool("s", "send", "Sends.")]


class WrittenCache(FakeCache):
    """Remembers the keys of each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[list[str]] = []

    async def set_many(self, values: Mapping[str, bytes], *, ttl: float) -> None:
        self.writes.append(list(values))
        await super().set_many(values, ttl=ttl)

    @property
    def definitions(self) -> set[str]:
        return {key for key in self.values if key.startswith("definitions:")}


def shared(cache: FakeCache) -> SharedListings:
    return SharedListings(cache, lifetime=60.0, definitions_lifetime=3600.0, wait_ready=anyio.lowlevel.checkpoint)


async def listed(*tools: Tool) -> WrittenCache:
    """Return a cache in which these tools were listed."""
    cache = WrittenCache()
    await shared(cache).set(KEY, Listing.of(tools))
    return cache


async def kept(cache: FakeCache, key: str = KEY) -> list[Tool] | None:
    """Return the tools of the listing that is kept, if there is one."""
    listing = await shared(cache).get(key)
    return None if listing is None else list(listing.tools)


def meddle(cache: FakeCache, change: Callable[[Any], None]) -> None:
    """Change the listing as it lies in the cache."""
    listing = json.loads(cache.values[KEY])
    change(listing)
    cache.values[KEY] = json.dumps(listing).encode()


def plant(cache: FakeCache, definition: bytes) -> None:
    """Put another definition in the place of the first one, under a digest that fits it."""
    digest = hashlib.sha256(definition).hexdigest()
    cache.values[f"definitions:{digest}"] = definition

    def point(listing: Any) -> None:
        listing["tools"][0][1] = digest

    meddle(cache, point)


async def test_everything_about_a_tool_comes_back() -> None:
    definition = {
        "name": "créer",
        "title": "Créer",
        "description": "Crée, 作る\n\tC:\\users\\bob",
        "inputSchema": {"type": "object", "properties": {"a": {"enum": [1, None, "x"]}}, "required": ["a"]},
        "annotations": {"readOnlyHint": True},
        "_meta": {"k": [1.5]},
    }
    one = Tool.from_definition("sé", definition, domain="d", server_description="über", is_callable=False)
    cache = await listed(one, *TOOLS)
    again = await kept(cache)
    assert again == [one, *TOOLS]
    assert [each.digest for each in again or ()] == [each.digest for each in (one, *TOOLS)]


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.strip)


@given(st.lists(st.tuples(names, st.text(max_size=20)), max_size=4))
def test_any_tools_come_back_as_they_were_listed(described: list[tuple[str, str]]) -> None:
    async def there_and_back() -> None:
        tools: list[Tool] = []
        for name, description in described:
            with suppress(MalformedTool):
                tools.append(tool("s", name, description))
        assert await kept(await listed(*tools)) == tools

    anyio.run(there_and_back)


async def test_an_empty_listing_is_one_and_a_source_that_nobody_listed_has_none() -> None:
    cache = await listed()
    assert await kept(cache) == []
    assert await kept(cache, "catalog:another") is None


async def test_a_listing_and_its_definitions_have_lifetimes_of_their_own() -> None:
    cache = await listed(*TOOLS)
    assert cache.lifetimes.pop(KEY) == 60.0
    assert set(cache.lifetimes) == cache.definitions
    assert set(cache.lifetimes.values()) == {3600.0}


async def test_definitions_are_there_before_the_listing_that_names_them() -> None:
    cache = await listed(*TOOLS)
    assert cache.writes[-1] == [KEY]
    assert set(cache.writes[0]) == cache.definitions


async def test_a_tool_that_changed_is_one_more_definition() -> None:
    cache = await listed(*TOOLS)
    before = cache.definitions
    changed = [TOOLS[0], tool("s", "write", "Writes, now with more words."), TOOLS[2]]
    await shared(cache).set(KEY, Listing.of(changed))
    assert len(cache.definitions - before) == 1
    assert await kept(cache) == changed


async def test_servers_that_list_the_same_tool_share_its_definition() -> None:
    cache = await listed(*TOOLS)
    before = cache.definitions
    others = [tool("other", each.id.name, each.description) for each in TOOLS]
    await shared(cache).set("catalog:other", Listing.of(others))
    assert cache.definitions == before
    assert await kept(cache, "catalog:other") == others
    assert await kept(cache) == TOOLS


async def test_a_listing_of_which_a_definition_is_gone_is_none() -> None:
    for number in range(len(TOOLS)):
        cache = await listed(*TOOLS)
        del cache.values[sorted(cache.definitions)[number]]
        assert await kept(cache) is None


async def test_a_definition_that_does_not_fit_its_digest_is_none() -> None:
    cache = await listed(*TOOLS)
    first, second = sorted(cache.definitions)[:2]
    cache.values[first] = cache.values[second]
    assert await kept(cache) is None


async def test_a_definition_under_a_digest_that_fits_is_taken() -> None:
    """This is what makes the other tests of planted definitions say something."""
    cache = await listed(*TOOLS)
    plant(cache, b'{"name": "planted"}')
    again = await kept(cache)
    assert again is not None
    assert again[0].id.name == "planted"


@pytest.mark.parametrize(
    "definition",
    [b"", b"null", b"5", b"[]", b"{}", b'{"name": 5}', b'{"name": null}', b"\xff\xfe", b"{", b"[" * 100_000],
)
async def test_a_definition_that_is_none_makes_the_listing_none(definition: bytes) -> None:
    cache = await listed(*TOOLS)
    plant(cache, definition)
    assert await kept(cache) is None


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\x1b", "\x08", "\x0c", "\x00", "\U000e0041", "\ud800"])
async def test_hidden_characters_in_a_planted_value_make_it_none(hidden: str, escaped: bool) -> None:  # noqa: FBT001
    planted = {"name": "read", "description": f"in{hidden}visible"}
    cache = await listed(*TOOLS)
    plant(cache, json.dumps(planted, ensure_ascii=escaped).encode(errors="surrogatepass"))
    assert await kept(cache) is None

    def hide(listing: Any) -> None:
        listing["tools"][0][0]["server_description"] = f"in{hidden}visible"

    cache = await listed(*TOOLS)
    meddle(cache, hide)
    assert await kept(cache) is None


async def test_a_backslash_before_a_letter_is_no_hidden_character() -> None:
    one = tool("s", "t", "C:\\users\\bob\\font \\\\u0041 \\\\\\b")
    assert await kept(await listed(one)) == [one]


@pytest.mark.parametrize(
    "value",
    [
        b"not JSON",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"5",
        b'"text"',
        b"{}",
        b'{"format": 1}',
        b'{"format": 1, "tools": null}',
        b'{"format": 1, "tools": 5}',
        b'{"format": 1, "tools": "ab"}',
        b'{"format": 1, "tools": [null]}',
        b'{"format": 1, "tools": [[{}]]}',
        b'{"format": 1, "tools": [[{}, "0"]]}',
        b'{"format": 1, "tools": [[{}, null]]}',
        b'{"format": 1, "tools": [[{}, "0", 1]]}',
        b'{"format": 3, "tools": []}',
        b'{"format": 2, "tools": [], "made_at": "yesterday"}',
        b'{"format": 2, "tools": [], "problems": 5}',
        b'{"format": "1", "tools": []}',
        b"[" * 100_000,
    ],
)
async def test_a_listing_that_is_garbage_or_of_another_format_is_none(value: bytes) -> None:
    cache = await listed(*TOOLS)
    cache.values[KEY] = value
    assert await kept(cache) is None


@pytest.mark.parametrize(
    ("part", "value"),
    [("server", 5), ("server", None), ("domain", []), ("is_callable", "yes"), ("is_callable", 1), ("surprise", "x")],
)
async def test_a_row_of_another_kind_makes_the_listing_none(part: str, value: object) -> None:
    cache = await listed(*TOOLS)
    meddle(cache, lambda listing: listing["tools"][0][0].update({part: value}))
    assert await kept(cache) is None


@pytest.mark.parametrize("part", ["server", "domain", "server_description", "is_callable"])
async def test_a_row_without_one_of_its_parts_makes_the_listing_none(part: str) -> None:
    cache = await listed(*TOOLS)
    meddle(cache, lambda listing: listing["tools"][0][0].pop(part))
    assert await kept(cache) is None
