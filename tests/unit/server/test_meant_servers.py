"""A server that is away is meant where the question names it, however its name is written."""

import pytest

from mcp_toolweaver.core.status import SourceState
from mcp_toolweaver.server.away import is_meant
from tests.unit.server.fixed_view import status


def meant(name: str, question: str) -> bool:
    return is_meant(status(name, SourceState.FAILED), question)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("GitHub", "open a github issue"),
        ("GitHub", "open a GitHub issue"),
        ("GitHubMCP", "open a github issue"),
        ("googleCalendar", "list googlecalendar events"),
        ("googleCalendar", "events of my Google calendar"),
        ("google-calendar", "list googlecalendar events"),
        ("github-official", "github issue"),
        ("com.stripe/mcp", "refund with stripe"),
        ("ToDo", "what is on my todo list"),
        ("bank-of-america", "the balance at Bank of America"),
        ("日历", "打开日历"),
    ],
)
def test_a_name_is_recognised_apart_and_as_one_word(name: str, question: str) -> None:
    assert meant(name, question)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("github-enterprise", "open a github issue"),
        ("googleCalendar", "search with google"),
        ("mcp-server", "the official mcp server"),
        ("iCloud", "costs of our cloud"),
        ("ToDo", "send a mail"),
        ("", "send a mail"),
    ],
)
def test_a_part_of_a_name_is_not_enough(name: str, question: str) -> None:
    assert not meant(name, question)
