"""Why a need was missed: where its tool ranked, what its text lacks, and what stood before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_toolweaver.evaluation.rounding import rounded

FUSED = "fused"
WORDS = "words"
MEANING = "meaning"
DEPTH = 100
"""How deep a tool that was missed is looked for."""

_JUST_BELOW = 15
_FOUND = 10


@dataclass(frozen=True, slots=True)
class Double:
    """A tool that ranked above and reads much like the one that was wanted."""

    tool: str
    rank: int
    resemblance: float
    """The share of the terms of both that they have in common."""


@dataclass(frozen=True, slots=True)
class MissedNeed:
    """A need that the first ten tools do not cover, and what is known about it."""

    wanted: str
    """The alternative that came nearest, or the first one if the catalog has none of them."""
    absent: str = ""
    """Why the tool could not be found at all; empty if the catalog has it."""
    ranks: Mapping[str, int | None] | None = None
    """Where each arm ranked it; None where it is not among the first hundred hits.

    An arm that answers ``none`` has no hits. None if the tool is absent.
    """
    held: tuple[str, ...] = ()
    """The words of the query that the tool's text holds."""
    meant: tuple[str, ...] = ()
    """Those that it does not hold, but is found by as synonyms of words that it holds."""
    lacked: tuple[str, ...] = ()
    """Those that it is not found by at all."""
    double: Double | None = None
    hidden_behind: str = ""
    """The tool as whose alternative it was listed; empty if it was not."""
    said_none: bool = False
    """Whether the search answered that nothing fits, and so had no hits."""

    @property
    def reason(self) -> str:
        """Return the most likely cause in one sentence."""
        return self.absent or self._refused() or self._beaten() or self._unknown_words()

    def to_json(self) -> dict[str, Any]:
        """Return the need as a JSON object."""
        double = self.double
        return {
            "wanted": self.wanted,
            "reason": self.reason,
            "ranks": dict(self.ranks or {}),
            "holds": list(self.held),
            "synonyms": list(self.meant),
            "lacks": list(self.lacked),
            "like": None
            if double is None
            else {"tool": double.tool, "rank": double.rank, "resemblance": rounded(double.resemblance)},
        }

    def _refused(self) -> str:
        if self.hidden_behind:
            return f"listed as an alternative of {self.hidden_behind}; if that one serves as well, add it to the need"
        if self.said_none:
            return f"the search answered that nothing fits; {self._unknown_words()}"
        return ""

    def _beaten(self) -> str:
        if self.double is not None:
            share = f"{100 * self.double.resemblance:.0f} % of their words"
            return f"{self.double.tool} at rank {self.double.rank} reads like it ({share} in common); which is meant?"
        fused = self._rank(FUSED)
        if fused is not None and fused <= _JUST_BELOW:
            return f"just below what is shown, at rank {fused}"
        finders = [arm for arm in (WORDS, MEANING) if (rank := self._rank(arm)) is not None and rank <= _FOUND]
        others = " and ".join(arm for arm in (WORDS, MEANING) if arm not in finders)
        if finders and others:
            return f"found by {finders[0]} (rank {self._rank(finders[0])}) and not by {others}"
        return ""

    def _unknown_words(self) -> str:
        if not self.held and not self.meant:
            far = ", and its meaning is not near enough" if MEANING in (self.ranks or {}) else ""
            return f"its text has no word of the query{far}"
        if self.lacked:
            rest = "" if self.said_none else ", and other tools fit the rest better"
            return f"its text lacks {', '.join(map(repr, self.lacked[:6]))}{rest}"
        rest = "" if self.said_none else ", and so have other tools that rank above it"
        return f"its text has all words of the query{' or synonyms of them' if self.meant else ''}{rest}"

    def _rank(self, arm: str) -> int | None:
        return (self.ranks or {}).get(arm)


def ranks_in_short(ranks: Mapping[str, int | None]) -> str:
    """Return ``fused 31, words -, meaning 22``; a dash where the tool was not among the first hundred hits."""
    return ", ".join(f"{arm} {'-' if rank is None else rank}" for arm, rank in ranks.items())


def reasons(needs: Sequence[MissedNeed]) -> str:
    """Return a line for each need: the tool and why it was missed."""
    return "\n".join(f"{need.wanted}: {need.reason}" for need in needs)
