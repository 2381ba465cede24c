"""A SentenceTransformer in the memory of a device, used by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.torch_runtime.failures import OutOfMemory, first_line, is_out_of_memory

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_BYTES_A_PIECE = 4
"""How much text makes a word piece, roughly; only the size of batches depends on it."""
_LONGEST = 512
"""Word pieces, for a model that does not say how many it sees."""


class Encoder(Protocol):
    """What is used of a ``SentenceTransformer``."""

    @property
    def max_seq_length(self) -> int | None: ...  # noqa: D102

    def encode(self, texts: list[str], /, **options: Any) -> Any: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that was loaded by `opening`."""

    encoder: Encoder
    device: str
    """As torch calls it."""
    label: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held for a batch; a caller that was cancelled leaves its thread behind."""

    @property
    def full(self) -> int:
        """The length of a text that fills what the model sees, in the measure of `length`."""
        return (self.encoder.max_seq_length or _LONGEST) * _BYTES_A_PIECE

    def length(self, text: str) -> int:
        """Return about how much work a text is."""
        return min(len(text.encode("utf-8", errors="replace")), self.full)

    def encode(self, texts: Sequence[str], prompt: str) -> Sequence[Vector]:
        """Embed a batch, without a gradient (`SentenceTransformer.encode` sees to that).

        Raises:
            OutOfMemory: fewer texts may do.
            Unavailable: it failed.
        """
        try:
            made = self.encoder.encode(
                list(texts),
                prompt=prompt,  # an empty one too, which keeps the model from adding its own
                batch_size=len(texts),
                convert_to_numpy=True,
                normalize_embeddings=False,
                show_progress_bar=False,
            )
            rows = np.ascontiguousarray(made, dtype=np.float32)
        except Exception as error:  # the libraries raise nearly anything
            if is_out_of_memory(error):
                raise OutOfMemory from None  # what it holds on to is memory of the device
            raise self._away(f"failed: {first_line(error)}") from error
        if rows.ndim != 2 or len(rows) != len(texts):  # noqa: PLR2004  a row a text
            raise self._away(f"returned an array of shape {rows.shape} for {len(texts)} texts")
        return list(rows)

    def free(self) -> None:
        """Give back the memory of the device that torch keeps for later.

        Raises:
            Unavailable: the device failed.
        """
        kind = self.device.partition(":")[0]
        if kind == "cpu":
            return
        try:
            getattr(import_module("torch"), kind).empty_cache()
        except Exception as error:  # an error of CUDA stays, and comes up again wherever it is used
            raise self._away(f"failed: {first_line(error)}") from error

    def exhausted(self) -> Unavailable:
        """Return the error for a device that has no memory for a single text."""
        return self._away("ran out of memory with a single text; free some of its memory, or use a smaller model")

    def _away(self, what: str) -> Unavailable:
        return Unavailable(PART, f"the model ({self.label}) {what}")
