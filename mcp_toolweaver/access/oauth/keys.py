"""The public keys of an issuer, kept, and asked for again when they are old or one is missing.

While the issuer is away those that are known go on being used. However many tokens name keys that nobody has, the
issuer is asked once a minute at most, and every few seconds while it does not answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio
import jwt

from mcp_toolweaver.access.oauth.fetching import PART
from mcp_toolweaver.core.access import NotAdmitted
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_array

_DEADLINE = 5.0
_LIFETIME = 600.0
"""Seconds after which the issuer is asked whether it has withdrawn a key."""
_PAUSE = 60.0
_PAUSE_AWAY = 5.0

_log = logging.getLogger(__name__)

_KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", ())),
    "ES256": ("EC", ("P-256",)),
    "ES384": ("EC", ("P-384",)),
    "ES512": ("EC", ("P-521",)),
    "EdDSA": ("OKP", ("Ed25519", "Ed448")),
}
"""The type of a key and its curves, by the algorithm (RFC 7518, section 3.1; RFC 8037); no other one has a key."""


class Keys:
    """The keys of one issuer."""

    def __init__(
        self, publish: Callable[[], Awaitable[Sequence[dict[str, Any]]]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take keys from ``publish``, which raises `Unavailable` when they cannot be had."""
        self._publish = publish
        self._now = clock
        self._published: Sequence[dict[str, Any]] = ()
        self._fetched = self._tried = float("-inf")
        self._failure = ""
        self._asking = anyio.Lock()

    async def get(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """Return the key of an id that serves an algorithm; without an id, the only one that does.

        Raises:
            NotAdmitted: the issuer has none.
            Unavailable: it cannot be known, since the issuer does not answer.
        """
        found = self._find(kid, algorithm)
        if found is None or self._now() - self._fetched > _LIFETIME:
            await self._refresh(is_needed=found is None)
            found = self._find(kid, algorithm)
        if found is None and self._failure:
            raise Unavailable(PART, "it does not answer, so that its tokens cannot be checked; try again soon")
        if found is None:
            raise NotAdmitted("the token is signed with a key that its issuer does not publish", "invalid_token")
        return found

    async def _refresh(self, *, is_needed: bool) -> None:
        """Ask the issuer, unless that was done a moment ago; who has a key does not wait for one who asks already."""
        if not is_needed and self._asking.locked():
            return
        async with self._asking:
            pause = _PAUSE_AWAY if is_needed and self._failure else _PAUSE
            if self._now() - self._tried >= pause:
                with anyio.CancelScope(shield=True):  # else whoever hangs up at once could have it asked all the time
                    await self._ask()

    async def _ask(self) -> None:
        try:
            with anyio.fail_after(_DEADLINE):
                self._published = await self._publish()
            self._fetched, self._failure = self._now(), ""
        except (Unavailable, TimeoutError) as error:
            why = str(error) or f"no answer within {_DEADLINE:g} s"
            if why != self._failure:
                _log.warning("the keys of the issuer cannot be had: %s", why)
            self._failure = why
        finally:
            self._tried = self._now()

    def _find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        fitting = [key for key in self._published if _fits(key, kid, algorithm)]
        return _made(fitting[0], algorithm) if fitting and (kid is not None or len(fitting) == 1) else None


def _fits(key: Mapping[str, Any], kid: str | None, algorithm: str) -> bool:
    """Whether the key may verify what is signed with the algorithm (RFC 7517, section 4)."""
    kind, curves = _KINDS.get(algorithm, (None, ()))
    return (
        kind is not None
        and key.get("kty") == kind
        and (kid is None or key.get("kid") == kid)
        and (not curves or key.get("crv") in curves)
        and key.get("alg") in (None, algorithm)
        and key.get("use") in (None, "sig")
        and (not is_array(uses := key.get("key_ops")) or "verify" in uses)
    )


def _made(key: dict[str, Any], algorithm: str) -> jwt.PyJWK | None:
    try:
        return jwt.PyJWK(key, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        _log.warning("a key of the issuer cannot be used: %s", type(error).__name__)
        return None
