"""What of an entry of the registry may stand in a command, a variable or an address."""

from __future__ import annotations

import re

from mcp_toolweaver.core.scrub import is_clean

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NotRunnable(ValueError):
    """An entry has no way that we know, or none that is safe; says why."""


def checked(text: str) -> str:
    """Return a foreign text for the command line, the environment or an address, just as it is.

    Raises:
        NotRunnable: it holds characters that nobody sees, or a variable, which could hand over what is the owner's
            alone.
    """
    if not text.isprintable() or not is_clean(text) or "${" in text:
        raise NotRunnable(f"a value holds control characters, or a variable of its own: {text[:60]!r}")
    return text


def variable_name(text: str) -> str:
    """Return the name of a variable of the environment.

    Raises:
        NotRunnable: it cannot be one.
    """
    if not VARIABLE.fullmatch(text):
        raise NotRunnable(f"a variable is called {text[:40]!r}")
    return text
