"""From the weights of a SentenceTransformer to an ONNX file, and what its vectors are by torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

_onnx: Any = torch.onnx  # its types are partly unknown

_OPSET = 17
_AXES = {0: "texts", 1: "pieces"}


class _States(torch.nn.Module):
    """The hidden states of a transformer alone."""

    def __init__(self, transformer: Any) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        return self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def open_model(folder: Path) -> SentenceTransformer:
    """Load the model in a folder as it is exported: in 32 bits, by plain operators."""
    return SentenceTransformer(
        str(folder),
        device="cpu",
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True, "attn_implementation": "eager", "dtype": torch.float32},
    )


def export(model: SentenceTransformer, target: Path) -> None:
    """Write the graph of the model's transformer, for any number of texts and word pieces."""
    transformer: Any = model[0]
    ids = torch.randint(5, 90, (2, 7))
    mask = torch.ones_like(ids)
    mask[0, 5:] = 0
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the exporter's, about itself
        _onnx.export(
            _States(transformer.auto_model.eval()),
            (ids, mask),
            str(target),
            dynamo=False,  # its graph is what ONNX Runtime knows how to fuse
            opset_version=_OPSET,
            input_names=["input_ids", "attention_mask"],
            output_names=["states"],
            dynamic_axes={"input_ids": _AXES, "attention_mask": _AXES, "states": _AXES},
        )


def reference(model: SentenceTransformer, texts: Sequence[str]) -> Sequence[Vector]:
    """Return the normalized vectors of texts as sentence-transformers makes them, without a prompt."""
    encoder: Any = model
    made = [encoder.encode(text, prompt="", normalize_embeddings=True, show_progress_bar=False) for text in texts]
    return [np.asarray(vector, dtype=np.float32) for vector in made]
