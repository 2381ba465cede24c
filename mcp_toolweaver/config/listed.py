"""The ``sources`` list: where tools come from besides the servers of a host's format.

    "sources": [{"kind": "json_file", "name": "extra", "path": "catalogs/"}]

Which keys an entry has beside ``kind``, ``name`` and ``domain`` is up to its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mcp_toolweaver.config.fields import Fields
from mcp_toolweaver.config.hosts import server_source
from mcp_toolweaver.config.json_types import as_list, as_object, type_name
from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.config.relative import with_whole_paths
from mcp_toolweaver.config.sources import SERVER_KIND, SourceSpec, invalid_options
from mcp_toolweaver.config.variables import Variables

_KEY = "sources"
_OURS = frozenset({"kind", "name", "disabled", "enabled"})
_EXAMPLE = '{"kind": "json_file", "path": "tools.json"}'


def has_sources(document: Mapping[str, Any]) -> bool:
    """Whether the file has a list of sources, be it empty."""
    return document.get(_KEY) is not None


def listed_sources(
    document: Mapping[str, Any], folder: Path, variables: Variables, problems: Problems
) -> Iterator[SourceSpec]:
    """Yield the sources of the list, without those that are switched off; an unnamed one has the name ``""``.

    Args:
        document: The whole file.
        folder: What relative paths are relative to.
        variables: What the variables in the entries stand for.
        problems: Takes what is wrong. An entry without a kind cannot be a source and is left out.
    """
    listed = document.get(_KEY)
    entries = [] if listed is None else as_list(listed)
    if entries is None:
        problems.add(_KEY, f"must be a list, not {type_name(listed)}", f"write [{_EXAMPLE}]")
    for index, entry in enumerate(entries or []):
        source = _source(entry, folder, variables, problems.within(f"{_KEY}[{index}]"))
        if source is not None:
            yield source


def _source(entry: Any, folder: Path, variables: Variables, problems: Problems) -> SourceSpec | None:
    values = as_object(entry)
    if values is None:
        problems.add("", f"must be an object, not {type_name(entry)}", f"write {_EXAMPLE}")
    elif not Fields(values, problems).is_off():
        return _of_kind(values, folder, variables, problems)
    return None


def _of_kind(entry: Mapping[str, Any], folder: Path, variables: Variables, problems: Problems) -> SourceSpec | None:
    fields = Fields(entry, problems)
    kind = fields.required_text("kind", fix=f"say what it is: {_EXAMPLE}").strip()
    name = (fields.text("name") or "").strip()
    if kind == SERVER_KIND:
        return server_source(name, entry, variables, problems)
    expanded = variables.expand({key: value for key, value in entry.items() if key not in _OURS}, problems)
    domain = Fields(expanded, problems).text("domain") or None
    written = {key: value for key, value in expanded.items() if key != "domain"}
    options = invalid_options(problems) or with_whole_paths(kind, written, folder, variables)
    return SourceSpec(name, kind, options, problems.key, domain) if kind else None
