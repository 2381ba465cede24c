"""Variables in the texts of a configuration, as the various hosts write them.

    ${NAME}  ${env:NAME}        an environment variable
    ${NAME:-default}            the default where the variable is unset or empty; it ends at the first }
    ${input:some-id}            VS Code asks its user; here the environment variable SOME_ID
    ${file:PATH}                what a file holds, without its last line end; from the project's folder, ~ is home
    ${keyring:SERVICE/NAME}     a secret in the keyring of the system; `toolweaver secret set` puts one there
    ${workspaceFolder}          the folder of the project
    ${workspaceFolderBasename}  its name
    ${userHome}                 the home folder
    ${pathSeparator}  ${/}      the one between folders
    $${NAME}                    ${NAME} itself

Everything else (``$NAME``, ``${`` without an end, ``${x%.*}`` of a shell) stays as it is.
What a variable holds is never searched for variables again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp_toolweaver.config.json_types import as_list, as_object
from mcp_toolweaver.config.problems import Problems
from mcp_toolweaver.config.secret_values import secret_in_file, secret_in_keyring
from mcp_toolweaver.core.secrecy import keep_secret, names_a_secret

_REFERENCE = re.compile(
    r"(?P<escape>\$)?"
    r"\$\{(?:"
    r"input:(?P<input>[A-Za-z0-9][^{}]*)"
    r"|file:(?P<file>[^{}]+)|keyring:(?P<keyring>[^{}]+)"
    r"|(?P<hosts>(?:command|config):[A-Za-z][^{}]*)"
    r"|(?:env:(?P<env>[A-Za-z0-9_][^{}:]*)|(?P<plain>[A-Za-z_][A-Za-z0-9_]*|/))(?::-(?P<default>[^}]*))?"
    r")\}"
)
_HOST_FOLDERS = (".vscode", ".cursor")


def project_folder(file: Path) -> Path:
    """Return the folder of the project that a configuration file belongs to.

    It is the folder of the file, or the one above it where that is a host's own
    (``.vscode/mcp.json``).
    """
    folder = file.absolute().parent
    return folder.parent if folder.name in _HOST_FOLDERS else folder


@dataclass(frozen=True, slots=True)
class Variables:
    """Where the values of variables come from."""

    environ: Mapping[str, str]
    project: Path = field(default_factory=Path.cwd)
    """What ``${workspaceFolder}`` is; the current folder if there is no file to have one."""

    def expand(self, value: Any, problems: Problems) -> Any:
        """Return the value with the variables in all its texts replaced.

        Args:
            value: Any JSON value; the texts in its lists and objects are expanded too, keys are not.
            problems: Takes each variable that has no value, at the key of its text.
        """
        if isinstance(value, str):
            return self._expand_text(value, problems)
        if (items := as_list(value)) is not None:
            return [self.expand(item, problems.within(f"[{index}]")) for index, item in enumerate(items)]
        if (table := as_object(value)) is not None:
            return {key: self.expand(item, problems.within(key)) for key, item in table.items()}
        return value

    def at_home(self, path: str) -> str:
        """Return the path with a ``~`` at its beginning replaced by the home folder."""
        return _home(self.environ) + path[1:] if path == "~" or path.startswith(("~/", "~" + os.sep)) else path

    def _expand_text(self, text: str, problems: Problems) -> str:
        return _REFERENCE.sub(lambda match: self._value(match, problems), text)

    def _value(self, match: re.Match[str], problems: Problems) -> str:
        if match["escape"]:
            return match.group()[1:]
        if match["hosts"]:
            problems.add("", f"needs ${{{match['hosts']}}}, which only its host can look up", "write the value instead")
            return ""
        if match["file"] or match["keyring"]:
            return self._secret(match["file"], match["keyring"], problems)
        if match["input"]:
            return self._input(match["input"], problems)
        if match["plain"] and (built_in := self._built_in(match["plain"])) is not None:
            return built_in
        return self._variable(match["env"] or match["plain"], match["default"], problems)

    def _secret(self, path: str | None, entry: str | None, problems: Problems) -> str:
        if path is None:
            return secret_in_keyring(entry or "", problems)
        return secret_in_file(self.project / self.at_home(path), path, problems)

    def _variable(self, name: str, default: str | None, problems: Problems) -> str:
        value = self.environ.get(name)
        if default is not None:
            return value or default
        if value is None:
            fix = f"export {name}, write ${{{name}:-default}}, or $${{{name}}} to mean those very characters"
            problems.add("", f"needs the environment variable {name}, which is not set", fix)
        return keep_secret(value or "") if names_a_secret(name) else value or ""

    def _input(self, identifier: str, problems: Problems) -> str:
        name = re.sub(r"[^A-Za-z0-9]", "_", identifier).upper()
        value = self.environ.get(name)
        if value is None:
            message = f"needs ${{input:{identifier}}}, which is read from the environment variable {name}"
            problems.add("", f"{message}, which is not set", f"export {name}")
        return keep_secret(value or "")

    def _built_in(self, name: str) -> str | None:
        match name:
            case "workspaceFolder":
                return str(self.project)
            case "workspaceFolderBasename":
                return self.project.name
            case "userHome":
                return _home(self.environ)
            case "/" | "pathSeparator":
                return os.sep
            case _:
                return None


def _home(environ: Mapping[str, str]) -> str:
    given = environ.get("HOME") or environ.get("USERPROFILE")
    return given or os.path.expanduser("~")  # noqa: PTH111  # Path.home() raises where there is none
