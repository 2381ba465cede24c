"""A catalog that takes as long to read as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property

from mcp_toolweaver.core.tools import Snapshot, Tool


class HeldSnapshot(Snapshot):
    """A `Snapshot` whose servers nobody learns before it is released, and that knows in which thread they do."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        super().__init__(Snapshot.of(tools).tools)
        self.released = threading.Event()
        self.reader: int | None = None

    @cached_property
    def by_server(self) -> Mapping[str, tuple[Tool, ...]]:
        self.reader = threading.get_ident()
        self.released.wait(10)
        return Snapshot(self.tools).by_server
