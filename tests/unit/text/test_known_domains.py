"""Known domains, by the products that names and questions name; the table is the one that ships."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.text.domains import FILE, domain_of_server, domain_of_tool, domains_in

LINES = FILE.read_text(encoding="utf-8").splitlines()
ROWS = [line.split() for line in LINES if line and not line.startswith("#")]
NAMES = [(name, domain) for domain, *names in ROWS for name in names]
PLAIN = [(name, domain) for name, domain in NAMES if not name.startswith("=")]


def test_the_table_is_large_and_no_name_is_of_two_domains() -> None:
    assert len(NAMES) >= 60
    assert {"github", "slack", "aws", "azure", "database"} <= {domain for _name, domain in NAMES}
    assert [name for name, times in Counter(name.lstrip("=") for name, _domain in NAMES).items() if times > 1] == []


@pytest.mark.parametrize(("name", "domain"), NAMES)
def test_a_server_that_is_called_like_a_product_is_of_its_domain(name: str, domain: str) -> None:
    plain = name.lstrip("=")
    for server in (plain, plain.upper(), f"mcp-server-{plain}", f"{plain}-mcp", f"my_{plain}"):
        assert domain_of_server(server) == domain, server


@pytest.mark.parametrize(
    ("server", "domain"),
    [
        ("github-official", "github"),
        ("GitHub", "github"),
        ("GithubServer", "github"),
        ("io.github.someone/git-hub", "github"),
        ("awslabs.dynamodb-mcp-server", "aws"),
        ("aws-postgres", "aws"),
        ("postgres-on-aws", "database"),
        ("PostgreSQL", "database"),
        ("our_k8s_prod", "kubernetes"),
        ("google-maps", "maps"),
        ("google-calendar", "google"),
        ("Google Cloud SQL", "gcp"),
        ("GoogleCloud", "gcp"),
    ],
)
def test_the_first_product_of_a_servers_name_decides_and_the_longest_there(server: str, domain: str) -> None:
    assert domain_of_server(server) == domain


@pytest.mark.parametrize(
    "server",
    [
        "",
        "time",
        "linear-algebra",
        "IMDb",
        "MoviesDatabase",
        "square-roots",
        "hubgit",
        "gitlabel",
        "天气",
        "🚀",
        "mcp-server",
    ],
)
def test_a_server_whose_name_shows_no_product_is_of_no_known_domain(server: str) -> None:
    assert domain_of_server(server) is None


def test_a_tool_is_of_the_product_that_its_name_begins_with() -> None:
    assert domain_of_tool("slack_post_message") == "slack"
    assert domain_of_tool("GITHUB_CREATE_ISSUE") == "github"
    assert domain_of_tool("googleMaps-geocode") == "maps"
    for name in ("post_to_slack", "github", "linear_search", "database_query", "slackline_length", "", "_"):
        assert domain_of_tool(name) is None, name


def test_a_question_is_about_the_products_that_it_names_in_their_order() -> None:
    assert domains_in("post in Slack when a Jira ticket, or a GitHub issue in jira, is closed") == (
        "slack",
        "atlassian",
        "github",
    )
    assert domains_in("list the pods of my K8s cluster") == ("kubernetes",)
    assert domains_in("where on google maps is it?") == ("maps",)
    assert domains_in("draw a square, then write an email about the database") == ()


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert set(domains_in(text)) <= {domain for _name, domain in PLAIN}
    assert domain_of_server(text) in {None, *(domain for _name, domain in NAMES)}
    assert domain_of_tool(text) in {None, *(domain for _name, domain in PLAIN)}


@given(st.sampled_from(PLAIN), st.sampled_from(["{} issues", "in {}:", "what is in ({})?", "x, {}"]))
def test_a_product_is_found_wherever_a_question_names_it(known: tuple[str, str], sentence: str) -> None:
    name, domain = known
    assert domains_in(sentence.format(name)) == (domain,)


def test_the_rest_of_a_huge_text_is_not_read() -> None:
    assert domains_in("word " * 100_000 + "slack") == ()
    assert domain_of_server("a-" * 100_000 + "slack") is None
