"""The hosts that are attached, and what is known of each."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import anyio
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.shared.dispatcher import Outbound
from mcp_types import CLIENT_CAPABILITIES_META_KEY

from mcp_toolweaver.core.access import Caller
from mcp_toolweaver.core.exchange import ABILITIES, CAPABILITIES, ELICIT_URL, SAMPLE_TOOLS, Host
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.server.host import LegacyHost
from mcp_toolweaver.server.log_levels import least_serious
from mcp_toolweaver.server.session import HostSession

_FINER = (("elicitation", "url", ELICIT_URL), ("sampling", "tools", SAMPLE_TOOLS))


class Sessions:
    """All hosts that are attached: the `Hosts` that downstream servers see."""

    def __init__(
        self, *, is_open: bool = False, is_seen: Callable[[Caller, str], bool] = lambda _caller, _server: True
    ) -> None:
        """Begin with none.

        Args:
            is_open: Whether any number of hosts may come, rather than the one that started us.
            is_seen: Says whether a server exists for a caller.
        """
        self._is_open = is_open
        self._is_seen = is_seen
        self._sessions: dict[Connection, HostSession] = {}
        self._pipes: WeakKeyDictionary[Outbound, str] = WeakKeyDictionary()
        self._answers_of_requests: frozenset[str] = frozenset()
        self._has_requests_without_session = False
        self._changed = anyio.Event()
        self._on_updated: Callable[[str, str], Awaitable[None]] | None = None
        self._on_left: Callable[[HostSession], None] | None = None
        self.roots_changes = 0
        """See `Hosts.roots_changes`."""

    def __iter__(self) -> Iterator[HostSession]:
        return iter(list(self._sessions.values()))

    def note(self, context: ServerRequestContext[Any]) -> None:
        """Note what a message says of its sender: every message is to pass here."""
        if context.method == "initialize":
            session = self.of(context)
            params = context.params or {}
            session.answers = _answers(params.get("capabilities"))
            info = params.get("clientInfo")
            session.client = str(info.get("name", "")) if is_object(info) else ""
            session.lists_again = session.traits.lists_again
            return
        capabilities = _meta(context.params).get(CLIENT_CAPABILITIES_META_KEY)
        if capabilities is not None:
            self._has_requests_without_session = True
            self._answers_of_requests |= _answers(capabilities)

    def of(self, context: ServerRequestContext[Any]) -> HostSession:
        """Return the session that a message of an older era belongs to."""
        connection = _connection(context)
        session = self._sessions.get(connection)
        if session is None:
            session = self._sessions[connection] = HostSession(connection, context)
            connection.exit_stack.callback(self._leave, session)
        session.context = context
        return session

    def key_without(self, context: ServerRequestContext[Any]) -> str:
        """Return the key of a host without a session: of its pipe where it has one, or else of the request alone."""
        connection = _connection(context)
        if not connection.has_standalone_channel:
            return secrets.token_hex(8)
        return self._pipes.setdefault(connection.outbound, secrets.token_hex(8))

    @property
    def answers(self) -> frozenset[str]:
        """See `Hosts.answers`."""
        if self._is_open:
            return ABILITIES
        return self._answers_of_requests.union(*(session.answers for session in self._sessions.values()))

    @property
    def are_of_old(self) -> bool:
        """See `Hosts.are_of_old`."""
        return bool(self._sessions) and not self._has_requests_without_session

    @property
    def log_level(self) -> str | None:
        """See `Hosts.log_level`."""
        return least_serious(session.log_level for session in self._sessions.values())

    def only(self, server: str) -> Host | None:
        """See `Hosts.only`."""
        if len(self._sessions) != 1 or self._has_requests_without_session:
            return None
        [session] = self._sessions.values()
        if not self._is_seen(session.caller, server):
            return None
        return LegacyHost(session, replace(session.context, request_id=None))

    def change_roots(self) -> None:
        """Note that the folders of a host have changed."""
        self.roots_changes += 1
        self.wake()

    def wake(self) -> None:
        """Wake those who wait for a change."""
        changed, self._changed = self._changed, anyio.Event()
        changed.set()

    async def wait_changed(self) -> None:
        """See `Hosts.wait_changed`."""
        await self._changed.wait()

    def listen(self, on_updated: Callable[[str, str], Awaitable[None]], on_left: Callable[[HostSession], None]) -> None:
        """Tell the server and URI of each resource that has changed, and each session that has ended."""
        self._on_updated, self._on_left = on_updated, on_left

    async def resource_updated(self, server: str, uri: str) -> None:
        """See `Hosts.resource_updated`."""
        if self._on_updated is not None:
            await self._on_updated(server, uri)

    def _leave(self, session: HostSession) -> None:
        del self._sessions[session.connection]
        if self._on_left is not None:
            self._on_left(session)


def answers_of(context: ServerRequestContext[Any]) -> frozenset[str]:
    """Return what the sender of a request of 2026-07-28 may be asked."""
    return _answers(_meta(context.params).get(CLIENT_CAPABILITIES_META_KEY))


def _connection(context: ServerRequestContext[Any]) -> Connection:
    # The SDK gives a handler no other way to what outlives its request.
    return context.session._connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _answers(capabilities: Any) -> frozenset[str]:
    given = capabilities if is_object(capabilities) else {}
    methods = {method for name, method in CAPABILITIES.items() if given.get(name) is not None}
    finer = {
        method for name, part, method in _FINER if is_object(given.get(name)) and given[name].get(part) is not None
    }
    return frozenset(methods | finer)


def _meta(params: Mapping[str, Any] | None) -> Mapping[str, Any]:
    meta = (params or {}).get("_meta")
    return meta if is_object(meta) else {}
