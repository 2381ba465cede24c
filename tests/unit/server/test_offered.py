"""Which server stands behind an address or the name of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mcp_toolweaver.core.offers import Offers
from mcp_toolweaver.server.offered import Offered


class View:
    """What some servers offer, and how they are called."""

    def __init__(self, offers: Mapping[str, Offers], prefixes: Mapping[str, str]) -> None:
        self.offers = offers
        self._prefixes = prefixes

    def prefix(self, server: str) -> str:
        return self._prefixes.get(server, server)

    async def request(self, server: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        raise AssertionError(server, method, params)

    async def watch_resource(self, server: str, uri: str) -> None:
        raise AssertionError(server, uri)


def resources(*uris: str, templates: tuple[str, ...] = ()) -> Offers:
    return Offers(tuple({"uri": uri} for uri in uris), tuple({"uriTemplate": uri} for uri in templates))


def offered(prefixes: Mapping[str, str] | None = None, **offers: Offers) -> Offered:
    return Offered(View(offers, prefixes or {}))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("a+x:///1", ("a", "x:///1")),
        ("a+anything:///else", ("a", "anything:///else")),
        ("x:///1", ("a", "x:///1")),
        ("x:///2", None),  # two list it
        ("y:///by/me", ("b", "y:///by/me")),
        ("z:///by/me", None),  # two have templates that begin so
        ("z:///by/b", ("b", "z:///by/b")),  # but one lists it
        ("q:///", None),
        ("c+x:///1", None),
        ("", None),
    ],
)
def test_an_address_leads_to_one_server_or_to_none(address: str, found: tuple[str, str] | None) -> None:
    named = offered(
        a=resources("x:///1", "x:///2", templates=("z:///by/{n}",)),
        b=resources("x:///2", "z:///by/b", templates=("y:///by/{n}", "z:///by/{m}", "{all}")),
    )
    assert named.resource(address) == found


def test_the_only_server_without_a_name_is_asked_for_what_nobody_lists() -> None:
    named = offered({"a": ""}, a=resources("x:///1"), b=resources("y:///1"))
    assert named.resource("any:///thing") == ("a", "any:///thing")
    assert named.resource("y:///1") == ("b", "y:///1")


def test_of_two_without_a_name_the_first_that_lists_an_address_counts() -> None:
    named = offered({"a": "", "b": ""}, a=resources("x:///1"), b=resources("x:///1", "x:///2"))
    assert [item["uri"] for item in named.resources()] == ["x:///1", "x:///2"]
    assert named.resource("x:///1") == ("a", "x:///1")
    assert named.resource("x:///2") == ("b", "x:///2")
    assert named.resource("x:///3") is None


def test_a_server_without_resources_is_not_asked_for_any() -> None:
    named = offered({"a": ""}, a=Offers(prompts=({"name": "p"},)))
    assert named.resource("x:///1") is None
    assert named.resource("a+x:///1") is None


def test_links_lead_to_who_used_them_and_the_oldest_are_forgotten() -> None:
    named = offered(a=resources("x:///1"), b=resources("x:///2"))
    named.note_links("b", {"content": [{"type": "resource_link", "uri": f"l:///{n}"} for n in range(10_005)]})
    assert named.resource("l:///4") is None
    assert named.resource("l:///5") == ("b", "l:///5")


@pytest.mark.parametrize(
    "content",
    [None, "text", [None], ["x"], [{"type": "resource_link"}], [{"type": "resource_link", "uri": 3}], {"uri": "x"}],
)
def test_what_is_no_link_is_none(content: Any) -> None:
    named = offered(a=resources("x:///1"))
    named.note_links("a", {"content": content})
    assert named.resource("l:///1") is None


def test_prompts_have_names_of_their_own_which_hosts_take() -> None:
    prompts = Offers(prompts=({"name": "greet all", "title": "t"}, {"name": "p"}))
    named = offered({"b": "short", "c": ""}, a=prompts, b=prompts, c=Offers(prompts=({"name": "p"}, {"name": "q"})))
    names = [prompt["name"] for prompt in named.prompts()]
    assert len(set(names)) == 6
    assert {"a__p", "short__p", "p", "q"} <= set(names)
    assert [named.prompt(name) for name in names] == [
        ("a", "greet all"),
        ("a", "p"),
        ("b", "greet all"),
        ("b", "p"),
        ("c", "p"),
        ("c", "q"),
    ]
    assert named.prompt("greet all") is None
    assert named.prompt("nobody") is None
