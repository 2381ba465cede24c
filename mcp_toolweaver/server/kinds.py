"""Searching among the tools of one kind: for as long as that takes, nothing else is there for the caller."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from mcp_toolweaver.core.access import CALLER, Profile, Rules, as_caller
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.tools import Snapshot

_LONGEST_SHOWN = 60


@contextmanager
def of_kind(kind: str | None, snapshot: Snapshot) -> Generator[tuple[str, ...]]:
    """Keep to the tools of a kind, if one is given; yield a sentence where there is none such."""
    chosen = scrub(kind or "").strip().casefold()
    if not chosen:
        yield ()
    elif chosen not in map(str.casefold, snapshot.kinds):
        known = ", ".join(sorted(snapshot.kinds))
        yield (f"there is no tool of kind {chosen[:_LONGEST_SHOWN]!r}, so all were searched; kinds: {known}",)
    else:
        caller = CALLER.get()
        within = Profile("", allow=Rules(kinds=(chosen,)))
        with as_caller(replace(caller, profiles=(*caller.profiles, within))):
            yield ()
