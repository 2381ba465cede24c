"""A text that names a tool, a server or both is recognized, and ordinary words are not taken for names."""

import pytest

from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.search.names.index import NameIndex
from tests.fakes.tools import make_tool

TOOLS = [
    make_tool("create_issue", "Open an issue in a GitHub repository.", server="github-official"),
    make_tool("create_issue_comment", "Comment on a GitHub issue.", server="github-official"),
    make_tool("search_code", "Search code on GitHub.", server="github-official"),
    make_tool("list_issues", "List the issues of a repository.", server="github-official"),
    make_tool("create_issue", "Open an issue in a GitLab project.", server="gitlab"),
    make_tool("merge_merge_request", "Merge a request in a GitLab project.", server="gitlab-zereight"),
    make_tool("linear_duplicateIssue", "Duplicate an issue.", server="linear"),
    make_tool("linear_createProject", "Create a project.", server="linear"),
    make_tool("jira_create_sprint", "Plan a sprint in Jira.", server="atlassian"),
    make_tool("jira_get_issue", "Read a Jira issue.", server="atlassian"),
    make_tool("jira_search", "Search the issues in Jira.", server="atlassian"),
    make_tool("confluence_search", "Search the pages of a wiki.", server="atlassian"),
    make_tool("send_message", "Send a message to a channel.", server="chat"),
    make_tool("search", "Search the web, any time.", server="web"),
    make_tool("fetch", "Fetch a page over time.", server="fetch"),
    make_tool("get_current_time", "Tell the time.", server="time"),
    make_tool("search_and_replace", "Replace text in a file.", server="word"),
    make_tool("move_item", "Move an item on a board.", server="monday"),
    make_tool("browser_network_requests", "List requests.", server="playwright"),
]
INDEX = NameIndex(Snapshot.of(TOOLS))


def tools(text: str, index: NameIndex = INDEX) -> list[str]:
    return [str(tool.id) for tool in index.find(text).tools]


def servers(text: str) -> set[str]:
    return set(INDEX.find(text).servers)


def index_of(*made: Tool) -> NameIndex:
    return NameIndex(Snapshot.of(made))


@pytest.mark.parametrize(
    "text",
    [
        "search_code",
        "searchCode",
        "search-code",
        "search code",
        "SEARCH_CODE",
        "github::search_code",
        "github.search_code",
        "github/searchCode",
        "mcp__github__search_code",
        "search code in github",
        "GitHub: search code",
        "please use the search_code tool",
        "how do I search the code",
        "Use `search_code` to look for the place where the login is checked, and explain it.",
        "somewhere in our projects, search_code should find the place where the login is checked",
        "search_code(query='x', limit=5)",
        "s\u00e9arch c\u014dde",
    ],
)
def test_a_tool_is_named_by_any_spelling(text: str) -> None:
    assert tools(text) == ["github-official::search_code"]


def test_all_tools_of_one_name_are_named() -> None:
    assert tools("createIssue") == ["github-official::create_issue", "gitlab::create_issue"]


@pytest.mark.parametrize("text", ["gitlab create issue", "create an issue in GitLab", "gitlab.createIssue"])
def test_a_named_server_leaves_only_its_tools(text: str) -> None:
    assert tools(text) == ["gitlab::create_issue"]


def test_a_server_named_elsewhere_in_the_text_is_meant() -> None:
    text = "call create_issue for the login that fails on every second try, it belongs into our GitLab project"
    assert tools(text) == ["gitlab::create_issue"]


def test_a_name_is_read_as_the_named_server_has_it() -> None:
    text = "use get_issue in Jira for the login that fails, and then tell me who is working on it at present"
    assert tools(text, index_of(*TOOLS, make_tool("get_issue", server="other"))) == ["atlassian::jira_get_issue"]


@pytest.mark.parametrize("text", ["linear create project", "create a project in Linear", "create a Linear project"])
def test_a_tool_name_may_repeat_its_server(text: str) -> None:
    assert tools(text) == ["linear::linear_createProject"]


def test_the_words_between_server_and_name_do_not_matter() -> None:
    assert tools("use Linear to duplicate this issue") == ["linear::linear_duplicateIssue"]


def test_several_names_are_found_in_the_order_of_the_text() -> None:
    assert tools("search_code then send_message") == ["github-official::search_code", "chat::send_message"]
    assert tools("send message, search code") == ["chat::send_message", "github-official::search_code"]


def test_a_conjunction_may_be_part_of_a_name() -> None:
    assert tools("search and replace") == ["word::search_and_replace"]


def test_a_title_is_a_name_beside_its_server() -> None:
    titled = Tool.from_definition("kube", {"name": "kubectl_get", "title": "Get resources", "inputSchema": {}})
    assert tools("kube get resources", index_of(titled, make_tool("other"))) == ["kube::kubectl_get"]


