"""The profile that a command is to stay within."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from mcp_toolweaver.config import Configuration, Settings
from mcp_toolweaver.core.access import Caller, Profile, as_caller
from mcp_toolweaver.core.errors import ConfigurationError

_log = logging.getLogger("mcp_toolweaver.reload")


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


class Within:
    """The profile that everybody whom we serve is within, which the configuration may change meanwhile."""

    def __init__(self, settings: Settings, profile: str | None) -> None:
        """Begin with the profile of a name; without one, everybody sees everything.

        Raises:
            ConfigurationError: there is none of that name.
        """
        self.caller = Caller(profiles=within_of(settings, profile))
        """Somebody who is within it, and nothing else."""

    def take_over(self, changed: Configuration) -> None:
        """Go by a changed configuration; where the profile is gone from it, nothing is shown any more."""
        profiles = changed.settings.named_profiles
        for gone in (each.name for each in self.caller.profiles if each.name not in profiles):
            _log.error("there is no profile %r any more, within which we serve: nothing is shown until there is", gone)
        self.caller = self.caller.renewed(profiles)


@contextmanager
def looking_through(settings: Settings, profile: str | None) -> Generator[None]:
    """See what somebody within a profile sees; everything where none is named.

    Raises:
        ConfigurationError: there is none of that name.
    """
    with as_caller(Caller(profiles=within_of(settings, profile))):
        yield
