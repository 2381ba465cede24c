"""The file of tokens: replaced as a whole, by one writer at a time, for the owner's eyes only."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from mcp_toolweaver.access.token import Token
from mcp_toolweaver.access.token_format import decode, encode
from mcp_toolweaver.core.errors import ConfigurationError, InUse, InvalidRequest, Unavailable

NAME = "tokens.json"
_PART = "tokens"
_LOCK_SECONDS = 10.0
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of the file from another without reading it."""

    inode: int
    size: int
    modified: int
    """In nanoseconds since 1970, as is the next."""
    changed: int


class TokenFile:
    """The tokens in a folder; errors that it raises name the file and say what to do."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._lock = folder / f"{NAME}.lock"

    def stamp(self) -> Stamp | None:
        """Return the state of the file; None if there is none.

        Raises:
            Unavailable: it cannot be looked at.
        """
        with self._reached():
            try:
                return _stamp(self.path.stat())
            except FileNotFoundError:
                return None

    def read(self) -> tuple[Token, ...]:
        """Return the tokens, none if there is no file.

        Raises:
            ConfigurationError: it is damaged, or others than its owner may write to it.
            Unavailable: it cannot be read.
        """
        return self.stamped()[1]

    def stamped(self) -> tuple[Stamp | None, tuple[Token, ...]]:
        """Return the tokens, and the state of the file that they were read from; raises as `read` does."""
        with self._reached():
            try:
                with self.path.open("rb") as file:
                    found, content = os.fstat(file.fileno()), file.read()
            except FileNotFoundError:
                return None, ()
        self._refuse_writable(found)
        try:
            return _stamp(found), decode(content.decode("utf-8"))
        except ValueError as error:
            raise ConfigurationError(
                f"{self.path} lets nobody in, for it cannot be understood ({error}); bring back a copy, or remove it "
                "and make new tokens with `toolweaver token add`"
            ) from error

    def add(self, token: Token) -> None:
        """Keep one more token.

        Raises:
            InvalidRequest: there is one of this name.
            ConfigurationError: the file is damaged.
            Unavailable: it cannot be written; as `InUse`, somebody else is writing for too long.
        """
        with self._changing():
            tokens = self.read()
            if any(each.name.casefold() == token.name.casefold() for each in tokens):
                raise InvalidRequest(
                    f"there is a token named {token.name!r} already; choose another name, or first revoke that one"
                )
            self._write((*tokens, token))

    def revoke(self, name: str) -> Token:
        """Remove a token, and return it; raises as `add` does, `InvalidRequest` if there is none of this name."""
        with self._changing():
            tokens = self.read()
            gone = next((token for token in tokens if token.name == name), None)
            if gone is None:
                names = ", ".join(token.name for token in tokens)
                raise InvalidRequest(
                    f"there is no token named {name!r}; " + (f"there are: {names}" if names else "there is none at all")
                )
            self._write(tuple(token for token in tokens if token is not gone))
            return gone

    def _refuse_writable(self, found: os.stat_result) -> None:
        if sys.platform != "win32" and found.st_mode & _OTHERS_WRITE:
            raise ConfigurationError(
                f"{self.path} lets nobody in, for others than its owner may write to it; look through it with "
                "`toolweaver token list` after `chmod 600`"
            )

    @contextmanager
    def _changing(self) -> Generator[None]:
        with self._reached():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with FileLock(self._lock, mode=0o600).acquire(timeout=_LOCK_SECONDS):
                    yield
            except Timeout:
                raise InUse(_PART, f"another process is changing {self.path}; try again") from None

    def _write(self, tokens: tuple[Token, ...]) -> None:
        whole = self.path.with_name(f"{NAME}.{secrets.token_hex(8)}")
        try:
            with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123  with a mode
                file.write(encode(tokens))
                file.flush()
                os.fsync(file.fileno())
            whole.replace(self.path)
            _fsync_folder(self.path.parent)  # else a token that was revoked might be back after a loss of power
        finally:
            whole.unlink(missing_ok=True)

    @contextmanager
    def _reached(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(_PART, f"{self.path} cannot be reached ({error.strerror or error})") from error


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _fsync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