def test_a_title_alone_is_no_name_since_anybody_may_write_any() -> None:
    hostile = [
        Tool.from_definition("evil", {"name": f"t{number}", "title": "Send mail", "inputSchema": {}})
        for number in range(12)
    ]
    assert tools("send mail", index_of(*hostile, make_tool("send_mail", server="b"))) == ["b::send_mail"]
    assert tools("send mail", index_of(*hostile, make_tool("other"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "search for files about time",
        "fetch me the time of the next train from memory",
        "I want to search the web and then fetch something to read",
        "find a word for the issue that we merge on Monday",
        "",
        " ",
        "?!",
    ],
)
def test_ordinary_words_name_no_tool(text: str) -> None:
    assert tools(text) == []


def test_a_word_is_a_name_where_it_is_all_or_marked_as_one() -> None:
    assert tools("search") == ["web::search"]
    assert tools("run `search` on whatever it is that we have lost since yesterday") == ["web::search"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("serach_code", ["github-official::search_code"]),
        ("searchcoed", ["github-official::search_code"]),
        ("creat isue", ["github-official::create_issue", "gitlab::create_issue"]),
        ("githb create issue", ["github-official::create_issue"]),
        ("jira creat sprnt", ["atlassian::jira_create_sprint"]),
    ],
)
def test_a_slip_of_the_pen_is_forgiven(text: str, expected: list[str]) -> None:
    assert tools(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("browser_net", "playwright::browser_network_requests"),
        ("github::search_co", "github-official::search_code"),
        ("search co", "github-official::search_code"),
    ],
)
def test_the_beginning_of_a_name_is_enough_where_few_share_it(text: str, expected: str) -> None:
    assert expected in tools(text)


def test_the_beginning_of_many_names_is_no_name() -> None:
    many = index_of(*(make_tool(f"list_{word}") for word in ("books", "cars", "dogs", "eggs", "figs")))
    assert tools("list_", many) == []


def test_a_tool_of_an_unknown_server_is_similar_only() -> None:
    found = INDEX.find("bitbucket::create_issue")
    assert found.tools == ()
    assert [str(tool.id) for tool in found.similar] == ["github-official::create_issue", "gitlab::create_issue"]


def test_almost_a_name_is_similar() -> None:
    found = INDEX.find("listing_issues")
    assert found.tools == ()
    assert "list_issues" in {tool.id.name for tool in found.similar}


def test_nothing_is_similar_to_words() -> None:
    assert INDEX.find("lists of all the issues there are").similar == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in GitHub, who wrote this", {"github-official"}),
        ("what does https://github.com/a/b do", {"github-official"}),
        ("everybody in our GitLab group", {"gitlab", "gitlab-zereight"}),
        ("time: what is it in Rome", {"time"}),
        ("ask the fetch server about it", {"fetch"}),
        ("read it using fetch", {"fetch"}),
        ("put a heading into the Word document", {"word"}),
        ("what is new on monday.com today", {"monday"}),
        ("monday\u306e\u30dc\u30fc\u30c9", {"monday"}),
        ("word", {"word"}),
    ],
)
def test_a_server_is_named(text: str, expected: set[str]) -> None:
    assert servers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "what time is it",
        "Time flies",
        "the word of the day",
        "remind me on Monday",
        "have a chat",
        "WHAT IS THE TIME IN ROME",
    ],
)
def test_ordinary_words_name_no_server(text: str) -> None:
    assert servers(text) == set()


def test_a_word_that_other_servers_use_is_ordinary() -> None:
    others = [make_tool("x", "Keep a ledgerbook of it.", server=f"s{number}") for number in range(3)]
    own = make_tool("y", server="ledgerbook")
    assert index_of(own).find("write it to the ledgerbook now").servers == {"ledgerbook"}
    assert index_of(own, *others).find("write it to the ledgerbook now").servers == frozenset()


def test_the_server_of_a_named_tool_is_named() -> None:
    assert servers("time get current time") == {"time"}


def test_a_brand_inside_a_server_names_the_tools_that_bear_it() -> None:
    found = INDEX.find("what is the state of my Jira tickets")
    assert {id_.name for id_ in found.brands} == {"jira_create_sprint", "jira_get_issue", "jira_search"}
    assert found.servers == frozenset()


def test_a_brand_leaves_only_the_tools_that_bear_it() -> None:
    assert tools("jira search") == ["atlassian::jira_search"]


def test_an_empty_catalog_has_no_names() -> None:
    found = index_of().find("create_issue")
    assert (found.tools, found.servers, found.similar) == ((), frozenset(), ())


@pytest.mark.parametrize("name", ["???", "\u65e5\u672c\u8a9e\u30c4\u30fc\u30eb", "/v1/{id}", "4. Get list"])
def test_strange_names_are_found_as_they_are_written(name: str) -> None:
    expected = [f"\U0001f680::{name}"] if name != "???" else []
    assert tools(name, index_of(make_tool(name, server="\U0001f680"), make_tool("other"))) == expected
