"""From an address to an engine: who answers there, by gRPC or REST, and the collection that is ours."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

import anyio
import httpx
from qdrant_client import AsyncQdrantClient

from mcp_toolweaver.core.errors import ConfigurationError, Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.index.qdrant.collection import Held, ready
from mcp_toolweaver.index.qdrant.engine import QdrantEngine
from mcp_toolweaver.index.qdrant.failures import PART, STRANGER, Gone, Nonsense, asking
from mcp_toolweaver.index.qdrant.link import Link
from mcp_toolweaver.index.qdrant.options import Address, Deadlines, Layout, Place
from mcp_toolweaver.index.qdrant.shards import ByDomain, OneForAll, Shards

_log = logging.getLogger(__name__)

OLDEST = (1, 15)
"""The first version of Qdrant that has all we ask for."""

_REST_PORT = 6333
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(?:%\w+)?")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONNECTIONS = 16
_SECONDS_IDLE = 120.0
"""How long a connection is kept that nobody uses; a new one with TLS costs more than a search."""
_SECONDS_TO_GREET = 5.0
_SECONDS_FOR_GRPC = 1.0
_SECONDS_TO_CLOSE = 2.0


@asynccontextmanager
async def open_qdrant(
    server: Address | AsyncQdrantClient,
    place: Place,
    *,
    layout: Layout = Layout(),  # noqa: B008  frozen
    deadlines: Deadlines = Deadlines(),  # noqa: B008  frozen
) -> AsyncGenerator[QdrantEngine]:
    """Open the points of a place, with a client of its own or over one that stays open.

    Raises:
        ConfigurationError: the URL or the prefix cannot be one.
        Unavailable: nobody, or not a Qdrant that is new enough, answers there, it refuses us, or the
            collection belongs to someone else; the message says which and what to do.
    """
    if isinstance(server, AsyncQdrantClient):
        yield await _engine(_given(server, deadlines), place, layout)
        return
    link = await _reached(server, deadlines)
    try:
        yield await _engine(link, place, layout)
    finally:
        await _close(link.client)


def _given(client: AsyncQdrantClient, deadlines: Deadlines) -> Link:
    options = client.init_options
    is_local = options.get("location") == ":memory:" or options.get("path") is not None
    where = options.get("url") or options.get("host") or options.get("location") or "localhost"
    return Link(client, str(where), is_local, deadlines)


async def _engine(link: Link, place: Place, layout: Layout) -> QdrantEngine:
    await _check_version(link)
    if layout.sharding == "custom" and not await _is_cluster(link):
        _log.warning("index: %s is no cluster; index.sharding = custom has no effect there", link.where)
        layout = replace(layout, sharding="auto")
    held = await ready(link, place, layout)
    return QdrantEngine(link, place, held.name, _shards(link, held, layout))


def _shards(link: Link, held: Held, layout: Layout) -> Shards:
    if held.is_custom != (layout.sharding == "custom"):
        how = "by domain" if held.is_custom else "automatically"
        _log.warning("index: collection %s is sharded %s already, and stays so", held.name, how)
    return ByDomain(link, held.name, layout) if held.is_custom else OneForAll()


async def _is_cluster(link: Link) -> bool:
    return not link.is_local and (await link.ask(link.client.cluster_status())).status == "enabled"


async def _check_version(link: Link) -> None:
    try:
        async with asking(link.where, min(_SECONDS_TO_GREET, link.deadlines.other)):
            info = await link.client.info()
    except (Gone, Nonsense) as error:
        raise Unavailable(PART, f"{link.where} {STRANGER}") from error
    version = re.match(r"v?(\d+)\.(\d+)", info.version)
    if "qdrant" not in info.title.casefold() or version is None:
        raise Unavailable(PART, f"{link.where} {STRANGER}")
    if (int(version[1]), int(version[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise Unavailable(PART, f"{link.where} runs version {info.version}; upgrade it to {oldest} or newer")


async def _reached(address: Address, deadlines: Deadlines) -> Link:
    """Connect by gRPC if it is preferred and answers, else by REST, which connects with the first question."""
    url = _parsed(address.url)
    where = f"{url.hostname}:{url.port or _REST_PORT}"
    if address.api_key and url.scheme == "http" and url.hostname not in _LOOPBACK:
        _log.warning("index: the API key goes to %s unencrypted; use https", where)
    if address.prefer_grpc and (client := await _by_grpc(url, address, deadlines, where)) is not None:
        return Link(client, where, is_local=False, deadlines=deadlines)
    client = await run_in_thread(_client, url, address, deadlines, False)  # noqa: FBT003  by position only
    return Link(client, where, is_local=False, deadlines=deadlines)


async def _by_grpc(url: SplitResult, address: Address, deadlines: Deadlines, where: str) -> AsyncQdrantClient | None:
    """Return a client whose server answers by gRPC; None if there is none."""
    client = await run_in_thread(_client, url, address, deadlines, True)  # noqa: FBT003  by position only
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_close, client)
        if await _answers_by_grpc(client, where):
            stack.pop_all()
            return client
    return None


async def _answers_by_grpc(client: AsyncQdrantClient, where: str) -> bool:
    try:
        async with asking(where, _SECONDS_FOR_GRPC):
            await client.info()
    except Unavailable as error:
        port = client.init_options.get("grpc_port")
        _log.debug("index: %s does not answer by gRPC on port %s (%s); using REST", where, port, error.reason)
        return False
    return True


def _parsed(url: str) -> SplitResult:
    try:
        parsed = urlsplit(url if "://" in url else f"http://{url}")
        if parsed.scheme in ("http", "https") and _HOST.fullmatch(parsed.hostname or "") and parsed.port != 0:
            return _without_secrets(parsed)
    except ValueError:
        pass
    raise ConfigurationError("index.url: this is not an address like http://localhost:6333 or https://host:6333")


def _without_secrets(url: SplitResult) -> SplitResult:
    if url.username or url.password or url.query:
        raise ConfigurationError("index.url: leave out what stands before the @ or after the ?; a key is index.api_key")
    return url


def _client(url: SplitResult, address: Address, deadlines: Deadlines, by_grpc: bool) -> AsyncQdrantClient:  # noqa: FBT001
    """Make a client, which reads certificates from disk; it says nothing and connects to nobody yet."""
    port = url.port or _REST_PORT
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    return AsyncQdrantClient(
        url=f"{url.scheme}://{host}:{port}{url.path.rstrip('/')}",
        grpc_port=address.grpc_port or port + 1,
        prefer_grpc=by_grpc,
        headers={"api-key": address.api_key} if address.api_key else None,
        timeout=math.ceil(max(deadlines.search, deadlines.other)),
        verify=url.scheme == "https",  # certificates take 30 ms to load
        cloud_inference=True,  # else the client looks through all numbers for texts to embed; we send none
        check_compatibility=False,  # it prints; we check ourselves
        limits=httpx.Limits(
            max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS, keepalive_expiry=_SECONDS_IDLE
        ),
    )


async def _close(client: AsyncQdrantClient) -> None:
    with anyio.move_on_after(_SECONDS_TO_CLOSE, shield=True), suppress(Exception):
        await client.close()
