"""What people see of the cache."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cache_admin import CacheReport, Layer, TierReport
from mcp_toolweaver.cli.index_printing import readable_size
from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.cli.status_printing import span
from mcp_toolweaver.telemetry.report import CacheState


def print_report(found: CacheReport, processes: Collection[tuple[int, CacheState]]) -> None:
    """Print how often the cache helped, and what each layer holds."""
    table = Table(
        "tier", "kept for", "asked for", "found", "in", "refused", title="the last 30 days", title_justify="left"
    )
    for name, tier in found.tiers.items():
        table.add_row(name, *_counts(tier))
    out.print(table)
    layers = Table("layer", "holds", "takes", "where", title="now", title_justify="left")
    for row in _layers(found.layers, processes):
        layers.add_row(*row)
    out.print(layers)


def print_cleared(layers: Collection[Layer], running: int) -> None:
    """Print how many values were removed."""
    for layer in layers:
        counts = ", ".join(f"{tally.entries:,} of {kind}" for kind, tally in layer.tiers.items() if tally.entries)
        if not layer.away:
            out.print(
                f"{layer.name}: {escape(counts) or 'there was nothing'} removed ({escape(layer.where)})", soft_wrap=True
            )
    if running:
        out.print(f"{running} running processes forget what they hold in memory within five minutes, or when restarted")


def _counts(tier: TierReport) -> Iterator[str]:
    yield "nothing is kept" if not tier.lifetime else span(tier.lifetime)
    yield f"{sum(tier.hits.values()) - tier.refused + tier.misses:,}"
    yield "" if tier.hit_rate is None else f"{tier.hit_rate:.0%}"
    yield ", ".join(f"{layer} {count:,}" for layer, count in tier.hits.items())
    yield f"[yellow]{tier.refused:,}[/]" if tier.refused else ""


def _layers(layers: Collection[Layer], processes: Collection[tuple[int, CacheState]]) -> Iterator[tuple[str, ...]]:
    for pid, state in processes:
        redis = f"; redis: {escape(state.redis)}" if state.redis else ""
        yield "memory", f"{state.entries:,} values", readable_size(state.bytes), f"process {pid}{redis}"
    for layer in layers:
        if layer.away:
            yield layer.name, f"[red]away:[/] {escape(layer.away)}", "", escape(layer.where)
            continue
        holds = ", ".join(f"{tally.entries:,} of {kind}" for kind, tally in sorted(layer.tiers.items()))
        size = sum(tally.bytes for tally in layer.tiers.values()) if layer.bytes is None else layer.bytes
        yield layer.name, holds or "nothing", readable_size(size), escape(layer.where)
