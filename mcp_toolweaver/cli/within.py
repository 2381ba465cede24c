"""The profile that a command is to stay within."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from mcp_toolweaver.config import Settings
from mcp_toolweaver.core.access import Caller, Profile, as_caller
from mcp_toolweaver.core.errors import ConfigurationError


def within_of(settings: Settings, profile: str | None) -> tuple[Profile, ...]:
    """Return the profile of a name, which all callers are within; nothing where none is named.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if profile is None:
        return ()
    known = settings.named_profiles
    if profile not in known:
        there = f"there are {', '.join(known)}" if known else "the configuration has none: see toolweaver.profiles"
        raise ConfigurationError(f"there is no profile {profile!r}; {there}")
    return (known[profile],)


@contextmanager
def looking_through(settings: Settings, profile: str | None) -> Generator[None]:
    """See what somebody within a profile sees; everything where none is named.

    Raises:
        ConfigurationError: there is none of that name.
    """
    with as_caller(Caller(profiles=within_of(settings, profile))):
        yield
