"""A small file that is written once, by whoever comes first."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def keep_once(path: Path, value: str) -> str:
    """Return what the file holds; where it is missing or empty, ``value``, which is put into it.

    All who start at once get the same. Only the owner may read it.

    Raises:
        OSError: nothing can be kept there.
        UnicodeError: it holds no text.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _kept(path) or _keep(path, value)


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _keep(path: Path, value: str) -> str:
    """Put a whole file in place, unless another process was quicker."""
    whole = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123  with a mode
        file.write(value)
    try:
        os.link(whole, path)
    except FileExistsError:
        if not _kept(path):  # damaged: a file of ours is never empty
            whole.replace(path)
    finally:
        whole.unlink(missing_ok=True)
    return _kept(path) or value
