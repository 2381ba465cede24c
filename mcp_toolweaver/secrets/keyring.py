"""The keyring of the system: macOS Keychain, Windows Credential Locker, Secret Service, KWallet."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcp_toolweaver.core.errors import Unavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_PART = "the keyring"
NO_KEYRING = "there is none on this machine that keeps secrets safe; use ${file:PATH} with a file of mode 600"
_LEAST_PRIORITY = 1.0
"""What the library recommends; below that are stores that keep plain text, or nothing."""


class SystemKeyring:
    """The keyring that the library chose, or that its own configuration names."""

    def __init__(self, backend: KeyringBackend) -> None:
        self._backend = backend

    def get(self, service: str, name: str) -> str | None:
        """Return a secret; None if there is none.

        Raises:
            Unavailable: the keyring is locked, or does not answer.
        """
        with _reached():
            return self._backend.get_password(service, name)

    def set(self, service: str, name: str, secret: str) -> None:
        """Keep a secret; raises as `get` does, also where it is too long for the keyring."""
        with _reached():
            self._backend.set_password(service, name, secret)  # pyright: ignore[reportUnknownMemberType]

    def remove(self, service: str, name: str) -> bool:
        """Remove a secret, and return whether there was one; raises as `get` does."""
        with _reached():
            if self._backend.get_password(service, name) is None:
                return False
            self._backend.delete_password(service, name)
            return True


def system_keyring() -> SystemKeyring | None:
    """Return the keyring of this machine; None where there is none that keeps secrets safe."""
    import keyring  # noqa: PLC0415  slow, and needed by those only who have secrets

    try:
        backend = keyring.get_keyring()
        is_safe = float(backend.priority) >= _LEAST_PRIORITY
    except Exception:  # noqa: BLE001  a backend that cannot even say what it is
        return None
    return SystemKeyring(backend) if is_safe else None


@contextmanager
def _reached() -> Generator[None]:
    """Translate whatever a backend raises: each has errors of its own, and their texts may hold what was kept."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        raise Unavailable(_PART, f"did not do it ({type(error).__name__}); unlock it, and try again") from None
