"""Lets in by two kinds of tokens, told apart by how they begin."""

from __future__ import annotations

from mcp_toolweaver.access.secret import PREFIX
from mcp_toolweaver.core.access import Admission, Caller


class EitherAdmission:
    """Asks ``ours`` about tokens of ours, and ``theirs`` about all others, and about none."""

    def __init__(self, ours: Admission, theirs: Admission) -> None:
        self._ours = ours
        self._theirs = theirs

    @property
    def challenge(self) -> str:
        """That of the authorization server, which clients can follow by themselves."""
        return self._theirs.challenge

    async def admit(self, bearer: str | None) -> Caller:
        """Return who shows this token; raises what the one that was asked raises."""
        admission = self._ours if bearer and bearer.startswith(PREFIX) else self._theirs
        return await admission.admit(bearer)
