"""Logins at remote servers, and where they are kept: shared by those who use them and those who keep them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """What a login is good for: a server of this name at this address, and nothing else."""

    server: str
    """As it is called in the configuration."""
    url: str


class LoginStore(Protocol):
    """Keeps one secret text for each place. Its methods block, but for `turn`."""

    def stamp(self, place: Place) -> object:
        """Return what changes whenever another text is kept; None if there is none. Costs one look at a file."""
        ...

    def read(self, place: Place) -> str | None:
        """Return the text; None if there is none.

        Raises:
            Unavailable: it cannot be read just now, such as from a keyring that is locked.
        """
        ...

    def write(self, place: Place, text: str) -> None:
        """Keep a text in place of the one before.

        Raises:
            Unavailable: it cannot be kept.
        """
        ...

    def remove(self, place: Place) -> bool:
        """Forget the text; return whether there was one.

        Raises:
            Unavailable: it cannot be removed.
        """
        ...

    def turn(self, place: Place) -> AbstractAsyncContextManager[None]:
        """Hold the right to change a text, which only one process of this machine has at a time.

        Raises:
            InUse: another has it for too long.
        """
        ...


LOGINS: ContextVar[LoginStore | None] = ContextVar("LOGINS", default=None)
"""Where logins are kept; None: nowhere, so that there are none."""
