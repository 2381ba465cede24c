"""``toolweaver status``: how each running ``toolweaver serve`` is doing."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from mcp_toolweaver.cli.configuring import configuration, is_usable
from mcp_toolweaver.cli.printing import print_json
from mcp_toolweaver.cli.status_printing import print_report
from mcp_toolweaver.cli.status_reporting import folder_of
from mcp_toolweaver.telemetry.status_files import reports


def run(config: Path | None, *, as_json: bool) -> int:
    """Print how each process is doing; return the exit status (1: none is running and ready, 2: wrong usage)."""
    loaded = configuration(config, log_level="warning")
    if not is_usable(loaded):
        return 2
    found = list(reports(folder_of(loaded.settings)))
    if as_json:
        print_json([asdict(report) for report in found])
    for report in () if as_json else found:
        print_report(report)
    if not found:
        sys.stderr.write(f"toolweaver: no `toolweaver serve` is running with the data in {loaded.settings.data_dir}\n")
    return 0 if any(report.is_ready for report in found) else 1
