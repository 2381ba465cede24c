"""A Qdrant server on a free port of the loopback interface: the part of its REST API that we use, and its faults."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio
from anyio.abc import SocketListener, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from pydantic import BaseModel, ValidationError
from qdrant_client.http import models as m

from tests.fakes.qdrant_http import Request, Response, read_request
from tests.fakes.qdrant_store import QdrantStore, Refused, cluster_status, parsed

Fault: TypeAlias = Callable[[Request, Response, SocketStream], Awaitable[bool]]
"""Sends something of its own instead of the response, and says whether it did; the connection ends then."""
Alteration: TypeAlias = Callable[[Request, Any], Any]
"""Returns another result than the true one, as JSON."""


class FakeQdrant:
    """The server; what goes wrong with it is set from outside."""

    def __init__(self, *, is_cluster: bool = False) -> None:
        self.store = QdrantStore(is_cluster=is_cluster)
        self.port = 0
        self.version = "1.15.0"
        self.api_key: str | None = None
        self.fault: Fault | None = None
        self.alter: Alteration | None = None
        self.requests: list[Request] = []
        self.connections = 0

    @property
    def url(self) -> str:
        """Where it listens, or listened last."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """Accept connections, on the same port each time; whoever is connected at the end is cut off."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=self.port)
        (socket_listener,) = listener.listeners
        assert isinstance(socket_listener, SocketListener)
        self.port = int(socket_listener.extra(anyio.abc.SocketAttribute.local_port))
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, self._connected)
            yield
            group.cancel_scope.cancel()

    async def _connected(self, stream: SocketStream) -> None:
        self.connections += 1
        buffered = BufferedByteReceiveStream(stream)
        try:
            async with stream:
                if await _says_hello_of_tls(stream, buffered):
                    return
                while await self._exchange(stream, buffered):
                    pass
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return

    async def _exchange(self, stream: SocketStream, buffered: BufferedByteReceiveStream) -> bool:
        """Answer one request; return whether the connection goes on."""
        request = await read_request(buffered)
        self.requests.append(request)
        response = await self._respond(request)
        if self.fault is not None and await self.fault(request, response, stream):
            return False
        await stream.send(response.head() + response.body)
        return True

    async def _respond(self, request: Request) -> Response:
        if self.api_key is not None and request.headers.get("api-key") != self.api_key:
            return Response(401, b"Must provide an API key or an Authorization bearer token", "text/plain")
        try:
            answer = await self._answer(request)
        except Refused as refused:
            return _refusal(refused.status, refused.reason)
        except (ValidationError, ValueError) as error:
            return _refusal(400, f"Wrong input: {error}")
        plain = answer.model_dump(mode="json")
        if self.alter is not None:
            plain["result"] = self.alter(request, plain.get("result"))
        return Response(200, json.dumps(plain).encode())

    async def _answer(self, request: Request) -> BaseModel:
        """Return what the request is answered with, as the model that the client expects."""
        route, store = f"{request.method} {request.path}", self.store
        match route:
            case "GET /":
                return m.VersionInfo(title="qdrant - vector search engine", version=self.version)
            case "GET /collections":
                return m.InlineResponse2006(result=await store.client.get_collections())
            case "GET /aliases":
                return m.InlineResponse20012(result=await store.client.get_aliases())
            case "POST /collections/aliases":
                changes = parsed(m.ChangeAliasesOperation, request.body)
                return m.InlineResponse2001(result=await store.client.update_collection_aliases(changes.actions))
            case "GET /cluster":
                status = cluster_status(is_cluster=store.is_cluster)
                return m.InlineResponse2003.model_validate({"result": status.model_dump(mode="json")})
            case _:
                return await self._of_collection(request)

    async def _of_collection(self, request: Request) -> BaseModel:
        found = re.fullmatch(r"/collections/([^/]+)(/.*)?", request.path)
        if found is None:
            raise Refused(404, f"no route for {request.path}")
        route = f"{request.method} {found[2] or ''}".strip()
        if route == "PUT":
            created = await self.store.create(found[1], parsed(m.CreateCollection, request.body))
            return m.InlineResponse2001(result=created)
        if route == "DELETE":
            return m.InlineResponse2001(result=found[1] in self.store.made and await self.store.delete(found[1]))
        return await self._of_existing(await self.store.named(found[1]), route, request)

    async def _of_existing(self, name: str, route: str, request: Request) -> BaseModel:
        if route in _READ:
            read, answer = _READ[route]
            return answer(result=await read(self.store, name))
        if route not in _ASKED:
            raise Refused(404, f"no route for {request.path}")
        kind, act, answer = _ASKED[route]
        if route in _WRITES and request.query.get("wait") != "true":
            raise Refused(400, "this server waits for every change")
        return answer(result=await act(self.store, name, parsed(kind, request.body)))


_READ: dict[str, tuple[Callable[[QdrantStore, str], Awaitable[Any]], Callable[..., BaseModel]]] = {
    "GET": (QdrantStore.describe, m.InlineResponse2007),
    "GET /cluster": (QdrantStore.spread, m.InlineResponse20010),
}
_ASKED: dict[str, tuple[Any, Callable[[QdrantStore, str, Any], Awaitable[Any]], Callable[..., BaseModel]]] = {
    "PUT /index": (m.CreateFieldIndex, QdrantStore.index, m.InlineResponse2008),
    "PUT /points": (m.PointsList, QdrantStore.upsert, m.InlineResponse2008),
    "PUT /shards": (m.CreateShardingKey, QdrantStore.add_shard_key, m.InlineResponse2001),
    "POST /points": (m.PointRequest, QdrantStore.retrieve, m.InlineResponse20017),
    "POST /points/delete": (m.FilterSelector, QdrantStore.remove, m.InlineResponse2008),
    "POST /points/query/batch": (m.QueryRequestBatch, QdrantStore.query, m.InlineResponse20023),
    "POST /points/scroll": (m.ScrollRequest, QdrantStore.scroll, m.InlineResponse20019),
    "POST /points/count": (m.CountRequest, QdrantStore.count, m.InlineResponse20020),
    "POST /facet": (m.FacetRequest, QdrantStore.facet, m.InlineResponse20021),
}
"""What each request is parsed as, who carries it out, and what the client parses the answer as."""
_WRITES = {"PUT /index", "PUT /points", "POST /points/delete"}


async def _says_hello_of_tls(stream: SocketStream, buffered: BufferedByteReceiveStream) -> bool:
    """Refuse who speaks TLS, as a server without it does."""
    first = await buffered.receive_exactly(1)
    if first == b"\x16":
        await stream.send(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        return True
    buffered.feed_data(first)
    return False


def _refusal(status: int, reason: str) -> Response:
    return Response(status, json.dumps({"status": {"error": reason}, "time": 0.0}).encode())


@asynccontextmanager
async def fake_qdrant(*, is_cluster: bool = False) -> AsyncGenerator[FakeQdrant]:
    """Run a server for the time of a test."""
    server = FakeQdrant(is_cluster=is_cluster)
    async with server.listening():
        yield server
