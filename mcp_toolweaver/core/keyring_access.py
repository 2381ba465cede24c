"""How the keyring of the system is asked by those who must not know it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

KEYRING: ContextVar[Callable[[str, str], str | None] | None] = ContextVar("KEYRING", default=None)
"""Returns the secret of a service and a name, None if there is none, or raises `Unavailable`; None: no keyring here."""
