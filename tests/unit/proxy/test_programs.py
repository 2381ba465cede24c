"""A program that is run for one call, by the way of Windows too, as far as that can be run elsewhere.

What programs do as tools is in ``tests/unit/sources/test_code_exec.py``.
"""

from __future__ import annotations

import os
import sys

import anyio
import pytest

from mcp_toolweaver.proxy import windows_program
from mcp_toolweaver.proxy.program import Finished, Program, run_program, run_started

pytestmark = pytest.mark.anyio

PYTHON = [sys.executable, "-I", "-S", "-c"]
SAY = """
import sys
print(len(sys.stdin.buffer.read()), 'x' * 3000)
print('err', file=sys.stderr)
sys.exit(3)
"""


@pytest.mark.parametrize("way", ["here", "windows"])
async def test_a_program_is_fed_read_and_waited_for(way: str) -> None:
    program = Program("p", [*PYTHON, SAY], timeout=60, largest_output=1000)
    data = b"d" * 300_000
    if way == "here":
        finished = await run_program(program, data)
    else:
        finished = await run_started(await windows_program.started(program, os.environ), program, data)
    assert (finished.status, finished.is_cut, finished.is_late) == (3, True, False)
    assert finished.stdout == b"300000 " + b"x" * 993
    assert finished.stderr == b"err\n"


@pytest.mark.parametrize("way", ["here", "windows"])
async def test_what_was_written_before_the_end_is_read_however_long_it_is(way: str) -> None:
    program = Program("p", [*PYTHON, "import os; os.write(1, b'y' * 60_000)"], timeout=60)
    for _ in range(3):
        if way == "here":
            finished = await run_program(program, b"")
        else:
            finished = await run_started(await windows_program.started(program, os.environ), program, b"")
        assert (finished.status, len(finished.stdout)) == (0, 60_000)


async def test_a_program_that_is_not_there_leaves_nothing() -> None:
    with pytest.raises(FileNotFoundError):
        await run_program(Program("p", ["no-such-program"]), b"")


async def test_its_variables_are_in_no_text_about_it() -> None:
    program = Program("p", ["x"], env={"TOKEN": "hunter2"})
    assert "hunter2" not in repr(program)


async def test_the_rest_goes_on_while_a_program_writes_without_end() -> None:
    program = Program("p", [*PYTHON, "import os\nwhile True: os.write(1, b'y' * 65536)"], timeout=0.5, largest_output=9)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.sleep(0.001)
            turns += 1

    scope = anyio.CancelScope()

    async def count_meanwhile() -> None:
        with scope:
            await count()

    async def run() -> None:
        finished = await run_program(program, b"")
        scope.cancel()
        results.append(finished)

    results = list[Finished]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count_meanwhile)
        tasks.start_soon(run)
    (finished,) = results
    assert (finished.stdout, finished.is_cut, finished.is_late) == (b"y" * 9, True, True)
    assert turns > 5
