"""Where a model's graph comes from: its authors, or an export by torch; and that it gives the model's vectors."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.embeddings.installed import INSTALL
from mcp_toolweaver.embeddings.manifest import FULL, TOKENIZER
from mcp_toolweaver.embeddings.model_folder import GRAPH, graph_files, weights_files
from mcp_toolweaver.embeddings.recipe import Recipe
from mcp_toolweaver.embeddings.runtime import PART
from mcp_toolweaver.embeddings.torch_runtime.failures import first_line, is_out_of_memory

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
_SAME = 0.999


class Refused(Exception):
    """It would fail again with these weights and these libraries; the message says why."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is made of what."""

    weights: Path
    """A SentenceTransformer folder."""
    target: Path
    """The folder to fill."""
    recipe: Recipe
    """How hidden states become a vector."""

    @property
    def is_published(self) -> bool:
        """Whether the model has a graph of its own, and what it needs to be run."""
        return (self.weights / GRAPH).is_file() and (self.weights / TOKENIZER).is_file()

    @property
    def numbers(self) -> Sequence[str]:
        """The names of the files beside the model's own graph that have its numbers; none if it has them itself."""
        return [path.relative_to((self.weights / GRAPH).parent).as_posix() for path in graph_files(self.weights)[1:]]

    def copy(self) -> None:
        """Take the model's own graph."""
        shutil.copyfile(self.weights / GRAPH, self.target / FULL)
        for name in self.numbers:
            (self.target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile((self.weights / GRAPH).parent / name, self.target / name)

    def drop(self) -> None:
        """Leave the model's own graph."""
        for name in (FULL, *self.numbers):
            (self.target / name).unlink(missing_ok=True)

    def vectors(self) -> Sequence[Vector]:
        """Return the normalized vectors of the texts that are compared, by the graph that is in place.

        Raises:
            Unavailable: it gives none.
        """
        runtime = import_module("mcp_toolweaver.embeddings.onnx_runtime.runtime")
        vectors = import_module("mcp_toolweaver.embeddings.vectors")
        model = runtime.load(self.target / FULL, self.target / TOKENIZER, self.recipe, "fp32")
        try:
            raw = [model.vector(text) for text in _COMPARED]
        except Exception as error:  # ONNX Runtime has its own; inputs that no tokenizer of a text gives
            raise Unavailable(PART, f"the graph cannot be run: {first_line(error)}") from error
        made: Sequence[Vector] = vectors.normalized(raw, len(_COMPARED), self.recipe.dimension)
        return made


class Exporter(Protocol):
    """What torch is needed for."""

    def open_model(self, folder: Path) -> Any:
        """Load the model in a folder."""
        ...

    def export(self, model: Any, target: Path) -> None:
        """Write the graph of a model's transformer."""
        ...

    def reference(self, model: Any, texts: Sequence[str]) -> Sequence[Vector]:
        """Return the normalized vectors of texts as the model's own library makes them."""
        ...


def find_exporter() -> Exporter | None:
    """Return what exports by torch, which takes seconds; None where torch is not installed."""
    if find_spec("torch") is None or find_spec("sentence_transformers") is None:
        return None
    exporter: Any = import_module("mcp_toolweaver.embeddings.torch_runtime.export")
    found: Exporter = exporter
    return found


def put_graph(
    job: Job, say: Callable[[str], None], find: Callable[[], Exporter | None] = find_exporter
) -> Sequence[Vector]:
    """Put graph and tokenizer in place, and return the normalized vectors of `PROBES`, which the graph gives.

    A graph beside other weights is the model's only if it gives what torch makes of those; one that is all there
    is of a model is the model.

    Args:
        job: What is made of what.
        say: Is told each step.
        find: Returns what exports, if there is any.

    Raises:
        Refused: there is no graph that gives the model's vectors.
    """
    if (job.weights / TOKENIZER).is_file():
        shutil.copyfile(job.weights / TOKENIZER, job.target / TOKENIZER)
    if job.is_published and weights_files(job.weights)[0] == job.weights / GRAPH:
        return _alone(job)[: len(PROBES)]
    exporter = find()
    if exporter is None:
        raise Refused(_without_torch(is_published=job.is_published))
    return _compared(job, say, exporter)[: len(PROBES)]


def _alone(job: Job) -> Sequence[Vector]:
    job.copy()
    try:
        return job.vectors()
    except Unavailable as away:
        raise Refused(away.reason) from away


def _compared(job: Job, say: Callable[[str], None], exporter: Exporter) -> Sequence[Vector]:
    say("loading the weights")
    model = exporter.open_model(job.weights)
    known = exporter.reference(model, _COMPARED)
    if job.is_published:
        job.copy()
        if _is_like(known, job):
            return known
        job.drop()
        say("the graph beside the weights gives other vectors than they do")
    if not (job.target / TOKENIZER).is_file():
        model.tokenizer.save_pretrained(str(job.target))
    say("exporting the graph")
    _export(exporter, model, job)
    if not _is_like(known, job):
        raise Refused("the exported graph does not give the vectors of the model")
    return known


def _export(exporter: Exporter, model: Any, job: Job) -> None:
    if find_spec("onnx") is None:
        raise Refused(f"the package onnx is not installed, without which torch exports nothing; get it with: {INSTALL}")
    try:
        exporter.export(model, job.target / FULL)
    except (OSError, ImportError):  # no room, or a library that is broken, and is the same version when it is not
        raise
    except Exception as error:  # the exporter raises nearly anything, and the same again for the same model
        if is_out_of_memory(error):
            raise
        raise Refused(f"torch cannot export it: {first_line(error)}") from error


def _is_like(known: Sequence[Vector], job: Job) -> bool:
    """Whether the graph gives these vectors of the texts that are compared."""
    try:
        made = job.vectors()
    except Unavailable:
        return False
    return min(float(one @ other) for one, other in zip(known, made, strict=True)) >= _SAME


def _without_torch(*, is_published: bool) -> str:
    missing = f"torch is not installed; get it with: {INSTALL}"
    if is_published:
        return f"the graph beside the weights may be of others, which only torch can tell, and {missing}"
    return f"the weights have no ONNX graph, and to make one {missing}"
