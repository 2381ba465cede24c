"""From a transformer's graph to the one that computes in 8 bits."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from onnxruntime import quantization
from onnxruntime.transformers import fusion_options, optimizer

_quantization: Any = quantization  # none of them has types
_fusion: Any = fusion_options
_optimizer: Any = optimizer

_FUSABLE = "bert"
_OPERATORS = ["MatMul", "Attention", "Gather"]


def quantize(graph: Path, config: Path, target: Path) -> None:
    """Write a graph whose weights are 8-bit integers, by row, and whose activations are made so at run time.

    A graph of BERT's kind is fused first, which makes attention one operator.

    Args:
        graph: An ONNX file in 32 bits.
        config: The ``config.json`` of its model.
        target: Where to write.
    """
    with TemporaryDirectory(dir=target.parent) as scratch:
        source = _fused(graph, json.loads(config.read_text(encoding="utf-8")), Path(scratch) / "fused.onnx")
        _quantization.quantize_dynamic(
            str(source),
            str(target),
            op_types_to_quantize=_OPERATORS,
            weight_type=_quantization.QuantType.QInt8,
            per_channel=True,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT, "MatMulConstBOnly": True},
        )


def _fused(graph: Path, config: dict[str, Any], target: Path) -> Path:
    if config.get("model_type") != _FUSABLE:
        return graph
    options = _fusion.FusionOptions(_FUSABLE)
    options.enable_skip_layer_norm = False  # slower on a CPU; decision 18
    options.enable_embed_layer_norm = False
    model = _optimizer.optimize_model(
        str(graph),
        model_type=_FUSABLE,
        num_heads=config["num_attention_heads"],
        hidden_size=config["hidden_size"],
        opt_level=0,
        optimization_options=options,
    )
    model.save_model_to_file(str(target))
    return target
