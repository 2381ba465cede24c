"""Logs: one line an event, on stderr."""

from __future__ import annotations

import logging
import sys

from mcp_toolweaver.core.secrecy import Mask


def configure(level: str) -> None:
    """Log our own events from ``level`` on, and warnings of other libraries."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Masking("toolweaver: %(levelname)s: %(message)s"))
    handler.addFilter(_without_foreign_traces)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("mcp_toolweaver").setLevel(level.upper())
    logging.getLogger("catalog_sources").setLevel(level.upper())


class _Masking(logging.Formatter):
    """Hides the secrets of the process, also in tracebacks."""

    def __init__(self, layout: str) -> None:
        super().__init__(layout)
        self._mask = Mask()

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole text of an event."""
        return self._mask(super().format(record))


def _without_foreign_traces(record: logging.LogRecord) -> bool:
    """Keep one line of what the SDK logs with a traceback, such as noise on a server's stdout."""
    if record.name.split(".")[0] in {"mcp", "client"}:
        record.exc_info = None
    return True
