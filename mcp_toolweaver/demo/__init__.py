"""What the demo needs: a catalog of invented servers, and labelled queries for it."""

from __future__ import annotations

from pathlib import Path

CATALOG = Path(__file__).parent / "catalog"
"""A folder of catalog files, one a server, about 400 tools in all."""

QUERIES = Path(__file__).parent / "queries.jsonl"
"""Queries with the tools that answer them; see `mcp_toolweaver.evaluation`."""

HOME = Path(__file__).parent / "home"
"""A home folder with the files of every host that we know, all about invented servers."""
