"""The files that hosts have are understood as they are, word for word."""

from pathlib import Path
from typing import Any

from mcp_toolweaver.config import Configuration, load

CLAUDE_DESKTOP = """
{
  "globalShortcut": "Ctrl+Space",
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "/Users/ada/Desktop", "/Users/ada/Downloads"]
    },
    "brave-search": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-brave-search"],
      "env": {"BRAVE_API_KEY": "BSA-1"}
    }
  }
}
"""

CLAUDE_CODE = """
{
  "mcpServers": {
    "github": {
      "type": "http",
      "url": "${GITHUB_MCP:-https://api.githubcopilot.com/mcp/}",
      "headers": {"Authorization": "Bearer ${GITHUB_TOKEN}"}
    },
    "asana": {"type": "sse", "url": "https://mcp.asana.com/sse"},
    "db": {"type": "stdio", "command": "npx", "args": ["-y", "@bytebase/dbhub"], "env": {}}
  }
}
"""

CURSOR = """
{
  // Tools of this project
  "mcpServers": {
    "local": {
      "type": "stdio",
      "command": "python",
      "args": ["${workspaceFolder}/tools/mcp_server.py"], /* started by Cursor */
      "env": {"API_KEY": "${env:API_KEY}"},
      "envFile": "${workspaceFolder}/.env",
    },
    "remote": {"url": "http://localhost:3000/mcp", "headers": {"API_KEY": "${env:API_KEY}"}}, // streamable
  },
}
"""

VSCODE = """
{
  "inputs": [
    {"type": "promptString", "id": "perplexity-key", "description": "Perplexity API key", "password": true}
  ],
  "servers": {
    "perplexity": {
      "type": "stdio",
      "command": "npx",
      "args": ["-y", "server-perplexity-ask"],
      "env": {"PERPLEXITY_API_KEY": "${input:perplexity-key}", "PORT": 8080, "PROXY": null},
      "gallery": true,
      "dev": {"watch": "src/**/*.ts"}
    },
    "fetch": {"type": "http", "url": "https://fetch.example.com/mcp"}
  }
}
"""

VSCODE_SETTINGS = """
{
  "editor.fontSize": 14, // points
  "mcp": {"inputs": [], "servers": {"time": {"command": "uvx", "args": ["mcp-server-time"]}}},
}
"""

WINDSURF = """
{
  "mcpServers": {
    "figma": {"serverUrl": "https://mcp.figma.com/mcp", "disabledTools": ["export"]},
    "linear": {"serverUrl": "https://mcp.linear.app/sse", "disabled": false, "alwaysAllow": ["list"]}
  }
}
"""

GEMINI = """
{
  "theme": "GitHub",
  "mcpServers": {
    "slow": {"httpUrl": "https://tools.example.com/sse", "timeout": 5000, "trust": true},
    "both": {"httpUrl": "https://new.example.com/mcp", "url": "https://old.example.com/sse"},
    "run": {"command": "./run.sh", "cwd": "/srv/tools", "timeout": 15000}
  }
}
"""

CODEX = """
model = "gpt-5-codex"

[mcp_servers.context7]
command = "npx"
args = ["-y", "@upstash/context7-mcp"]
startup_timeout_sec = 20
tool_timeout_sec = 45.5

[mcp_servers.context7.env]
MY_ENV_VAR = "MY_ENV_VALUE"

[mcp_servers.figma]
url = "https://mcp.figma.com/mcp"
bearer_token_env_var = "FIGMA_TOKEN"
http_headers = { "X-Figma-Region" = "us-east-1" }
env_http_headers = { "X-Team" = "FIGMA_TEAM" }

[mcp_servers.old]
command = "gone"
enabled = false
"""


def loaded(folder: Path, text: str, name: str = "mcp.json", **environ: str) -> Configuration:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return load(file, environ)


def options_by_name(configuration: Configuration) -> dict[str, Any]:
    assert configuration.problems == ()
    assert {source.kind for source in configuration.sources} <= {"mcp_server"}
    return {source.name: dict(source.options) for source in configuration.sources}


def stdio(command: str, *args: str, **env: str) -> dict[str, Any]:
    return {"transport": "stdio", "command": command, "args": list(args), "env": env}


