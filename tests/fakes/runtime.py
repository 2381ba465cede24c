"""A runtime without a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.runtime import PART

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class FakeRuntime:
    """Returns ``(number, 1)`` for every text, and remembers what it was asked."""

    def __init__(self, label: str = "fake", number: float = 0.0) -> None:
        self.label = label
        self.number = number
        self.reason: str | None = None
        """Why it is away; None while it is there."""
        self.lost = 0
        """How many vectors it forgets to return."""
        self.gate: anyio.Event | None = None
        """What it waits for before it answers."""
        self.calls: list[tuple[list[str], str]] = []

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:
        await anyio.lowlevel.checkpoint()
        self.calls.append((list(texts), prompt))
        if self.gate is not None:
            await self.gate.wait()
        if self.reason is not None:
            raise Unavailable(PART, self.reason)
        return [np.asarray([self.number, 1.0], dtype=np.float32)] * (len(texts) - self.lost)
