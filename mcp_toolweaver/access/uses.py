"""When a token was last used: the time of an empty file for each, which needs no lock and is set seldom."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mcp_toolweaver.access.token import Token

NAME = "token_uses"
SELDOM = 600.0
"""Seconds between two notes of the uses of one token, so that a request hardly ever costs one."""

_log = logging.getLogger(__name__)


class Uses:
    """The uses of tokens, noted in a folder."""

    def __init__(self, folder: Path) -> None:
        """Keep them below ``folder``, which is made where missing."""
        self._folder = folder / NAME
        self._next: dict[str, float] = {}

    def note(self, token: Token) -> None:
        """Note that the token is being used, unless that was done a moment ago; what fails never hurts."""
        now = time.monotonic()
        if now < self._next.get(token.digest, now):
            return
        self._next[token.digest] = now + SELDOM
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path(token).touch(mode=0o600)
        except OSError as error:
            _log.debug("the use of token %s is not noted: %s", token.name, error.strerror)

    def last(self, token: Token) -> datetime | None:
        """Return when the token was used last, by ten minutes too early at most; None if it never was."""
        with suppress(OSError):
            return datetime.fromtimestamp(self._path(token).stat().st_mtime, UTC)
        return None

    def forget(self, token: Token) -> None:
        """Remove what was noted of a token that is no more."""
        with suppress(OSError):
            self._path(token).unlink()

    def _path(self, token: Token) -> Path:
        return self._folder / token.digest[:16]
