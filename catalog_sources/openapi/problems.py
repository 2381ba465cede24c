"""What can be wrong with a document, and the list that the owner is shown."""

from __future__ import annotations

import logging

_log = logging.getLogger(__name__)

_MOST_LOGGED = 20
"""The others are told by `Problems.found` only."""


class BadDocument(ValueError):
    """The document as a whole cannot be used; the message says where and what to do."""


class BadPart(ValueError):
    """A part of the document cannot be used; what it belongs to is left out."""


class Problems:
    """Collects what is wrong with parts of one document, in its order, each thing once."""

    def __init__(self, where: str) -> None:
        """Collect problems of the document that is called ``where``."""
        self.where = where
        self._found: dict[str, None] = {}

    @property
    def found(self) -> list[str]:
        """One line each: the file, the place in it as a JSON pointer, what is wrong, what to do."""
        return list(self._found)

    def add(self, pointer: str, message: str) -> None:
        """Note that something is wrong at a place of the document."""
        line = f"{self.where}: {pointer}: {message}"
        if line not in self._found and len(self._found) < _MOST_LOGGED:
            _log.warning("%s", line)
        self._found[line] = None


def pointer(*steps: str | int) -> str:
    """Return a JSON pointer as the fragment of a URL (RFC 6901)."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
