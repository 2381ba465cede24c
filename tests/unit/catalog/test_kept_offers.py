"""What servers offer beside their tools is kept with their listings, and only as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcp_toolweaver.catalog.listing import Listing
from mcp_toolweaver.catalog.listings import Listings
from mcp_toolweaver.core.offers import Offers
from mcp_toolweaver.core.policy import SourcePolicy
from tests.fakes.cache import FakeCache

pytestmark = pytest.mark.anyio

OFFERS = Offers(
    ({"uri": "a:///1", "name": "ä \\ \n", "_meta": {"k": [1, None]}},),
    ({"uriTemplate": "a:///{x}", "name": "t"},),
    ({"name": "p", "arguments": [{"name": "x", "required": True}]},),
)


async def test_what_is_kept_comes_back_as_it_was() -> None:
    listings = Listings(FakeCache())
    await listings.set("s", Listing.of((), 5.0, ("a problem",), OFFERS))
    kept = await listings.get("s")
    assert kept is not None
    assert (kept.offers, kept.made_at, kept.problems) == (OFFERS, 5.0, ("a problem",))


async def test_a_listing_from_before_anything_was_offered_is_still_one() -> None:
    cache = FakeCache()
    await Listings(cache).set("s", Listing.of((), 5.0))
    kept: dict[str, Any] = json.loads(cache.values["s"])
    for key in ("resources", "templates", "prompts"):
        del kept[key]
    cache.values["s"] = json.dumps(kept).encode()
    listing = await Listings(cache).get("s")
    assert listing is not None
    assert not listing.offers


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("resources", "text"),
        ("resources", ["text"]),
        ("resources", [{"name": "no address"}]),
        ("templates", [{"uriTemplate": 1}]),
        ("prompts", {"name": "p"}),
        ("prompts", [{"name": "hidden\u200b"}]),
    ],
)
async def test_what_is_not_ours_is_not_read(key: str, value: Any) -> None:
    cache = FakeCache()
    await Listings(cache).set("s", Listing.of((), 5.0, (), OFFERS))
    kept = {**json.loads(cache.values["s"]), key: value}
    cache.values["s"] = json.dumps(kept, ensure_ascii=False).encode()
    assert await Listings(cache).get("s") is None


def test_owners_choose_what_is_offered_of_it() -> None:
    listing = Listing.of((), offers=OFFERS)
    assert listing.offered(SourcePolicy()) == OFFERS
    assert listing.offered(SourcePolicy(resources=False)) == Offers(prompts=OFFERS.prompts)
    assert listing.offered(SourcePolicy(prompts=False)) == Offers(OFFERS.resources, OFFERS.templates)
    assert not listing.offered(SourcePolicy(resources=False, prompts=False))
    assert listing.within("d", SourcePolicy(resources=False)).offers == OFFERS
