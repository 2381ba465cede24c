"""How a reply is wanted: how many rows, in which detail, how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mcp_toolweaver.server.requests import DEFAULT_LIMIT, Detail
from mcp_toolweaver.server.rows import Level

LEAST_TOKENS = 100
"""A smaller ``max_tokens`` counts as this one: less would not hold a name and what to do with it."""
_LARGEST = 20_000

_SCHEMA_ROOM = 100
"""Tokens more for a sure answer, which its first row's schema is worth."""

_NEED_ROOM = 110
"""Tokens for a need among several: its question, and its first tool described."""
_NAME_ROOM = 25
"""Tokens for each further tool of a need: its name, and now and then a description."""

_TO_WHOLE = (Level.BRIEF, Level.WHOLE)
_TO_SCHEMA = (Level.BRIEF, Level.WHOLE, Level.SCHEMA)
_AFTER_A_SCHEMA = (Level.BRIEF, Level.BRIEF, Level.BRIEF, Level.WHOLE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the reply is wanted."""

    limit: int = DEFAULT_LIMIT
    detail: Detail = "signature"
    max_tokens: int | None = None
    needs: int = 1

    def levels(self, *, is_sure: bool, is_first: bool) -> tuple[Level, ...]:
        """Return the levels that a row may have, step by step; the first row of a sure answer gets its schema.

        A row that only names the tool is for those who asked for names, or for a short reply.
        """
        if self.detail == "names":
            return (Level.NAME,)
        if self.detail == "schema" or (is_sure and is_first):
            steps: tuple[Level, ...] = _TO_SCHEMA
        elif is_sure:
            steps = _AFTER_A_SCHEMA if self.max_tokens else _TO_WHOLE[:1]
        else:
            steps = _TO_WHOLE
        return (Level.NAME, *steps) if self.max_tokens else steps

    def frames(self) -> tuple[bool, ...]:
        """Return whether what stands around the rows is short, step by step; rows are described before it grows."""
        return (True, True, False) if self.max_tokens else (False,)

    def room(self, ladders: Sequence[Sequence[int]], *, is_sure: bool) -> int:
        """Return how many tokens the reply may take, given what its parts cost, the frame first."""
        least = max(LEAST_TOKENS, ladders[0][0])
        if self.max_tokens is not None:
            return max(self.max_tokens, least)
        comfortable = self._comfortable() + (_SCHEMA_ROOM if is_sure else 0)
        return max(comfortable, least, ladders[0][-1] + sum(ladder[0] for ladder in ladders[1:]))

    def _comfortable(self) -> int:
        """Return what a model likes to read where it did not say how much."""
        if self.detail == "schema":
            return min(150 + 400 * self.limit * self.needs, _LARGEST)
        if self.needs == 1:
            return 130 + 66 * self.limit
        return 130 + self.needs * (_NEED_ROOM + _NAME_ROOM * (self.limit - 1))
