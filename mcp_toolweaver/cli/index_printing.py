"""What people see of an index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.index.administration import IndexStatus

_MOST_DOMAINS = 12
_KILO = 1000


def print_status(status: IndexStatus) -> None:
    """Print the status as a table of two columns."""
    table = Table(show_header=False)
    for name, value in _rows(status):
        table.add_row(name, value)
    out.print(table)


def _rows(status: IndexStatus) -> Iterator[tuple[str, str]]:
    store = status.store
    yield "engine", escape(store.engine)
    yield "where", escape(store.where)
    if store.collection:
        yield "collection", escape(f"{store.collection}, catalog {store.catalog!r}")
    yield "in step", "[green]yes[/]" if status.in_step else f"[yellow]no:[/] {escape(status.reason)}"
    yield "generation", _generation(status)
    yield "tools", f"{status.tools}, {status.with_vector} of them with a vector"
    yield "domains", escape(_counts(status.domains)) or "none"
    yield "on disk", "" if store.bytes_on_disk is None else readable_size(store.bytes_on_disk)
    yield "vector space", escape(status.space) or "none: search is by words alone"
    if store.others:
        yield "other catalogs", escape(_counts(store.others))


def _generation(status: IndexStatus) -> str:
    if status.generation == status.catalog_generation:
        return status.generation
    return f"{status.generation or 'none'} (the catalog's is {status.catalog_generation})"


def _counts(counts: Mapping[str, int]) -> str:
    shown = [f"{name} {count}" for name, count in list(counts.items())[:_MOST_DOMAINS]]
    more = len(counts) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more else shown)


def readable_size(size: float) -> str:
    """Return a number of bytes as people write it: 1.6 MB."""
    for unit in ("bytes", "kB", "MB"):
        if size < _KILO:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= _KILO
    return f"{size:.1f} GB"
