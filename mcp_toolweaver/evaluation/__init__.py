"""How good a searcher is: measured on queries whose right tools are known.

Reading order: `labelled` (what is asked and wanted), `metrics` (what a ranking is worth),
`outcome` (one query answered), `summary`, `failures` and `latency` (what many outcomes say),
`report` (all of it), `run` (the loop), `missing` (labels that the catalog does not know).
"""

from mcp_toolweaver.evaluation.failures import Failure, failures_of
from mcp_toolweaver.evaluation.labelled import LabelledQuery, parse_labelled, read_labelled
from mcp_toolweaver.evaluation.latency import percentiles_ms
from mcp_toolweaver.evaluation.metrics import METRICS, best_rank, hit_at, ndcg, recall, reciprocal_rank
from mcp_toolweaver.evaluation.missing import missing_labels
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.report import Report
from mcp_toolweaver.evaluation.run import evaluate
from mcp_toolweaver.evaluation.summary import Summary

__all__ = [
    "METRICS",
    "Failure",
    "LabelledQuery",
    "Outcome",
    "Report",
    "Summary",
    "best_rank",
    "evaluate",
    "failures_of",
    "hit_at",
    "missing_labels",
    "ndcg",
    "parse_labelled",
    "percentiles_ms",
    "read_labelled",
    "recall",
    "reciprocal_rank",
]
