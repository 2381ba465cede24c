"""A run as JUnit XML, which continuous integration shows as tests.

A query is a test: it fails if recall@10 is below 1, or, where no tool serves it, if the search did
not say "none". Each threshold is a test as well. The format is that of Jenkins' xunit plugin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from mcp_toolweaver.evaluation.explanation import reasons
from mcp_toolweaver.evaluation.failures import Failure
from mcp_toolweaver.evaluation.outcome import Outcome
from mcp_toolweaver.evaluation.report import Report
from mcp_toolweaver.evaluation.thresholds import Verdict

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""
_SUITE = "toolweaver.eval"
_LONGEST_NAME = 200


def junit(report: Report, verdicts: Sequence[Verdict]) -> bytes:
    """Return the run as an XML document in UTF-8."""
    failures = {failure.query.id: failure for failure in report.failures}
    cases = [_query(outcome, failures) for outcome in report.outcomes]
    cases += [_threshold(verdict) for verdict in verdicts]
    failed = sum(case.find("failure") is not None for case in cases)
    seconds = sum(outcome.seconds for outcome in report.outcomes)
    counts = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
    suite = ET.Element("testsuite", {"name": _SUITE, **counts, "skipped": "0"})
    suite.extend(cases)
    suites = ET.Element("testsuites", counts)
    suites.append(suite)
    ET.indent(suites)
    return bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True))


def _query(outcome: Outcome, failures: Mapping[str, Failure]) -> ET.Element:
    query = outcome.query
    kind = _clean(query.kind).replace(".", "_")
    group = f"{_SUITE}.{kind}" if kind else _SUITE
    case = _case(group, f"{query.id}: {query.text}", outcome.seconds)
    failure = failures.get(query.id)
    if failure is not None:
        _fail(case, "recall", f"missed {', '.join(failure.missing)}", _details(failure))
    elif not outcome.answerable and not outcome.abstained:
        found = ", ".join(map(str, outcome.ranked))
        _fail(case, "abstention", "no tool serves this query, and the search did not say so", f"got {found}")
    return case


def _threshold(verdict: Verdict) -> ET.Element:
    case = _case(f"{_SUITE}.thresholds", f"{verdict.threshold.metric} at least {verdict.threshold.least:g}", 0.0)
    if not verdict.passed:
        _fail(case, "threshold", str(verdict), str(verdict))
    return case


def _case(group: str, name: str, seconds: float) -> ET.Element:
    shown = _clean(name)[:_LONGEST_NAME]
    return ET.Element("testcase", {"classname": group, "name": shown, "time": f"{seconds:.4f}"})


def _fail(case: ET.Element, kind: str, message: str, details: str) -> None:
    failure = ET.SubElement(case, "failure", {"type": kind, "message": _clean(message)})
    failure.text = _clean(details)


def _details(failure: Failure) -> str:
    lines = [failure.query.text, f"wanted {', '.join(failure.wanted)}", f"got {', '.join(failure.got)}"]
    return "\n".join([*lines, reasons(failure.explained)]).rstrip()


def _clean(text: str) -> str:
    """Put the replacement character in the place of what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
