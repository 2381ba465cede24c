"""The text of a token: ``tw_``, 256 random bits, and a checksum, so that a slip of the hand is told from a wrong token.

    tw_ + 43 letters of base 62 (the bits) + 6 letters of base 62 (their CRC-32)

What is kept of one is its SHA-256. A slow hash protects what people think up; nobody guesses 256 random bits.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from hashlib import sha256

PREFIX = "tw_"
"""What scanners for secrets look for, and what tells our tokens from those of an authorization server."""

_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BYTES = 32
_BODY = 43
_CHECK = 6
_TOKEN = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_BODY}}})([0-9A-Za-z]{{{_CHECK}}})", re.ASCII)


def new_secret() -> str:
    """Return a new token."""
    body = _base62(int.from_bytes(secrets.token_bytes(_BYTES), "big"), _BODY)
    return f"{PREFIX}{body}{_check(body)}"


def is_whole(token: str) -> bool:
    """Whether the text may be a token of ours: not cut off, and with no letter mistyped."""
    found = _TOKEN.fullmatch(token)
    return found is not None and found[2] == _check(found[1])


def digest(token: str) -> str:
    """Return what is kept of a token: its SHA-256 in hexadecimal."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _check(body: str) -> str:
    return _base62(zlib.crc32(body.encode("ascii")), _CHECK)


def _base62(number: int, length: int) -> str:
    letters: list[str] = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(reversed(letters))
