"""What points say of their tools, as every engine writes it."""

from __future__ import annotations

from typing import Any, Final

from mcp_toolweaver.index.engine import Payload

PLACES: Final = "places"
"""The domain and the server of a point in lower case: what a question for either is filtered by."""
SERVER: Final = "server"
"""The server of a point, as it is written."""
HAS_MEANING: Final = "has_meaning"
"""Whether the point has a vector of meaning."""
CATALOG: Final = "catalog"
"""Whose point it is."""

READ_BACK: Final = [SERVER, "name", "domain", "digest", HAS_MEANING]
"""What a `StoredPoint` is made of, besides its words."""


def to_payload(payload: Payload, catalog: str, *, has_meaning: bool) -> dict[str, Any]:
    """Return the payload with what it is filtered by, as JSON."""
    written: dict[str, Any] = {name: getattr(payload, name) for name in Payload.__slots__}
    places = sorted({payload.domain.casefold(), payload.server.casefold()})
    more = {"parameters": list(payload.parameters), CATALOG: catalog, PLACES: places, HAS_MEANING: has_meaning}
    return written | more
