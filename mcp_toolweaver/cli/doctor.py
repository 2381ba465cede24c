"""``toolweaver doctor``: what is here, what will run where, and what to do about what is not well."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio

from mcp_toolweaver.cli import doctor_checks, doctor_meaning
from mcp_toolweaver.cli.configuring import configuration
from mcp_toolweaver.cli.doctor_cache import cache_rows
from mcp_toolweaver.cli.doctor_hosts import host_rows
from mcp_toolweaver.cli.doctor_index import index_row
from mcp_toolweaver.cli.doctor_printing import print_report
from mcp_toolweaver.cli.doctor_rows import Row, worst
from mcp_toolweaver.cli.doctor_servers import not_started_rows, server_rows
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.cli.running import eagerly, running
from mcp_toolweaver.config import Configuration
from mcp_toolweaver.core.scrub import scrub_json
from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.embeddings.device import Device, survey
from mcp_toolweaver.embeddings.installed import find_installed
from mcp_toolweaver.embeddings.plan import Plan, make_plan
from mcp_toolweaver.host_files.hosts import Machine

_PATIENCE = 15.0
"""Seconds for the store of the index to answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found."""

    rows: list[Row]
    devices: tuple[Device, ...]
    plan: Plan | None
    """None where search is by words alone because the owner wants it so."""


def run(config: Path | None, *, starts: bool = True, as_json: bool) -> int:
    """Look at everything and print it; return the exit status (1: something is a problem). Loads no model.

    Servers are started, and stores asked, unless ``starts`` is false.
    """
    with redirect_stderr(io.StringIO()):  # the report has it all
        loaded = configuration(config, log_level="error")
    report = examine(loaded, starts=starts)
    print_json(_as_json(report)) if as_json else print_report(report.rows)
    return 1 if worst(report.rows) == "problem" else 0


def examine(loaded: Configuration, *, starts: bool = False) -> Report:
    """Look at everything; takes as long as reading the model's weights once, and starting the slowest server."""
    settings = loaded.settings
    installed, found = find_installed(), survey()
    plan = make_plan(settings.embedding.device, found.devices, installed, threads=settings.embedding.threads)
    rows = [
        *doctor_checks.environment_rows(),
        *doctor_checks.configuration_rows(loaded),
        *doctor_meaning.library_rows(installed),
        *doctor_meaning.device_rows(found),
        *doctor_meaning.plan_rows(settings.embedding, plan),
        *doctor_meaning.model_rows(settings, installed),
        *doctor_checks.folder_rows(settings),
        *(_running(loaded) if starts else _resting(loaded)),
        *cache_rows(settings),
        *host_rows(Machine(Path.home(), os.environ, Path.cwd())),
    ]
    return Report(rows, found.devices, plan if settings.embedding.enabled else None)


def _resting(loaded: Configuration) -> list[Row]:
    """Look at what would be started and asked."""
    return [index_row(loaded.settings), *not_started_rows(loaded)]


def _running(loaded: Configuration) -> list[Row]:
    """Start every server and ask the store of the index."""
    away, statuses = anyio.run(_tried, loaded)
    return [index_row(loaded.settings, away), *server_rows(loaded, statuses)]


async def _tried(loaded: Configuration) -> tuple[str | None, dict[str, SourceStatus]]:
    settings, away = loaded.settings, None
    async with running(eagerly(loaded), index=False) as app:
        if settings.embedding.enabled and settings.index.chosen == "qdrant":
            away = f"no answer in {_PATIENCE:g} s"
            with anyio.move_on_after(_PATIENCE):
                away = await app.index_admin.away()
        return away, {status.name: status for status in app.catalog.statuses}


def _as_json(report: Report) -> Any:
    """Return the report as an object; its strings are scrubbed, since they may hold what no stream takes."""
    whole = {
        "state": worst(report.rows),
        "rows": [asdict(row) for row in report.rows],
        "devices": [asdict(device) for device in report.devices],
        "plan": None if report.plan is None else asdict(report.plan),
    }
    return scrub_json(json.loads(json.dumps(whole)))
