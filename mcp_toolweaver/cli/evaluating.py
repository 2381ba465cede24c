"""``toolweaver eval``."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.printing import out, print_json
from mcp_toolweaver.cli.running import err, progress_bar, running
from mcp_toolweaver.config import Configuration, SourceSpec, load
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.evaluation import Failure, LabelledQuery, Report, evaluate, missing_labels, read_labelled
from mcp_toolweaver.telemetry.logs import configure


def run(catalog: Path, queries: Path, failures: int, *, words_only: bool, as_json: bool) -> int:
    """Measure the search on a labelled set and print the report; return the exit status."""
    configure("warning")
    try:
        labelled = read_labelled(queries)
        report = anyio.run(measure, configuration_of(catalog), labelled, not words_only)
    except ConfigurationError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2
    print_json(report.to_json()) if as_json else _print(report, failures)
    return 0


async def measure(
    catalog: Configuration,
    queries: tuple[LabelledQuery, ...],
    meaning: bool,  # noqa: FBT001  anyio.run passes by position
) -> Report:
    """Index the catalog of a configuration, search every query in it, and report.

    Raises:
        ConfigurationError: the catalog holds no tool, or none of those that the labels name.
    """
    async with running(catalog, meaning=meaning) as app:
        _check(queries, missing_labels(queries, app.catalog.snapshot), len(app.catalog.snapshot))
        with progress_bar() as progress:
            step = progress.add_task("searching", total=len(queries))
            return await evaluate(
                app.searcher, queries, on_progress=lambda done, _total: progress.update(step, completed=done)
            )


def configuration_of(catalog: Path) -> Configuration:
    """Return a configuration of nothing but a catalog file or folder.

    Raises:
        ConfigurationError: there is no such file.
    """
    if not catalog.exists():
        raise ConfigurationError(f"{catalog} does not exist; --catalog takes a catalog file or a folder of them")
    source = SourceSpec(catalog.stem, "json_file", {"path": catalog.absolute()}, f"--catalog {catalog}")
    return Configuration(load(None).settings, (source,), (), None)


def _check(queries: tuple[LabelledQuery, ...], missing: tuple[str, ...], tools: int) -> None:
    if not tools:
        raise ConfigurationError(
            "the catalog holds no tool; the lines above say why, or --catalog names the wrong file"
        )
    if missing:
        wanting = f"{len(missing)} labelled tools are not in the catalog, for example {missing[0]!r}"
        if len(missing) >= sum(len(query.needs) for query in queries):
            raise ConfigurationError(f"{wanting}; these queries belong to another catalog")
        err.print(f"[yellow]note:[/] {escape(wanting)}; they count as not found")


def _print(report: Report, failures: int) -> None:
    groups = {"all": report.overall, **report.by_kind}
    table = Table("", *map(escape, groups))
    table.add_row("queries", *(str(group.queries) for group in groups.values()))
    for metric in report.overall.metrics:
        table.add_row(metric, *(_percent(group.metrics.get(metric)) for group in groups.values()))
    table.add_row("said none, none fits", *(_percent(group.abstention) for group in groups.values()))
    table.add_row("said none, one fits", *(_percent(group.false_abstention) for group in groups.values()))
    out.print(table)
    latency = ", ".join(f"{name} {value:.2f}" for name, value in report.latency_ms.items())
    out.print(f"latency of a search in ms: {latency}; answered by: {dict(report.tiers)}")
    for reason, times in report.skipped.items():
        out.print(f"[yellow]note:[/] {times} searches without {escape(reason)}")
    for failure in report.failures[:failures]:
        _print_failure(failure)


def _print_failure(failure: Failure) -> None:
    out.print(f"[red]missed[/] {escape(', '.join(failure.missing))}: {escape(failure.query.text)}", soft_wrap=True)
    out.print(f"       got {escape(', '.join(map(str, failure.got)))}", soft_wrap=True)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
