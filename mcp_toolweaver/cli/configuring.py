"""Finds the configuration, and tells the owner what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

from platformdirs import user_config_path

from mcp_toolweaver.config import Configuration, load
from mcp_toolweaver.core.errors import Unavailable
from mcp_toolweaver.core.keyring_access import KEYRING
from mcp_toolweaver.telemetry.logs import configure

_OURS = ("toolweaver.toml", "toolweaver.json")
_OF_PROJECT = ".mcp.json"


def configuration(path: Path | None, *, log_level: str | None = None, is_needed: bool = True) -> Configuration:
    """Read the configuration at ``path``, or else at the usual places; problems go to stderr.

    The usual places are ``toolweaver.toml`` and ``toolweaver.json`` in the current folder, ``toolweaver.toml`` in the
    user's configuration folder, and ``.mcp.json`` in the current folder. Where ``is_needed`` is false, only the
    settings count, and nothing is told.
    """
    chosen = path or usual_configuration()
    allow_keyring()
    loaded = load(chosen)
    configure(log_level or loaded.settings.log_level)
    if not is_needed:
        return loaded
    for problem in loaded.problems:
        sys.stderr.write(f"toolweaver: {problem}\n")
    if chosen is None:
        sys.stderr.write("toolweaver: no configuration was found; name one with --config FILE\n")
    return loaded


def allow_keyring() -> None:
    """Let configurations that are read from here on refer to the keyring; it is opened by those that do."""
    KEYRING.set(_looked_up)


def _looked_up(service: str, name: str) -> str | None:
    from mcp_toolweaver.secrets.keyring import NO_KEYRING, system_keyring  # noqa: PLC0415

    keyring = system_keyring()
    if keyring is None:
        raise Unavailable("the keyring", NO_KEYRING)
    return keyring.get(service, name)


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
