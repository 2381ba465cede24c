"""A registry over HTTP (``GET /v0.1/servers``, registry API of 2025-12-01): asked page by page, within limits.

It is foreign, and so is what it says: it may send for so long and so much, and never sends us to another host.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import anyio
import httpx2

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.registry.documents import Raw, entries_in, entries_in_text
from mcp_toolweaver.registry.reading import PART, shown

_PER_PAGE = 100
_PAGES = 20
"""Of all searches together."""
_LARGEST = 32 * 1024 * 1024
"""Bytes of all pages together."""
_SECONDS = 20.0
"""Until something comes."""
_ALL_SECONDS = 60.0
"""Until everything has come."""
_REDIRECTS = 3
_DOCUMENTS = (".json", ".jsonl")
_OTHER = "name another, or a downloaded file, with --source"


def asked(source: str, searches: Sequence[str], problems: list[str]) -> list[Raw]:
    """Return what a registry lists for each search, or what a document at the address holds.

    Raises:
        Unavailable: it does not answer, or not as a registry does.
    """
    address = _address(source)
    try:
        return anyio.run(_visited, address, searches, problems)
    except TimeoutError as error:
        raise Unavailable(PART, f"{shown(address)} takes more than {_ALL_SECONDS:.0f} s; {_OTHER}") from error


async def _visited(address: str, searches: Sequence[str], problems: list[str]) -> list[Raw]:
    with anyio.fail_after(_ALL_SECONDS):
        async with httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
            visit = _Visit(client)
            if urlsplit(address).path.endswith(_DOCUMENTS):
                return list(_document(await visit.fetched(address, {}), address))
            pages, found = max(1, _PAGES // max(1, len(searches))), list[Raw]()
            for search in searches or ("",):
                found += [each async for each in _listed(visit, address, search, pages, problems)]
            return found


def _address(source: str) -> str:
    """Return where a registry lists its servers; a document is where it is.

    Raises:
        Unavailable: the source is no address.
    """
    try:
        parts = urlsplit(source)
    except ValueError as error:
        raise Unavailable(PART, f"{shown(source)!r} is no address; {_OTHER}") from error
    path = parts.path.rstrip("/")
    if not path.endswith((*_DOCUMENTS, "/servers")):
        path += "/v0.1/servers"
    return urlunsplit(parts._replace(path=path, fragment=""))


def _document(body: bytes, address: str) -> Iterator[Raw]:
    try:
        yield from entries_in_text(body.decode("utf-8-sig"), shown(address))
    except ValueError as error:
        raise Unavailable(PART, f"{shown(address)} holds no JSON; {_OTHER}") from error


async def _listed(visit: _Visit, address: str, search: str, pages: int, problems: list[str]) -> AsyncIterator[Raw]:
    asking, cursor = {"limit": str(_PER_PAGE), "version": "latest", **({"search": search} if search else {})}, ""
    for page in range(1, pages + 1):
        document = _page(await visit.fetched(address, {**asking, **({"cursor": cursor} if cursor else {})}), address)
        for each in entries_in(document, f"{shown(address)}, page {page}"):
            yield each
        metadata = document.get("metadata")
        following = metadata.get("nextCursor") if is_object(metadata) else None
        if not following or not isinstance(following, str) or following == cursor:
            return
        cursor = following
    about = f"that are called {search!r}" if search else "there"
    problems.append(f"there are more servers {about} than the {pages * _PER_PAGE:,} that were looked at")


def _page(body: bytes, address: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unavailable(PART, f"{shown(address)} did not answer with JSON; is it a registry? {_OTHER}") from error
    if not is_object(document) or "servers" not in document:
        raise Unavailable(PART, f"{shown(address)} did not answer with a list of servers; is it a registry? {_OTHER}")
    return document


@dataclass(slots=True)
class _Visit:
    """One visit to a registry, which has limits as a whole."""

    client: httpx2.AsyncClient
    taken: int = 0
    """Bytes so far."""

    async def fetched(self, address: str, parameters: Mapping[str, str]) -> bytes:
        """Return what is at an address of the registry.

        Raises:
            Unavailable: it cannot be had within the limits.
        """
        url = httpx2.URL(address).copy_merge_params(dict(parameters))
        try:
            for _ in range(_REDIRECTS + 1):
                async with self.client.stream("GET", url, headers={"Accept": "application/json"}) as response:
                    if not response.has_redirect_location:
                        return await self._body(response, address)
                    url = _elsewhere(url, response.headers["Location"])
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise Unavailable(PART, f"{shown(address)} cannot be reached ({type(error).__name__}); {_OTHER}") from error
        raise Unavailable(PART, f"{shown(address)} redirects more than {_REDIRECTS} times; {_OTHER}")

    async def _body(self, response: httpx2.Response, address: str) -> bytes:
        if not response.is_success:
            raise Unavailable(PART, f"{shown(address)} answered {response.status_code}; {_OTHER}")
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            self.taken += len(chunk)
            if self.taken > _LARGEST:
                raise Unavailable(PART, f"{shown(address)} sends more than 32 MB; {_OTHER}")
        return bytes(body)


def _elsewhere(url: httpx2.URL, location: str) -> httpx2.URL:
    """Return where a redirect leads, which must be the same host."""
    to = httpx2.URL(urljoin(str(url), location))
    if (to.scheme, to.host, to.port) != (url.scheme, url.host, url.port):
        raise Unavailable(
            PART, f"{shown(str(url.copy_with(query=None)))} redirects to {to.host}, which is not followed; {_OTHER}"
        )
    return to
