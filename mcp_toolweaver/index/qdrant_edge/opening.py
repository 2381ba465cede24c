"""From a folder to an engine."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import qdrant_edge as qe

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.index.engine import MEANING, WORDS
from mcp_toolweaver.index.graph import CANDIDATES_IN_BUILDING, FULL_SCAN_KILOBYTES, LINKS
from mcp_toolweaver.index.payload import PLACES
from mcp_toolweaver.index.qdrant_edge.engine import EdgeEngine, Shard
from mcp_toolweaver.index.qdrant_edge.failures import is_failure, is_passing, translated
from mcp_toolweaver.index.qdrant_edge.folder import PART, EdgeFolder, Head, hold
from mcp_toolweaver.index.view import View
from mcp_toolweaver.index.view_file import decode

_log = logging.getLogger(__name__)

_FIELDS = ("domain", "server", PLACES)
_TENANT = "domain"
_QUANTILE = 0.99


@asynccontextmanager
async def open_edge(
    path: Path, dimension: int, catalog: str = "", *, quantization: bool = False, on_disk: bool = False
) -> AsyncGenerator[EdgeEngine]:
    """Open the engine in a folder, made where missing; what is damaged is set aside and made anew.

    Args:
        path: The folder, for one vector space.
        dimension: The length of its vectors.
        catalog: What points are marked with.
        quantization: Whether to search over vectors of 8-bit integers; counts when the graph is built next.
        on_disk: Whether not to keep vectors and words in memory; likewise.

    Raises:
        InUse: another process holds the folder.
        Unavailable: the folder cannot be used.
    """
    with hold(path) as folder:
        engine = await run_in_thread(
            _open, folder, _config(dimension, quantization=quantization, on_disk=on_disk), catalog
        )
        failure: Exception | None = None
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_keep_settled, engine)
                try:
                    yield engine
                except Exception as error:  # noqa: BLE001  the task group would wrap it
                    failure = error
                tasks.cancel_scope.cancel()
        finally:
            engine.close()
        if failure is not None:
            raise failure


def peek(path: Path) -> View | None:
    """Return what is searchable in a folder that another process may hold; None if nothing can be read there."""
    try:
        read = EdgeFolder(path).read()
    except OSError:
        return None
    return None if read is None else decode(read[1])


def _open(folder: EdgeFolder, config: qe.EdgeConfig, catalog: str) -> EdgeEngine:
    with translated("reading the folder"):
        read = folder.read()
    if read is not None:
        head, _view = read
        try:
            shard = qe.EdgeShard.load(str(folder.path / head.shard), config)
        except BaseException as error:
            if not is_failure(error):
                raise
            if is_passing(error):
                raise Unavailable(PART, f"{folder.path} cannot be read just now ({error})") from error
            _log.warning("index: %s is damaged (%s); set aside and built anew", folder.path / head.shard, error)
            with translated("setting it aside"):
                folder.set_aside(head.shard)
        else:
            folder.clear(kept=head.shard)
            return EdgeEngine(folder, (head, shard), catalog, partial(_made, folder, config), is_known=True)
    folder.clear()
    return EdgeEngine(folder, _made(folder, config), catalog, partial(_made, folder, config), is_known=False)


def _made(folder: EdgeFolder, config: qe.EdgeConfig) -> Shard:
    if not folder.has_room(0):
        raise Unavailable(PART, f"the disk of {folder.path} is nearly full")
    path = folder.new_shard()
    with translated("making the folder"):
        path.mkdir()
        shard = qe.EdgeShard.create(str(path), config)
        for field in _FIELDS:
            params = qe.KeywordIndexParams(is_tenant=field == _TENANT)
            shard.update(qe.UpdateOperation.create_field_index(field, params))
    return Head(path.name, 0), shard


def _config(dimension: int, *, quantization: bool, on_disk: bool) -> qe.EdgeConfig:
    int8 = qe.ScalarQuantizationConfig(qe.ScalarType.Int8, _QUANTILE, memory=qe.Memory.Pinned) if quantization else None
    place = qe.Memory.Cold if on_disk else None
    dense = qe.EdgeVectorParams(dimension, qe.Distance.Cosine, quantization_config=int8, memory=place)
    return qe.EdgeConfig(
        vectors={MEANING: dense},
        sparse_vectors={WORDS: qe.EdgeSparseVectorParams(memory=place)},
        hnsw_config=qe.HnswIndexConfig(LINKS, CANDIDATES_IN_BUILDING, FULL_SCAN_KILOBYTES),
    )


async def _keep_settled(engine: EdgeEngine) -> None:
    while True:
        await engine.is_unsettled.wait()
        try:
            await engine.settle()
        except Unavailable as away:
            _log.warning("%s; searches stay correct and are slower", away)
