"""A real model in a folder, a few kilobytes large: a table of word vectors, and a layer over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

_onnx: Any = onnx  # its types are partly unknown

DIMENSION = 16
WORDS = ("[UNK]", "create", "an", "issue", "what", "is", "the", "weather", "list", "pull", "requests", "github", "x")


def write_tiny_model(folder: Path, *, pooling: str = "mean", max_length: int = 8, seed: int = 1) -> Path:
    """Write a SentenceTransformer folder with a graph of its own, of which `write_graph` writes others."""
    _json(folder / "config.json", {"model_type": "tiny", "hidden_size": DIMENSION})
    _json(folder / "sentence_bert_config.json", {"max_seq_length": max_length})
    _json(
        folder / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
    )
    _json(folder / "1_Pooling" / "config.json", {f"pooling_mode_{pooling}_token{'s' * (pooling == 'mean')}": True})
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "onnx").mkdir()
    write_graph(folder / "onnx" / "model.onnx", seed)
    return folder


def write_graph(path: Path, seed: int, *, apart: bool = False, layer: str = "MatMul") -> None:
    """Write the graph of a model.

    Args:
        path: Where to.
        seed: Which model.
        apart: Whether its numbers are in a file beside it.
        layer: The operator over the word vectors.
    """
    graph, beside = _graph(seed, layer), f"{path.name}_data"
    _onnx.save(graph, str(path), save_as_external_data=apart, location=beside, size_threshold=0)


def _graph(seed: int, operator: str) -> onnx.ModelProto:
    random = np.random.default_rng(seed)
    table = random.normal(size=(len(WORDS), DIMENSION)).astype(np.float32)
    layer = random.normal(size=(DIMENSION, DIMENSION)).astype(np.float32)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "pieces"]) for name in _INPUTS]
    output = helper.make_tensor_value_info("states", TensorProto.FLOAT, ["texts", "pieces", DIMENSION])
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"], axis=0),
        helper.make_node(operator, ["words", "layer"], ["states"]),
    ]
    weights = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(layer, "layer")]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


_INPUTS = ("input_ids", "attention_mask")


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
