"""Cuts results that are too long for a model, and says how to read on."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from mcp_toolweaver.core.interfaces import ToolCaller
from mcp_toolweaver.core.paging import READ_RESULT
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.core.tools import Tool, ToolResult
from mcp_toolweaver.proxy.paging.cutting import Cut, cut, size
from mcp_toolweaver.proxy.paging.kept import KeptResults
from mcp_toolweaver.proxy.paging.pages import duration

_log = logging.getLogger(__name__)

_OFF_THE_LOOP = 200_000
"""Characters from which a result is cut in a thread: less takes a few milliseconds."""
_MOST_LOSSES = 5
_TOKENS_A_CHARACTER = 3
"""At most, by the estimate."""


class PagedCaller:
    """A `ToolCaller` whose results take at most so many tokens; what is cut off is kept to be read on."""

    def __init__(
        self, inner: ToolCaller, kept: KeptResults, max_tokens: int, owner: Callable[[], str] = lambda: ""
    ) -> None:
        """Cut what ``inner`` returns, and keep the rest for ``owner()``, the caller of that moment."""
        self._inner = inner
        self._kept = kept
        self._max_tokens = max_tokens
        self._owner = owner

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """See `ToolCaller.call`."""
        result = await self._inner.call(tool, arguments)
        characters = size(result.payload, most=_OFF_THE_LOOP)
        if characters * _TOKENS_A_CHARACTER <= self._max_tokens:
            return result
        schema = tool.definition.get("outputSchema")
        try:
            if characters >= _OFF_THE_LOOP:
                made = await run_in_thread(cut, result.payload, self._max_tokens, schema)
            else:
                made = cut(result.payload, self._max_tokens, schema)
        except (RecursionError, ValueError) as error:
            _log.warning("%s: a long result stays as it is: %s", tool.id, type(error).__name__)
            return result
        return result if made is None else self._told(made)

    def _told(self, made: Cut) -> ToolResult:
        if made.shown >= len(made.whole) and not made.losses:
            return ToolResult(made.payload)
        note = {"type": "text", "text": self._note(made)}
        return ToolResult({**made.payload, "content": [*made.payload["content"], note]})

    def _note(self, made: Cut) -> str:
        parts = [f"This result was cut: {made.shown:,} of {len(made.whole):,} characters of text are shown."]
        if made.losses:
            more = ", …" if len(made.losses) > _MOST_LOSSES else ""
            parts.append(f"Shortened: {', '.join(made.losses[:_MOST_LOSSES])}{more}.")
        key = self._kept.keep(self._owner(), made.whole)
        if key is None:
            return scrub(" ".join([*parts, "The rest was not kept: ask the tool for less."]))
        on = json.dumps({"key": key, "offset": made.shown})
        parts.append(f"Read on with {READ_RESULT} {on}, within {duration(self._kept.seconds)}.")
        if made.structured_at is not None:
            parts.append(f"The whole structured content begins at offset {made.structured_at}.")
        return scrub(f"[{' '.join(parts)}]")