def remote(transport: str, url: str, **headers: str) -> dict[str, Any]:
    return {"transport": transport, "url": url, "headers": headers}


def test_the_file_of_claude_desktop_is_understood(tmp_path: Path) -> None:
    found = options_by_name(loaded(tmp_path, CLAUDE_DESKTOP, "claude_desktop_config.json"))
    folders = ("/Users/ada/Desktop", "/Users/ada/Downloads")
    assert found == {
        "filesystem": stdio("npx", "-y", "@modelcontextprotocol/server-filesystem", *folders),
        "brave-search": stdio("npx", "-y", "@modelcontextprotocol/server-brave-search", BRAVE_API_KEY="BSA-1"),
    }


def test_the_file_of_claude_code_is_understood(tmp_path: Path) -> None:
    found = options_by_name(loaded(tmp_path, CLAUDE_CODE, ".mcp.json", GITHUB_TOKEN="ghp"))
    assert found == {
        "github": remote("http", "https://api.githubcopilot.com/mcp/", Authorization="Bearer ghp"),
        "asana": remote("sse", "https://mcp.asana.com/sse"),
        "db": stdio("npx", "-y", "@bytebase/dbhub"),
    }


def test_the_file_of_cursor_is_understood_with_its_comments(tmp_path: Path) -> None:
    """Its folder .cursor lies in the project's."""
    found = options_by_name(loaded(tmp_path, CURSOR, ".cursor/mcp.json", API_KEY="k"))
    assert found == {
        "local": stdio("python", f"{tmp_path}/tools/mcp_server.py", API_KEY="k"),
        "remote": remote("http", "http://localhost:3000/mcp", API_KEY="k"),
    }


def test_the_file_of_vs_code_is_understood_with_its_inputs(tmp_path: Path) -> None:
    found = options_by_name(loaded(tmp_path, VSCODE, ".vscode/mcp.json", PERPLEXITY_KEY="p"))
    assert found == {
        "perplexity": stdio("npx", "-y", "server-perplexity-ask", PERPLEXITY_API_KEY="p", PORT="8080"),
        "fetch": remote("http", "https://fetch.example.com/mcp"),
    }


def test_the_settings_of_vs_code_are_understood(tmp_path: Path) -> None:
    found = options_by_name(loaded(tmp_path, VSCODE_SETTINGS, "settings.json"))
    assert found == {"time": stdio("uvx", "mcp-server-time")}


def test_the_file_of_windsurf_is_understood(tmp_path: Path) -> None:
    found = options_by_name(loaded(tmp_path, WINDSURF, "mcp_config.json"))
    assert found == {
        "figma": remote("http", "https://mcp.figma.com/mcp"),
        "linear": remote("sse", "https://mcp.linear.app/sse"),
    }


def test_the_settings_of_gemini_are_understood(tmp_path: Path) -> None:
    """An httpUrl is never server-sent events, whatever its path."""
    found = options_by_name(loaded(tmp_path, GEMINI, "settings.json"))
    assert found == {
        "slow": remote("http", "https://tools.example.com/sse"),
        "both": remote("http", "https://new.example.com/mcp"),
        "run": stdio("./run.sh") | {"cwd": "/srv/tools"},
    }


def test_the_file_of_codex_is_understood(tmp_path: Path) -> None:
    found = options_by_name(loaded(tmp_path, CODEX, "config.toml", FIGMA_TOKEN="f", FIGMA_TEAM="blue"))
    context7 = stdio("npx", "-y", "@upstash/context7-mcp", MY_ENV_VAR="MY_ENV_VALUE")
    headers = {"X-Figma-Region": "us-east-1", "X-Team": "blue", "Authorization": "Bearer f"}
    assert found == {
        "context7": context7 | {"connect_timeout": 20, "call_timeout": 45.5},
        "figma": remote("http", "https://mcp.figma.com/mcp", **headers),
    }


def test_toml_may_have_the_shape_of_the_json_hosts(tmp_path: Path) -> None:
    text = '[mcpServers.a]\ncommand = "a"\n[servers.b]\ncommand = "b"\n[mcp.servers.c]\ncommand = "c"\n'
    assert options_by_name(loaded(tmp_path, text, "tools.TOML")) == {"a": stdio("a"), "b": stdio("b"), "c": stdio("c")}
