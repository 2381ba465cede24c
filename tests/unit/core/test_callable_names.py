"""A callable name is one that every host accepts and that means one tool only."""

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_toolweaver.core.names import MAX_LENGTH, bare_name, callable_name
from mcp_toolweaver.core.scrub import scrub
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId

NAMES = st.one_of(st.text(alphabet="ab_-", max_size=8), st.text().map(scrub), st.text("xyz_9", min_size=30))
PAIRS = st.tuples(NAMES, NAMES)
ACCEPTED = re.compile(r"[A-Za-z0-9_-]{1,46}")


@given(PAIRS)
def test_every_pair_gets_a_name_that_hosts_accept(pair: tuple[str, str]) -> None:
    assert ACCEPTED.fullmatch(callable_name(*pair))


@given(PAIRS, PAIRS)
@example(("a", "b__c"), ("a__b", "c"))
@example(("a_", "b"), ("a", "_b"))
@example(("a", "_b"), ("a_", "_b"))
@example(("", "a"), ("a", ""))
@example(("a", "b.c"), ("a", "b_c"))
@example(("a", "b.c"), ("a", "b c"))
@example(("s", "t" * 60), ("s", "t" * 61))
def test_different_pairs_get_different_names(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert (callable_name(*first) == callable_name(*second)) == (first == second)


@pytest.mark.parametrize(
    ("server", "tool"),
    [("github", "create_issue"), ("my-files", "Read-File_2"), ("a", "b__c"), ("a", "b_"), ("s", "t" * 43)],
)
def test_a_clear_pair_is_named_plainly(server: str, tool: str) -> None:
    assert callable_name(server, tool) == f"{server}__{tool}"


@pytest.mark.parametrize(
    ("server", "tool"),
    [("a__b", "c"), ("a_", "b"), ("a", "_b"), ("", "b"), ("a", ""), ("a", "b.c"), ("a b", "c"), ("s", "t" * 44)],
)
def test_an_unclear_pair_is_never_named_plainly(server: str, tool: str) -> None:
    assert re.search(r"_[0-9a-f]{8}$", callable_name(server, tool))


@pytest.mark.parametrize(
    ("server", "tool", "name"),
    [
        ("github", "create_issue", "github__create_issue"),
        ("a__b", "c", "a__b__c_a92700ce"),
        ("a_", "b", "a___b_a00766a3"),
        ("a", "_b", "a___b_ee647d3b"),
        ("files", "read.file", "files__read_file_97875296"),
        ("server", "t" * 60, "server__ttttttttttttttttttttttttttttt_191ba76d"),
    ],
)
def test_names_stay_the_same_from_release_to_release(server: str, tool: str, name: str) -> None:
    assert callable_name(server, tool) == name


def test_the_longest_names_use_all_the_room_there_is() -> None:
    assert len(callable_name("s", "t" * 43)) == len(callable_name("s", "t" * 500)) == MAX_LENGTH


def test_a_tool_named_like_the_short_form_of_another_does_not_replace_it() -> None:
    cleaned = Tool(ToolId("s", "read.file"), {"name": "read.file"})
    imitation = cleaned.callable_name.removeprefix("s__")
    snapshot = Snapshot.of([cleaned, Tool(ToolId("s", imitation), {"name": imitation})])
    assert len(snapshot.by_callable_name) == len(snapshot) == 2
    assert snapshot.by_callable_name[cleaned.callable_name] is cleaned


@pytest.mark.parametrize("name", ["create_issue", "a", "x" * 46])
def test_a_tool_without_a_prefix_keeps_its_name(name: str) -> None:
    assert replace(Tool.from_definition("s", {"name": name}), prefix="").callable_name == name


@given(NAMES)
def test_a_bare_name_is_one_that_hosts_accept(name: str) -> None:
    assert ACCEPTED.fullmatch(bare_name(name))


def test_a_prefix_of_the_owners_stands_for_the_server() -> None:
    assert replace(Tool.from_definition("s", {"name": "t"}), prefix="mine").callable_name == "mine__t"
