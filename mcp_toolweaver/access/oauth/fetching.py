"""An object of JSON from an authorization server: no redirects, a bounded size, and errors of ours."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from mcp_toolweaver.access.oauth.addresses import is_safe
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.json_values import is_object

PART = "the authorization server"
_LARGEST = 512 * 1024
_SECONDS = 5.0
_OK = 200


async def fetch_object(url: str) -> dict[str, Any]:
    """Return the object of JSON at an address.

    Raises:
        Unavailable: there is none, or it cannot be had; the message names the address.
    """
    if not is_safe(url):
        raise Unavailable(PART, f"it names {url!r}, which is neither https nor on this machine")
    try:
        body = await _body(url)
        found = json.loads(body)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise Unavailable(PART, f"{url} cannot be reached ({type(error).__name__})") from error
    except (ValueError, RecursionError) as error:
        raise Unavailable(PART, f"{url} answered with no JSON") from error
    if not is_object(found):
        raise Unavailable(PART, f"{url} answered with JSON that is no object")
    return found


async def _body(url: str) -> bytes:
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    async with (
        httpx2.AsyncClient(follow_redirects=False, timeout=_SECONDS, headers=headers) as client,
        client.stream("GET", url) as response,
    ):
        if response.has_redirect_location:
            raise Unavailable(PART, f"{url} sends us elsewhere, which is not followed; set the address it means")
        if response.status_code != _OK:
            raise Unavailable(PART, f"{url} answered with status {response.status_code}")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > _LARGEST:
                raise Unavailable(PART, f"{url} answered with more than {_LARGEST // 1024} KiB")
    return bytes(body)
