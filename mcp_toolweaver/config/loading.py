"""From the owner's file and environment to a configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mcp_toolweaver.config.hosts import has_servers, host_servers
from mcp_toolweaver.config.layers import read_settings
from mcp_toolweaver.config.listed import has_sources, listed_sources
from mcp_toolweaver.config.naming import uniquely_named
from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.config.read import is_toml, placed, read
from mcp_toolweaver.config.sources import Configuration, SourceSpec
from mcp_toolweaver.config.variables import Variables, project_folder

_JSON_EXAMPLE = '{"mcpServers": {"time": {"command": "uvx", "args": ["mcp-server-time"]}}}'
_TOML_EXAMPLE = 'mcpServers.time = { command = "uvx", args = ["mcp-server-time"] }'


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Configuration:
    """Read the configuration; never raises for what it finds, but says what is wrong.

    Args:
        path: The file, in any format that `mcp_toolweaver.config` names; None for defaults and no sources.
        environ: The environment variables, for settings and for variables in the file.

    Returns:
        Everything that could be understood, and a problem for everything that could not.
    """
    problems = Problems("" if path is None else str(path))
    document = None if path is None else read(path, problems)
    settings = read_settings((document or {}).get("toolweaver"), environ, problems)
    sources = () if path is None or document is None else tuple(_sources(document, path, environ, problems))
    found = problems.found if path is None else placed(problems.found, path)
    return Configuration(settings, sources, tuple(found), path)


def _sources(
    document: Mapping[str, Any], path: Path, environ: Mapping[str, str], problems: Problems
) -> Iterator[SourceSpec]:
    if not has_servers(document) and not has_sources(document):
        example = _TOML_EXAMPLE if is_toml(path) else _JSON_EXAMPLE
        problems.add("", "names no servers and no sources", f"write for example {example}")
    variables = Variables(environ, project_folder(path))
    servers = host_servers(document, variables, problems)
    listed = listed_sources(document, path.absolute().parent, variables, problems)
    yield from uniquely_named([*servers, *listed], problems)
