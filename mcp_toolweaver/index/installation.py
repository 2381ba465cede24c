"""The name of this installation, which keeps its tools apart from those of others in one collection."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

from mcp_toolweaver.core.kept_file import keep_once

_log = logging.getLogger(__name__)

_FILE = "catalog-id"


def installation(folder: Path) -> str:
    """Return the name that is kept in a folder, made where missing; all that start at once get the same.

    Where nothing can be kept, the name is good for this process only.
    """
    path, name = folder / _FILE, f"own-{uuid.uuid4().hex[:28]}"
    try:
        return keep_once(path, name)
    except (OSError, UnicodeError) as error:
        _log.warning(
            "index: %s cannot be used (%s); set index.catalog, or each start has a catalog of its own", path, error
        )
        return name
