"""An index in memory that was let go while somebody made it is not kept."""

import anyio
import pytest

from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.resilience.applied import Applied
from mcp_toolweaver.resilience.spare import Spare
from tests.contracts.asking import READ
from tests.fakes.flaky_index import FlakyIndex
from tests.unit.resilience.standing_by import by_words

pytestmark = pytest.mark.anyio


async def test_what_was_let_go_while_it_was_made_answers_who_waited_and_nobody_later() -> None:
    gate, made = anyio.Event(), list[FlakyIndex]()

    async def make() -> ToolIndex:
        made.append(FlakyIndex())
        await gate.wait()
        return made[-1]

    spare = Spare(make, is_kept=False)
    await spare.change(Applied().changed(by_words(READ), []))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(spare.index)
        tasks.start_soon(spare.index)
        await anyio.wait_all_tasks_blocked()
        spare.let_go()
        gate.set()
    assert not spare.is_ready
    assert {index.names == {"read_file"} for index in made} == {True}
    assert await spare.index() is made[-1]
    assert spare.is_ready
