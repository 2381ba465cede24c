"""What people see of a comparison, of tuning and of suggested words."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich import box
from rich.table import Table

from mcp_toolweaver.cli.eval_text import LABELS, chance, fitting, interval, percent, points, shortened, shown
from mcp_toolweaver.cli.printing import out
from mcp_toolweaver.evaluation import AliasEffect, Aliases, Comparison, Mover, Suggestion, Tuning

_MOVERS = 5
_MOST_TOOLS = 10
_MOST_WORDS = 4


def print_comparison(comparison: Comparison) -> None:
    """Print the differences, what they come to, and the queries that differ most."""
    other = shown(comparison.other)
    title = f"other: {other}; {comparison.queries} queries"
    table = fitting(Table("percent", title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False))
    for heading in ("this", "other", "change", "95 %", "p", "up/down"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, each in comparison.differences.items():
        means = (percent(each.this), percent(each.other), points(each.mean), interval(each.interval))
        table.add_row(LABELS.get(name, name), *means, chance(each.p), f"{each.more}/{each.less}")
    out.print(table)
    if comparison.left_out:
        out.print(f"[yellow]note:[/] {comparison.left_out} queries are not in both runs with the same text and labels")
    out.print(_verdict(comparison), soft_wrap=True)
    for mover in _largest(comparison.movers):
        out.print(
            f"  {points(mover.other - mover.this):>6}  {shown(mover.id)}: {shortened(mover.query)}", soft_wrap=True
        )


def _verdict(comparison: Comparison) -> str:
    difference = comparison.differences.get(comparison.metric)
    if difference is None:
        return "no query in common has a tool to find"
    if not difference.is_significant:
        return f"{comparison.metric}: no more difference than chance explains (p = {difference.p:.3f})"
    word = "better" if difference.mean > 0 else "worse"
    amount = f"{100 * abs(difference.mean):.1f} points"
    return f"{comparison.metric}: the other is {word} by {amount}, more than chance explains (p = {difference.p:.4f})"


def _largest(movers: Sequence[Mover]) -> list[Mover]:
    """Return the queries that gain most, then those that lose most."""
    gaining = [mover for mover in movers if mover.other > mover.this]
    losing = [mover for mover in movers if mover.other < mover.this]
    return [*gaining[:_MOVERS], *losing[:_MOVERS]]


def print_tuning(tuning: Tuning) -> None:
    """Print how each weight did, and whether to change the setting."""
    table = fitting(Table("search.meaning_weight", title_justify="left"))
    table.add_column(tuning.metric, justify="right")
    for weight, mean in tuning.means.items():
        marks = [mark for value, mark in ((tuning.current, "now"), (tuning.best, "best")) if value == weight]
        table.add_row(f"{weight:g} {' '.join(marks)}".rstrip(), percent(mean))
    out.print(table)
    out.print(
        f"on held-out queries {percent(tuning.held_out)} instead of {percent(tuning.before)} "
        f"(difference {interval(tuning.interval)}, p = {tuning.p:.3f}); "
        f"chosen without them: {', '.join(f'{weight:g}' for weight in tuning.chosen)}",
        soft_wrap=True,
    )
    if not tuning.accepted:
        out.print(f"keep search.meaning_weight = {tuning.current:g}: {tuning.reason}", soft_wrap=True)
        return
    setting = json.dumps({"search": {"meaning_weight": tuning.best}})
    out.print(f'set in your configuration: "toolweaver": {setting}', soft_wrap=True, markup=False)
    out.print(f"or in the environment: TOOLWEAVER_SEARCH__MEANING_WEIGHT={tuning.best:g}", soft_wrap=True)


def print_aliases(suggestions: Sequence[Suggestion], effect: AliasEffect | None) -> None:
    """Print the words that would help, measured where that is possible, then those to think about."""
    if not suggestions:
        out.print("no words to suggest")
    if effect is not None:
        _print_effect(effect)
    _print_weak(suggestions)


def _print_effect(effect: AliasEffect) -> None:
    if effect.gaining:
        out.print("words that would help, if the tool's description had them:")
    for aliases in effect.gaining:
        out.print(f"  {_measured(aliases, effect.metric)}", soft_wrap=True)
    if effect.others is not None and effect.gaining:
        rest = f"{points(effect.others.mean)} points, p = {effect.others.p:.3f}"
        out.print(f"  all other queries together: {rest}", soft_wrap=True)
    if effect.idle:
        out.print(f"words that were tried for {len(effect.idle)} tools and gained nothing:")
    for aliases in effect.idle[:_MOST_TOOLS]:
        out.print(f"  {_measured(aliases, effect.metric)}", soft_wrap=True)


def _print_weak(suggestions: Sequence[Suggestion]) -> None:
    weak: dict[str, list[str]] = {}
    for suggestion in suggestions:
        if suggestion.is_weak:
            weak.setdefault(str(suggestion.tool), []).append(suggestion.word)
    if weak:
        out.print("words of a single query, which may be chance; judge for yourself:")
    for tool, words in list(weak.items())[:_MOST_TOOLS]:
        out.print(f"  {shown(tool)}: {shown(', '.join(words[:_MOST_WORDS]))}", soft_wrap=True)
    if len(weak) > _MOST_TOOLS:
        out.print(f"  and for {len(weak) - _MOST_TOOLS} more tools; --json has them all")


def _measured(aliases: Aliases, metric: str) -> str:
    words = shown(", ".join(aliases.words))
    return f"{shown(str(aliases.tool))}: {words}  ({len(aliases.queries)} queries, {metric} {points(aliases.gain)})"
