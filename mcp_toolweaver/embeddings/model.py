"""A model as an embedder: queries by one runtime, documents by another, of one meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_toolweaver.embeddings.runtime import Runtime
from mcp_toolweaver.embeddings.texts import prepared
from mcp_toolweaver.embeddings.turns import Turns
from mcp_toolweaver.embeddings.vectors import normalized

if TYPE_CHECKING:
    from mcp_toolweaver.core.query import Vector


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is to be known of a model to embed with it."""

    space: str
    query_space: str
    """See `Embedder`, both."""
    dimension: int | None
    """How long its vectors are; None where only they tell."""
    max_length: int
    """How many word pieces it sees."""
    query_prompt: str = ""
    document_prompt: str = ""

    def check(self, vectors: Sequence[Vector], count: int) -> Sequence[Vector]:
        """Return the vectors of so many texts, normalized; see `normalized`."""
        return normalized(vectors, count, self.dimension)


class ModelEmbedder:
    """An `Embedder` over a loaded model."""

    def __init__(self, facts: ModelFacts, queries: Runtime, documents: Runtime, turns: Turns) -> None:
        """Embed by two runtimes, whose vectors are checked already: a `Ladder` over others, each by `ModelFacts.check`.

        Args:
            facts: What is known of the model.
            queries: What embeds queries.
            documents: What embeds documents.
            turns: Holds documents back while a query is embedded.
        """
        self.space = facts.space
        self.query_space = facts.query_space
        self._facts = facts
        self._queries = queries
        self._documents = documents
        self._turns = turns

    @property
    def labels(self) -> tuple[str, str]:
        """What embeds queries, and what documents."""
        return self._queries.label, self._documents.label

    async def embed_queries(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_queries`."""
        with self._turns.query():
            return await self._embed(self._queries, texts, self._facts.query_prompt)

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Vector]:
        """See `Embedder.embed_documents`."""
        return await self._embed(self._documents, texts, self._facts.document_prompt)

    async def _embed(self, runtime: Runtime, texts: Sequence[str], prompt: str) -> Sequence[Vector]:
        if not texts:
            return []
        ready = [prepared(text, self._facts.max_length) for text in texts]
        return await runtime.embed(ready, prompt=prompt)
