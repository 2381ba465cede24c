"""The labelled sets that are measured: the one that ships, and those in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mcp_toolweaver.demo import CATALOG, QUERIES


def labelled_sets(data: Path | None) -> Iterator[tuple[str, Path, Path]]:
    """Yield name, catalog and queries of the shipped set and of each set in a folder.

    A set is a folder with ``queries.jsonl`` and either ``tools.jsonl`` or ``catalog/``.
    """
    yield "demo", CATALOG, QUERIES
    for folder in sorted(data.iterdir()) if data else []:
        for catalog in (folder / "tools.jsonl", folder / "catalog"):
            if catalog.exists() and (folder / "queries.jsonl").exists():
                yield folder.name, catalog, folder / "queries.jsonl"
