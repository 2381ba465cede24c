"""The model as the benches open it: by its settings, by one runtime alone, or as the seeds run it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from mcp_toolweaver.config import Settings
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.identity import identify
from mcp_toolweaver.embeddings.model import ModelEmbedder
from mcp_toolweaver.embeddings.onnx_runtime.runtime import OnnxRuntime, load
from mcp_toolweaver.embeddings.opening import ModelOptions, open_model
from mcp_toolweaver.embeddings.recipe import Recipe
from mcp_toolweaver.embeddings.turns import Turns

Precision: TypeAlias = Literal["fp32", "int8"]
GRAPHS: dict[Precision, str] = {"fp32": manifest.FULL, "int8": manifest.SMALL}


class Seeds(Protocol):
    """What is used of a ``SentenceTransformer``."""

    def encode(self, sentences: str | list[str], /, **options: Any) -> Any:
        """Return vectors."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """The model of the settings, as it lies in the model cache."""

    folder: Path
    recipe: Recipe
    weights: Path | None
    """None where nothing is left of it but what was made of them."""

    def graph(
        self, precision: Precision, *, threads: int = 1, workers: int = 1, turns: Turns | None = None
    ) -> OnnxRuntime:
        """Open one of its graphs."""
        graph, tokenizer = self.folder / GRAPHS[precision], self.folder / manifest.TOKENIZER
        return load(graph, tokenizer, self.recipe, precision, threads=threads, workers=workers, turns=turns)

    @property
    def runs_torch(self) -> bool:
        """Whether sentence-transformers and torch can run it here."""
        has_libraries = find_spec("sentence_transformers") is not None and find_spec("torch") is not None
        return self.weights is not None and has_libraries


async def open_embedder(
    settings: Settings, *, precision: str | None = None, device: str | None = None, threads: int | None = None
) -> ModelEmbedder:
    """Open the model that the settings mean, without any cache."""
    wanted = settings.embedding
    return await open_model(
        ModelOptions(
            wanted.model,
            settings.models,
            device=device or wanted.device,
            precision=precision or wanted.precision,
            threads=threads or wanted.threads,
            download=wanted.download,
        )
    )


async def open_ready(settings: Settings) -> Ready:
    """Return the model of the settings, made ready if this is the first time."""
    await open_embedder(settings, device="cpu")
    identity = identify(settings.embedding.model, settings.models)
    if identity is None or identity.recipe is None:
        raise SystemExit(f"ONNX Runtime cannot run {settings.embedding.model}")
    weights = identity.weights.folder if identity.weights else None
    return Ready(settings.models / identity.name, identity.recipe, weights)


def open_seeds(weights: Path, device: str = "cpu") -> Seeds:
    """Load the model as the seeds do, which takes seconds."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import_module("transformers.utils.logging").disable_progress_bar()
    library: Any = import_module("sentence_transformers")
    model: Seeds = library.SentenceTransformer(str(weights), device=device, local_files_only=True)
    return model


def encoded(model: Seeds, texts: Sequence[str]) -> Any:
    """Embed as the seeds do."""
    return model.encode(list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False)


def use_threads(threads: int) -> None:
    """Let torch compute in so many threads, in this one."""
    import_module("torch").set_num_threads(threads)
