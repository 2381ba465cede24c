"""A name means one tool, or the error says which names there are."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import UnknownTool
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.text.resolve import resolve


def catalog(*ids: tuple[str, str]) -> Snapshot:
    return Snapshot.of(Tool(ToolId(*id_), {"name": id_[1]}) for id_ in ids)


CATALOG = catalog(
    ("github", "create_issue"), ("jira", "create_issue"), ("files", "read.file"), ("a_b", "_c"), ("mail", "send")
)


@pytest.mark.parametrize("name", ["github__create_issue", "github::create_issue", "github/create_issue"])
def test_a_callable_name_or_a_pair_means_its_tool(name: str) -> None:
    assert resolve(CATALOG, name).id == ToolId("github", "create_issue")


@pytest.mark.parametrize("separator", ["::", "__", "/", ".", ":"])
def test_every_separator_joins_a_pair_even_where_the_names_hold_separators(separator: str) -> None:
    assert resolve(CATALOG, f"files{separator}read.file").id == ToolId("files", "read.file")
    assert resolve(CATALOG, f"a_b{separator}_c").id == ToolId("a_b", "_c")


@pytest.mark.parametrize("tool", CATALOG.tools.values(), ids=str)
def test_every_tool_is_meant_by_its_callable_name_and_by_its_identity(tool: Tool) -> None:
    assert resolve(CATALOG, tool.callable_name) is tool
    assert resolve(CATALOG, str(tool.id)) is tool
    assert resolve(CATALOG, tool.id.name, tool.id.server) is tool
    assert resolve(CATALOG, tool.callable_name, tool.id.server) is tool


def test_a_name_that_only_one_server_has_is_enough() -> None:
    assert resolve(CATALOG, "send").id == ToolId("mail", "send")


def test_a_name_that_several_servers_have_lists_them() -> None:
    with pytest.raises(UnknownTool) as unknown:
        resolve(CATALOG, "create_issue")
    assert unknown.value.closest == ("github__create_issue", "jira__create_issue")


def test_a_server_decides_between_namesakes() -> None:
    assert resolve(CATALOG, "create_issue", "jira").id == ToolId("jira", "create_issue")


@pytest.mark.parametrize("name", ["send", "mail__send", "mail::send"])
def test_a_tool_of_another_server_is_not_meant(name: str) -> None:
    with pytest.raises(UnknownTool):
        resolve(CATALOG, name, "github")


def test_a_wrong_server_suggests_where_the_tool_is() -> None:
    with pytest.raises(UnknownTool) as unknown:
        resolve(CATALOG, "send", "gmail")
    assert unknown.value.closest == ("mail__send",)


def test_a_misspelt_name_suggests_similar_ones_best_first() -> None:
    with pytest.raises(UnknownTool) as unknown:
        resolve(CATALOG, "github__creat_isue")
    assert unknown.value.closest[0] == "github__create_issue"
    assert len(unknown.value.closest) <= 3


def test_a_misspelt_name_beside_its_server_suggests_the_tool_of_that_server() -> None:
    with pytest.raises(UnknownTool) as unknown:
        resolve(CATALOG, "creat_isue", "jira")
    assert unknown.value.closest[0] == "jira__create_issue"


def test_a_name_like_no_other_suggests_nothing() -> None:
    with pytest.raises(UnknownTool) as unknown:
        resolve(CATALOG, "zzzzqqqq")
    assert unknown.value.closest == ()


def test_an_exact_callable_name_comes_before_another_reading() -> None:
    tools = catalog(("a", "b__c"), ("a__b", "c"))
    assert resolve(tools, "a__b__c").id == ToolId("a", "b__c")


def test_a_name_that_reads_as_two_tools_means_neither() -> None:
    tools = catalog(("a", "b.c"), ("a.b", "c"))
    with pytest.raises(UnknownTool) as unknown:
        resolve(tools, "a.b.c")
    assert set(unknown.value.closest) == set(tools.by_callable_name)


def test_an_empty_catalog_knows_no_name() -> None:
    with pytest.raises(UnknownTool):
        resolve(Snapshot(), "anything")


@given(st.text(st.characters()), st.none() | st.text())
def test_any_name_is_a_tool_or_unknown(name: str, server: str | None) -> None:
    with suppress(UnknownTool):
        assert resolve(CATALOG, name, server).id in CATALOG.tools


@given(st.sets(st.tuples(st.text("ab_.:/", min_size=1, max_size=4), st.text("ab_.:/", min_size=1, max_size=4))))
def test_callable_names_and_pairs_are_never_mistaken_for_other_tools(ids: set[tuple[str, str]]) -> None:
    tools = catalog(*sorted(ids))
    for tool in tools.tools.values():
        assert resolve(tools, tool.callable_name) is tool
        assert resolve(tools, tool.id.name, tool.id.server) is tool


@pytest.mark.parametrize("character", ["x", ".", ":", "_", "/", "é"])
def test_a_name_of_a_megabyte_is_unknown_and_not_repeated_whole(character: str) -> None:
    with pytest.raises(UnknownTool) as unknown:
        resolve(CATALOG, character * 1_000_000)  # quadratic time would run into the limit of a test
    assert len(str(unknown.value)) < 1000
