"""The work of ``toolweaver eval``: opens what is to be measured, and measures it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.markup import escape
from rich.progress import Progress

from mcp_toolweaver.app import App
from mcp_toolweaver.cli.eval_options import Plan
from mcp_toolweaver.cli.eval_result import Evaluation
from mcp_toolweaver.cli.printing import err
from mcp_toolweaver.cli.running import progress_bar, running
from mcp_toolweaver.config import Configuration, SourceSpec
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.interfaces import Searcher
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.evaluation import (
    FUSED,
    MEANING,
    WORDS,
    AliasEffect,
    Comparison,
    Explainer,
    Failure,
    LabelledQuery,
    Report,
    Suggestion,
    Tuning,
    alias_effect,
    compare,
    evaluate,
    missing_labels,
    scored_by_id,
    suggest,
    tune,
    with_words,
)

_ALL_MEANING = 1.0
"""The weight of meaning at which words count for nothing in the order; which tools are candidates, and
whether any fits, still goes by both."""


async def measure(
    catalog: Configuration,
    queries: Sequence[LabelledQuery],
    meaning: bool,  # noqa: FBT001  anyio.run passes by position
) -> Report:
    """Index the catalog of a configuration, search every query in it, and report.

    Raises:
        ConfigurationError: the catalog holds no tool, or none of those that the labels name.
    """
    async with _opened(catalog, queries, meaning=meaning) as bench:
        return await bench.measure("searching", bench.app.searcher)


async def evaluated(plan: Plan) -> Evaluation:
    """Do all that was planned.

    Raises:
        ConfigurationError: the catalog, the queries and what was asked for do not go together.
    """
    async with _opened(plan.configuration, plan.queries, meaning=plan.meaning) as bench:
        found = await _measured(plan, bench)
        tools = tuple(bench.app.catalog.snapshot.tools.values())
    if found.suggestions:
        found = replace(found, effect=await _effect(plan, found.report, found.suggestions, tools))
    if plan.other is not None:
        found = replace(found, comparison=await _compared(plan, found.report))
    return found


@dataclass(frozen=True, slots=True)
class _Bench:
    """A catalog that is open, and the queries to measure it with."""

    app: App
    queries: Sequence[LabelledQuery]
    progress: Progress

    async def measure(self, label: str, searcher: Searcher) -> Report:
        """Put all queries to a searcher."""
        return await evaluate(searcher, self.queries, on_progress=self.step(label))

    def step(self, label: str) -> Callable[[int, int], None]:
        """Start a line of the progress bar."""
        task = self.progress.add_task(label, total=None)
        return lambda done, total: self.progress.update(task, completed=done, total=total)


@asynccontextmanager
async def _opened(
    configuration: Configuration, queries: Sequence[LabelledQuery], *, meaning: bool
) -> AsyncGenerator[_Bench]:
    async with running(configuration, meaning=meaning) as app:
        _check(queries, missing_labels(queries, app.catalog.snapshot), len(app.catalog.snapshot))
        with progress_bar() as progress:
            yield _Bench(app, queries, progress)


def _check(queries: Sequence[LabelledQuery], missing: tuple[str, ...], tools: int) -> None:
    if not tools:
        raise ConfigurationError(
            "the catalog holds no tool; the lines above say why, or --catalog names the wrong file"
        )
    if missing:
        wanting = f"{len(missing)} labelled tools are not in the catalog, for example {missing[0]!r}"
        if len(missing) >= sum(len(query.needs) for query in queries):
            raise ConfigurationError(f"{wanting}; these queries belong to another catalog")
        err.print(f"[yellow]note:[/] {escape(wanting)}; they count as not found")


async def _measured(plan: Plan, bench: _Bench) -> Evaluation:
    """Measure what one open catalog can tell."""
    report = await bench.measure("searching", bench.app.searcher)
    searcher_for = _searcher_for(bench.app, report)
    arms = {WORDS: bench.app.by_words, MEANING: searcher_for(_ALL_MEANING)} if searcher_for else {}
    lanes = {name: await bench.measure(f"searching by {name} alone", arm) for name, arm in arms.items()}
    if plan.explain:
        report = await _explained(bench, report, {FUSED: bench.app.searcher, **arms})
    return Evaluation(
        report=report,
        lanes=lanes,
        suggestions=suggest(report.outcomes, bench.app.catalog.snapshot) if plan.aliases else None,
        tuning=await _tuned(plan, bench, searcher_for) if plan.tune else None,
        verdicts=tuple(threshold.judge(report.overall) for threshold in plan.thresholds),
    )


def _searcher_for(app: App, report: Report) -> Callable[[float], Searcher] | None:
    """Return what makes a searcher of a weight of meaning; None where words alone were searched."""
    return None if "lexical" in report.tiers else app.searcher_for


async def _explained(bench: _Bench, report: Report, arms: dict[str, Searcher]) -> Report:
    explainer = Explainer(bench.app.catalog, arms)
    tell = bench.step("explaining")
    explained: list[Failure] = []
    for failure in report.failures:
        explained.append(await explainer.explain(failure))
        tell(len(explained), len(report.failures))
    return replace(report, failures=tuple(explained))


async def _tuned(plan: Plan, bench: _Bench, searcher_for: Callable[[float], Searcher] | None) -> Tuning:
    if searcher_for is None:
        raise ConfigurationError("--tune weighs words against meaning, and this search was by words alone")
    if not any(query.needs for query in plan.queries):
        raise ConfigurationError("--tune takes queries that some tool serves; these have none")
    current = plan.configuration.settings.search.meaning_weight
    tell = bench.step("tuning")
    return await tune(searcher_for, plan.queries, current=current, metric=plan.metric, on_progress=tell)


async def _effect(
    plan: Plan, report: Report, suggestions: Sequence[Suggestion], tools: Sequence[Tool]
) -> AliasEffect | None:
    """Measure again with the words that two queries or more speak for in the tools' descriptions."""
    if all(suggestion.is_weak for suggestion in suggestions):
        return None
    with TemporaryDirectory(prefix="toolweaver-") as folder:
        changed = _as_files(plan.configuration, with_words(tools, suggestions), Path(folder))
        after = await measure(changed, plan.queries, plan.meaning)
    before = scored_by_id(report.outcomes)
    return alias_effect(suggestions, before, scored_by_id(after.outcomes), plan.metric)


def _as_files(configuration: Configuration, tools: Sequence[Tool], folder: Path) -> Configuration:
    """Return the configuration with these tools, in a file, in the place of its sources."""
    rows = [
        {
            **tool.definition,
            "server": tool.id.server,
            "domain": tool.domain,
            "serverDescription": tool.server_description,
        }
        for tool in tools
    ]
    file = folder / "tools.jsonl"
    file.write_text("".join(f"{json.dumps(row, default=str)}\n" for row in rows), encoding="utf-8")
    settings = configuration.settings.model_copy(update={"data_dir": folder})
    return Configuration(settings, (SourceSpec("tools", "json_file", {"path": file}, "--aliases"),), (), None)


async def _compared(plan: Plan, report: Report) -> Comparison:
    assert plan.other is not None
    other = plan.other.saved
    if plan.other.configuration is not None:
        measured = await measure(plan.other.configuration, plan.queries, plan.meaning)
        other = scored_by_id(measured.outcomes)
    return compare(scored_by_id(report.outcomes), other or {}, name=plan.other.name, metric=plan.metric)
