"""What torch does to export a model, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_toolweaver.embeddings.onnx_runtime.runtime import load
from mcp_toolweaver.embeddings.recipe import read_recipe
from mcp_toolweaver.embeddings.vectors import normalized
from tests.fakes.tiny_model import write_graph, write_tiny_model

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


class FakeExporter:
    """Takes the weights of any folder for those of a tiny model."""

    def __init__(self, scratch: Path, *, seed: int = 1, exported: int | None = None) -> None:
        """Have the vectors of the model with ``seed``, and export its graph, or that of another one."""
        self._model = write_tiny_model(scratch, seed=seed)
        self._exported = seed if exported is None else exported
        self.error: Exception | None = None
        """Raised instead of exporting."""
        self.exports = 0

    def open_model(self, folder: Path) -> Any:
        return folder

    def export(self, model: Any, target: Path) -> None:  # noqa: ARG002  see Exporter
        self.exports += 1
        if self.error is not None:
            raise self.error
        write_graph(target, self._exported)

    def reference(self, model: Any, texts: Sequence[str]) -> Sequence[Vector]:  # noqa: ARG002  see Exporter
        recipe = read_recipe(self._model)
        assert recipe is not None
        runtime = load(self._model / "onnx" / "model.onnx", self._model / "tokenizer.json", recipe, "fp32")
        return normalized([runtime.vector(text) for text in texts], len(texts), recipe.dimension)
