"""What ``toolweaver eval`` is asked to do, checked before anything is started."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mcp_toolweaver.cli.configuring import allow_keyring
from mcp_toolweaver.cli.configuring import configuration as read_configuration
from mcp_toolweaver.config import Configuration, Settings, SourceSpec, load
from mcp_toolweaver.config.layers import read_settings
from mcp_toolweaver.config.problems import Problem, Problems
from mcp_toolweaver.config.read import read
from mcp_toolweaver.core.errors import ConfigurationError
from mcp_toolweaver.core.json_values import is_object
from mcp_toolweaver.evaluation import (
    LabelledQuery,
    Scored,
    Threshold,
    from_report,
    metric_name,
    parse_threshold,
    read_labelled,
)

_LARGEST_REPORT = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of the command as they were given."""

    queries: Path
    catalog: Path | None = None
    config: Path | None = None
    words_only: bool = False
    metric: str = "nDCG@10"
    failures: int = 0
    aliases: bool = False
    compare: Sequence[str] = ()
    tune: bool = False
    fail_under: Sequence[str] = ()
    junit: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The options read and checked."""

    configuration: Configuration
    queries: tuple[LabelledQuery, ...]
    meaning: bool
    metric: str
    thresholds: tuple[Threshold, ...]
    other: Other | None
    explain: bool
    aliases: bool
    tune: bool


@dataclass(frozen=True, slots=True)
class Other:
    """What to compare with: another configuration, or a run that was saved."""

    name: str
    configuration: Configuration | None = None
    saved: Mapping[str, Scored] | None = None


def planned(wishes: Wishes) -> Plan:
    """Read everything that the options name.

    Raises:
        ConfigurationError: an option, or a file that it names, is wrong.
    """
    metric = metric_name(wishes.metric)
    thresholds = tuple(map(parse_threshold, wishes.fail_under))
    queries = read_labelled(wishes.queries)
    configuration = chosen_configuration(wishes.config, wishes.catalog)
    return Plan(
        configuration=configuration,
        queries=queries,
        meaning=not wishes.words_only,
        metric=metric,
        thresholds=thresholds,
        other=other_of(wishes.compare, configuration, wishes.catalog),
        explain=bool(wishes.failures or wishes.junit or wishes.as_json),
        aliases=wishes.aliases,
        tune=wishes.tune,
    )


def configuration_of(catalog: Path) -> Configuration:
    """Return a configuration of nothing but a catalog file or folder.

    Raises:
        ConfigurationError: there is no such file.
    """
    return with_catalog(load(None), catalog)


def chosen_configuration(config: Path | None, catalog: Path | None) -> Configuration:
    """Return the owner's configuration; with a catalog, its settings and the tools of the catalog.

    Raises:
        ConfigurationError: there is no such file, or neither servers nor sources are configured.
    """
    if config is None and catalog is not None:
        return configuration_of(catalog)
    loaded = read_configuration(config, log_level="warning")
    if catalog is not None:
        return with_catalog(loaded, catalog)
    if not loaded.sources:
        raise ConfigurationError("there are no tools to search; name a configuration with --config or --catalog PATH")
    return loaded


def with_catalog(loaded: Configuration, catalog: Path) -> Configuration:
    """Return the configuration with a catalog in the place of its sources.

    Raises:
        ConfigurationError: there is no such file.
    """
    if not catalog.exists():
        raise ConfigurationError(f"{catalog} does not exist; --catalog takes a catalog file or a folder of them")
    source = SourceSpec(catalog.stem, "json_file", {"path": catalog.absolute()}, f"--catalog {catalog}")
    return Configuration(loaded.settings, (source,), (), None)


def other_of(asked: Sequence[str], this: Configuration, catalog: Path | None) -> Other | None:
    """Return what ``--compare`` names: settings ``key=value``, a configuration file or a saved report.

    Raises:
        ConfigurationError: it is none of these, or several at once.
    """
    files = [Path(each) for each in asked if "=" not in each or Path(each).exists()]
    assignments = [each for each in asked if Path(each) not in files]
    if not asked:
        return None
    if len(files) > 1:
        raise ConfigurationError("--compare takes one file at most; measure the others in runs of their own")
    report = _report(files[0]) if files else None
    if files and report is not None:
        if assignments:
            raise ConfigurationError(f"{files[0]} is a saved report; settings cannot be changed in it")
        return Other(str(files[0]), saved=from_report(report, name=str(files[0])))
    base = _loaded(files[0], catalog) if files else this
    settings = with_settings(base.settings, assignments)
    return Other(" ".join(asked), configuration=replace(base, settings=settings))


def with_settings(settings: Settings, assignments: Sequence[str]) -> Settings:
    """Return the settings with some changed, each as ``part.key=value``.

    Raises:
        ConfigurationError: there is no such setting, or the value does not fit.
    """
    values = settings.model_dump()
    for assignment in assignments:
        path, _, text = assignment.partition("=")
        change: Any = _value(text)
        for step in reversed(path.strip().split(".")):
            change = {step: change}
        problems = Problems("--compare")
        read_settings(change, {}, problems)
        for problem in problems.found:
            raise ConfigurationError(_refusal(assignment, problem))
        values = _merged(values, change)
    return Settings(**values)


def _refusal(assignment: str, problem: Problem) -> str:
    known = f"; {problem.fix}" if "not a setting" in problem.message else ""
    return f"--compare {assignment}: {problem.key.removeprefix('toolweaver').lstrip('.')} {problem.message}{known}"


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        inner = below.get(key)
        merged[key] = _merged(inner, value) if is_object(inner) and is_object(value) else value
    return merged


def _loaded(path: Path, catalog: Path | None) -> Configuration:
    """Read a whole configuration, or its settings alone where the tools come from a catalog.

    Raises:
        ConfigurationError: something in it is wrong.
    """
    allow_keyring()
    problems = Problems(str(path))
    document = read(path, problems)
    settings = read_settings((document or {}).get("toolweaver"), os.environ, problems)
    loaded = Configuration(settings, (), tuple(problems.found), path) if catalog else load(path)
    if loaded.problems:
        raise ConfigurationError(str(loaded.problems[0]))
    return loaded if catalog is None else with_catalog(loaded, catalog)


def _report(path: Path) -> Any:
    """Return the content of a file if it is a report, else None; a configuration is read by `load`.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        if path.stat().st_size > _LARGEST_REPORT:
            raise ConfigurationError(f"{path}: is larger than any report; name another file")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        fix = "--compare takes key=value, a configuration or a report that --json has written"
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); {fix}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if is_object(content) and "metrics" in content else None
