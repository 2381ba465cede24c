"""How good a searcher is: measured on queries whose right tools are known.

Reading order: `labelled` (what is asked and wanted), `metrics` (what a ranking is worth),
`outcome` (one query answered), `summary`, `intervals`, `failures` and `latency` (what many outcomes
say), `report` (all of it), `run` (the loop), `missing` (labels that the catalog does not know).

On top of that: `explain` (why a tool was missed), `aliases` and `alias_effect` (words that its text
lacks), `per_query`, `comparison` and `significance` (two runs), `folds` and `tuning` (the best
weight, honestly), `thresholds` and `junit` (for continuous integration).
"""

from mcp_toolweaver.evaluation.alias_effect import AliasEffect, Aliases, alias_effect, with_words
from mcp_toolweaver.evaluation.aliases import Suggestion, suggest
from mcp_toolweaver.evaluation.comparison import Comparison, Difference, Mover, compare
from mcp_toolweaver.evaluation.explain import Explainer
from mcp_toolweaver.evaluation.explanation import FUSED, MEANING, WORDS, MissedNeed, ranks_in_short
from mcp_toolweaver.evaluation.failures import Failure, failures_of
from mcp_toolweaver.evaluation.intervals import Interval, mean_interval
from mcp_toolweaver.evaluation.junit import junit
from mcp_toolweaver.evaluation.labelled import LabelledQuery, parse_labelled, read_labelled
from mcp_toolweaver.evaluation.latency import percentiles_ms
from mcp_toolweaver.evaluation.metrics import METRICS, best_rank, hit_at, ndcg, recall, reciprocal_rank
from mcp_toolweaver.evaluation.missing import missing_labels
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.per_query import Scored, from_report, scored_by_id
from mcp_toolweaver.evaluation.report import Report
from mcp_toolweaver.evaluation.run import evaluate
from mcp_toolweaver.evaluation.significance import randomization_test
from mcp_toolweaver.evaluation.summary import Summary
from mcp_toolweaver.evaluation.thresholds import Threshold, Verdict, metric_name, parse_threshold
from mcp_toolweaver.evaluation.tuning import Tuning, tune

__all__ = [
    "FUSED",
    "MEANING",
    "METRICS",
    "WORDS",
    "AliasEffect",
    "Aliases",
    "Comparison",
    "Difference",
    "Explainer",
    "Failure",
    "Interval",
    "LabelledQuery",
    "MissedNeed",
    "Mover",
    "Outcome",
    "Report",
    "Scored",
    "Suggestion",
    "Summary",
    "Threshold",
    "Tuning",
    "Verdict",
    "alias_effect",
    "best_rank",
    "compare",
    "evaluate",
    "failures_of",
    "from_report",
    "hit_at",
    "junit",
    "mean_interval",
    "metric_name",
    "missing_labels",
    "ndcg",
    "parse_labelled",
    "parse_threshold",
    "percentiles_ms",
    "randomization_test",
    "ranks_in_short",
    "read_labelled",
    "recall",
    "reciprocal_rank",
    "scored_by_id",
    "suggest",
    "tune",
    "with_words",
]
