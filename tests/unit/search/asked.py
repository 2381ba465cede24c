"""Candidates of a small catalog, and what is made of them."""

from hypothesis import strategies as st

from mcp_toolweaver.core.query import Candidates, Match, SearchRequest, SearchResult
from mcp_toolweaver.core.tools import Snapshot, Tool, ToolId
from mcp_toolweaver.search.names import Named
from mcp_toolweaver.search.ranking import rank
from tests.fakes.tools import make_tool

TOOLS = Snapshot.of(
    make_tool(name, server=server, domain=domain)
    for server, domain in (("s1", "Work"), ("s2", "Work"), ("s3", "Play"))
    for name in "abcdef"
)


def tool(name: str, server: str = "s1") -> Tool:
    return TOOLS.tools[ToolId(server, name)]


def match(
    name: str, words: float = 0.0, cosine: float | None = None, *, server: str = "s1", coverage: float = 1.0
) -> Match:
    return Match(ToolId(server, name), (words,), () if cosine is None else (cosine,), coverage)


def unrelated(name: str, server: str = "s1") -> Match:
    return match(name, 0.0, 0.01, server=server, coverage=0.0)


def ask(
    matches: list[Match],
    named: Named | None = None,
    *,
    limit: int = 10,
    domain: str | None = None,
    share: float = 0.5,
    snapshot: Snapshot = TOOLS,
) -> SearchResult:
    request = SearchRequest("any", limit=limit, domain=domain)
    return rank(Candidates(tuple(matches)), snapshot, request, named or Named(), share=share, tier="hybrid")


def names(result: SearchResult) -> list[str]:
    return [hit.tool.id.name for hit in result.hits]


@st.composite
def candidates(draw: st.DrawFn) -> list[Match]:
    ids = draw(st.lists(st.sampled_from(sorted(TOOLS.tools)), unique=True))
    probes, embedded = draw(st.sampled_from([(1, 0), (1, 1), (3, 2), (3, 3)]))
    scores = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    return [
        Match(
            id_,
            tuple(draw(scores) for _probe in range(probes)),
            tuple(draw(scores) for _probe in range(embedded if draw(st.booleans()) else 0)),
            coverage=draw(st.sampled_from([0.0, 0.5, 1.0])),
        )
        for id_ in ids
    ]


NAMED = st.lists(st.sampled_from(list(TOOLS.tools.values())), unique_by=id, max_size=3).map(
    lambda tools: Named(tools=tuple(tools))
)
