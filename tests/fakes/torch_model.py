"""What sentence-transformers loads, without a model."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch

from mcp_toolweaver.embeddings.torch_runtime.model import LoadedModel


class FakeTorchModel:
    """Returns for each text its length and its number of e's; fails as torch does with more texts than it has room for.

    Of a text it sees a single word piece, so that all texts of four bytes and more are equally long to it.
    """

    def __init__(self, *, room: int | None = None, max_seq_length: int | None = 1) -> None:
        self.max_seq_length = max_seq_length
        self.room = room
        self.error: Exception | None = None
        self.result: Any = None
        """What it returns instead of vectors."""
        self.batches: list[list[str]] = []
        self.prompts: list[str] = []
        self.now = 0.0
        """Seconds that it has worked: one a batch, whatever is in it."""
        self.seconds_a_text = 0.0
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    @property
    def sizes(self) -> list[int]:
        """How many texts each batch had."""
        return [len(batch) for batch in self.batches]

    def encode(self, texts: list[str], /, **options: Any) -> Any:
        self.entered.set()
        self.gate.wait(30)  # a failing test must end
        self.batches.append(texts)
        self.prompts.append(options["prompt"])
        self.now += 1 + self.seconds_a_text * len(texts)
        if self.room is not None and len(texts) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        if self.error is not None:
            raise self.error
        return self.vectors(texts) if self.result is None else self.result

    def vectors(self, texts: list[str]) -> Any:
        """Return what the vectors of texts are."""
        return np.asarray([[len(text), text.count("e")] for text in texts], dtype=np.float16)

    def loaded(self, device: str) -> LoadedModel:
        """Return this model as if it had been loaded to a device."""
        return LoadedModel(self, device, f"torch, {device}")
