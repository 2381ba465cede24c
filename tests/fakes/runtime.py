"""Runtimes without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.runtime import PART

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class FakeTorchRuntimes:
    """In the place of the module that loads models by torch: every device gives the same vectors."""

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self.vectors = vectors
        self.loads: list[str] = []

    async def load(self, _folder: str, *, device: str, **_options: Any) -> FakeTorchRuntime:
        await anyio.lowlevel.checkpoint()
        self.loads.append(device)
        return FakeTorchRuntime(self.vectors)


class FakeTorchRuntime:
    """Has a vector for each of a few texts."""

    label = "torch"

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self._vectors = vectors

    def for_queries(self) -> FakeTorchRuntime:
        return self

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:  # noqa: ARG002  see Runtime
        await anyio.lowlevel.checkpoint()
        return [np.asarray(self._vectors[text], dtype=np.float32) for text in texts]


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
