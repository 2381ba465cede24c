"""Views of parts of the catalog, for the questions that look through those only."""

from __future__ import annotations

from collections import OrderedDict

from mcp_toolweaver.core.query import Reach
from mcp_toolweaver.core.threads import run_in_thread
from mcp_toolweaver.index.view import View

_MOST = 16
"""Parts of one view that are kept; that which was asked for longest ago makes room."""


class Parts:
    """Knows the parts of one view, which is the one that was asked about last."""

    def __init__(self) -> None:
        """Begin with none."""
        self._of: View | None = None
        self._made: OrderedDict[Reach, View] = OrderedDict()

    async def of(self, view: View, reach: Reach | None) -> View:
        """Return a part of a view, made off the event loop; all of it where there is no ``reach``."""
        if reach is None:
            return view
        if view is not self._of:
            self._of, self._made = view, OrderedDict()
        if reach not in self._made:
            return self._keep(view, reach, await run_in_thread(view.part, reach))
        self._made.move_to_end(reach)
        return self._made[reach]

    def _keep(self, view: View, reach: Reach, part: View) -> View:
        if view is self._of:
            self._made[reach] = part
            while len(self._made) > _MOST:
                self._made.popitem(last=False)
        return part
