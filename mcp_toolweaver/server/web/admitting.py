"""Who is let in: the caller behind a bearer token, for every route but those that tell of our health (RFC 6750)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_toolweaver.core.access import OWNER, Admission, Caller, NotAdmitted, NotAllowed, Profile
from mcp_toolweaver.core.errors import Unavailable

_CALLER = "toolweaver.caller"
_UNQUOTABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
_BEARER = "bearer "
_OF_PROFILE = "/p/"
_OPEN = ("/healthz", "/readyz", "/.well-known/")


class OpenAdmission:
    """An `Admission` for those who need no token: everybody is the owner."""

    challenge = ""

    async def admit(self, bearer: str | None) -> Caller:  # noqa: ARG002  see `Admission`
        """See `Admission.admit`."""
        return OWNER


class AdmissionGuard:
    """Refuses who is not let in (401), or not this far (403), and notes who the others are.

    A session belongs to the caller who began it: the SDK compares ``scope["user"]``, and tells everybody else that
    there is no such session.
    """

    def __init__(self, app: ASGIApp, admission: Admission, within: Callable[[], tuple[Profile, ...]] = tuple) -> None:
        """Let through to ``app`` whom ``admission`` lets in, each ``within`` some profiles too."""
        self._app = app
        self._admission = admission
        self._within = within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http" or scope["path"].startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._admission.admit(_bearer(Headers(scope=scope)))
        except NotAdmitted as refused:
            await self._refusal(refused)(scope, receive, send)
        except Unavailable as away:
            told = JSONResponse({"error": str(away)}, 503, {"Retry-After": "5"})
            await told(scope, receive, send)
        else:
            seen = replace(caller, profiles=(*caller.profiles, *self._within()))
            await self._app(_of(seen, scope), receive, send)

    def _refusal(self, refused: NotAdmitted) -> JSONResponse:
        told = [f'error="{refused.error}"', f'error_description="{_plain(refused)}"'] if refused.error else []
        challenge = f"Bearer {', '.join(filter(None, [*told, self._admission.challenge]))}".strip()
        status = 403 if isinstance(refused, NotAllowed) else 401
        return JSONResponse({"error": str(refused)}, status, {"WWW-Authenticate": challenge})


class ProfilePaths:
    """Serves ``/p/NAME/...`` as ``...`` within the profile of that name; there is nothing where there is none."""

    def __init__(self, app: ASGIApp, profiles: Mapping[str, Profile]) -> None:
        """Pass on to ``app``; ``profiles`` may change meanwhile."""
        self._app = app
        self._profiles = profiles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http" or not scope["path"].startswith(_OF_PROFILE):
            await self._app(scope, receive, send)
            return
        name = scope["path"].removeprefix(_OF_PROFILE).partition("/")[0]
        profile = self._profiles.get(name)
        if profile is None:
            told = JSONResponse({"error": f"There is no profile {name[:100]!r} here."}, 404)
            await told(scope, receive, send)
            return
        caller = caller_in(scope)
        within = _of(replace(caller, profiles=(*caller.profiles, profile)), scope)
        await self._app({**within, "root_path": f"{scope.get('root_path', '')}{_OF_PROFILE}{name}"}, receive, send)


def caller_in(scope: Scope) -> Caller:
    """Return whose request this is."""
    caller: Caller = scope.get(_CALLER, OWNER)
    return caller


def caller_of(context: ServerRequestContext[Any]) -> Caller:
    """Return whose message a handler answers, which may run in a task of the whole session."""
    request: object = context.request
    return caller_in(request.scope) if isinstance(request, HTTPConnection) else OWNER


def _plain(refused: NotAdmitted) -> str:
    """Return the reason in the characters that a header may quote (RFC 6750, section 3)."""
    return _UNQUOTABLE.sub("?", str(refused).replace('"', "'"))


def _bearer(headers: Headers) -> str | None:
    given = headers.get("authorization", "")
    return given[len(_BEARER) :].strip() if given.casefold().startswith(_BEARER) else None


def _of(caller: Caller, scope: Scope) -> Scope:
    user = AuthenticatedUser(AccessToken(token="", client_id=caller.key, scopes=[]))
    return {**scope, _CALLER: caller, "user": user}
