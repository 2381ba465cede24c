"""Vectors from an index to a file and back, so that nothing is embedded twice when an engine changes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mcp_toolweaver.core.errors import InvalidRequest
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.index.administration import IndexAdmin, texts
from mcp_toolweaver.index.portable import VectorFile, writing

_BATCH = 1024
_SHOWN = 40
"""Characters of the name of a space; those of models are no longer."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What went to a file or came from one."""

    vectors: int
    """How many vectors the file holds."""
    wanted: int
    """How many different texts the tools of the catalog have."""
    found: int
    """How many of those have their vector in the file."""


async def send(admin: IndexAdmin, snapshot: Snapshot, path: Path, *, force: bool = False) -> Moved:
    """Write the vectors of the catalog's tools to a file, as far as they are there; embeds nothing.

    Raises:
        InvalidRequest: there are none, or the file is there already or cannot be written.
        Unavailable: the store is away; no file was written.
    """
    space, wanted = await _space(admin), sorted(texts(snapshot))
    with writing(path, space, force=force) as writer:
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            found = await admin.vectors(batch)
            writer.add({text: found[text] for text in batch if text in found})
    if not writer.count:
        raise InvalidRequest(
            f"none of the {len(snapshot)} tools has a vector yet; `toolweaver index rebuild` makes them"
        )
    return Moved(writer.count, len(wanted), writer.count)


async def receive(admin: IndexAdmin, snapshot: Snapshot, file: VectorFile) -> Moved:
    """Keep the vectors of a file where the indexer looks before it embeds.

    Raises:
        InvalidRequest: they are another model's; nothing was kept.
    """
    space, wanted = await _space(admin), texts(snapshot)
    if file.space != space:
        raise InvalidRequest(
            f"the file holds vectors of {_difference(file.space, space)} ({_short(file.space)}) than the configured "
            f"one ({_short(space)}); nothing was imported"
        )
    found = 0
    for batch in file.batches():
        await admin.keep(batch)
        found += len(await admin.vectors(wanted & batch.keys()))
    return Moved(file.count, len(wanted), found)


async def _space(admin: IndexAdmin) -> str:
    space = await admin.space()
    if not space:
        raise InvalidRequest(
            "search by meaning is turned off or has no model, so there are no vectors; see embedding.enabled"
        )
    return space


def _difference(one: str, other: str) -> str:
    """Return in what two spaces differ; the last part of a name is the precision."""
    return "another precision" if one.rpartition("-")[0] == other.rpartition("-")[0] != "" else "another model"


def _short(space: str) -> str:
    """Return the two ends of a name, of which either may differ."""
    return repr(space if len(space) <= _SHOWN else f"{space[: _SHOWN // 2]}…{space[-_SHOWN // 2 :]}")
