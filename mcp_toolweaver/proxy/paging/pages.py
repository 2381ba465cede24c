"""Kept results, read part by part."""

from __future__ import annotations

from collections.abc import Callable

from mcp_toolweaver.core.errors import InvalidRequest
from mcp_toolweaver.core.paging import ResultPart
from mcp_toolweaver.proxy.paging.boundaries import boundary
from mcp_toolweaver.proxy.paging.kept import KeptResults
from mcp_toolweaver.text.tokens import reach

_LONGEST_KEY = 60


def duration(seconds: float) -> str:
    """Return a number of seconds as people say it: ``10 minutes``."""
    number, unit = (seconds / 60, "minute") if seconds >= 60 else (seconds, "second")  # noqa: PLR2004  of a minute
    return f"{number:g} {unit}" if number == 1 else f"{number:g} {unit}s"


class ResultPages:
    """A `ResultReader` over kept results; a part takes at most so many tokens."""

    def __init__(self, kept: KeptResults, max_tokens: int, owner: Callable[[], str] = lambda: "") -> None:
        """Read what was kept for ``owner()``, the caller of this moment."""
        self._kept = kept
        self._max_tokens = max_tokens
        self._owner = owner

    def read(self, key: str, offset: int, limit: int | None) -> ResultPart:
        """See `ResultReader.read`."""
        text = self._kept.text(self._owner(), key)
        if text is None:
            raise InvalidRequest(
                f"No result is kept under the key {key[:_LONGEST_KEY]!r}. Results are kept for "
                f"{duration(self._kept.seconds)}, and less where memory is short: call the tool again."
            )
        start = min(offset, len(text))
        most = reach(text, start, self._max_tokens)
        end = most if limit is None else min(most, start + limit)
        return ResultPart(text[start : boundary(text, start, end)], start, len(text))
