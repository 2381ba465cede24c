"""The bytes of a document, from a file or from the web, within a limit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from catalog_sources.openapi.bases import BadAddress, base_at
from catalog_sources.openapi.calling import TooLarge, send
from catalog_sources.openapi.options import OpenApiOptions
from catalog_sources.openapi.problems import BadDocument
from catalog_sources.openapi.requests import AGENT
from mcp_toolweaver import Unavailable, run_in_thread

_SECONDS = 60.0
_SUCCESS = 200
_NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it was found."""

    content: bytes
    stamp: object
    """Equal stamps are equal documents, as far as can be told without reading them."""


def where(options: OpenApiOptions) -> str:
    """Return what the document is called in messages."""
    return str(options.path) if options.path is not None else (options.url or "").split("?")[0]


def file_stamp(path: Path) -> object:
    """Return what tells one state of a file from the next; None if it is not there."""
    try:
        state = path.stat()
    except OSError:
        return None
    return (state.st_mtime_ns, state.st_size, state.st_ino)


def read_file(path: Path, limit: int) -> Fetched:
    """Read a file.

    Raises:
        BadDocument: it is not there, cannot be read, or is larger than ``limit`` bytes.
    """
    stamp = file_stamp(path)
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise BadDocument(
            f"it cannot be read ({error.strerror}); correct path, relative to the configuration"
        ) from error
    if len(content) > limit:
        raise BadDocument(f"it has more than {limit} bytes; raise max_document_bytes")
    return Fetched(content, stamp)


async def fetch(
    opened: httpx2.AsyncClient, options: OpenApiOptions, part: str, known: Fetched | None = None
) -> Fetched:
    """Return the document that the options name; ``known`` itself where the web says that it has not changed.

    Raises:
        BadDocument: what is there cannot be taken.
        Unavailable: nothing answers there.
    """
    if options.path is not None:
        return await run_in_thread(read_file, options.path.expanduser(), options.max_document_bytes)
    return await _from_web(opened, options, part, known)


async def _from_web(opened: httpx2.AsyncClient, options: OpenApiOptions, part: str, known: Fetched | None) -> Fetched:
    url = httpx2.URL(options.url or "")
    headers = {"user-agent": AGENT, "accept": "application/json, application/yaml;q=0.9, */*;q=0.5"}
    headers |= {name.lower(): value.get_secret_value() for name, value in _own_headers(options).items()}
    if known is not None and isinstance(known.stamp, str):
        headers["if-none-match"] = known.stamp
    request = httpx2.Request("GET", url, headers=headers)
    base = base_at(f"{url.scheme}://{url.netloc.decode()}")
    limit = options.max_document_bytes
    try:
        answer = await send(opened, request, base, part=part, seconds=_SECONDS, most_bytes=limit)
    except TooLarge as error:
        raise BadDocument(f"it has more than {limit} bytes; raise max_document_bytes") from error
    if answer.status == _NOT_MODIFIED and known is not None:
        return known
    if answer.status != _SUCCESS:
        where_to = f" It points to {answer.headers['location'][:200]}." if "location" in answer.headers else ""
        raise Unavailable(part, f"{where(options)} was answered {answer.status} {answer.reason}.{where_to} Correct url")
    return Fetched(answer.body, answer.headers.get("etag"))


def _own_headers(options: OpenApiOptions) -> dict[str, Any]:
    """Return the owner's headers if the document is where the calls go; they are nobody else's business."""
    if options.base_url is None:
        return dict(options.headers)
    try:
        same = base_at((options.url or "").split("?")[0]).origin == base_at(options.base_url).origin
    except BadAddress:
        return {}
    return dict(options.headers) if same else {}
