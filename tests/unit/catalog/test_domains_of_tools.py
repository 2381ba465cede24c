"""Every tool has a domain: the owner's, the source's, one that its names show, or its server."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.catalog.domains import DomainCount, count_domains, with_domains
from mcp_toolweaver.core.tools import Tool
from tests.fakes.tools import make_tool


def tools(server: str, *names: str, domain: str = "") -> list[Tool]:
    return [make_tool(name, server=server, domain=domain) for name in names]


def domains(listed: Sequence[Tool], configured: str | None = None) -> dict[str, str]:
    """Return the domain of each tool by its name."""
    return {tool.id.name: tool.domain for tool in with_domains(listed, configured)}


def test_what_the_owner_says_counts_before_all_else() -> None:
    listed = [*tools("github", "a"), *tools("x", "b", domain="said"), *tools("x", "slack_c")]
    assert domains(listed, "mine") == {"a": "mine", "b": "mine", "slack_c": "mine"}


def test_what_the_source_says_counts_before_what_names_show() -> None:
    assert domains(tools("github-official", "a", "slack_b", domain="code")) == {"a": "code", "slack_b": "code"}


def test_a_servers_name_shows_the_domain_of_all_its_tools() -> None:
    assert domains(tools("github-official", "a", "slack_b")) == {"a": "github", "slack_b": "github"}
    assert domains([*tools("aws-iam", "a"), *tools("aws-s3", "b"), *tools("pg", "c")]) == {
        "a": "aws",
        "b": "aws",
        "c": "database",
    }


def test_most_tools_of_a_server_may_show_the_domain_of_all() -> None:
    assert domains(tools("work", "slack_post", "slack_list", "users")) == dict.fromkeys(
        ("slack_post", "slack_list", "users"), "slack"
    )


def test_the_tools_of_a_mixed_bag_are_each_of_their_own_domain() -> None:
    names = ("slack_post", "slack_list", "github_merge", "wait", "think", "note")
    assert domains(tools("everything", *names)) == {
        "slack_post": "slack",
        "slack_list": "slack",
        "github_merge": "github",
        "wait": "everything",
        "think": "everything",
        "note": "everything",
    }


def test_a_single_product_among_other_tools_does_not_tear_a_server_apart() -> None:
    assert set(domains(tools("deploy", "slack_post", "build", "ship", "wait")).values()) == {"deploy"}


def test_a_server_that_shows_nothing_is_a_domain_of_its_own() -> None:
    assert domains([*tools("acme", "a"), *tools("时间", "b")]) == {"a": "acme", "b": "时间"}


def test_a_tool_without_a_server_is_of_the_general_domain() -> None:
    assert domains(tools("", "a")) == {"a": "general"}


def test_servers_of_one_source_are_looked_at_one_by_one() -> None:
    listed = [*tools("one", "slack_a", "slack_b"), *tools("two", "c", "d", "e")]
    assert domains(listed) == {"slack_a": "slack", "slack_b": "slack", "c": "two", "d": "two", "e": "two"}


NAMES = st.sampled_from(["a", "b", "slack_a", "github_b", "linear_c", "", "x y"]).map(lambda name: name or "none")
TOOLS = st.lists(
    st.builds(
        make_tool,
        NAMES,
        server=st.sampled_from(["", "github", "aws-x", "acme", "Acme"]),
        domain=st.sampled_from(["", "mine", "acme"]),
    ),
    max_size=12,
)


@given(TOOLS, st.none() | st.just("mine"))
def test_nothing_but_the_domain_changes_and_a_second_time_nothing_does(
    listed: list[Tool], configured: str | None
) -> None:
    once = with_domains(listed, configured)
    assert [(tool.id, tool.definition) for tool in once] == [(tool.id, tool.definition) for tool in listed]
    assert all(tool.domain for tool in once)
    assert [tool.domain for tool in with_domains(once, configured)] == [tool.domain for tool in once]


def test_domains_are_counted_with_their_servers_and_with_how_they_were_found() -> None:
    listed = [
        *with_domains(tools("gh", "a", "b")),
        *with_domains(tools("github-work", "c", "d", "e")),
        *with_domains(tools("bag", "github_f", "slack_g", "wait", "think", "note")),
        *with_domains(tools("jira", "h"), "plans"),
        *with_domains(tools("", "i")),
    ]
    assert count_domains(listed) == [
        DomainCount("github", 6, {"github-work": 3, "gh": 2, "bag": 1}, ("server name", "tool names")),
        DomainCount("bag", 3, {"bag": 3}, ("own server",)),
        DomainCount("general", 1, {"": 1}, ("no server",)),
        DomainCount("plans", 1, {"jira": 1}, ("configured",)),
        DomainCount("slack", 1, {"bag": 1}, ("tool names",)),
    ]


def test_an_empty_catalog_has_no_domains() -> None:
    assert count_domains([]) == []
