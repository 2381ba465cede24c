"""The paths in an entry of the ``sources`` list, which are relative to the file that they stand in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mcp_toolweaver.config.json_types import as_list, as_object
from mcp_toolweaver.config.variables import Variables

_ONE = ("path", "cwd")
_SEVERAL = "paths"
_ENTRIES = "tools"
_RUNS_IN_FOLDER = frozenset({"code_exec"})
"""The kinds that run programs: in the folder of the file, where no other is named."""


def with_whole_paths(kind: str, options: Mapping[str, Any], folder: Path, variables: Variables) -> dict[str, Any]:
    """Return the options with ``path``, ``paths`` and ``cwd`` made absolute, and the ``cwd`` of each of its ``tools``.

    Addresses such as ``https://...`` and what is no text are left as they are.
    """

    def whole(value: Any) -> Any:
        if not isinstance(value, str) or "://" in value:
            return value
        return str(folder / variables.at_home(value))

    made = {key: whole(value) if key in _ONE else value for key, value in options.items()}
    if (paths := as_list(made.get(_SEVERAL))) is not None:
        made[_SEVERAL] = [whole(path) for path in paths]
    if (tools := as_list(made.get(_ENTRIES))) is not None:
        made[_ENTRIES] = [_with_whole_folder(tool, whole) for tool in tools]
    if kind in _RUNS_IN_FOLDER:
        made.setdefault("cwd", str(folder))
    return made


def _with_whole_folder(tool: Any, whole: Callable[[Any], Any]) -> Any:
    table = as_object(tool)
    return tool if table is None or "cwd" not in table else {**table, "cwd": whole(table["cwd"])}
