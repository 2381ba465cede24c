"""What a server tells meanwhile, of which some may be lost: progress, log messages, changes of resources."""

from __future__ import annotations

from collections.abc import Awaitable

_MOST = 64
"""Messages of one kind that wait for hosts that are slow to read."""


class Advisory:
    """Sends messages of one kind, but for those that would pile up."""

    def __init__(self) -> None:
        """Begin with nothing to send."""
        self._waiting = 0

    @property
    def is_full(self) -> bool:
        """Whether so many wait that the next one is to be lost."""
        return self._waiting >= _MOST

    async def send(self, sending: Awaitable[None]) -> None:
        """Send a message, in its turn."""
        self._waiting += 1
        try:
            await sending
        finally:
            self._waiting -= 1
