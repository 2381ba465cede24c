"""No server fills the answer, and no tool is shown twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.query import Hit
from mcp_toolweaver.core.tools import Tool
from mcp_toolweaver.search.diversity import COMPARABLE, SHARE, TIED, spread
from mcp_toolweaver.search.duplicates import are_duplicates, kinship
from tests.fakes.tools import make_tool

SHOT = "Take a screenshot of the current page or a specific element"
BUG = "Open a bug with a title, a body, labels, a milestone, assignees and links to others in a"


def schema(*required: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in (*required, *optional)}
    return {"type": "object", "properties": properties, "required": list(required)}


def hit(name: str, score: float, *, server: str = "srv", description: str = "") -> Hit:
    return Hit(make_tool(name, description, server=server), score)


def shown(hits: list[Hit], limit: int, *named: str) -> list[str]:
    return [str(row.tool.id) for row in spread(hits, limit, named_servers=frozenset(named))]


# --- duplicates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("puppeteer::puppeteer_screenshot", "playwright::playwrightScreenshot"),
        ("files::read_file", "disk::readFile"),
        ("files::read.file", "files-2::Read File"),
        ("slack::slack", "chat::slack"),
    ],
)
def test_names_that_differ_in_case_separators_and_server_only_are_of_one_kin(first: str, second: str) -> None:
    tools = [make_tool(name, server=server) for server, name in (first.split("::"), second.split("::"))]
    assert kinship(tools[0]) == kinship(tools[1])


def test_another_name_is_of_another_kin() -> None:
    assert kinship(make_tool("create_issue")) != kinship(make_tool("create_issues_report"))


def test_tools_that_say_the_same_and_need_the_same_are_duplicates() -> None:
    one = make_tool("screenshot", SHOT, server="puppeteer", schema=schema("name"))
    other = make_tool("screenshot", SHOT + ".", server="playwright", schema=schema("name", optional=("width",)))
    assert are_duplicates(one, other)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (("github", f"{BUG} GitHub repository"), ("gitlab", f"{BUG} GitLab repository"), "two systems"),
        (("jira", "Open a bug with a type and a priority"), ("linear", "Plan work for a cycle"), "two stories"),
        (("notion", "Create an issue"), ("linear", "Create an issue"), "nothing is said beyond the name"),
        (("notion", ""), ("linear", ""), "nothing is said"),
        (("linear", SHOT), ("linear", SHOT), "one server has a reason to list both"),
    ],
)  # fmt: skip
def test_tools_of_the_same_name_alone_are_not_duplicates(
    first: tuple[str, str], second: tuple[str, str], why: str
) -> None:
    tools = [make_tool("create_issue", description, server=server) for server, description in (first, second)]
    assert not are_duplicates(*tools), why


def test_tools_that_need_other_arguments_are_not_duplicates() -> None:
    one = make_tool("screenshot", SHOT, server="puppeteer", schema=schema("name"))
    assert not are_duplicates(one, make_tool("screenshot", SHOT, server="playwright", schema=schema("uid")))


@pytest.mark.parametrize("description", ["", "Create an issue", "Create an issue in GitHub"])
def test_a_server_configured_twice_has_duplicates_whatever_they_say(description: str) -> None:
    assert are_duplicates(
        make_tool("create_issue", description, server="github"),
        make_tool("create_issue", description, server="github-work"),
    )


def test_duplicates_share_the_row_of_the_best_of_them() -> None:
    hits = [
        hit("screenshot", 0.9, server=server, description=SHOT) for server in ("puppeteer", "playwright", "browser")
    ]
    [row] = spread(hits, 5)
    assert (row.tool, row.score) == (hits[0].tool, 0.9)
    assert row.alternatives == (hits[1].tool, hits[2].tool)


LONE = hit("screenshot", 1.0, server="copycat", description=SHOT)
HOME = [hit("screenshot", 0.995, server="puppeteer", description=SHOT), hit("click", 0.1, server="puppeteer")]


def test_a_lone_copy_does_not_hide_the_tool_of_a_server_with_more_to_offer() -> None:
    row, _click = spread([LONE, *HOME], 5)
    assert (row.tool, row.alternatives, row.score) == (HOME[0].tool, (LONE.tool,), 1.0)


def test_a_clearly_better_duplicate_shows_itself() -> None:
    worse = hit("screenshot", 0.9 * TIED, server="puppeteer", description=SHOT)
    assert shown([LONE, worse, HOME[1]], 1) == ["copycat::screenshot"]


def test_a_duplicate_on_a_named_server_shows_itself() -> None:
    assert shown([LONE, *HOME], 1, "copycat") == ["copycat::screenshot"]


def test_a_row_given_up_by_a_duplicate_goes_to_the_next_hit() -> None:
    twins = [hit("screenshot", 0.9, server=server, description=SHOT) for server in ("a", "b")]
    assert shown([*twins, hit("other", 0.1, server="c")], 2) == ["a::screenshot", "c::other"]


def test_tools_of_one_server_never_share_a_row() -> None:
    hits = [hit(name, 0.9, description=SHOT, server=server) for server in "ab" for name in ("take_shot", "takeShot")]
    rows = spread(hits, 4)
    assert [str(row.tool.id) for row in rows] == ["a::take_shot", "a::takeShot"]
    assert [[str(tool.id) for tool in row.alternatives] for row in rows] == [["b::take_shot"], ["b::takeShot"]]


def test_a_tool_of_a_named_server_keeps_a_row_of_its_own() -> None:
    twins = [hit("screenshot", 0.9, server=server, description=SHOT) for server in ("a", "b")]
    assert shown(twins, 5, "b") == ["a::screenshot", "b::screenshot"]


# --- echoes --------------------------------------------------------------------------------------


def echoing(number: int, *, description: str = SHOT) -> list[Hit]:
    return [hit(f"loud{at}", 0.9, server="loud", description=f"{description} {at}") for at in range(number)]


def test_a_server_that_says_the_same_again_and_again_has_two_rows_of_it() -> None:
    quiet = [hit("quiet", 0.46, server=f"s{at}") for at in range(3)]
    assert shown([*echoing(8), *quiet], 5) == [
        "loud::loud0", "loud::loud1", "s0::quiet", "s1::quiet", "s2::quiet",
    ]  # fmt: skip


def test_an_echo_is_better_than_what_scores_less_than_half() -> None:
    assert shown([*echoing(4), hit("quiet", 0.44, server="s")], 4) == [f"loud::loud{at}" for at in range(4)]


def test_echoes_fill_rows_that_nothing_else_can_fill() -> None:
    assert len(shown(echoing(8), 5)) == 5


def test_a_named_server_has_no_echoes() -> None:
    quiet = [hit("quiet", 0.8, server=f"s{at}") for at in range(3)]
    assert shown([*echoing(8), *quiet], 5, "loud") == [f"loud::loud{at}" for at in range(5)]


def test_descriptions_of_few_words_say_too_little_to_be_echoes() -> None:
    quiet = [hit("quiet", 0.8, server=f"s{at}") for at in range(3)]
    assert shown([*echoing(5, description="Get data"), *quiet], 5) == [f"loud::loud{at}" for at in range(5)]


# --- shares --------------------------------------------------------------------------------------

MOST = round(10 * SHARE)


def crowd(number: int, server: str = "big", *, top: float = 1.0, step: float = 0.001) -> list[Hit]:
    return [hit(f"{server}{at:02}", top - at * step, server=server) for at in range(number)]


def others(number: int, score: float) -> list[Hit]:
    return [hit("other", score, server=f"small{at:02}") for at in range(number)]


def test_a_server_has_no_more_than_its_share_where_others_are_comparable() -> None:
    rows = shown([*crowd(12), *others(40, 0.98)], 10)
    assert [row.startswith("big::") for row in rows] == [True] * MOST + [False] * (10 - MOST)


def test_a_server_keeps_its_rows_where_no_other_is_comparable() -> None:
    hits = [*crowd(12), *others(40, COMPARABLE * 0.99)]
    assert shown(hits, 10) == [f"big::big{at:02}" for at in range(10)]


def test_a_server_named_in_the_query_keeps_its_rows() -> None:
    assert shown([*crowd(12), *others(40, 0.98)], 10, "big") == [f"big::big{at:02}" for at in range(10)]


def test_a_server_that_has_most_of_the_candidates_may_have_as_much_of_the_rows() -> None:
    rows = shown([*crowd(45, step=0.0001), *others(5, 0.99)], 10)
    assert sum(row.startswith("big::") for row in rows) == 9


def test_the_worst_rows_of_a_server_give_way() -> None:
    rows = shown([*crowd(12), *others(1, 0.98), *others(40, 0.1)[1:]], 10)
    assert rows == [*(f"big::big{at:02}" for at in range(9)), "small00::other"]


def test_who_takes_a_row_does_not_take_more_than_a_share_either() -> None:
    hits = [*crowd(10), *crowd(10, "next", top=0.985, step=0.0001), *others(30, 0.5)]
    rows = shown(hits, 10)
    assert sum(row.startswith("next::") for row in rows) == 10 - MOST


def test_one_row_goes_to_the_best() -> None:
    assert shown([*crowd(3), *others(3, 0.99)], 1) == ["big::big00"]


@pytest.mark.parametrize("limit", [-5, 0])
def test_no_rows_are_asked_for_and_none_given(limit: int) -> None:
    assert spread(crowd(3), limit) == ()


def test_no_hits_are_no_rows() -> None:
    assert spread([], 10) == ()


@st.composite
def ranked(draw: st.DrawFn) -> list[Hit]:
    ids = st.tuples(st.sampled_from("abcd"), st.sampled_from(["take_shot", "takeShot", "open", "b_open", "close"]))
    pairs = draw(st.lists(ids, unique=True))
    texts = st.sampled_from(["", SHOT])
    scores = sorted(draw(st.lists(st.floats(0, 1), min_size=len(pairs), max_size=len(pairs))), reverse=True)
    return [
        hit(name, score, server=server, description=draw(texts))
        for (server, name), score in zip(pairs, scores, strict=True)
    ]


@given(ranked(), st.integers(0, 25), st.frozensets(st.sampled_from("abcd")))
def test_rows_come_best_first_and_are_as_many_as_there_may_be(
    hits: list[Hit], limit: int, named: frozenset[str]
) -> None:
    rows = spread(hits, limit, named_servers=named)
    everything = spread(hits, 100, named_servers=named)
    assert len(rows) == min(limit, len(everything))
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)
    assert all(row in everything for row in rows)


@given(ranked(), st.frozensets(st.sampled_from("abcd")))
def test_every_hit_is_a_row_or_an_alternative_of_one_and_only_once(hits: list[Hit], named: frozenset[str]) -> None:
    rows = spread(hits, 100, named_servers=named)
    found = [tool.id for row in rows for tool in (row.tool, *row.alternatives)]
    assert sorted(found) == sorted(one.tool.id for one in hits)


@given(ranked(), st.integers(1, 25))
def test_the_best_hit_is_always_in_the_first_row(hits: list[Hit], limit: int) -> None:
    rows = spread(hits, limit)
    assert all(hits[0].tool in (row.tool, *row.alternatives) for row in rows[:1])
    assert [row.score for row in rows[:1]] == [one.score for one in hits[:1]]


def test_one_title_on_many_tools_of_a_server_is_told_twice() -> None:
    definitions = ({"name": f"t{at}", "title": "Send an email", "description": "x"} for at in range(6))
    hostile = [Hit(Tool.from_definition("evil", raw), 0.9) for raw in definitions]
    honest = [hit(f"mail_{at}", 0.6, server=f"m{at}", description=f"about {at}") for at in range(4)]
    rows = spread([*hostile, *honest], 5)
    assert sum(row.tool.id.server == "evil" for row in rows) == 2
