"""Models ready for ONNX Runtime, in the model cache: found there, and seen to be whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.embeddings import manifest
from mcp_toolweaver.embeddings.identity import Identity
from mcp_toolweaver.embeddings.making import is_current, make
from mcp_toolweaver.embeddings.manifest import Manifest
from mcp_toolweaver.embeddings.runtime import PART

_log = logging.getLogger(__name__)


def kept(models: Path, identity: Identity) -> Manifest | None:
    """Return what is in the cache for a model; None if nothing is.

    Raises:
        Unavailable: that cannot be seen just now.
    """
    return manifest.read(models / identity.name)


async def made(models: Path, identity: Identity, on_step: Callable[[str], None]) -> Manifest:
    """Return what is in the cache for a model, made if it is missing, which takes some ten seconds.

    What lacks its graph in 8 bits is made again where other libraries may know how, and kept where they do not.

    Raises:
        Unavailable: it cannot be made; the message says why.
    """
    known = await run_in_thread(kept, models, identity)
    if known is not None and await run_in_thread(is_current, known):
        return known
    try:
        return await make(models, identity, on_step)
    except Unavailable as away:
        if known is None:
            raise
        _log.info("%s", away)
        return known


async def whole(models: Path, identity: Identity, names: Sequence[str]) -> Path:
    """Return the folder of a model in which some files are whole; what is damaged is made again.

    Nothing is removed before there is something better.

    Raises:
        Unavailable: it cannot be made; the message says why.
    """
    folder = models / identity.name
    if (bad := await run_in_thread(flaw, folder, names)) is None:
        return folder
    _log.warning("%s: %s is missing or damaged, and is made again", PART, folder / bad)
    ready = await make(models, identity, _log.info)
    if (bad := await run_in_thread(flaw, folder, names)) is not None:
        raise Unavailable(PART, ready.lacking or f"{folder / bad} is missing or damaged")
    return folder


def flaw(folder: Path, names: Sequence[str]) -> str | None:
    """Return which file of a model is missing or damaged; None if those that are named are whole.

    Raises:
        Unavailable: that cannot be seen just now.
    """
    known = manifest.read(folder)
    return manifest.FILE if known is None else manifest.damaged(folder, known, names)
