"""Secrets that this process was told, so that nothing that it writes repeats one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

HIDDEN = "***"
"""What is shown in place of a secret."""

_SHORTEST = 8
"""Characters of a secret that is hidden: a shorter one is in too many words."""

_WORDS = frozenset(
    {"token", "tokens", "key", "apikey", "secret", "password", "passwd", "passphrase", "pass", "pwd", "pw", "auth"}
    | {"authorization", "credential", "credentials", "bearer", "pat", "cookie", "sig", "signature", "code", "jwt"}
)
_ABOUT = frozenset({"file", "path", "dir", "folder", "id", "name", "url", "uri", "mode", "type", "method", "scheme"})
"""What ends so tells of a secret and is none: ``--key-file``."""

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])")

_known: set[str] = set()
"""A fact of the process: secrets reach it by many ways, and its logs leave by one."""


def keep_secret(value: str) -> str:
    """Have `Mask` hide a text from here on, wherever it came from; return it."""
    _known.update(_long_parts([value]))
    return value


def names_a_secret(name: str) -> bool:
    """Whether what has such a name is meant to be secret: ``--api-key``, ``GITHUB_TOKEN``, ``accessToken``."""
    words = [word.lower() for word in _WORD.findall(name)]
    return not _WORDS.isdisjoint(words) and words[-1] not in _ABOUT


class Mask:
    """Hides some secrets, and those of the process."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Hide those of ``secrets`` that are long enough, their lines, and what follows a scheme such as ``Bearer``."""
        self._own = _long_parts(secrets)
        self._known = -1
        self._pattern: re.Pattern[str] | None = None

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        if self._known != len(_known):
            self._known = len(_known)
            self._pattern = _pattern(self._own | _known)
        return self._pattern.sub(HIDDEN, text) if self._pattern else text


def _long_parts(secrets: Iterable[str]) -> set[str]:
    return {part for secret in secrets for part in _parts(secret) if len(part) >= _SHORTEST}


def _parts(secret: str) -> Iterator[str]:
    yield secret.strip()
    for line in secret.splitlines():
        yield line.strip()
        yield line.strip().partition(" ")[2].strip()


def _pattern(found: Collection[str]) -> re.Pattern[str] | None:
    longest_first = sorted(found, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if found else None
