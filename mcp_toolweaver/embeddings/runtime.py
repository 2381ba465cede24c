"""What runs a model: texts in, one row a text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

PART = "search by meaning"
"""What is away when a runtime is."""


class Runtime(Protocol):
    """A loaded model on one device, or one that loads itself when it is asked."""

    @property
    def label(self) -> str:
        """What runs where, for people: ``ONNX Runtime, int8, 2 threads of the CPU``."""
        ...

    async def embed(self, texts: Sequence[str], *, prompt: str = "") -> Sequence[Vector]:
        """Return one vector a text, in their order, as the model made it: neither normalized nor checked.

        Args:
            texts: Prepared by `mcp_toolweaver.embeddings.texts.prepared`.
            prompt: What the model wants to read before each of them.

        Raises:
            Unavailable: it cannot be loaded, or failed; the message says what to do.
        """
        ...
