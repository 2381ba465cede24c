"""``toolweaver eval``."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from mcp_toolweaver.cli.eval_json import report_text
from mcp_toolweaver.cli.eval_measuring import evaluated, measure
from mcp_toolweaver.cli.eval_options import Wishes, configuration_of, planned
from mcp_toolweaver.cli.eval_printing import print_evaluation
from mcp_toolweaver.core.errors import ConfigurationError, ToolweaverError
from mcp_toolweaver.evaluation import junit
from mcp_toolweaver.telemetry.logs import configure

__all__ = ["Wishes", "configuration_of", "measure", "run"]


def run(wishes: Wishes) -> int:
    """Measure the search on a labelled set; return the exit status (1: below a threshold, 2: wrong usage)."""
    configure("warning")
    try:
        evaluation = anyio.run(evaluated, planned(wishes))
        if wishes.junit is not None:
            _write(wishes.junit, junit(evaluation.report, evaluation.verdicts))
    except ToolweaverError as error:
        sys.stderr.write(f"toolweaver: {error}\n")
        return 2
    if wishes.as_json:
        sys.stdout.write(report_text(evaluation.to_json()))
        sys.stderr.writelines(f"toolweaver: {verdict}\n" for verdict in evaluation.verdicts if not verdict.passed)
    else:
        print_evaluation(evaluation, wishes.failures)
    return 0 if evaluation.passed else 1


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({error.strerror}); name another file") from error
