"""The doctor on the index: where it is, and whether a server that keeps it answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from mcp_toolweaver.cli.doctor_rows import Row
from mcp_toolweaver.config import Settings


def index_row(settings: Settings, away: str | None = None) -> Row:
    """Say where the index is, and why it is ``away`` if it is; `toolweaver index status` says how it is doing."""
    if away is None:
        return Row("index", "engine", _where(settings))
    advice = "start it, or correct index.url and index.api_key; until then memory answers, and nothing is shared"
    return Row("index", "engine", f"{_where(settings)}: {away}", "problem", advice)


def _where(settings: Settings) -> str:
    if not settings.embedding.enabled:
        return "in memory, since search is by words alone"
    if settings.index.chosen == "qdrant":
        place = urlsplit(settings.index.url or "").netloc.rpartition("@")[2]  # never a password
        return f"on a Qdrant server, {place or 'whose address is no URL'}"
    if settings.index.chosen == "memory":
        return "in memory, built anew by every process"
    return f"in a folder below {settings.data_dir}"
