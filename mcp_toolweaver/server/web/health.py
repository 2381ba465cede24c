"""Whether the process lives, and whether it can be asked: for supervisors and load balancers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_NEVER_KEPT = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Health:
    """Answers both questions."""

    waits_for: Callable[[], str | None]
    """Says what is still missing until a search can be answered; None if it can."""

    def routes(self) -> list[Route]:
        """Return where it is asked."""
        return [Route("/healthz", self._lives), Route("/readyz", self._is_ready)]

    async def _lives(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=_NEVER_KEPT)

    async def _is_ready(self, _request: Request) -> Response:
        missing = self.waits_for()
        if missing is None:
            return JSONResponse({"status": "ready"}, headers=_NEVER_KEPT)
        return JSONResponse({"status": "not ready", "reason": missing}, 503, {**_NEVER_KEPT, "Retry-After": "1"})
