"""``toolweaver eval`` with the real model: what words and meaning are worth, alone and together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.interaction.servers import DEMO_CATALOG, ROOT, environment

QUERIES = ROOT / "mcp_toolweaver" / "demo" / "queries.jsonl"


def test_both_lanes_are_measured_and_the_weight_of_meaning_is_tuned(tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    lines = QUERIES.read_text(encoding="utf-8").splitlines()
    queries.write_text("\n".join(lines[:30] + lines[-15:]), encoding="utf-8")
    command = [sys.executable, "-m", "mcp_toolweaver", "eval", "--catalog", str(DEMO_CATALOG)]
    command += ["--queries", str(queries), "--tune", "--compare", "search.meaning_weight=0", "--json"]
    variables = environment(tmp_path, TOOLWEAVER_EMBEDDING__ENABLED="true")
    done = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report["lanes"]) == {"words", "meaning"}
    assert report["failures"][0]["explained"][0]["ranks"].keys() == {"fused", "words", "meaning"}
    means = report["tuning"]["means"]
    assert len(means) >= 11
    assert means["0"] < max(means.values())
    assert report["comparison"]["differences"]["nDCG@10"]["difference"] < 0
