"""What only Codex writes, in the words that the other hosts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_toolweaver.config.fields import Fields
from mcp_toolweaver.config.json_types import as_object
from mcp_toolweaver.config.problems import Problems

CODEX_KEYS = frozenset({"bearer_token_env_var", "env_http_headers"})
"""What is read here."""


def shared_form(entry: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """Return the entry with the headers that Codex takes from the environment among its headers.

    ``bearer_token_env_var = "TOKEN"`` becomes the header ``Authorization: Bearer ${env:TOKEN}``, and
    ``env_http_headers = {X-Key = "KEY"}`` becomes ``X-Key: ${env:KEY}``. Wrong types are reported.
    """
    fields = Fields(entry, problems)
    added = {name: f"${{env:{variable}}}" for name, variable in fields.table("env_http_headers").items()}
    if token := fields.text("bearer_token_env_var"):
        added["Authorization"] = f"Bearer ${{env:{token}}}"
    if not added:
        return dict(entry)
    given = as_object(entry.get("headers") or entry.get("http_headers")) or {}
    return {**entry, "headers": {**given, **added}}
