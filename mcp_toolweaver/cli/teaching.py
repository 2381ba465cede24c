"""What ``--help`` teaches: where each command belongs, an example of it, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import typer

_START, _USE, _HOSTS, _SERVERS, _KEEP = "Start here", "Search and call", "Hosts", "Servers", "Where things are kept"


class Lesson(NamedTuple):
    """What is told of a command."""

    panel: str
    example: str
    following: str = ""


LESSONS: Mapping[str, Lesson] = {
    "demo": Lesson(_START, "toolweaver demo --words-only", "toolweaver import --dry-run"),
    "import": Lesson(_START, "toolweaver import --from cursor --dry-run", "toolweaver list"),
    "list": Lesson(_START, "toolweaver list --timing", "toolweaver doctor, for what is not ready"),
    "doctor": Lesson(_START, "toolweaver doctor --json", "toolweaver logs SERVER"),
    "completion": Lesson(_START, "source <(toolweaver completion bash)", "the Tab key"),
    "search": Lesson(_USE, 'toolweaver search "send a mail to the team" -n 3', "toolweaver call NAME JSON"),
    "explain": Lesson(_USE, 'toolweaver explain "send a mail" --tool mail__send', "toolweaver eval, for many queries"),
    "call": Lesson(_USE, """toolweaver call time__get_current_time '{"timezone": "Asia/Tokyo"}'"""),
    "eval": Lesson(_USE, "toolweaver eval --queries queries.jsonl --failures 5", "the same with --tune"),
    "connect": Lesson(_HOSTS, "toolweaver connect cursor --dry-run", "toolweaver status, once the host is started"),
    "disconnect": Lesson(_HOSTS, "toolweaver disconnect cursor"),
    "serve": Lesson(_HOSTS, "toolweaver serve --http 127.0.0.1:8321", "toolweaver status"),
    "status": Lesson(_HOSTS, "toolweaver status --json"),
    "token": Lesson(_HOSTS, "toolweaver token add laptop --expires 30d", "toolweaver serve --http"),
    "logs": Lesson(_SERVERS, "toolweaver logs github --follow", "toolweaver list github"),
    "login": Lesson(_SERVERS, "toolweaver login github", "toolweaver list github"),
    "logout": Lesson(_SERVERS, "toolweaver logout github"),
    "secret": Lesson(_SERVERS, "toolweaver secret set github", "${keyring:toolweaver/github} in the configuration"),
    "registry": Lesson(_SERVERS, 'toolweaver registry search "browser"', "toolweaver add NAME"),
    "add": Lesson(_SERVERS, "toolweaver add io.github.example/weather --dry-run", "toolweaver list"),
    "remove": Lesson(_SERVERS, "toolweaver remove weather --dry-run"),
    "index": Lesson(_KEEP, "toolweaver index status"),
    "cache": Lesson(_KEEP, "toolweaver cache stats"),
}
"""By command; a test wants one for each."""

EXAMPLES: Mapping[str, str] = {
    "registry search": 'toolweaver registry search "browser automation" -n 3',
    "registry show": "toolweaver registry show io.github.example/weather",
    "index status": "toolweaver index status --json",
    "index rebuild": "toolweaver index rebuild --embed",
    "index export": "toolweaver index export vectors.bin",
    "index import": "toolweaver index import vectors.bin",
    "cache stats": "toolweaver cache stats --json",
    "cache clear": "toolweaver cache clear",
    "token add": "toolweaver token add laptop --expires 30d --read-only",
    "token list": "toolweaver token list",
    "token revoke": "toolweaver token revoke laptop",
    "secret set": "toolweaver secret set github",
    "secret list": "toolweaver secret list",
    "secret remove": "toolweaver secret remove github",
}
"""By command of a group."""


def teach(app: typer.Typer) -> None:
    """Put the commands into their panels, in the order of the lessons, each with an example under its help."""
    infos: list[Any] = [*app.registered_commands, *app.registered_groups]
    for info in infos:
        lesson = LESSONS.get(name_of(info))
        if lesson is not None:
            info.rich_help_panel = lesson.panel
            following = f". Next: {lesson.following}." if lesson.following else ""
            info.epilog = f"Example: {lesson.example}{following}"
    for group in app.registered_groups:
        for command in group.typer_instance.registered_commands if group.typer_instance else ():
            command.epilog = f"Example: {EXAMPLES[f'{name_of(group)} {name_of(command)}']}"
    order = {name: place for place, name in enumerate(LESSONS)}
    app.registered_commands.sort(key=lambda info: order.get(name_of(info), len(order)))


def name_of(info: Any) -> str:
    """Return what a command or a group of them is called."""
    return str(info.name or getattr(info.callback, "__name__", "")).rstrip("_")
