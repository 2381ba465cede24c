"""The request of a host that is being answered, and what may pass between that host and a server meanwhile.

A downstream server may tell of progress, write log messages, and ask the user, the model or the
host's folders for something while it runs a tool. All of that belongs to the host whose request
caused the call, and to no other. The request under way is kept in a context variable, as are the
hosts that are attached: both are facts of the task, and every plugin between would only pass them on.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from mcp_toolweaver.core.access import CALLER
from mcp_toolweaver.core.errors import ToolweaverError

ELICIT = "elicitation/create"
SAMPLE = "sampling/createMessage"
ROOTS = "roots/list"
CAPABILITIES: Mapping[str, str] = {"elicitation": ELICIT, "sampling": SAMPLE, "roots": ROOTS}
"""What a server may ask a host who has a capability of this name."""
QUESTIONS = frozenset(CAPABILITIES.values())
"""What a server may ask a host, by method."""
ELICIT_URL = f"{ELICIT} url"
SAMPLE_TOOLS = f"{SAMPLE} tools"
ABILITIES = QUESTIONS | {ELICIT_URL, SAMPLE_TOOLS}
"""What a host may be able to answer: these questions, and two forms of them that not all who answer those take."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Refusal(ToolweaverError):
    """The other side answered with an error of the protocol, which the asking side is to get as it is."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Host(Protocol):
    """A host, as far as the request under way lets us reach it."""

    @property
    def key(self) -> str:
        """Is the same for all requests of one session or pipe, and never for those of two hosts."""
        ...

    @property
    def answers(self) -> frozenset[str]:
        """What it may be asked, out of `ABILITIES`."""
        ...

    @property
    def takes_round_trips(self) -> bool:
        """Whether a result may ask for input, which comes with the next request (2026-07-28)."""
        ...

    async def ask(self, method: str, params: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Ask one of `QUESTIONS` and return the result, both as JSON objects of the protocol.

        Raises:
            Refusal: it does not answer such questions, or answered with an error.
        """
        ...

    async def progress(self, done: float, total: float | None, message: str | None) -> None:
        """Tell how far the call is, if it wants to know."""
        ...

    async def log(self, message: Mapping[str, Any]) -> None:
        """Pass on a log message: the parameters of ``notifications/message``."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a host."""

    host: Host
    meta: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """Its ``_meta``, without what speaks of the connection between the host and us."""
    input_responses: Mapping[str, Any] | None = None
    """What the host answers to the questions of an earlier result."""
    request_state: str | None = None
    """What that result asked to be given back."""


class Hosts(Protocol):
    """All hosts that are attached."""

    @property
    def answers(self) -> frozenset[str]:
        """What at least one of them may be asked, out of `ABILITIES`; all where others may yet come."""
        ...

    @property
    def are_of_old(self) -> bool:
        """Whether there are hosts, all of which speak an era before 2026-07-28."""
        ...

    @property
    def log_level(self) -> str | None:
        """The least serious level of log messages that one of them wants; None if none has said."""
        ...

    @property
    def roots_changes(self) -> int:
        """How often the folders of a host have changed."""
        ...

    def only(self, server: str) -> Host | None:
        """Return the host if there is exactly one, for what a server does outside of any call.

        There is none for a server that does not exist for that host's caller.
        """
        ...

    async def wait_changed(self) -> None:
        """Return when the folders of a host, or the level of log messages, have changed."""
        ...

    async def resource_updated(self, server: str, uri: str) -> None:
        """Tell those who subscribed to a resource of a server that it has changed."""
        ...


def ability_for(method: str, params: Mapping[str, Any] | None) -> str:
    """Return which of `ABILITIES` a question needs."""
    if method == ELICIT and (params or {}).get("mode") == "url":
        return ELICIT_URL
    return SAMPLE_TOOLS if method == SAMPLE and (params or {}).get("tools") else method


def current_session() -> str:
    """Return whose session's request is under way: the key of the caller alone where there is none (2026-07-28)."""
    exchange, caller = EXCHANGE.get(), CALLER.get().key
    return caller if exchange is None or exchange.host.takes_round_trips else f"{caller}\n{exchange.host.key}"


EXCHANGE: ContextVar[Exchange | None] = ContextVar("exchange", default=None)
"""The request that this task answers; None where a command of ours calls a tool."""

HOSTS: ContextVar[Hosts | None] = ContextVar("hosts", default=None)
"""The hosts that are attached to this process; None where none can be."""
