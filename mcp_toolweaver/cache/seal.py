"""A value as it lies outside of the process: with its time to live, and proof that we put it under this key.

    version (1 byte) | expires (8 bytes, Unix seconds) | BLAKE2b-128 (16 bytes) | value

The hash is keyed (RFC 7693, section 2.9) by a secret, and covers version, key, expiry and value. So a value that
somebody else made, that was damaged, that lies under another key, or whose time was made longer, is none. Nothing
is ever unpickled.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import time
from collections.abc import Callable
from typing import NamedTuple

_VERSION = 1
_HEAD = struct.Struct("<Bd")
_MAC = 16
_LEAST = _HEAD.size + _MAC


class Unsealed(NamedTuple):
    """A value, and for how many seconds it is still good."""

    value: bytes
    left: float


class Seal:
    """Seals values with a secret, and opens what was sealed with the same one."""

    def __init__(self, secret: bytes, *, clock: Callable[[], float] = time.time) -> None:
        """Use any ``secret``; ``clock`` returns Unix seconds, since others read them too."""
        self._key = hashlib.blake2b(secret, digest_size=32, person=b"toolweaver seal").digest()
        self._clock = clock

    @property
    def name(self) -> str:
        """Tells secrets apart without giving them away: those who share one share a name."""
        return hashlib.blake2b(b"name", key=self._key, digest_size=4).hexdigest()

    def close(self, key: str, value: bytes, ttl: float) -> bytes:
        """Return the value sealed under a key for ``ttl`` seconds."""
        head = _HEAD.pack(_VERSION, self._clock() + ttl)
        return b"".join((head, self._mac(key, head, value), value))

    def open(self, key: str, sealed: bytes) -> Unsealed | None:
        """Return what was sealed under the key; None for anything else, and for what has expired."""
        if len(sealed) < _LEAST or sealed[0] != _VERSION:
            return None
        head, mac, value = sealed[: _HEAD.size], sealed[_HEAD.size : _LEAST], sealed[_LEAST:]
        if not hmac.compare_digest(mac, self._mac(key, head, value)):
            return None
        left = _HEAD.unpack(head)[1] - self._clock()
        return Unsealed(value, left) if left > 0 else None

    def _mac(self, key: str, head: bytes, value: bytes) -> bytes:
        named = key.encode(errors="surrogatepass")
        told = hashlib.blake2b(head, key=self._key, digest_size=_MAC)
        told.update(len(named).to_bytes(4, "little"))
        told.update(named)
        told.update(value)
        return told.digest()
