"""Connects to Redis: one server, a group under Sentinel, or a cluster."""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

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
from redis.asyncio.sentinel import Sentinel
from redis.maint_notifications import MaintNotificationsConfig

from mcp_toolweaver.cache.redis.failures import translated
from mcp_toolweaver.cache.redis.options import Options
from mcp_toolweaver.cache.redis.store import RedisStore

Client: TypeAlias = "Redis | RedisCluster"

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
    with translated(where):
        client = _client(options)
    try:
        yield RedisStore(client, namespace, where, is_cluster=options.address.kind == "cluster")
    finally:
        with anyio.move_on_after(_CLOSING, shield=True), warnings.catch_warnings():
            await client.aclose()


def _client(options: Options) -> Client:
    match options.address.kind:
        case "sentinel":
            return _by_sentinel(options)
        case "cluster":
            return _cluster(options)
        case "single":
            return Redis(connection_pool=BlockingConnectionPool(**_pool(options), **_where(options), **_how(options)))


def _where(options: Options) -> dict[str, Any]:
    address = options.address
    if address.socket is not None:
        return {"connection_class": UnixDomainSocketConnection, "path": address.socket, "db": address.database}
    host, port = address.hosts[0]
    kind = SSLConnection if address.tls else Connection
    return {"connection_class": kind, "host": host, "port": port, "db": address.database}


def _pool(options: Options) -> dict[str, Any]:
    return {"max_connections": options.max_connections, "timeout": options.timeout}


def _how(options: Options) -> dict[str, Any]:
    """Return what holds for each connection. The client never tries again: our breaker does (decision 19)."""
    address = options.address
    return {
        "username": address.username,
        "password": address.password,
        "protocol": 3,
        "retry": None,
        "socket_timeout": options.timeout,
        "socket_connect_timeout": _CONNECTING,
        "socket_keepalive": True,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        **_tls(options),
    }


def _tls(options: Options) -> dict[str, Any]:
    if not options.address.tls:
        return {}
    return {
        "ssl_ca_certs": options.ca_file,
        "ssl_certfile": options.cert_file,
        "ssl_keyfile": options.key_file,
        "ssl_check_hostname": True,
    }


def _by_sentinel(options: Options) -> Client:
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
    return primary


def _cluster(options: Options) -> Client:
    how = _how(options)
    del how["maint_notifications_config"]
    return RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in options.address.hosts],
        max_connections=options.max_connections,
        cluster_error_retry_attempts=1,
        ssl=options.address.tls,
        **how,
    )
