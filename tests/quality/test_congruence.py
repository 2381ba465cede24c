"""All indexes answer alike: the same ten tools, with the same scores, crowd and coverage.

The one in memory compares everything with everything and is right by construction. The catalogs are
small, so that none of the others approximates; ``bench/congruence.py`` says how near they come in
large ones.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.congruent import differences
from bench.index_engines import CLIENT, EMBEDDED, MEMORY, open_index
from bench.index_tools import Asked
from catalog_sources.json_file import JsonFileSource
from mcp_toolweaver.core.interfaces import ToolIndex
from mcp_toolweaver.core.query import IndexEntry, IndexQuery, Probe, SearchRequest
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.demo import CATALOG, QUERIES
from mcp_toolweaver.embeddings.opening import ModelOptions, open_model
from mcp_toolweaver.evaluation import read_labelled
from mcp_toolweaver.search.question import Question
from mcp_toolweaver.text.tool_text import passage
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.tools import make_tool

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("default")]  # the libraries' own warnings

MODEL = FakeEmbedder(dimension=32)
NOBODY = ToolId("no", "body")
VOCABULARY = [f"{start}{end}" for start in ("ka", "lo", "mi", "nu", "pe") for end in ("ron", "sil", "tam", "vex")]


@dataclass
class Pair:
    """Two indexes that are told the same."""

    exact: ToolIndex
    other: ToolIndex
    snapshot: Snapshot

    async def apply(self, entries: Sequence[IndexEntry], deletes: Sequence[ToolId] = ()) -> None:
        for index in (self.exact, self.other):
            await index.apply(entries, deletes)
            await index.apply([], [NOBODY])  # by when a shared engine has removed what left
        kept = {id_: tool for id_, tool in self.snapshot.tools.items() if id_ not in set(deletes)}
        self.snapshot = Snapshot({**kept, **{entry.tool.id: entry.tool for entry in entries}})
        assert await self.other.digests() == await self.exact.digests()
        assert await self.other.unembedded() == await self.exact.unembedded()

    async def expect_same(self, questions: Iterable[Asked]) -> None:
        found: dict[str, list[str]] = {}
        for asked in questions:
            exact, other = [await index.query(asked.query) for index in (self.exact, self.other)]
            if different := differences(exact, other, asked, self.snapshot):
                found[f"{asked.request.text} ({asked.request.domain})"] = different
        assert not found


@pytest.fixture(params=[EMBEDDED, CLIENT])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Pair]:
    """Return the index in memory, and one that is to answer alike."""
    async with (
        open_index(MEMORY, tmp_path) as exact,
        open_index(request.param, tmp_path, dimension=MODEL.dimension) as other,
    ):
        yield Pair(exact.index, other.index, Snapshot())


async def demo_tools() -> Sequence[Tool]:
    return await JsonFileSource("demo", [CATALOG]).list_tools()


def embedded(tools: Iterable[Tool]) -> list[IndexEntry]:
    return [IndexEntry(tool, MODEL.vector(passage(tool))) for tool in tools]


def asked_for(text: str, *, domain: str | None = None, likely: tuple[str, ...] = ()) -> Asked:
    request = SearchRequest(text, limit=10, domain=domain)
    question = Question.of(request)
    return Asked(request, question.to_index(request, [MODEL.vector(part) for part in question.texts], likely))


def by_words(asked: Asked) -> Asked:
    probes = tuple(replace(probe, vector=None) for probe in asked.query.probes)
    return replace(asked, query=replace(asked.query, probes=probes))


def demo_questions() -> list[str]:
    return [query.text for query in read_labelled(QUERIES)]


async def test_all_indexes_answer_every_question_of_the_demo_alike(pair: Pair) -> None:
    await pair.apply(embedded(await demo_tools()))
    await pair.expect_same(map(asked_for, demo_questions()))


async def test_all_indexes_answer_questions_in_other_languages_alike(pair: Pair) -> None:
    await pair.apply(embedded(await demo_tools()))
    questions = [asked_for(query.text) for query in read_labelled(QUERIES.with_name("crosslingual.jsonl"))[::4]]
    assert any(probe.is_whole for asked in questions for probe in asked.query.probes), "some bring their own words"
    await pair.expect_same(questions)


async def test_all_indexes_answer_by_words_alone_alike(pair: Pair) -> None:
    await pair.apply([IndexEntry(tool) for tool in await demo_tools()])
    await pair.expect_same(map(asked_for, demo_questions()[::4]))
    await pair.apply(embedded(pair.snapshot.tools.values()))
    await pair.expect_same(by_words(asked_for(text)) for text in demo_questions()[::4])


async def test_all_indexes_answer_within_a_domain_or_server_alike(pair: Pair) -> None:
    await pair.apply(embedded(await demo_tools()))
    domains = {tool.domain for tool in pair.snapshot.tools.values()}
    servers = {tool.id.server.upper() for tool in pair.snapshot.tools.values()}
    texts = random.Random(0).choices(demo_questions(), k=len(domains | servers))
    await pair.expect_same(
        asked_for(text, domain=domain) for text, domain in zip(texts, sorted(domains | servers), strict=True)
    )
    await pair.expect_same([asked_for(texts[0], domain="nowhere")])


async def test_all_indexes_bring_the_best_of_likely_domains_alike(pair: Pair) -> None:
    await pair.apply(embedded(await demo_tools()))
    domains = sorted({tool.domain for tool in pair.snapshot.tools.values()})
    chance = random.Random(0)
    await pair.expect_same(asked_for(text, likely=tuple(chance.sample(domains, 2))) for text in demo_questions()[::4])


async def test_all_indexes_are_alike_after_tools_were_deleted_changed_and_added_again(pair: Pair) -> None:
    tools = list(await demo_tools())
    questions = [asked_for(text) for text in demo_questions()[::6]]
    await pair.apply(embedded(tools))
    changed = [replace_description(tool, f"Formerly: {tool.description}") for tool in tools[1::5]]
    await pair.apply(embedded(changed), [tool.id for tool in tools[::5]])
    await pair.expect_same(questions)
    await pair.apply([IndexEntry(tool) for tool in tools[::10]], [tool.id for tool in tools[2::5]])
    await pair.expect_same(questions)
    await pair.apply(embedded(chain(tools[::5], tools[1::10], tools[2::5])))
    await pair.expect_same(questions)
    await pair.apply([IndexEntry(tool) for tool in tools], [])
    await pair.expect_same(questions)


@pytest.mark.parametrize("seed", range(3))
async def test_all_indexes_answer_alike_where_many_tools_say_the_same(pair: Pair, seed: int) -> None:
    chance = random.Random(seed)
    tools = [drawn_tool(number, chance) for number in range(300)]
    vectors = [MODEL.vector(f"meaning {number}") for number in range(40)]
    await pair.apply([IndexEntry(tool, chance.choice([*vectors, None])) for tool in tools])
    await pair.expect_same(drawn_question(chance, vectors) for _ in range(60))


def replace_description(tool: Tool, description: str) -> Tool:
    raw = {**tool.definition, "description": description}
    return Tool.from_definition(tool.id.server, raw, domain=tool.domain, server_description=tool.server_description)


def drawn_tool(number: int, chance: random.Random) -> Tool:
    said = " ".join(chance.choices(VOCABULARY, k=chance.randrange(4)))
    server = f"server{chance.randrange(8)}"
    return make_tool(f"tool_{number}", said, server=server, domain=f"domain{chance.randrange(3)}")


def drawn_question(chance: random.Random, vectors: Sequence[Vector]) -> Asked:
    """Return a question of one to three probes, some without words or vectors, some within a domain."""
    probes = tuple(
        Probe(tuple(chance.choices(VOCABULARY, k=chance.randrange(5))), near(chance.choice(vectors), chance))
        for _ in range(chance.randint(1, 3))
    )
    domain = chance.choice([None, None, "domain1", "SERVER2"])
    text = ". ".join(" ".join(probe.terms) for probe in probes)
    return Asked(SearchRequest(text, limit=10, domain=domain), IndexQuery(probes, chance.choice([10, 30]), domain))


def near(vector: Vector, chance: random.Random) -> Vector:
    moved = vector + 0.5 * MODEL.vector(f"noise {chance.random()}")
    return np.asarray(moved / np.linalg.norm(moved), dtype=np.float32)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_all_indexes_answer_alike_with_vectors_of_the_real_model(tmp_path: Path) -> None:
    models = Path(os.environ["TOOLWEAVER_MODELS_DIR"])
    model = await open_model(ModelOptions("all-MiniLM-L6-v2", models, device="cpu"))
    tools = await demo_tools()
    entries = list(map(IndexEntry, tools, await model.embed_documents([passage(tool) for tool in tools])))
    questions: list[Asked] = []
    for text in demo_questions():
        request, question = SearchRequest(text, limit=10), Question.of(SearchRequest(text))
        questions.append(Asked(request, question.to_index(request, await model.embed_queries(question.texts))))
    for engine in (EMBEDDED, CLIENT):
        async with open_index(MEMORY, tmp_path) as exact, open_index(engine, tmp_path) as other:
            pair = Pair(exact.index, other.index, Snapshot())
            await pair.apply(entries)
            await pair.expect_same(questions)
