"""The logins at remote servers: a file for each below the folder for data, the secret in it or in the keyring."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.core.errors import InUse, Unavailable
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.core.logins import Place
from mcp_toolweaver.secrets.keyring import system_keyring

FOLDER = "logins"
"""The name of the folder in the folder for data."""

_SERVICE = "toolweaver"
_PART = "the kept logins"
_TURN_SECONDS = 60.0
_STEP = 0.05


class KeptLogins:
    """Implements `LoginStore`.

    The file says whom a login is for, and changes with it, so that one look at it tells whether anything did; nobody
    who never logged in meets a keyring. What a keyring refuses, such as a text too long for it, is kept in the file.
    """

    def __init__(self, folder: Path, *, keyring: bool = True) -> None:
        self._folder = folder
        self._uses_keyring = keyring

    def stamp(self, place: Place) -> tuple[int, int, int] | None:
        """See `LoginStore.stamp`."""
        try:
            found = self._path(place).stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def read(self, place: Place) -> str | None:
        """See `LoginStore.read`."""
        entry = self._entry(self._path(place))
        if entry is None or _place(entry) != place:
            return None
        if isinstance(secret := entry.get("secret"), str):
            return secret
        keyring = system_keyring()
        if keyring is None:
            raise Unavailable(_PART, "there is no keyring any more, in which this login was kept; log in again")
        return keyring.get(_SERVICE, _account(place))

    def write(self, place: Place, text: str) -> None:
        """See `LoginStore.write`."""
        entry: dict[str, Any] = {"server": place.server, "url": place.url, "stamp": secrets.token_hex(8)}
        if not self._put_into_keyring(place, text):
            entry["secret"] = text
        with _reached():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _replace(self._path(place), json.dumps(entry))

    def remove(self, place: Place) -> bool:
        """See `LoginStore.remove`."""
        path = self._path(place)
        entry = self._entry(path)
        if entry is None:
            return False
        if "secret" not in entry and (keyring := system_keyring()) is not None:
            keyring.remove(_SERVICE, _account(place))
        with _reached():
            path.unlink(missing_ok=True)
        return True

    def places(self) -> Iterator[Place]:
        """Yield what there are logins for."""
        for path in sorted(self._folder.glob("*.json")):
            if (place := _place(self._entry(path) or {})) is not None:
                yield place

    @asynccontextmanager
    async def turn(self, place: Place) -> AsyncGenerator[None]:
        """See `LoginStore.turn`."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  never before the handshake

        with _reached():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self._path(place).with_suffix(".lock"), mode=0o600, thread_local=False)
        deadline = anyio.current_time() + _TURN_SECONDS
        while not lock.is_locked:
            with _reached(), suppress(Timeout):
                lock.acquire(timeout=0)
                break
            if anyio.current_time() > deadline:
                raise InUse(_PART, f"another process is renewing the login at {place.server!r}")
            await anyio.sleep(_STEP)
        try:
            yield
        finally:
            lock.release()

    def _put_into_keyring(self, place: Place, text: str) -> bool:
        keyring = system_keyring() if self._uses_keyring else None
        if keyring is None:
            return False
        try:
            keyring.set(_SERVICE, _account(place), text)
        except Unavailable:
            with suppress(Unavailable):
                keyring.remove(_SERVICE, _account(place))  # what it held before is old by now
            return False
        return True

    def _entry(self, path: Path) -> dict[str, Any] | None:
        """Return what a file holds; None if there is none, or it is damaged, which is as good as none."""
        with _reached():
            try:
                entry = json.loads(path.read_text(encoding="utf-8"))
            except (FileNotFoundError, ValueError):
                return None
        return entry if is_object(entry) else None

    def _path(self, place: Place) -> Path:
        return self._folder / f"{_digest(place)}.json"


def _digest(place: Place) -> str:
    return hashlib.sha256(f"{place.server}\0{place.url}".encode(errors="replace")).hexdigest()[:32]


def _account(place: Place) -> str:
    return f"login {_digest(place)}"


def _place(entry: dict[str, Any]) -> Place | None:
    server, url = entry.get("server"), entry.get("url")
    return Place(server, url) if isinstance(server, str) and isinstance(url, str) else None


def _replace(path: Path, text: str) -> None:
    whole = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123  with a mode
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # a refresh token is good once: the old one would be worthless after a crash
        whole.replace(path)
    finally:
        whole.unlink(missing_ok=True)


@contextmanager
def _reached() -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(_PART, f"{error.filename or FOLDER} cannot be reached ({error.strerror or error})") from error
