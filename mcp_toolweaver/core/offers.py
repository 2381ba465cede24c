"""What a server offers beside its tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Offers:
    """Resources, templates of resources and prompts, as the JSON objects of the protocol. Treat them as read-only."""

    resources: tuple[Mapping[str, Any], ...] = ()
    templates: tuple[Mapping[str, Any], ...] = ()
    prompts: tuple[Mapping[str, Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.resources or self.templates or self.prompts)


NO_OFFERS = Offers()


class Peer(Protocol):
    """A source that is an MCP server: it can be sent any request of the protocol."""

    async def request(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send one request and return its result, a JSON object of the protocol.

        Raises:
            Refusal: it answered with an error.
            NotSent: the connection is gone, and nothing was executed.
            Unavailable: it went away or did not answer in time.
        """
        ...

    async def watch_resource(self, uri: str) -> None:
        """Have the hosts told (`Hosts.resource_updated`) whenever a resource changes, until cancelled.

        Raises:
            Refusal: it answered with an error.
            Unavailable: it went away.
        """
        ...


class OfferView(Protocol):
    """Read access to what the servers of the catalog offer, and a way to each."""

    @property
    def offers(self) -> Mapping[str, Offers]:
        """What each server offers, by its name; servers that offer nothing are left out."""
        ...

    def prefix(self, server: str) -> str:
        """Return what goes before the names of what a server offers; empty if nothing is to."""
        ...

    async def request(self, server: str, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request to a server, opened first if need be; see `Peer.request`.

        Raises:
            Refusal: it answered with an error.
            Unavailable: it is away, or no server of the catalog.
        """
        ...

    async def watch_resource(self, server: str, uri: str) -> None:
        """Watch a resource of a server, which stays open meanwhile; see `Peer.watch_resource`.

        Raises:
            Refusal: it answered with an error.
            Unavailable: it is away, or no server of the catalog.
        """
        ...
