"""From the settings to a model that embeds: which weights, which runtimes, on which devices."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from mcp_toolweaver.core.errors import Unavailable, Unusable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings import spaces
from mcp_toolweaver.embeddings.device import survey
from mcp_toolweaver.embeddings.download import download
from mcp_toolweaver.embeddings.graphs import made
from mcp_toolweaver.embeddings.identity import Identity, identify
from mcp_toolweaver.embeddings.installed import INSTALL, Installed, find_installed
from mcp_toolweaver.embeddings.ladder import Ladder
from mcp_toolweaver.embeddings.lazy import LazyRuntime
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.model import ModelEmbedder, ModelFacts
from mcp_toolweaver.embeddings.plan import Note, Plan, make_plan
from mcp_toolweaver.embeddings.recipe import prompts
from mcp_toolweaver.embeddings.rungs import Rungs
from mcp_toolweaver.embeddings.runtime import PART, Runtime
from mcp_toolweaver.embeddings.spaces import Precision, space_name
from mcp_toolweaver.embeddings.turns import Turns

_log = logging.getLogger(__name__)

_MAX_LENGTH = 512
"""Word pieces that a model sees which does not say how many."""
_PATIENCE = 2.0
"""Seconds that a query waits where another runtime has to be opened, which may take a minute; words answer then."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What the owner wants."""

    model: str
    """A name, or a folder."""
    models: Path
    """The folder of the model cache."""
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    download: bool = True


class Told(Protocol):
    """Who is told what takes a while."""

    def tell(self, step: str) -> None:
        """Take a sentence: ``the embedding model is being prepared``."""
        ...

    def tell_download(self, done: int, total: int) -> None:
        """Take how many bytes of the model have come, and how many there are."""
        ...

    def tell_ready(self, label: str) -> None:
        """Take what embeds queries from now on."""
        ...


class Nobody:
    """Is told, and does nothing with it."""

    def tell(self, step: str) -> None:
        """See `Told.tell`."""

    def tell_download(self, done: int, total: int) -> None:
        """See `Told.tell_download`."""

    def tell_ready(self, label: str) -> None:
        """See `Told.tell_ready`."""


async def open_model(options: ModelOptions, told: Told | None = None) -> ModelEmbedder:
    """Return a model whose queries can be embedded at once; what embeds documents is loaded when it is needed.

    Args:
        options: What the owner wants.
        told: Is told what takes a while.

    Raises:
        Unavailable: nothing here can run it; the message says what to do.
    """
    told = told or Nobody()
    installed = await run_in_thread(find_installed)
    identity = await _found(options, installed, told)
    is_quick = installed.runs_onnx  # on the CPU, for which no driver has to be asked
    plan = await _plan(options, installed, with_gpus=not is_quick)
    rungs = Rungs(identity, await _ready(options, identity, plan, told), options.models, Turns())
    embedder = _embedder(options, rungs, plan, installed)
    await embedder.embed_queries(["hello"])  # loads the model and proves it
    rungs.patience = _PATIENCE
    told.tell_ready(embedder.labels[0])
    _log.info("%s: queries by %s", PART, embedder.labels[0])
    return embedder


async def _plan(options: ModelOptions, installed: Installed, *, with_gpus: bool) -> Plan:
    found = await run_in_thread(partial(survey, gpus=with_gpus and options.device != "cpu"))
    plan = make_plan(options.device, found.devices, installed, threads=options.threads)
    if with_gpus:
        _report(found.faults, plan.notes)
    return plan


def _report(faults: Sequence[str], notes: Sequence[Note]) -> None:
    """Log what is wrong with the GPUs, and what could be better."""
    for fault in faults:
        _log.warning("%s: %s", PART, fault)
    for note in notes:
        _log.log(logging.WARNING if note.is_against_wish else logging.INFO, "%s: %s", PART, note)


async def _found(options: ModelOptions, installed: Installed, told: Told) -> Identity:
    """Return the model, downloaded if it is not here."""
    if not installed.runs_onnx and not installed.runs_torch:
        raise Unusable(PART, f"the libraries are not installed; get them with: {INSTALL}")
    found = await run_in_thread(partial(identify, needs_graph=installed.needs_graphs), options.model, options.models)
    if found is None:
        if not options.download:
            raise Unusable(PART, f"the model {options.model} is not on this machine, and embedding.download is off")
        await download(options.model, onnx_only=not installed.runs_torch, on_progress=told.tell_download)
        found = await run_in_thread(
            partial(identify, needs_graph=installed.needs_graphs), options.model, options.models
        )
    if found is None:
        raise Unavailable(PART, f"the model {options.model!r} was downloaded, and is not to be found")
    return found


async def _ready(options: ModelOptions, identity: Identity, plan: Plan, told: Told) -> Manifest | None:
    """Return the model as ONNX Runtime wants it; None where it cannot be had, and torch has to do."""
    if identity.recipe is None or all(step.runtime != "onnx" for step in plan.queries):
        return None
    try:
        return await made(
            options.models, identity, lambda step: told.tell(f"the embedding model is being prepared, once: {step}")
        )
    except Unavailable as away:
        if spaces.of_documents(options.precision) == "int8" or all(step.runtime == "onnx" for step in plan.queries):
            raise
        _log.warning("%s; it is run by torch instead, which is several times slower", away)
        return None


def _embedder(options: ModelOptions, rungs: Rungs, plan: Plan, installed: Installed) -> ModelEmbedder:
    of_queries, of_documents = spaces.of_queries(options.precision), spaces.of_documents(options.precision)
    queries = rungs.queries(plan, of_queries)
    if reason := rungs.lacks(of_documents):
        raise Unusable(PART, reason)
    if not queries or not rungs.documents(plan, of_documents):
        wish = f"embedding.precision {options.precision}"
        raise Unusable(PART, f"nothing here runs the model {options.model} with {wish}; try auto")
    facts = _facts(rungs.identity, of_queries, of_documents)

    async def documents() -> Runtime:
        """Ask the drivers, which takes a while, when there is something to embed."""
        full = await _plan(options, installed, with_gpus=True)
        ladder = Ladder(rungs.documents(full, of_documents), facts.check)
        _log.info("%s: tools by %s", PART, ladder.label)
        return ladder

    ladder = Ladder(queries, facts.check)
    return ModelEmbedder(facts, ladder, LazyRuntime("the best device", documents), rungs.turns)


def _facts(identity: Identity, of_queries: Precision, of_documents: Precision) -> ModelFacts:
    space = space_name(identity, of_documents)
    query_space = f"{space_name(identity, of_queries)}-query"
    recipe = identity.recipe
    if recipe is not None:
        return ModelFacts(
            space, query_space, recipe.dimension, recipe.max_length, recipe.query_prompt, recipe.document_prompt
        )
    query, document = prompts(identity.weights.folder) if identity.weights else ("", "")
    return ModelFacts(space, query_space, None, _MAX_LENGTH, query, document)
