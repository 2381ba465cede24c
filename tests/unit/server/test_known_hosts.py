"""What is known of hosts, and that its page says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_toolweaver.server.hosts import HOSTS, UNKNOWN, HostTraits, traits_of

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "hosts.md"


@pytest.mark.parametrize(
    ("client", "label"),
    [
        ("claude-code", "Claude Code"),
        ("claude-ai", "Claude Desktop"),
        ("codex-mcp-client", "Codex"),
        ("cursor-vscode", "Cursor"),
        ("Visual Studio Code", "VS Code"),
        ("Visual Studio Code - Insiders", "VS Code"),
        ("gemini-cli-mcp-client", "Gemini CLI"),
        ("Zed", "Zed"),
        ("something else", "any other"),
        ("", "any other"),
    ],
)
def test_a_host_is_known_by_what_it_calls_itself(client: str, label: str) -> None:
    assert traits_of(client).label == label


def test_the_page_shows_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert rows[2:] == [_row(host) for host in (*HOSTS, UNKNOWN)]


def _row(host: HostTraits) -> str:
    again = {None: "found out", True: "yes", False: "no"}[host.lists_again]
    return f"| {host.label} | `{host.client}` | {again} | {host.most_tools or ''} | {host.told} |"
