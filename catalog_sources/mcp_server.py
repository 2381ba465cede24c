"""A downstream MCP server: a child process, or a URL of streamable HTTP or SSE."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mcp_toolweaver import ConfigurationError, Downstream, Unavailable, connect, server_log, transports


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    connect_timeout: float = Field(default=60.0, gt=0)
    """Seconds until the handshake must be done; a first start may have to install the server."""
    call_timeout: float = Field(default=60.0, gt=0)
    """Seconds that one call may take."""
    max_frame_bytes: int = Field(default=16 * 1024 * 1024, ge=64 * 1024)
    """Bytes that one message of the server may have; a larger one ends as an error of its call."""


class StdioOptions(_Options):
    """A server that is started as a child process."""

    transport: Literal["stdio"]
    command: str = Field(min_length=1)
    args: list[str] = []
    env: dict[str, str] = {}
    cwd: str | None = None


class LoginOptions(BaseModel):
    """How to log in by OAuth 2.1, where that is not to be found out."""

    model_config = ConfigDict(extra="forbid")

    scopes: list[str] = []
    client_id: str | None = None
    client_secret: str | None = Field(default=None, repr=False)
    client_metadata_url: str | None = None
    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"
    issuer: str | None = None
    redirect_port: int = Field(default=0, ge=0, le=65_535)


class RemoteOptions(_Options):
    """A server that listens at a URL."""

    transport: Literal["http", "sse"]
    url: str = Field(pattern=r"^https?://")
    headers: dict[str, str] = {}
    auth: LoginOptions | None = None


_OPTIONS: TypeAdapter[StdioOptions | RemoteOptions] = TypeAdapter(
    Annotated[StdioOptions | RemoteOptions, Field(discriminator="transport")]
)


@asynccontextmanager
async def open_source(name: str, options: Mapping[str, Any]) -> AsyncGenerator[Downstream]:
    """Connect to the server; see `SourceFactory`."""
    chosen = _options(options)
    opener = _child(name, chosen) if isinstance(chosen, StdioOptions) else _remote(name, chosen)
    async with opener as downstream:
        yield downstream


@asynccontextmanager
async def _child(name: str, options: StdioOptions) -> AsyncGenerator[Downstream]:
    log = server_log(name, options.env.values(), arguments=options.args)
    async with connect(
        name,
        lambda: transports.stdio(
            options.command, options.args, options.env, options.cwd, log, largest_frame=options.max_frame_bytes
        ),
        connect_timeout=options.connect_timeout,
        call_timeout=options.call_timeout,
        last_words=log.last_line,
        mask=log.mask,
    ) as downstream:
        yield downstream


@asynccontextmanager
async def _remote(name: str, options: RemoteOptions) -> AsyncGenerator[Downstream]:
    secrets = [*options.headers.values(), (options.auth and options.auth.client_secret) or ""]
    log, largest = server_log(name, secrets, url=options.url), options.max_frame_bytes
    auth, advice = _login(name, options)
    tail = transports.HttpTail(advice)

    def transport() -> AbstractAsyncContextManager[Any]:
        if options.transport == "sse":
            return transports.sse(options.url, options.headers, tail, log, auth=auth, largest_frame=largest)
        return transports.http(options.url, options.headers, tail, log, auth=auth, largest_frame=largest)

    def is_unwelcome() -> bool:
        return auth is not None and auth.is_missing and tail.is_unwelcome()

    try:
        async with connect(
            name,
            transport,
            connect_timeout=options.connect_timeout,
            call_timeout=options.call_timeout,
            last_words=tail.last_refusal,
            is_forgotten=tail.is_forgotten,
            is_unwelcome=is_unwelcome,
            why_refused=tail.why_refused,
            mask=log.mask,
        ) as downstream:
            yield downstream
    except Unavailable as away:
        away.mended = auth.changed if auth is not None and is_unwelcome() else None
        raise


def _login(name: str, options: RemoteOptions) -> tuple[transports.KeptLogin | None, Callable[[], str]]:
    """Return what logs in, which a header of the owner's own replaces, and what says how to mend a refusal."""
    if any(header.lower() == "authorization" for header in options.headers):
        return None, lambda: "the Authorization header under headers is not taken; correct it"
    auth = None if options.auth is None else options.auth.model_dump()
    kept = transports.kept_login(name, options.url, auth, is_sse=options.transport == "sse")
    return (None, lambda: "add an Authorization header under headers") if kept is None else (kept, kept.advice)


def _options(options: Mapping[str, Any]) -> StdioOptions | RemoteOptions:
    try:
        return _OPTIONS.validate_python(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"][1:])) or "transport"  # the first step is the transport chosen
        raise ConfigurationError(f"{key}: {first['msg']}") from error
