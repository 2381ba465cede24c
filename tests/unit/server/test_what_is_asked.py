"""What a call asks for is read without excess: ten queries at most, and a domain as it is meant."""

import pytest

from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.server import asked
from mcp_toolweaver.server.asked import what_was_asked
from mcp_toolweaver.server.requests import SearchArguments
from tests.unit.server.fixed_view import tool

SNAPSHOT = Snapshot.of([tool("github", "create_issue")])


@pytest.mark.parametrize("domain", [" github ", "GitHub\n", "\tgithub"])
def test_a_domain_may_have_blanks_around_it(domain: str) -> None:
    found = what_was_asked(SearchArguments(query="x", domain=domain), SNAPSHOT)
    assert found.domain == domain.strip()
    assert found.notes == ()


@pytest.mark.parametrize("domain", ["", "   ", None])
def test_an_empty_domain_is_none(domain: str | None) -> None:
    found = what_was_asked(SearchArguments(query="x", domain=domain), SNAPSHOT)
    assert (found.domain, found.notes) == (None, ())


def test_queries_beyond_the_tenth_are_counted_and_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def remembered(text: str) -> str:
        read.append(text)
        return text

    monkeypatch.setattr(asked, "scrub", remembered)
    found = what_was_asked(SearchArguments(queries=[f"need {number}" for number in range(5_000)]), SNAPSHOT)
    assert found.questions == tuple(f"need {number}" for number in range(10))
    assert found.notes == ("only the first 10 of 5000 queries were searched for",)
    assert len(read) < 20


def test_repetitions_are_neither_searched_for_nor_counted() -> None:
    queries = [f"need {number}" for number in range(10)] * 3
    found = what_was_asked(SearchArguments(queries=["", "Need  0", *queries]), SNAPSHOT)
    assert found.questions == ("Need  0", *queries[1:10])
    assert found.notes == ()


def test_control_characters_separate_words() -> None:
    asked = what_was_asked(SearchArguments(query="list\x00pods\x1b[31m"), Snapshot())
    assert asked.questions[0].split()[:2] == ["list", "pods"]
