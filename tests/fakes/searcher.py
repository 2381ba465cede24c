"""A searcher that answers, or does not, as a test tells it."""

from mcp_toolweaver.core.query import SearchRequest, SearchResult


class FakeSearcher:
    """A `Searcher` with one answer for everything: a result, or an error that it raises."""

    def __init__(self, answer: SearchResult | Exception) -> None:
        self.answer = answer
        self.requests: list[SearchRequest] = []

    async def search(self, request: SearchRequest) -> SearchResult:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer
