"""A token as it is kept: its name, how long it is good, and what it is good for; never its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mcp_toolweaver.core.access import EFFECTS, Effect, Profile, Rules


@dataclass(frozen=True, slots=True)
class Token:
    """One token; times are in UTC."""

    name: str
    digest: str = field(repr=False)
    """SHA-256 of the text, in hexadecimal."""
    created: datetime
    expires: datetime | None = None
    """From when on it lets nobody in; None if it is good until it is revoked."""
    profile: str = ""
    """The name of a profile that limits it, too; empty if there is none."""
    allow: Rules = field(default_factory=Rules)
    """What it is good for; everything, if there is no pattern."""
    effects: frozenset[Effect] = EFFECTS

    def is_expired(self, now: datetime) -> bool:
        """Whether it lets nobody in any more."""
        return self.expires is not None and self.expires <= now

    @property
    def scope(self) -> Profile | None:
        """What the token itself is limited to; None if it is not."""
        if not self.allow and self.effects == EFFECTS:
            return None
        return Profile(f"token {self.name}", allow=self.allow, effects=self.effects)
