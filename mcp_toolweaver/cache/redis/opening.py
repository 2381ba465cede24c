"""Connects to Redis: one server, a group under Sentinel, or a cluster."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
from redis.asyncio import (
    BlockingConnectionPool,
    Connection,
    Redis,
    RedisCluster,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from mcp_toolweaver.cache.redis.failures import PART, translated
from mcp_toolweaver.cache.redis.options import Options
from mcp_toolweaver.cache.redis.store import RedisStore
from mcp_toolweaver.core.errors import Unavailable

_CONNECTING = 2.0
"""Seconds for a connection with TLS and password; made in the background, so that nobody waits for it."""
_CLOSING = 1.0


@asynccontextmanager
async def open_redis(options: Options, namespace: str) -> AsyncGenerator[RedisStore]:
    """Connect, and keep everything under keys that begin with ``namespace``.

    Raises:
        Unavailable: it cannot be reached; often this is found at the first question only.
    """
    where = options.address.shown
    is_cluster = options.address.kind == "cluster"
    with translated(where):
        client, *helpers = _clients(options)
    store = RedisStore(client, namespace, where, is_cluster=is_cluster, connections=options.max_connections)
    try:
        yield store
    finally:
        with anyio.move_on_after(_CLOSING, shield=True):
            await store.leave()
        for one in (client, *helpers):
            with anyio.move_on_after(_CLOSING, shield=True), suppress(Exception):
                await one.aclose()


def _clients(options: Options) -> Sequence[Any]:
    """Return what talks to Redis, and then whatever else is to be closed."""
    match options.address.kind:
        case "sentinel":
            return _by_sentinel(options)
        case "cluster":
            return [_cluster(options)]
        case "single":
            return [_single(options)]


def _single(options: Options) -> Redis:
    """Return a client that owns its connections, so that they are closed with it."""
    return Redis.from_pool(BlockingConnectionPool(**_pool(options), **_where(options), **_how(options)))


def _where(options: Options) -> dict[str, Any]:
    address = options.address
    if address.socket is not None:
        return {"connection_class": UnixDomainSocketConnection, "path": address.socket, "db": address.database}
    host, port = address.hosts[0]
    kind = SSLConnection if address.tls else Connection
    return {"connection_class": kind, "host": host, "port": port, "db": address.database}


def _pool(options: Options) -> dict[str, Any]:
    return {"max_connections": options.max_connections, "timeout": max(_CONNECTING, 2 * options.timeout)}


def _how(options: Options) -> dict[str, Any]:
    """Return what holds for each connection.

    The client never tries again: our breaker does (decision 19). The deadline is our guard's, too; the client's own
    comes later, and ends what was left behind.
    """
    address = options.address
    return {
        "username": address.username,
        "password": address.password,
        "protocol": 3,
        "retry": None,
        "socket_timeout": max(_CONNECTING, 2 * options.timeout),
        "socket_connect_timeout": _CONNECTING,
        **({} if address.socket else {"socket_keepalive": True}),
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        **_tls(options),
    }


def _tls(options: Options) -> dict[str, Any]:
    if not options.address.tls:
        return {}
    for name in ("ca_file", "cert_file", "key_file"):
        path = getattr(options, name)
        if path and not Path(path).is_file():  # theirs would not say which
            raise Unavailable(PART, f"there is no file {path}; correct cache.redis.{name}")
    return {
        "ssl_ca_certs": options.ca_file,
        "ssl_certfile": options.cert_file,
        "ssl_keyfile": options.key_file,
        "ssl_check_hostname": True,
    }


def _by_sentinel(options: Options) -> Sequence[Any]:
    address = options.address
    tls = {"ssl": True, **_tls(options)} if address.tls else {}
    asked = {
        "username": options.sentinel_username,
        "password": options.sentinel_password,
        "retry": None,
        "socket_timeout": _CONNECTING,
        "socket_connect_timeout": _CONNECTING,
        **tls,
    }
    sentinel: Any = Sentinel(list(address.hosts), sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
    how = {**_how(options), **({"ssl": True} if address.tls else {})}
    primary: Redis = sentinel.master_for(
        address.service, db=address.database, max_connections=options.max_connections, **how
    )
    return [primary, sentinel]


def _cluster(options: Options) -> RedisCluster:
    how = _how(options)
    del how["maint_notifications_config"], how["retry"]
    return RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in options.address.hosts],
        max_connections=options.max_connections,
        retry=Retry(NoBackoff(), 1),  # for keys that have moved to another node
        ssl=options.address.tls,
        **how,
    )
