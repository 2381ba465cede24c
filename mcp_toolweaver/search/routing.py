"""Which domains a request seems to be about, so that the best of each are among the candidates.

A guess that is wrong costs nothing: it adds candidates and takes none away, and the fusion decides.
Decision 15 has the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

from mcp_toolweaver.core.interfaces import CatalogView
from mcp_toolweaver.core.query import SearchRequest
from mcp_toolweaver.core.tools import Snapshot
from mcp_toolweaver.search.names import Named
from mcp_toolweaver.text.domains import domains_in

MOST_LIKELY = 3
"""How many domains a request is looked for in beside the whole catalog, at most."""


class Routing:
    """Knows the domains of the catalog as it is now."""

    def __init__(self, catalog: CatalogView) -> None:
        """Route requests to the domains and servers of ``catalog``."""
        self._catalog = catalog
        self._snapshot = Snapshot()
        self._known: dict[str, str] = {}

    def likely(self, request: SearchRequest, named: Named) -> tuple[str, ...]:
        """Return the likely servers and domains, the clearest first; none where the caller chose one.

        Servers that the request names come first, then the domains of the products that it names.
        """
        if request.domain is not None:
            return ()
        known = self._current()
        keys = (name.casefold() for name in _meant(request.text, named))
        return tuple(dict.fromkeys(known[key] for key in keys if key in known))[:MOST_LIKELY]

    def _current(self) -> dict[str, str]:
        """Return the domains and servers of the current snapshot by their casefolded names."""
        snapshot = self._catalog.snapshot
        if snapshot is not self._snapshot:
            names = {tool.domain for tool in snapshot.tools.values()}.union(snapshot.by_server)
            self._known = {name.casefold(): name for name in sorted(names)}
            self._snapshot = snapshot
        return self._known


def _meant(text: str, named: Named) -> Iterator[str]:
    yield from sorted(named.servers)
    yield from sorted({id_.server for id_ in named.brands})
    yield from domains_in(text)
