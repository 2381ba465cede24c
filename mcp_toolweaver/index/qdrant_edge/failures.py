"""The engine's errors as ours."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.index.qdrant_edge.folder import PART


@contextmanager
def translated(doing: str) -> Generator[None]:
    """Raise what goes wrong inside as `Unavailable`, with one line that says at what."""
    try:
        yield
    except Unavailable:
        raise
    except OSError as error:
        raise Unavailable(PART, f"{doing} failed ({error.strerror or error})") from error
    except BaseException as error:  # the engine raises nothing more precise
        if not is_failure(error):
            raise
        line, _, _ = str(error).partition("\n")
        raise Unavailable(PART, f"{doing} failed ({line})") from error


_PASSING = re.compile(r"os error (?:4|5|11|12|23|24|28)\b")
"""What a full disk, a full memory or too many open files make the engine say."""


def is_passing(error: BaseException) -> bool:
    """Whether the files may be sound, and only this moment is not."""
    return isinstance(error, MemoryError) or _PASSING.search(str(error)) is not None


def is_failure(error: BaseException) -> bool:
    """Whether something went wrong; what damaged files make the engine raise is no ``Exception``."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"
