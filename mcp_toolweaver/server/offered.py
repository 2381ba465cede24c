"""Which server stands behind the address of a resource, or the name of a prompt, that a host knows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object
from mcp_toolweaver.core.names import callable_name
from mcp_toolweaver.core.offers import OfferView
from mcp_toolweaver.server.addresses import own_address, scheme_of, taken_apart

_MOST_LINKS = 10_000


class Offered:
    """What all servers offer beside their tools, under names that are each server's own."""

    def __init__(self, view: OfferView) -> None:
        """Name what ``view`` holds."""
        self.view = view
        self._links: OrderedDict[str, str] = OrderedDict()

    def resources(self) -> list[dict[str, Any]]:
        """Return all resources."""
        return list(self._addressed("resources", "uri"))

    def templates(self) -> list[dict[str, Any]]:
        """Return all templates of resources."""
        return list(self._addressed("templates", "uriTemplate"))

    def prompts(self) -> list[dict[str, Any]]:
        """Return all prompts; of two with one name, the first counts."""
        return [{**prompt, "name": name} for name, (_server, prompt) in self._named_prompts().items()]

    def prompt(self, name: str) -> tuple[str, str] | None:
        """Return the server and the name there of a prompt, under our name or one that only one server has."""
        named = self._named_prompts()
        if name in named:
            server, prompt = named[name]
            return server, prompt["name"]
        found = [server for server, prompt in named.values() if prompt["name"] == name]
        return (found[0], name) if len(found) == 1 else None

    def resource(self, address: str) -> tuple[str, str] | None:
        """Return the server and the address there of a resource.

        Under our address; or else under the server's own, which it has used in a result, or which a listing or
        the beginning of a template shows to be that of one server only.
        """
        scheme, rest = taken_apart(address)
        for server in self.view.offers:
            if scheme and scheme == self._scheme(server):
                return server, rest
        lister = self._links.get(address) or self._only_lister(address)
        return None if lister is None else (lister, address)

    def note_links(self, server: str, result: Mapping[str, Any]) -> None:
        """Remember the addresses that a result of a server links to, as hosts may read those."""
        content = result.get("content")
        for block in content if is_array(content) else ():
            uri = block.get("uri") if is_object(block) and block.get("type") == "resource_link" else None
            if isinstance(uri, str):
                self._links[uri] = server
                self._links.move_to_end(uri)
        while len(self._links) > _MOST_LINKS:
            self._links.popitem(last=False)

    def own(self, server: str, address: str) -> str:
        """Return our address of a resource of a server."""
        return own_address(self._scheme(server), address)

    def _addressed(self, kind: str, key: str) -> Iterator[dict[str, Any]]:
        for server, offers in self.view.offers.items():
            for item in getattr(offers, kind):
                yield {**item, key: self.own(server, item[key])}

    def _named_prompts(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        named: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for server, offers in self.view.offers.items():
            prefix = self.view.prefix(server)
            for prompt in offers.prompts:
                name = callable_name(prefix, prompt["name"]) if prefix else prompt["name"]
                named.setdefault(name, (server, prompt))
        return named

    def _only_lister(self, address: str) -> str | None:
        listing = {
            server
            for server, offers in self.view.offers.items()
            if any(item["uri"] == address for item in offers.resources)
            or any(_may_be_of(address, item["uriTemplate"]) for item in offers.templates)
        }
        unnamed = {server for server in self.view.offers if not self._scheme(server)}
        candidates = listing or unnamed
        return next(iter(candidates)) if len(candidates) == 1 else None

    def _scheme(self, server: str) -> str:
        return scheme_of(self.view.prefix(server))


def _may_be_of(address: str, template: str) -> bool:
    """Whether an address begins as all of a template do."""
    beginning = template.partition("{")[0]
    return bool(beginning) and address.startswith(beginning)
