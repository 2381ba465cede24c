"""Connecting to a downstream server, whichever era of the protocol it speaks."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio
from mcp.client.client import Client
from mcp.client.subscriptions import SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_toolweaver.core.errors import DeadlineExceeded
from mcp_toolweaver.core.exchange import HOSTS, ROOTS
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.proxy.downstream import Downstream, Link
from mcp_toolweaver.proxy.failures import connection_failure, is_refused, masked, part
from mcp_toolweaver.proxy.relay import Relay, keep_told
from mcp_toolweaver.proxy.wire import Transport, Wire, observed

_log = logging.getLogger(__name__)

_LISTEN_AGAIN = 30.0
"""Seconds until a lost stream of announcements is asked for again."""
_greeted_in_the_old_way: set[str] = set()
"""Servers that died of the question which protocol they speak, in this process."""
_only_modern: set[str] = set()
"""Servers that refused the handshake of the older eras, in this process."""


@asynccontextmanager
async def connect(
    name: str,
    transport: Callable[[], Transport],
    *,
    connect_timeout: float,
    call_timeout: float,
    last_words: Callable[[], str] = lambda: "",
    is_forgotten: Callable[[], bool] = lambda: False,
    is_unwelcome: Callable[[], bool] = lambda: False,
    why_refused: Callable[[str | int], str | None] = lambda _message_id: None,
    mask: Callable[[str], str] = str,
) -> AsyncGenerator[Downstream]:
    """Connect to a downstream server and yield it; times in seconds.

    Both protocol eras are tried on one connection. A server that dies of the question which
    one it speaks (one in 82 did) is started again and greeted in the old way. For hosts of the
    older eras that is tried first: a server that speaks both may ask such a host in ways that
    2026-07-28 no longer has.

    Args:
        name: The server's name in the configuration.
        transport: Makes a new transport for each attempt.
        connect_timeout: Until the handshake is done, and then again until the tools are listed.
        call_timeout: Of each request after that.
        last_words: Asks in a thread what the server said last, for error messages.
        is_forgotten: Whether the transport saw a message refused for want of a session, so that a call
            was not executed.
        is_unwelcome: Whether the transport saw the last message refused for want of a login.
        why_refused: Says what the transport knows of an error that answers the message of an id.
        mask: Hides secrets in what is said of the server's failures.

    Raises:
        Unavailable: the server cannot be reached, died, or did not answer in time.
    """
    modes = _modes(name)
    for mode in modes:
        wire, entered = Wire(why_refused), False
        link = Link(
            wire,
            Relay(name, HOSTS.get()),
            is_forgotten,
            list_timeout=connect_timeout,
            silence=call_timeout,
            mask=mask,
            is_unwelcome=is_unwelcome,
            prefers_old=lambda: _modes(name) == ("legacy", "auto"),
        )
        try:
            with anyio.CancelScope(deadline=anyio.current_time() + connect_timeout) as scope:
                async with (
                    _client(observed(transport(), wire), mode, link.relay) as client,
                    anyio.create_task_group() as tasks,
                ):
                    scope.deadline, entered = math.inf, True
                    wire.is_of_old = client.protocol_version not in MODERN_PROTOCOL_VERSIONS
                    _remember(name, modes, mode)
                    tasks.start_soon(_listen, client, wire)
                    tasks.start_soon(_keep_told, client)
                    yield Downstream(name, client, link)
                    tasks.cancel_scope.cancel()
        except Exception as error:  # groups and transport errors of every kind; translated in one place
            if mode != modes[-1] and not entered and (wire.ended if mode == "auto" else is_refused(error)):
                _log.info("%s: did not take the greeting of one era of the protocol; trying the other", name)
                continue
            words = await run_in_thread(last_words) if wire.ended or not entered else ""
            raise masked(connection_failure(name, error, words), mask) from error
        if scope.cancelled_caught:
            words = await run_in_thread(last_words)
            late = f"did not complete the handshake within {connect_timeout:g} s"
            raise DeadlineExceeded(part(name), mask(f"{late}; {words}" if words else late))
        return


def _modes(name: str) -> tuple[str, ...]:
    """Return the ways of greeting a server, by the SDK's names, in the order in which they are tried."""
    hosts = HOSTS.get()
    if name in _greeted_in_the_old_way:
        return ("legacy",)
    if hosts is not None and hosts.are_of_old and name not in _only_modern:
        return ("legacy", "auto")
    return ("auto", "legacy")


def _remember(name: str, modes: tuple[str, ...], mode: str) -> None:
    """Note which way of greeting a server took, where another had failed before."""
    if mode == modes[-1] and len(modes) > 1:
        (_only_modern if mode == "auto" else _greeted_in_the_old_way).add(name)


def _client(transport: Transport, mode: str, relay: Relay) -> Client:
    """Make a client without deadlines of its own: those of calls depend on progress, and are ours."""
    identity = Implementation(name="mcp-toolweaver", version=version("mcp-toolweaver"))
    return Client(transport, mode=mode, cache=None, client_info=identity, **relay.callbacks())


async def _keep_told(client: Client) -> None:
    """Tell a server of the older era what changes about the hosts; those of 2026-07-28 are told with each request."""
    hosts = HOSTS.get()
    if hosts is None or client.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return
    level = client.server_capabilities.logging is not None
    await keep_told(client.session, hosts, roots=ROOTS in hosts.answers, level=level)


async def _listen(client: Client, wire: Wire) -> None:
    """Ask a server of the 2026-07-28 era to tell of changed listings, which older ones do unasked."""
    offers = client.server_capabilities
    tools, prompts, resources = (
        offer is not None and bool(offer.list_changed) for offer in (offers.tools, offers.prompts, offers.resources)
    )
    if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not (tools or prompts or resources):
        return
    while True:
        try:
            async with client.listen(
                tools_list_changed=tools, prompts_list_changed=prompts, resources_list_changed=resources
            ) as changes:
                async for _change in changes:
                    wire.news.set()
        except (MCPError, SubscriptionLost, TimeoutError) as error:
            _log.info("changes of what it offers are not announced just now: %s", error)
        await anyio.sleep(_LISTEN_AGAIN)
        wire.news.set()  # whatever changed meanwhile was not announced
