"""A process that dies at any moment of a change leaves the generation before or the one after, never a mix."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from mcp_toolweaver.core.errors import InUse
from mcp_toolweaver.index.engine import Engine
from mcp_toolweaver.index.qdrant_edge import open_edge
from mcp_toolweaver.index.stored import StoredIndex, open_stored
from tests.contracts.asking import asking
from tests.contracts.points import stored
from tests.contracts.versions import CATALOG, assert_same, entries, ids, version
from tests.fakes.edge_writer import SIZE, generation

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
ROUNDS = 12


@contextmanager
def writer(folder: Path, first: int, *step: str) -> Generator[subprocess.Popen[str]]:
    """Start a process that writes generations from ``first`` on."""
    command = [sys.executable, "-m", "tests.fakes.edge_writer", str(folder), str(first), *step]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def line_of(process: subprocess.Popen[str]) -> str:
    """Return what a process says next."""
    assert process.stdout is not None
    return process.stdout.readline()


def rest_of(process: subprocess.Popen[str]) -> str:
    """Return what a process said until it ended."""
    assert process.stdout is not None
    said = process.stdout.read()
    process.wait()
    return said


def last_done(said: str, before: int) -> int:
    """Return the last generation that a writer said was done."""
    return max((int(line.removeprefix("done ")) for line in said.splitlines()), default=before)


async def assert_generation(index: StoredIndex, number: int) -> None:
    """Check that the index has exactly one generation, and finds all of it by words and by meaning."""
    expected = generation(number)
    if number % 2:
        await assert_same(index, [entry.tool for entry in expected])
    assert await index.digests() == {entry.tool.id: entry.tool.digest for entry in expected}
    assert await index.unembedded() == (0 if number % 2 else SIZE)
    found = await index.query(asking("thing", limit=2 * SIZE))
    assert {match.id for match in found.matches} == {entry.tool.id for entry in expected}


async def number_of(index: StoredIndex, done: int) -> int:
    """Return which of two generations there is: the one that was done, or the next."""
    digests, bare = await index.digests(), await index.unembedded()
    for number in (done, done + 1):
        tools = [entry.tool for entry in generation(number)]
        if digests == {tool.id: tool.digest for tool in tools} and bare == (0 if number % 2 else SIZE):
            return number
    raise AssertionError(f"neither generation {done} nor the next: {len(digests)} tools, {bare} of them bare")


async def assert_clean_after_a_change(engine: Engine, index: StoredIndex) -> None:
    """Check that the next change leaves nothing but what is searchable."""
    tools = version(1000, size=5)
    await index.apply(entries(tools), list(await index.digests()))
    assert (await stored(engine)).keys() == ids(tools)


async def test_a_process_killed_at_any_moment_leaves_the_old_or_the_new_generation(tmp_path: Path) -> None:
    moments, folder, done = random.Random(7), tmp_path / "index", -1
    for _ in range(ROUNDS):
        with writer(folder, done + 1) as process:
            said = "".join(line_of(process) for _ in range(moments.randrange(3)))
            await anyio.sleep(moments.uniform(0, 0.1))
            process.kill()
            done = last_done(said + rest_of(process), done)
        async with open_edge(folder, 16, CATALOG) as engine:
            index = await open_stored(engine, CATALOG, 16)
            if done >= 0 or await index.digests():
                done = await number_of(index, done)
                await assert_generation(index, done)
    assert done > ROUNDS // 2
    async with open_edge(folder, 16, CATALOG) as engine:
        await assert_clean_after_a_change(engine, await open_stored(engine, CATALOG, 16))


@pytest.mark.parametrize(
    ("first", "step", "times", "is_new"),
    [
        (0, "batch written", "6", False),
        (0, "view replaced", "2", True),
        (1, "batch written", "6", False),
        (1, "all written", "2", False),
        (1, "view prepared", "2", False),
        (1, "view replaced", "2", True),
        (1, "view kept", "2", True),
        (1, "old removed", "2", True),
    ],
)
async def test_a_process_that_dies_between_two_steps_leaves_one_generation(
    tmp_path: Path, first: int, step: str, times: str, *, is_new: bool
) -> None:
    folder = tmp_path / "index"
    with writer(folder, first, step, times) as process:
        said = rest_of(process)
        assert process.returncode == 9
    assert last_done(said, 0) == first
    async with open_edge(folder, 16, CATALOG) as engine:
        index = await open_stored(engine, CATALOG, 16)
        await assert_generation(index, first + is_new)
        await assert_clean_after_a_change(engine, index)
    async with open_edge(folder, 16, CATALOG) as engine:
        assert (await stored(engine)).keys() == ids(version(1000, size=5))


async def test_a_folder_is_free_when_the_process_that_held_it_was_killed(tmp_path: Path) -> None:
    with writer(tmp_path / "index", 0) as process:
        with pytest.raises(InUse, match="another process uses"):
            async with open_edge(tmp_path / "index", 16, CATALOG):
                pass
        process.kill()
        process.wait()
        async with open_edge(tmp_path / "index", 16, CATALOG) as engine:
            await open_stored(engine, CATALOG, 16)
