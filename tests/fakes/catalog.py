"""A catalog without sources."""

from collections.abc import Sequence

from mcp_toolweaver.core.status import SourceStatus
from mcp_toolweaver.core.tools import Snapshot, Tool


class FakeCatalog:
    """A `CatalogView` of the tools that a test gives it; assign ``snapshot`` to change them."""

    def __init__(self, tools: Sequence[Tool] = ()) -> None:
        self.snapshot = Snapshot.of(tools)
        self.statuses: Sequence[SourceStatus] = ()
