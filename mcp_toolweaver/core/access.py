"""Who calls us, and what is there for them.

The caller of the request under way is a fact of the task, like the host it came from, so it is kept in a context
variable; every plugin between would only pass it on. What is outside of a caller's profiles does not exist for them.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, TypeAlias

from mcp_toolweaver.core.errors import ToolweaverError
from mcp_toolweaver.core.patterns import is_any
from mcp_toolweaver.core.tools import Tool

Effect: TypeAlias = Literal["read", "write", "destructive"]
"""What a call may do to the world, the least first."""

EFFECTS: frozenset[Effect] = frozenset(("read", "write", "destructive"))


@dataclass(frozen=True, slots=True)
class Rules:
    """Patterns, see `mcp_toolweaver.core.patterns`; a tool matches if one does."""

    servers: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    """Compared with the name that hosts call it by, and with ``server::tool``."""
    kinds: tuple[str, ...] = ()
    """Compared with what kind of thing a call runs."""

    def __bool__(self) -> bool:
        return bool(self.servers or self.domains or self.tools or self.kinds)

    def match(self, tool: Tool) -> bool:
        """Whether one of the patterns is that of the tool."""
        return (
            is_any(tool.id.server, self.servers)
            or is_any(tool.domain, self.domains)
            or is_any(tool.callable_name, self.tools)
            or is_any(str(tool.id), self.tools)
            or is_any(tool.kind, self.kinds)
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """A named part of the catalog, and what may be done with it."""

    name: str
    allow: Rules = field(default_factory=Rules)
    """What is in it; everything, if there is no pattern."""
    deny: Rules = field(default_factory=Rules)
    """What is not in it all the same."""
    effects: frozenset[Effect] = EFFECTS
    """What calls may do."""

    def shows(self, tool: Tool) -> bool:
        """Whether the tool is in it, whatever a call of it does."""
        return (not self.allow or self.allow.match(tool)) and not self.deny.match(tool)

    def shows_server(self, server: str) -> bool:
        """Whether a server is in it as a whole, as far as its name says."""
        return (not self.allow or is_any(server, self.allow.servers)) and not is_any(server, self.deny.servers)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is, as far as that limits it."""

    name: str = ""
    """Of the token, or the subject, that was shown; empty for whoever started us, or needs none."""
    profiles: tuple[Profile, ...] = ()
    """What is in all of them is there for the caller; everything, if there is none."""

    def sees(self, tool: Tool) -> bool:
        """Whether a tool is there for the caller, whether or not it may be called."""
        return all(profile.shows(tool) for profile in self.profiles)

    def sees_server(self, server: str) -> bool:
        """Whether a server is there for the caller as a whole, as far as its name says."""
        return all(profile.shows_server(server) for profile in self.profiles)

    @property
    def key(self) -> str:
        """Is no other caller's, and stays when the rules of a named profile change."""
        return "\n".join(map(repr, (self.name, *(profile.name or profile for profile in self.profiles))))

    def renewed(self, profiles: Mapping[str, Profile]) -> Caller:
        """Return the same caller within the profiles as they are by now; in one that is gone there is nothing."""
        return replace(self, profiles=tuple(_renewed(profile, profiles) for profile in self.profiles))


def nothing(name: str) -> Profile:
    """Return a profile of this name that shows nothing."""
    return Profile(name, deny=Rules(servers=("*",)), effects=frozenset())


def _renewed(profile: Profile, profiles: Mapping[str, Profile]) -> Profile:
    return profiles.get(profile.name) or nothing(profile.name) if profile.name else profile


OWNER = Caller()
"""Who started us, and may do everything."""

CALLER: ContextVar[Caller] = ContextVar("caller", default=OWNER)
"""The caller of the request under way."""


@contextmanager
def as_caller(caller: Caller) -> Generator[None]:
    """Do something as if a request of this caller were under way."""
    token = CALLER.set(caller)
    try:
        yield
    finally:
        CALLER.reset(token)


class NotAdmitted(ToolweaverError):
    """Whoever asks has shown nothing that lets them in: HTTP status 401."""

    def __init__(self, reason: str, error: str = "") -> None:
        """Say why; ``error`` is the code of RFC 6750, section 3.1, empty where no token was shown at all."""
        super().__init__(reason)
        self.error = error


class NotAllowed(NotAdmitted):
    """We know who asks, and they may not do this at all: HTTP status 403, error ``insufficient_scope``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "insufficient_scope")


class Admission(Protocol):
    """Who is let in over the network."""

    @property
    def challenge(self) -> str:
        """The parameters of ``WWW-Authenticate: Bearer`` beside the error (RFC 6750, RFC 9728); may be empty."""
        ...

    async def admit(self, bearer: str | None) -> Caller:
        """Return who shows this bearer token, or nothing.

        Raises:
            NotAdmitted: the token is unknown, expired or revoked, or one is needed; as `NotAllowed`, it is good for
                nothing here.
            Unavailable: it cannot be known just now: HTTP status 503.
        """
        ...
