"""The name of this installation, which keeps its tools apart from those of others in one collection."""

from __future__ import annotations

import logging
import os
import uuid
from pathlib import Path

_log = logging.getLogger(__name__)

_FILE = "catalog-id"


def installation(folder: Path) -> str:
    """Return the name that is kept in a folder, made where missing; all that start at once get the same.

    Where nothing can be kept, the name is good for this process only.
    """
    path, name = folder / _FILE, f"own-{uuid.uuid4().hex[:28]}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _kept(path) or _keep(path, name)
    except (OSError, UnicodeError) as error:
        _log.warning(
            "index: %s cannot be used (%s); set index.catalog, or each start has a catalog of its own", path, error
        )
        return name


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _keep(path: Path, name: str) -> str:
    """Put a whole file in place, unless another process was quicker."""
    whole = path.with_name(f"{path.name}.{name}")
    whole.write_text(name, encoding="utf-8")
    try:
        os.link(whole, path)
    except FileExistsError:
        if not _kept(path):  # damaged: a file of ours is never empty
            whole.replace(path)
    finally:
        whole.unlink(missing_ok=True)
    return _kept(path) or name
