"""Whatever happens to the store, in whatever order, every answer is that of what was applied last."""

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import IndexEntry
from mcp_toolweaver.core.tools import Tool, ToolId
from mcp_toolweaver.resilience.standing import StoreState
from tests.contracts.asking import MODEL, asking
from tests.fakes.flaky_store import FlakyStore
from tests.fakes.tools import make_tool
from tests.unit.resilience.standing_by import Stand

TOOLS = 4
VERSIONS = 3
GONE = Unavailable("store", "gone")


def word(number: int, version: int) -> str:
    return "zq" + "abcd"[number] + "xyw"[version] + "k"


def tool(number: int, version: int) -> Tool:
    return make_tool(f"t{number}", f"thing {word(number, version)}")


CHANGES = st.tuples(
    st.sampled_from(["apply", "apply and leave", "apply meanwhile"]),
    st.dictionaries(st.integers(0, TOOLS - 1), st.none() | st.integers(0, VERSIONS - 1), min_size=1),
    st.booleans(),
)
"""Which tools to write in which version, or to delete, and whether with vectors."""
MISHAPS = st.sampled_from(["refuse", "break", "break changes", "tear changes", "heal", "rest", "ask in passing"])


class World:
    """A standby index, and what it must hold."""

    def __init__(self, store: FlakyStore, *, keep_memory: bool) -> None:
        self.stand = Stand(store, keep_memory=keep_memory)
        self.expected: dict[ToolId, str] = {}

    async def change(self, how: str, versions: dict[int, int | None], *, with_vectors: bool) -> None:
        tools = [tool(number, version) for number, version in versions.items() if version is not None]
        upserts = [IndexEntry(each, MODEL.vector(each.digest) if with_vectors else None) for each in tools]
        deletes = [tool(number, 0).id for number, version in versions.items() if version is None]
        after = {id_: digest for id_, digest in self.expected.items() if id_ not in deletes}
        after |= {each.id: each.digest for each in tools}
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.stand.index.apply, upserts, deletes)
            if how == "apply and leave":
                await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
            if how == "apply meanwhile":
                await self.see(after)
        assert await self.stand.index.digests() in ([self.expected, after] if how == "apply and leave" else [after])
        self.expected = dict(await self.stand.index.digests())

    async def see(self, after: dict[ToolId, str]) -> None:
        """Ask once; the answer is of before the change, of after it, or of before anything was applied."""
        found = await self.stand.index.query(asking("thing", limit=100))
        names = {match.id for match in found.matches}
        assert names in (self.expected.keys(), after.keys()) or not self.expected

    async def happen(self, mishap: str) -> None:
        store = self.stand.store
        if mishap in ("refuse", "break"):
            store.refusal = GONE
            store.index.failure = GONE if mishap == "break" else None
        elif mishap in ("break changes", "tear changes"):
            store.index.failure_of_changes, store.index.tears = GONE, mishap == "tear changes"
        elif mishap == "heal":
            self.heal()
        elif mishap == "rest":
            await anyio.sleep(0.003)
        else:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await self.stand.index.query(asking("thing"))

    def heal(self) -> None:
        store = self.stand.store
        store.refusal = store.index.failure = store.index.failure_of_changes = None
        store.index.tears = False

    async def check(self) -> None:
        """Ask for each version of each tool by a word of its own."""
        if not self.expected:
            return
        for number in range(TOOLS):
            for version in range(VERSIONS):
                found = await self.stand.index.query(asking(word(number, version), limit=100))
                is_there = self.expected.get(tool(number, 0).id) == tool(number, version).digest
                assert [match.id.name for match in found.matches] == ([f"t{number}"] if is_there else [])


@pytest.mark.parametrize("memory", ["kept", "let go"])
@given(st.sets(st.integers(0, TOOLS - 1)), st.lists(CHANGES | MISHAPS, max_size=12))
@settings(deadline=None, max_examples=60)
def test_every_answer_is_of_what_was_applied_last(
    memory: str, left: set[int], events: list[tuple[str, dict[int, int | None], bool] | str]
) -> None:
    async def live() -> None:
        store = await FlakyStore().left_with(*(IndexEntry(tool(number, 0)) for number in left))
        world = World(store, keep_memory=memory == "kept")
        async with world.stand.running():
            for event in events:
                if isinstance(event, str):
                    await world.happen(event)
                else:
                    await world.change(event[0], event[1], with_vectors=event[2])
                await world.check()
            world.heal()
            await world.check()
            await world.stand.becomes(StoreState.IN_STEP)
            await world.check()
        if world.expected:
            assert await store.index.digests() == world.expected

    anyio.run(live)
