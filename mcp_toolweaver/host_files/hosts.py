"""The hosts whose files we know: where they lie, in which syntax, and where in them the servers are."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from mcp_toolweaver.host_files import dialects
from mcp_toolweaver.host_files.dialects import Dialect

Syntax: TypeAlias = Literal["json", "toml", "yaml"]


@dataclass(frozen=True, slots=True)
class Host:
    """One host."""

    name: str
    """What commands call it."""
    title: str
    """What people call it."""
    section: tuple[str, ...]
    """The keys that lead to the servers."""
    user: tuple[str, ...]
    """The user's own file, where it may lie; the first is where it is made."""
    project: tuple[str, ...] = ()
    """The file of a project, in its folder."""
    syntax: Syntax = "json"
    """Of the user's file; that of another file is told by its name."""
    dialect: Dialect = dialects.PLAIN


_SERVERS = ("mcpServers",)

HOSTS: tuple[Host, ...] = (
    Host("claude-desktop", "Claude Desktop", _SERVERS, ("{app}/Claude/claude_desktop_config.json",)),
    Host("claude-code", "Claude Code", _SERVERS, ("{home}/.claude.json",), (".mcp.json",)),
    Host("cursor", "Cursor", _SERVERS, ("{home}/.cursor/mcp.json",), (".cursor/mcp.json",)),
    Host(
        "vscode",
        "VS Code",
        ("servers",),
        ("{app}/Code/User/mcp.json", "{app}/Code - Insiders/User/mcp.json", "{app}/VSCodium/User/mcp.json"),
        (".vscode/mcp.json",),
        dialect=dialects.VSCODE,
    ),
    Host("windsurf", "Windsurf", _SERVERS, ("{home}/.codeium/windsurf/mcp_config.json",)),
    Host(
        "codex",
        "Codex",
        ("mcp_servers",),
        ("{home}/.codex/config.toml",),
        (".codex/config.toml",),
        "toml",
        dialects.CODEX,
    ),
    Host(
        "gemini",
        "Gemini CLI",
        _SERVERS,
        ("{home}/.gemini/settings.json",),
        (".gemini/settings.json",),
        dialect=dialects.GEMINI,
    ),
    Host(
        "zed",
        "Zed",
        ("context_servers",),
        ("{xdg}/zed/settings.json", "{app}/Zed/settings.json"),
        (".zed/settings.json",),
        dialect=dialects.ZED,
    ),
    Host(
        "goose",
        "Goose",
        ("extensions",),
        ("{xdg}/goose/config.yaml", "{app}/Block/goose/config/config.yaml"),
        (),
        "yaml",
        dialects.GOOSE,
    ),
    Host(
        "opencode",
        "opencode",
        ("mcp",),
        ("{xdg}/opencode/opencode.json", "{xdg}/opencode/opencode.jsonc"),
        ("opencode.json", "opencode.jsonc"),
        dialect=dialects.OPENCODE,
    ),
    Host("continue", "Continue", _SERVERS, ("{home}/.continue/config.yaml",), (), "yaml", dialects.CONTINUE),
)
BY_NAME: Mapping[str, Host] = {host.name: host for host in HOSTS}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where files may lie."""

    home: Path
    environ: Mapping[str, str]
    project: Path
    system: str = sys.platform

    def user_files(self, host: Host) -> list[Path]:
        """Return where the user's file of a host may lie."""
        return [Path(template.format(home=self.home, app=self._app, xdg=self._xdg)) for template in host.user]

    def project_files(self, host: Host) -> list[Path]:
        """Return where the file of the project may lie."""
        return [self.project / name for name in host.project]

    def files(self, host: Host) -> Iterator[Path]:
        """Yield the files of a host that are there."""
        places = [*self.user_files(host), *self.project_files(host)]
        yield from (path for path in dict.fromkeys(places) if path.is_file())

    @property
    def _xdg(self) -> Path:
        given = self.environ.get("XDG_CONFIG_HOME")
        return Path(given) if given else self.home / ".config"

    @property
    def _app(self) -> Path:
        if self.system == "darwin":
            return self.home / "Library" / "Application Support"
        if self.system == "win32":
            given = self.environ.get("APPDATA")
            return Path(given) if given else self.home / "AppData" / "Roaming"
        return self._xdg


def syntax_of(path: Path, host: Host) -> Syntax:
    """Return the syntax of a file, by its name, or else that of the host."""
    match path.suffix.lower():
        case ".json" | ".jsonc":
            return "json"
        case ".toml":
            return "toml"
        case ".yaml" | ".yml":
            return "yaml"
        case _:
            return host.syntax
