"""Errors tell the caller what to do."""

from mcp_toolweaver.core.errors import DeadlineExceeded, InvalidRequest, ToolweaverError, Unavailable, UnknownTool


def test_an_unavailable_part_is_named_with_its_reason() -> None:
    error = Unavailable("search by meaning", "the model is still loading")
    assert (error.part, error.reason) == ("search by meaning", "the model is still loading")
    assert str(error) == "search by meaning: the model is still loading"


def test_a_missed_deadline_is_caught_as_unavailable() -> None:
    assert isinstance(DeadlineExceeded("github", "no answer in 5 s"), Unavailable)


def test_an_unknown_tool_suggests_the_closest_names() -> None:
    error = UnknownTool("creat_issue", ["github__create_issue", "jira__create_issue"])
    assert error.closest == ("github__create_issue", "jira__create_issue")
    assert "github__create_issue, jira__create_issue" in str(error)
    assert "search_tools" in str(error)
    assert isinstance(error, InvalidRequest)


def test_an_unknown_tool_without_relatives_suggests_no_names() -> None:
    assert "Closest" not in str(UnknownTool("xyz"))
    assert isinstance(UnknownTool("xyz"), ToolweaverError)
