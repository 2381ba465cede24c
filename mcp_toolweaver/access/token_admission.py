"""Lets in whoever shows a token of ours; a change of the file counts within a second."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from mcp_toolweaver.access.named import named
from mcp_toolweaver.access.secret import digest, is_whole
from mcp_toolweaver.access.token import Token
from mcp_toolweaver.access.token_file import Stamp, TokenFile
from mcp_toolweaver.access.uses import Uses
from mcp_toolweaver.core.access import Caller, NotAdmitted, Profile
from mcp_toolweaver.core.errors import ConfigurationError, Unavailable

INVALID = "invalid_token"
"""RFC 6750, section 3.1."""

_LOOK_EVERY = 0.25
"""Seconds between two looks at the state of the file."""
_SETTLED = 1.0
"""Seconds after a change until another one would surely show, however coarse the times of files are."""

_log = logging.getLogger(__name__)


class TokenAdmission:
    """Knows the tokens in a folder, and what each is good for."""

    challenge = 'realm="toolweaver"'

    def __init__(
        self, folder: Path, profiles: Mapping[str, Profile], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the tokens.

        Args:
            folder: Where the file of tokens is.
            profiles: Those that tokens may be bound to, by name; looked at with each request.
            clock: Seconds.

        Raises:
            ConfigurationError: the file is damaged.
            Unavailable: it cannot be read.
        """
        self._file = TokenFile(folder)
        self._uses = Uses(folder)
        self._profiles = profiles
        self._now = clock
        self._tokens: dict[str, Token] = {}
        self._stamp: Stamp | None = None
        self._away = ""
        self._look_at = float("-inf")
        self._read()

    async def admit(self, bearer: str | None) -> Caller:
        """Return whose token it is.

        Raises:
            NotAdmitted: there is none, it is not known, or expired; as `NotAllowed`, its profile is gone.
            Unavailable: the file of tokens was damaged since, so that nobody knows who may come in.
        """
        if not bearer:
            raise NotAdmitted("a token is needed: send the header Authorization: Bearer TOKEN")
        self._look()
        token = self._known(bearer)
        profiles = [scope] if (scope := token.scope) else []
        if token.profile:
            profiles.append(named(token.profile, self._profiles, f"the token '{token.name}'"))
        self._uses.note(token)
        return Caller(token.name, tuple(profiles))

    def _known(self, bearer: str) -> Token:
        if not is_whole(bearer):
            raise NotAdmitted("this is no token of ours; it may be cut off or mistyped", INVALID)
        shown = digest(bearer)
        token = self._tokens.get(shown)
        if token is None or not hmac.compare_digest(token.digest, shown):
            raise NotAdmitted("the token is not known, or was revoked", INVALID)
        if token.is_expired(datetime.now(UTC)):
            raise NotAdmitted(f"the token '{token.name}' expired at {token.expires:%Y-%m-%d %H:%M %Z}", INVALID)
        return token

    def _look(self) -> None:
        """Read the file anew if it has changed.

        Raises:
            Unavailable: it cannot be read or understood.
        """
        if (now := self._now()) >= self._look_at:
            self._look_at = now + _LOOK_EVERY
            try:
                if self._away or self._stamp is None or self._file.stamp() != self._stamp:
                    self._read()
                self._away = ""
            except (ConfigurationError, Unavailable) as error:
                self._close(str(error))
        if self._away:
            raise Unavailable("tokens", "the file of tokens cannot be used; its owner finds the reason in the log")

    def _read(self) -> None:
        stamp, tokens = self._file.stamped()
        self._tokens = {token.digest: token for token in tokens}
        is_settled = stamp is not None and time.time() - stamp.modified / 1e9 > _SETTLED
        self._stamp = stamp if is_settled else None

    def _close(self, why: str) -> None:
        if why != self._away:
            _log.error("nobody is let in by a token: %s", why)
        self._away = why
        self._tokens = {}
