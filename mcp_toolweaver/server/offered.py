"""Which server stands behind the address of a resource, or the name of a prompt, that a host knows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mcp_toolweaver.core.access import CALLER, Caller
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
        self._links: OrderedDict[tuple[Caller, str], str] = OrderedDict()
        """The server behind each address that a result had, for whoever got that result."""

    def resources(self) -> list[dict[str, Any]]:
        """Return all resources; of two with one address, the first counts."""
        return list(self._addressed("resources", "uri"))

    def templates(self) -> list[dict[str, Any]]:
        """Return all templates of resources; of two with one form, the first counts."""
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

        Under our address; or else under the server's own, which a listing shows to be that of one server only, or
        which one has used in a result, or which begins as a template of one server only.
        """
        scheme, rest = taken_apart(address)
        named = [server for server in self._readable() if scheme and scheme == self._scheme(server)]
        if named:
            return self._lister(rest, named) or named[0], rest
        lister = self._lister(address, self._unnamed()) or self._only_server(address)
        return None if lister is None else (lister, address)

    def note_links(self, server: str, result: Mapping[str, Any]) -> None:
        """Remember the addresses that a result of a server links to, as the caller who got it may read those."""
        caller = CALLER.get()
        if not caller.sees_server(server):
            return
        content = result.get("content")
        for block in content if is_array(content) else ():
            uri = block.get("uri") if is_object(block) and block.get("type") == "resource_link" else None
            if isinstance(uri, str):
                self._links[caller, uri] = server
                self._links.move_to_end((caller, uri))
        while len(self._links) > _MOST_LINKS:
            self._links.popitem(last=False)

    def own(self, server: str, address: str) -> str:
        """Return our address of a resource of a server."""
        return own_address(self._scheme(server), address)

    def _addressed(self, kind: str, key: str) -> Iterator[dict[str, Any]]:
        addressed: dict[str, dict[str, Any]] = {}
        for server, offers in self.view.offers.items():
            scheme = self._scheme(server)
            for item in getattr(offers, kind):
                address = own_address(scheme, item[key])
                addressed.setdefault(address, {**item, key: address})
        yield from addressed.values()

    def _named_prompts(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        named: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for server, offers in self.view.offers.items():
            prefix = self.view.prefix(server)
            for prompt in offers.prompts:
                name = callable_name(prefix, prompt["name"]) if prefix else prompt["name"]
                named.setdefault(name, (server, prompt))
        return named

    def _only_server(self, address: str) -> str | None:
        listing, linking = self._listing(address), self._links.get((CALLER.get(), address))
        candidates = listing or ([linking] if linking else self._templated(address) or self._unnamed())
        if len(candidates) == 1:
            return candidates[0]
        return linking if linking in candidates else None

    def _readable(self) -> list[str]:
        return [server for server, offers in self.view.offers.items() if offers.resources or offers.templates]

    def _unnamed(self) -> list[str]:
        return [server for server in self._readable() if not self._scheme(server)]

    def _lister(self, address: str, servers: Sequence[str]) -> str | None:
        """Return the first of these servers that lists an address."""
        return next((server for server in self._listing(address) if server in servers), None)

    def _templated(self, address: str) -> list[str]:
        return [
            server
            for server, offers in self.view.offers.items()
            if any(_may_be_of(address, item["uriTemplate"]) for item in offers.templates)
        ]

    def _listing(self, address: str) -> list[str]:
        return [
            server
            for server, offers in self.view.offers.items()
            if any(item["uri"] == address for item in offers.resources)
        ]

    def _scheme(self, server: str) -> str:
        return scheme_of(self.view.prefix(server))


def _may_be_of(address: str, template: str) -> bool:
    """Whether an address begins as all of a template do."""
    beginning = template.partition("{")[0]
    return bool(beginning) and address.startswith(beginning)
