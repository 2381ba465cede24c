"""What the model is told before it searches fits, and says the most important first."""

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.server.describe import instructions, search_description
from tests.unit.server.fixed_view import status, tool

Describe: TypeAlias = Callable[[Snapshot, Sequence[SourceStatus]], str]

BOTH: list[tuple[Describe, int]] = [(instructions, 1_900), (search_description, 1_200)]


def snapshot_of(sizes: dict[str, int]) -> Snapshot:
    return Snapshot.of(tool(server, f"t{number}") for server, size in sizes.items() for number in range(size))


def line(text: str, label: str) -> str:
    """Return what follows a label at the beginning of a line, to the end of that line."""
    (found,) = re.findall(rf"^{label}: (.*)\.$", text, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize(("describe", "largest"), BOTH)
@pytest.mark.parametrize(
    "name", ["server-{}", "a-rather-long-name-of-a-server-for-tests-number-{}", "сервер-对-👩‍👩‍👧-{}"]
)
def test_a_thousand_servers_fit_and_those_left_out_are_counted(describe: Describe, largest: int, name: str) -> None:
    snapshot = snapshot_of({name.format(number): 1 for number in range(1_000)})
    text = describe(snapshot, ())
    assert len(text.encode()) <= largest
    *shown, rest = line(text, "Servers").split(", ")
    assert len(shown) >= 5
    assert len(shown) + int(rest.removeprefix("and ").removesuffix(" more")) == 1_000
    assert re.search(r"1,000 tools of 1000 servers", text, re.IGNORECASE)


@pytest.mark.parametrize(("describe", "largest"), BOTH)
def test_a_thousand_domains_fit_beside_the_servers(describe: Describe, largest: int) -> None:
    tools = (tool("всё" * 20, f"t{number}", domain=f"domain-{number:03}-è") for number in range(1_000))
    text = describe(Snapshot.of(tools), ())
    assert len(text.encode()) <= largest
    assert line(text, "Servers") == f"{'всё' * 20} (1000)"
    *shown, rest = line(text, "Domains").split(", ")
    assert shown[0] == "domain-000-è"
    assert len(shown) + int(rest.removeprefix("and ").removesuffix(" more")) == 1_000


@pytest.mark.parametrize(("describe", "largest"), BOTH)
@pytest.mark.parametrize("length", range(1_000, 2_000, 111))
def test_a_name_that_does_not_fit_makes_no_text_too_long(describe: Describe, largest: int, length: int) -> None:
    text = describe(snapshot_of({"é" * length: 2, "b": 1}), [status("x" * length, SourceState.FAILED)])
    assert len(text.encode()) <= largest
    assert text == text.strip()


@pytest.mark.parametrize("describe", [instructions, search_description])
def test_servers_come_by_their_size_with_it_and_then_by_name(describe: Describe) -> None:
    text = describe(snapshot_of({"small": 1, "zebra": 3, "apple": 3, "huge": 12}), ())
    assert line(text, "Servers") == "huge (12), apple (3), zebra (3), small (1)"


@pytest.mark.parametrize("describe", [instructions, search_description])
def test_the_biggest_server_is_named_where_not_all_are(describe: Describe) -> None:
    sizes = {f"some-server-with-a-longish-name-{number}": 1 for number in range(200)}
    text = describe(snapshot_of({**sizes, "zz-biggest": 5}), ())
    assert line(text, "Servers").startswith("zz-biggest (5), some-server")


@pytest.mark.parametrize("describe", [instructions, search_description])
def test_one_server_is_not_several(describe: Describe) -> None:
    assert re.search(r"2 tools of 1 server\b", describe(snapshot_of({"only": 2}), ()))


@pytest.mark.parametrize("describe", [instructions, search_description])
def test_servers_that_failed_or_are_starting_are_named_too(describe: Describe) -> None:
    statuses: Sequence[SourceStatus] = [
        status("here", SourceState.READY, tools=2),
        status("broken", SourceState.FAILED, reason="exit 1"),
        status("slow", SourceState.CONNECTING),
        status("lost", SourceState.FAILED, tools=1),
    ]
    text = describe(snapshot_of({"here": 2, "lost": 1}), statuses)
    assert line(text, "Servers") == "here (2), lost (1), broken, slow"


@pytest.mark.parametrize("describe", [instructions, search_description])
def test_domains_are_named_unless_they_are_servers(describe: Describe) -> None:
    tools = [tool("github", "a", domain="code"), tool("gitlab", "b", domain="code"), tool("jira", "c")]
    text = describe(Snapshot.of(tools), ())
    assert line(text, "Domains") == "code"


@pytest.mark.parametrize("describe", [instructions, search_description])
def test_an_empty_catalog_is_described(describe: Describe) -> None:
    text = describe(Snapshot(), ())
    assert re.search(r"0 tools of 0 servers", text, re.IGNORECASE)
    assert "Servers:" not in text
    assert "Domains:" not in text


def test_the_texts_name_the_meta_tools() -> None:
    text = instructions(Snapshot(), ())
    assert all(name in text for name in ("search_tools", "get_tool_details", "call_tool"))
    assert "call_tool" in search_description(Snapshot(), ())
