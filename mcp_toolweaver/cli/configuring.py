"""Finds the configuration, and tells the owner what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

from platformdirs import user_config_path

from mcp_toolweaver.config import Configuration, load
from mcp_toolweaver.telemetry.logs import configure

_OURS = ("toolweaver.toml", "toolweaver.json")
_OF_PROJECT = ".mcp.json"


def configuration(path: Path | None, *, log_level: str | None = None) -> Configuration:
    """Read the configuration at ``path``, or else at the usual places; problems go to stderr.

    The usual places are ``toolweaver.toml`` and ``toolweaver.json`` in the current folder, ``toolweaver.toml`` in the
    user's configuration folder, and ``.mcp.json`` in the current folder.
    """
    chosen = path or usual_configuration()
    loaded = load(chosen)
    configure(log_level or loaded.settings.log_level)
    for problem in loaded.problems:
        sys.stderr.write(f"toolweaver: {problem}\n")
    if chosen is None:
        sys.stderr.write("toolweaver: no configuration was found; name one with --config FILE\n")
    return loaded


def is_usable(loaded: Configuration) -> bool:
    """Whether there is anything to work with; if not, the problems have been told."""
    return bool(loaded.sources) or not loaded.problems


def default_configuration() -> Path:
    """Return the file of ours that is found without naming one, or else the place of the user's own."""
    return next((Path(name) for name in _OURS if Path(name).is_file()), _of_user())


def usual_configuration() -> Path | None:
    """Return the configuration that is found without naming one; None if there is none."""
    places = [*(Path(name) for name in _OURS), _of_user(), Path(_OF_PROJECT)]
    return next((place for place in places if place.is_file()), None)


def _of_user() -> Path:
    return user_config_path("toolweaver", appauthor=False) / "toolweaver.toml"
