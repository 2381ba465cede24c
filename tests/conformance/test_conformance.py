"""What the conformance suite says of a server, it says of it behind us, but for a list with reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance import run


def _missing() -> str | None:
    """Return what the suite lacks on this machine; None where it can run."""
    try:
        run.node()
    except run.CannotRun as reason:
        return str(reason)
    return None if run.SUITE.exists() else "the conformance suite is not installed: run make conformance"


MISSING = _missing()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
@pytest.mark.parametrize("revision", run.REVISIONS)
def test_a_server_behind_us_conforms_as_it_does_alone(revision: str, tmp_path: Path) -> None:
    compared = run.compare(revision, tmp_path)
    assert len(compared) >= 30
    assert run.surprises(revision, compared) == []


def test_what_is_expected_to_fail_has_a_reason() -> None:
    assert set(run.expected()) == set(run.REVISIONS)
    assert all(reason for known in run.expected().values() for reason in known.values())
