"""A child process that makes a model ready for ONNX Runtime: ``python -m …build WEIGHTS TARGET DIGEST``.

    the weights' own graph, or one exported by torch -> the same in 8 bits -> compared -> manifest

It prints a line for each step.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_toolweaver.core.children import be_a_child
from mcp_toolweaver.embeddings.manifest import FULL, SMALL, TOKENIZER, Manifest, digest, write
from mcp_toolweaver.embeddings.recipe import Recipe, read_recipe

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

PROBES = (
    "create an issue",
    "What is the weather like in Berlin tomorrow, and do I need an umbrella?",
    "github list_pull_requests: List pull requests in a repository, filtered by state, head and base branch.",
    "x",
)
"""Texts of several lengths whose vectors are compared whenever a graph is opened."""
_COMPARED = (*PROBES, "A text that is longer than what the model sees, so that it is cut. " * 60)
PUBLISHED = "onnx/model.onnx"
"""Where a model's own graph lies beside its weights."""
_SAME = 0.999


def build(weights: Path, target: Path, weights_digest: str) -> None:
    """Fill an empty folder with what ONNX Runtime needs.

    Args:
        weights: A SentenceTransformer folder.
        target: The folder to fill; its manifest is written last.
        weights_digest: The SHA-256 of the weights.

    Raises:
        SystemExit: it cannot be done; the message says why.
    """
    recipe = read_recipe(weights)
    if recipe is None:
        raise SystemExit("the model does more than pooling after its transformer")
    known = _graph(weights, target)
    _say("computing in 8 bits")
    module = import_module("mcp_toolweaver.embeddings.onnx_runtime.quantize")
    module.quantize(target / FULL, weights / "config.json", target / SMALL)
    _say("comparing")
    made = _vectors(target, recipe)
    if known is not None and min(map(_cosine, known, made)) < _SAME:
        raise SystemExit("the exported graph does not give the vectors of the model")
    probes = {text: vector.tolist() for text, vector in zip(PROBES, known or made, strict=False)}
    files = {name: digest(target / name) or "" for name in (FULL, SMALL, TOKENIZER)}
    write(target, Manifest(weights_digest, recipe, files, probes))


def _graph(weights: Path, target: Path) -> Sequence[Vector] | None:
    """Put graph and tokenizer in place; return the vectors of the probes by torch if it was needed."""
    if (weights / TOKENIZER).is_file():
        shutil.copyfile(weights / TOKENIZER, target / TOKENIZER)
    if (weights / PUBLISHED).is_file() and (target / TOKENIZER).is_file():
        shutil.copyfile(weights / PUBLISHED, target / FULL)
        return None
    if find_spec("torch") is None or find_spec("sentence_transformers") is None:
        raise SystemExit("the weights have no ONNX graph, and torch is not installed to make one")
    _say("loading the weights")
    torch = import_module("mcp_toolweaver.embeddings.torch_runtime.export")
    model = torch.open_model(weights)
    if not (target / TOKENIZER).is_file():
        model.tokenizer.save_pretrained(str(target))
    _say("exporting the graph")
    torch.export(model, target / FULL)
    vectors: Sequence[Vector] = torch.reference(model, _COMPARED)
    return vectors


def _vectors(folder: Path, recipe: Recipe) -> list[Vector]:
    runtime = import_module("mcp_toolweaver.embeddings.onnx_runtime.runtime")
    vectors = import_module("mcp_toolweaver.embeddings.vectors")
    model = runtime.load(folder / FULL, folder / TOKENIZER, recipe, "fp32")
    made: list[Vector] = vectors.normalized(
        [model.vector(text) for text in _COMPARED], len(_COMPARED), recipe.dimension
    )
    return made


def _say(step: str) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


def _cosine(one: Vector, other: Vector) -> float:
    return float(one @ other)


if __name__ == "__main__":
    be_a_child()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    build(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
