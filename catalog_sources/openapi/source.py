"""The source: its document, read again when it changes, and its calls."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2

from catalog_sources.openapi.answers import result_of
from catalog_sources.openapi.building import Built, build
from catalog_sources.openapi.calling import TooLarge, client, send
from catalog_sources.openapi.failures import refusal, too_large
from catalog_sources.openapi.fetching import Fetched, fetch, file_stamp, where
from catalog_sources.openapi.options import OpenApiOptions, read_options
from catalog_sources.openapi.problems import BadDocument
from catalog_sources.openapi.requests import request_for
from mcp_toolweaver import Tool, ToolResult, Unavailable, UnknownTool, run_in_thread

_LOOK = 1.0
"""Seconds between two looks at a file."""
_REFUSED = 300


class OpenApiSource:
    """A `CatalogSource` over one document."""

    def __init__(self, name: str, options: OpenApiOptions, opened: httpx2.AsyncClient) -> None:
        """Call the operations of the document that ``options`` name, through an open client."""
        self._name = name
        self._part = f"source {name!r}"
        self._options = options
        self._client = opened
        self._fetched: Fetched | None = None
        self._built: Built | None = None
        self._digest = b""
        self._failure = ""
        self._headers = {key: value.get_secret_value() for key, value in options.headers.items()}

    @property
    def problems(self) -> list[str]:
        """What of the document was left out, and why; first of all why the newest state of it is not used."""
        return [*([self._failure] if self._failure else []), *(self._built.problems if self._built else ())]

    async def list_tools(self) -> Sequence[Tool]:
        """See `CatalogSource.list_tools`; a document that became unusable leaves the tools of the last good one."""
        try:
            await self._read()
            self._failure = ""
        except BadDocument as bad:
            self._failed(f"{where(self._options)}: {bad}", bad)
        except Unavailable as away:
            self._failed(away.reason, away)
        return self._built.tools if self._built else ()

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """See `CatalogSource.call_tool`."""
        plan = self._built.plans.get(name) if self._built else None
        if plan is None:
            raise UnknownTool(name)
        request = request_for(plan, arguments, self._headers)
        limit = self._options.max_response_bytes
        try:
            answer = await send(
                self._client, request, plan.base, part=self._part, seconds=self._options.call_timeout, most_bytes=limit
            )
        except TooLarge:
            return too_large(plan, limit)
        if answer.status >= _REFUSED:
            return refusal(answer, plan, self._secrets())
        return result_of(answer, plan)

    async def wait_changed(self) -> None:
        """See `CatalogSource.wait_changed`: looks at a file every second, and at the web as often as is configured."""
        if self._options.path is not None:
            await self._wait_for_file()
        elif self._options.refresh_seconds:
            await self._wait_for_web()
        else:
            await anyio.sleep_forever()

    async def _read(self) -> None:
        fetched = await fetch(self._client, self._options, self._part, self._fetched)
        self._fetched = fetched
        digest = hashlib.sha256(fetched.content).digest()
        if digest == self._digest and self._built is not None:
            return
        self._digest = digest
        built = await run_in_thread(build, self._name, fetched.content, self._options, where(self._options))
        self._built = built

    def _failed(self, reason: str, error: Exception) -> None:
        """Keep the last good tools, or fail where there never were any."""
        self._failure = f"{reason} (the tools are those of its last good state)"
        if self._built is None:
            raise Unavailable(self._part, reason) from error

    async def _wait_for_file(self) -> None:
        path = (self._options.path or Path()).expanduser()
        stamp = self._fetched.stamp if self._fetched else None
        while await run_in_thread(file_stamp, path) == stamp:  # noqa: ASYNC110  a file has no event
            await anyio.sleep(_LOOK)

    async def _wait_for_web(self) -> None:
        while True:
            await anyio.sleep(self._options.refresh_seconds)
            try:
                fetched = await fetch(self._client, self._options, self._part, self._fetched)
            except (BadDocument, Unavailable):
                continue  # what is there now is no better than what we have
            if self._fetched is None or fetched.content != self._fetched.content:
                return

    def _secrets(self) -> list[str]:
        texts = [*self._headers.values()]
        for auth in self._options.auth.values():
            texts += [secret.get_secret_value() for secret in (auth.token, auth.value, auth.password) if secret]
        return texts


@asynccontextmanager
async def open_source(name: str, options: Mapping[str, Any]) -> AsyncGenerator[OpenApiSource]:
    """Open a document as a source; see `SourceFactory`.

    Raises:
        ConfigurationError: an option is wrong.
    """
    chosen = read_options(options)
    async with client() as opened:
        yield OpenApiSource(name, chosen, opened)
