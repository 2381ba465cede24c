"""Where a text names servers, and how clearly."""

from __future__ import annotations

from dataclasses import dataclass

from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.search.names.aliases import Alias, aliases_of
from mcp_toolweaver.search.names.reading import Run, Runs, is_joined
from mcp_toolweaver.search.names.words import CALENDAR

_USING = frozenset(("use", "using", "via"))
_DOMAINS = frozenset(("com", "io", "org", "net", "app", "ai", "dev"))
_SAID_TO_BE_ONE = frozenset(("mcp", "server"))
_LONGEST = 8


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a text where servers may be named."""

    start: int
    end: int
    alias: Alias
    is_clear: bool
    """Whether the words stand for the servers, not for what they mean in any sentence."""


class Servers:
    """Finds the servers of a catalog in texts."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Learn the names of the servers."""
        self.aliases = aliases_of(snapshot)
        self._begun = frozenset(key[:length] for key in self.aliases for length in range(1, len(key) + 1))

    def mentions(self, runs: Runs) -> list[Mention]:
        """Return where servers may be named, the longest name at each place."""
        shouting = sum(_is_capital(run) for run in runs) * 2 > len(runs) > 1
        found: list[Mention] = []
        free = 0
        for place, run in enumerate(runs):
            if place >= free and run.key in self._begun and run.gap != "_":
                mention = self._at(runs, place, shouting=shouting)
                if mention is not None:
                    found.append(mention)
                    free = mention.end
        return found

    def _at(self, runs: Runs, start: int, *, shouting: bool) -> Mention | None:
        key, found = "", None
        for end in range(start + 1, min(start + _LONGEST, len(runs)) + 1):
            key += runs[end - 1].key
            if key not in self._begun:
                break
            alias = self.aliases.get(key)
            if alias is not None:
                found = end, alias
        if found is None:
            return None
        end, alias = found
        return Mention(start, end, alias, _is_clear(runs, start, end, alias, shouting=shouting))


def _is_clear(runs: Runs, start: int, end: int, alias: Alias, *, shouting: bool) -> bool:
    if alias.is_shared:
        return False
    if not alias.is_ordinary and (not alias.needs_capital or _is_capital(runs[start])):
        return True
    if alias.needs_capital:
        return False
    if end - start > 1 or _is_marked(runs, start, end):
        return True
    return not shouting and runs[start].key not in CALENDAR and _is_a_proper_name(runs, start)


def _is_marked(runs: Runs, start: int, end: int) -> bool:
    """Whether what stands around says that a server is meant: ``time: ...``, ``monday.com``, ``the fetch server``."""
    is_used = start > 0 and runs[start - 1].key in _USING
    if end == len(runs):
        return is_used or start == 0
    gap, after = runs[end].gap, runs[end].key
    if not gap:
        return not after.isascii()  # a word in Latin letters amid text in others
    is_heading = start == 0 and gap.startswith((":", " \u2014", " \u2013", " - "))
    is_domain = gap == "." and after in _DOMAINS
    is_said = gap == " " and after in _SAID_TO_BE_ONE
    return is_heading or is_domain or is_said or (is_used and (after == "to" or gap != " "))


def _is_a_proper_name(runs: Runs, place: int) -> bool:
    """Whether a capital stands inside a sentence, and not as a part of a longer name."""
    run = runs[place]
    if not _is_capital(run) or is_joined(run):
        return False
    if place == 0 or any(mark in run.gap for mark in ".!?:\n\"'*#"):
        return len(run.raw) > 1 and run.raw.isupper()
    after = runs[place + 1] if place + 1 < len(runs) else None
    is_led = place > 1 and runs[place].gap == " " and _is_capital(runs[place - 1])
    return not is_led and not (after is not None and after.gap == " " and _is_capital(after))


def _is_capital(run: Run) -> bool:
    return run.raw[0].isupper()
