"""Where nothing fits, or nothing surely, the reply says why in a word that programs know, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest

from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.query import SearchRequest, SearchResult
from mcp_toolweaver.core.status import SourceState, SourceStatus
from mcp_toolweaver.embeddings.loading import LoadingEmbedder
from mcp_toolweaver.proxy.failures import connection_failure, status_reason
from mcp_toolweaver.resilience.fallback import FallbackSearcher
from mcp_toolweaver.search.hybrid import partly_embedded
from mcp_toolweaver.server.search import search_tools
from tests.fakes.searcher import FakeSearcher
from tests.unit.server.fixed_view import FixedSearcher, result_of, status, tool, view

pytestmark = pytest.mark.anyio

CREATE = tool("github", "create_issue", domain="code")
NOTE = tool("files", "note", domain="office")
NOTHING = result_of(confidence="none")
UNSURE = result_of(CREATE, confidence="low")
AWAY = status("github", SourceState.FAILED, reason="exit 1")


async def why(
    result: SearchResult, query: str = "an issue on github", statuses: Sequence[SourceStatus] = (), **more: Any
) -> dict[str, Any]:
    """Return the reason that the reply carries; empty if it carries none."""
    catalog = view(CREATE, NOTE, statuses=statuses)
    reply = await search_tools(catalog, FixedSearcher(result), {"query": query, **more})
    reason: dict[str, Any] = reply.get("why", {})
    return reason


async def test_nothing_fits_and_the_nearest_domains_are_named() -> None:
    reason = await why(replace(NOTHING, nearest=("code", "office", "mail", "music")))
    assert reason["reason"] == "nothing_fits"
    assert "2 tools" in reason["message"]
    assert "other words" in reason["next"]
    assert reason["nearest"] == ["code", "office", "mail"]


async def test_a_sure_answer_needs_no_reason_and_an_unsure_one_only_what_may_be_behind_it() -> None:
    assert await why(result_of(CREATE), statuses=[AWAY]) == {}
    assert await why(UNSURE) == {}
    assert (await why(UNSURE, statuses=[AWAY]))["reason"] == "server_offline"


async def test_a_server_that_is_named_and_away_is_the_reason() -> None:
    reason = await why(NOTHING, statuses=[AWAY])
    assert reason["reason"] == "server_offline"
    assert "github" in reason["message"]


async def test_a_server_may_be_named_by_the_domain() -> None:
    assert (await why(NOTHING, "an issue", [AWAY], domain="github"))["reason"] == "server_offline"


@pytest.mark.parametrize("name", ["jira", "github-enterprise", "mcp-server"])
async def test_a_server_that_is_not_named_is_no_reason(name: str) -> None:
    failed = status(name, SourceState.FAILED, reason="exit 1")
    assert (await why(NOTHING, "an issue of the mcp server on github", [failed]))["reason"] == "nothing_fits"


async def test_where_all_is_away_that_is_the_reason() -> None:
    reply = await search_tools(view(statuses=[AWAY]), FixedSearcher(NOTHING), {"query": "sing"})
    assert reply["why"]["reason"] == "server_offline"


@pytest.mark.parametrize("code", [401, 403])
async def test_a_server_that_wants_a_login_is_told_apart(code: int) -> None:
    """As the proxy words it, for a refused request and for a refused connection."""
    url = httpx2.URL("https://example.test/mcp")
    refused = connection_failure("github", RuntimeError("refused"), status_reason(code, url))
    assert isinstance(refused, Unavailable)
    failed = status("github", SourceState.FAILED, reason=refused.reason)
    reason = await why(NOTHING, statuses=[failed])
    assert reason["reason"] == "needs_login"
    assert "login for github" in reason["next"]
    told = status("github", SourceState.FAILED, reason=status_reason(code, url, "run `toolweaver login github`"))
    assert (await why(NOTHING, statuses=[told]))["next"] == "Ask the user to run `toolweaver login github`."
    assert not status("github", SourceState.FAILED, reason=status_reason(500, url)).needs_login


@dataclass
class Kept(FixedSearcher):
    """Answers a search that is kept to a domain with another result."""

    inside: SearchResult = NOTHING

    async def search(self, request: SearchRequest) -> SearchResult:
        found = await super().search(request)
        return self.inside if request.domain else found


@pytest.mark.parametrize(
    ("inside", "everywhere"),
    [(NOTHING, result_of(NOTE, CREATE)), (NOTHING, result_of(NOTE, confidence="low")), (UNSURE, result_of(NOTE))],
)
async def test_where_the_domain_has_nothing_good_all_are_searched_and_the_reply_says_so(
    inside: SearchResult, everywhere: SearchResult
) -> None:
    searcher = Kept(everywhere, inside=inside)
    reply = await search_tools(view(CREATE, NOTE), searcher, {"query": "a note", "domain": "code"})
    assert reply["tools"][0]["name"] == "files__note"
    assert reply["confidence"] == everywhere.confidence
    assert reply["why"]["reason"] == "outside_profile"
    assert "Nothing good in code" in reply["why"]["message"]
    assert [request.domain for request in searcher.asked] == ["code", None]


@pytest.mark.parametrize(
    ("inside", "everywhere"),
    [(result_of(CREATE), result_of(NOTE)), (UNSURE, result_of(NOTE, confidence="low")), (UNSURE, NOTHING)],
)
async def test_what_is_as_good_inside_the_domain_stays(inside: SearchResult, everywhere: SearchResult) -> None:
    searcher = Kept(everywhere, inside=inside)
    reply = await search_tools(view(CREATE, NOTE), searcher, {"query": "a note", "domain": "code"})
    assert [row["name"] for row in reply["tools"]] == ["github__create_issue"]
    assert "why" not in reply


async def test_each_of_several_needs_says_for_itself_that_it_is_from_beyond_the_domain() -> None:
    searcher = Kept(result_of(NOTE))
    reply = await search_tools(view(CREATE, NOTE), searcher, {"queries": ["a note"], "domain": "code"})
    [need] = reply["needs"]
    assert (need["tools"], need["why"]["reason"]) == (["files__note"], "outside_profile")


async def test_a_domain_whose_server_is_away_is_that_also_where_others_have_something() -> None:
    catalog = view(NOTE, statuses=[AWAY])
    reply = await search_tools(catalog, Kept(result_of(NOTE)), {"query": "a note", "domain": "files"})
    assert reply["why"]["reason"] == "outside_profile"
    reply = await search_tools(catalog, Kept(result_of(NOTE)), {"query": "a github note", "domain": "files"})
    assert reply["why"]["reason"] == "server_offline"


async def test_what_fits_nowhere_is_not_outside_the_domain() -> None:
    assert (await why(NOTHING, domain="code"))["reason"] == "nothing_fits"


async def test_a_server_that_is_still_starting_is_a_reason_to_ask_again() -> None:
    reason = await why(NOTHING, "sing", [status("songs", SourceState.CONNECTING)])
    assert reason["reason"] == "warming_up"
    assert "songs" in reason["message"]
    assert (await why(NOTHING, "sing", [status("s", SourceState.CONNECTING, tools=3)]))["reason"] == "nothing_fits"


async def test_a_model_that_is_still_loading_is_a_reason_to_ask_again() -> None:
    async def never() -> Any:
        raise AssertionError

    with pytest.raises(Unavailable) as loading:
        (await LoadingEmbedder("space", never).embed_documents(["x"]))[0]
    for away, reason in ((loading.value, "warming_up"), (Unavailable("model", "still loading"), "nothing_fits")):
        searcher = FallbackSearcher(FakeSearcher(away), FakeSearcher(NOTHING))
        reply = await search_tools(view(CREATE, NOTE), searcher, {"query": "sing"})
        assert reply["why"]["reason"] == reason
        assert reply["degraded"] == [str(away)]


async def test_tools_without_a_vector_are_a_reason_to_ask_again() -> None:
    some = replace(NOTHING, skipped=(partly_embedded(1_200, 10_000),), is_warming=True)
    assert (await why(some))["reason"] == "warming_up"
    assert "1,200 of 10,000 tools are embedded" in some.skipped[0]
    assert await why(replace(some, confidence="high")) == {}


@pytest.mark.parametrize("found", [NOTHING, UNSURE])
async def test_a_name_that_is_spelled_almost_like_a_tool_is_answered_with_the_tool(found: SearchResult) -> None:
    reason = await why(replace(found, similar=(CREATE, NOTE)), "creat_isue")
    assert reason["reason"] == "did_you_mean"
    assert reason["tools"] == ["github__create_issue", "files__note"]


async def test_a_short_reply_keeps_the_word() -> None:
    wordy = status("github", SourceState.FAILED, reason="it ended " * 40)
    assert await why(UNSURE, statuses=[wordy], max_tokens=100) == {"reason": "server_offline"}
