"""What holds for any name and any text."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_toolweaver.core.tools import Snapshot, Tool
from mcp_toolweaver.search.names.index import NameIndex
from mcp_toolweaver.search.names.reading import LONGEST_TEXT, joined, key_of, read
from tests.fakes.tools import make_tool

WORDS = st.sampled_from(["create", "delete", "issue", "page", "list", "branch", "wiki", "event", "merge", "channel"])
NAMES = st.lists(WORDS, min_size=1, max_size=4).map("_".join)
SERVERS = st.sampled_from(["github", "acme-crm", "time", "Google Maps", "mcp-server-slack"])
CATALOGS = st.lists(st.builds(make_tool, NAMES, server=SERVERS), min_size=1, max_size=12)
SPELLINGS: list[Callable[[str], str]] = [
    str.upper,
    str.title,
    lambda name: name.replace("_", "-"),
    lambda name: name.replace("_", " "),
    lambda name: name.replace("_", "."),
    lambda name: name.replace("_", ""),
    lambda name: name.title().replace("_", ""),
    lambda name: f"mcp__{name}",
    lambda name: f"please call {name}",
    lambda name: f"Take `{name}`, and do with it what I told you on the phone yesterday.",
]
PAIRS = ["{server}::{name}", "{server}__{name}", "{server} {name}", "{name} in {server}"]
ANY_INDEX = NameIndex(Snapshot.of(make_tool(name, server="github") for name in ("create_issue", "search", "get_me")))


def is_first(tool: Tool, found: tuple[Tool, ...]) -> bool:
    """Whether only tools of the same name come before the tool."""
    before = found[: found.index(tool)] if tool in found else found
    return tool in found and all(other.id.name == tool.id.name for other in before)


@settings(deadline=None)
@given(CATALOGS, st.sampled_from(SPELLINGS), st.data())
def test_any_spelling_of_a_name_puts_the_tool_first(
    catalog: list[Tool], spell: Callable[[str], str], data: st.DataObject
) -> None:
    snapshot = Snapshot.of(catalog)
    tool = data.draw(st.sampled_from(list(snapshot.tools.values())))
    assert is_first(tool, NameIndex(snapshot).find(spell(tool.id.name)).tools)


@settings(deadline=None)
@given(
    CATALOGS,
    st.sampled_from(PAIRS),
    st.data(),
)
def test_a_pair_puts_that_very_tool_first(catalog: list[Tool], form: str, data: st.DataObject) -> None:
    snapshot = Snapshot.of(catalog)
    tool = data.draw(st.sampled_from(list(snapshot.tools.values())))
    named = NameIndex(snapshot).find(form.format(server=tool.id.server, name=tool.id.name))
    assert named.tools[0] is tool
    assert tool.id.server in named.servers


@settings(deadline=None)
@given(st.text(max_size=200) | st.text("ab_.:/-`'\" \nA1", max_size=200))
def test_any_text_is_read(text: str) -> None:
    found = ANY_INDEX.find(text)
    assert len(set(map(id, found.tools))) == len(found.tools)
    assert not (found.tools and found.similar)
    assert found == ANY_INDEX.find(text)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_the_runs_of_a_text_hold_its_letters_and_digits(text: str) -> None:
    assert joined(read(text)) == key_of(text)


@settings(deadline=None)
@given(st.sampled_from(["a", "a ", "create_isue ", "getTool, ", "`x` ", "github ", "\ufdfa", "\x00", "tool "]))
def test_a_very_long_text_is_read_in_part(part: str) -> None:
    text = part * (100_000 // len(part))
    assert sum(len(run.key) for run in read(text)) <= LONGEST_TEXT
    assert ANY_INDEX.find(text) == ANY_INDEX.find(text + " getTool")
