"""A keyring as systems have them, in memory; it can be locked, and refuses what is too long."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Implements the library's backend."""

    priority = -1  # pyright: ignore[reportAssignmentType]  # so that the library never chooses it by itself

    def __init__(self, longest: int = 10_000) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held: dict[tuple[str, str], str] = {}
        self.is_locked = False
        self.asked = 0
        self._longest = longest

    def get_password(self, service: str, username: str) -> str | None:
        self._ask()
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask()
        if len(password) > self._longest:
            raise ValueError(f"too long: {password}")
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._ask()
        if self.held.pop((service, username), None) is None:
            raise PasswordDeleteError(username)

    def _ask(self) -> None:
        self.asked += 1
        if self.is_locked:
            raise KeyringLocked(f"locked, with {self.held}")


@contextmanager
def memory_keyring(longest: int = 10_000) -> Generator[MemoryKeyring]:
    """Have such a keyring be the system's until the block is left."""
    before = keyring.get_keyring()
    made = MemoryKeyring(longest)
    made.priority = 5
    keyring.set_keyring(made)
    try:
        yield made
    finally:
        keyring.set_keyring(before)
