"""A graph run on padded batches, which is what we do not do: the arm to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bench.embed_models import GRAPHS, Precision, Ready
from mcp_toolweaver.embeddings import manifest

Matrix = NDArray[np.float32]


class Padded:
    """Embeds batches of texts, the longest first, each padded to its longest text."""

    def __init__(self, ready: Ready, precision: Precision, threads: int) -> None:
        """Open a graph for so many threads a batch."""
        library: Any = ort
        options = library.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.force_spinning_stop", "1")
        path = str(ready.folder / GRAPHS[precision])
        disabled = ["SkipLayerNormFusion"]
        self._session = library.InferenceSession(
            path, options, providers=["CPUExecutionProvider"], disabled_optimizers=disabled
        )
        self._inputs: set[str] = {value.name for value in self._session.get_inputs()}
        self._tokenizer: Any = Tokenizer.from_file(str(ready.folder / manifest.TOKENIZER))
        self._tokenizer.enable_truncation(ready.recipe.max_length)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str], batch: int) -> Matrix:
        """Return the normalized vectors, those of the longest texts first."""
        ordered = sorted(texts, key=len, reverse=True)
        made = [self._batch(ordered[start : start + batch]) for start in range(0, len(ordered), batch)]
        return np.concatenate(made)

    def _batch(self, texts: Sequence[str]) -> Matrix:
        found = self._tokenizer.encode_batch(list(texts))
        mask = np.array([each.attention_mask for each in found], dtype=np.int64)
        ids = np.array([each.ids for each in found], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states: Matrix = self._session.run(None, {name: feed[name] for name in self._inputs})[0]
        sums = (states * mask[:, :, np.newaxis]).sum(axis=1)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)
