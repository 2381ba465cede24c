"""What people see of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from mcp_toolweaver.cli.eval_extras import print_aliases, print_comparison, print_tuning
from mcp_toolweaver.cli.eval_result import Evaluation
from mcp_toolweaver.cli.eval_text import LABELS, fitting, interval, percent, shortened, shown
from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.evaluation import Failure, Report, Summary, ranks_in_short

_BY_KIND = ("recall@1", "recall@10", "nDCG@10", "MRR")
_MOST_NEEDS = 3


def print_evaluation(evaluation: Evaluation, failures: int) -> None:
    """Print everything, the report first and the thresholds last."""
    report = evaluation.report
    _print_summary(report, evaluation.lanes)
    if len(report.by_kind) > 1:
        _print_kinds(report.by_kind)
    _print_notes(report)
    for failure in report.failures[:failures]:
        _print_failure(failure)
    if evaluation.suggestions is not None:
        print_aliases(evaluation.suggestions, evaluation.effect)
    if evaluation.tuning is not None:
        print_tuning(evaluation.tuning)
    if evaluation.comparison is not None:
        print_comparison(evaluation.comparison)
    for verdict in evaluation.verdicts:
        out.print(f"{'[green]reached[/]' if verdict.passed else '[red]failed[/]'}  {escape(str(verdict))}")


def _print_summary(report: Report, lanes: Mapping[str, Report]) -> None:
    whole = report.overall
    table = fitting(Table("percent", title=_title(whole), title_justify="left"))
    for heading in ("fused" if lanes else "found", "95 %", *(f"{name} alone" for name in lanes)):
        table.add_column(heading, justify="right", no_wrap=True)
    for metric in whole.metrics:
        others = [percent(lane.overall.metrics.get(metric)) for lane in lanes.values()]
        table.add_row(metric, percent(whole.metrics[metric]), interval(whole.intervals.get(metric)), *others)
    for name, label in LABELS.items():
        shares = [_share(each, name) for each in (whole, *(lane.overall for lane in lanes.values()))]
        if shares[0] is not None:
            cells = [percent(share) for share in shares]
            table.add_row(label, cells[0], interval(whole.intervals.get(name)), *cells[1:])
    out.print(table)


def _share(summary: Summary, name: str) -> float | None:
    return summary.abstention if name == "abstention" else summary.false_abstention


def _title(whole: Summary) -> str:
    none = f", {whole.unanswerable} of them with no tool to find" if whole.unanswerable else ""
    return f"{whole.queries} queries{none}"


def _print_kinds(kinds: Mapping[str, Summary]) -> None:
    table = fitting(Table("kind"))
    for heading in ("queries", *_BY_KIND, "said none"):
        table.add_column(heading, justify="right")
    for kind, group in kinds.items():
        said_none = group.abstention if group.false_abstention is None else group.false_abstention
        metrics = (percent(group.metrics.get(metric)) for metric in _BY_KIND)
        table.add_row(shown(kind) or "(none)", str(group.queries), *metrics, percent(said_none))
    out.print(table)


def _print_notes(report: Report) -> None:
    latency = ", ".join(f"{name} {value:.2f}" for name, value in report.latency_ms.items())
    tiers = ", ".join(f"{tier} {times}" for tier, times in report.tiers.items())
    out.print(f"a search took, in ms: {latency}; answered by: {tiers}", soft_wrap=True)
    for reason, times in report.skipped.items():
        out.print(f"[yellow]note:[/] {times} searches without {shown(reason)}", soft_wrap=True)


def _print_failure(failure: Failure) -> None:
    out.print(f"[red]missed[/] {shown(', '.join(failure.missing))}: {shortened(failure.query.text)}", soft_wrap=True)
    for need in failure.explained[:_MOST_NEEDS]:
        ranks = f" ({ranks_in_short(need.ranks)})" if need.ranks else ""
        name = f"{shown(need.wanted)}: " if len(failure.explained) > 1 else ""
        out.print(f"       why {name}{shown(need.reason)}{ranks}", soft_wrap=True, highlight=False)
    if len(failure.explained) > _MOST_NEEDS:
        out.print(f"       why {len(failure.explained) - _MOST_NEEDS} more: see --json", highlight=False)
    out.print(f"       got {shown(', '.join(failure.got)) or 'nothing'}", soft_wrap=True)
