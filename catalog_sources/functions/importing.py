"""Importing what a configuration names, such as ``package.module:attribute``."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from catalog_sources.functions import folders
from mcp_toolweaver import ConfigurationError


def imported(reference: str, folder: Path | None) -> Any:
    """Import a module and return the attribute of it that a reference names. It may run for as long as it likes.

    Args:
        reference: ``package.module:attribute``; without an attribute it is the module.
        folder: Where modules are looked for first.

    Raises:
        ConfigurationError: it cannot be had; the message names the module, the line and what went wrong.
    """
    module, _, attribute = reference.partition(":")
    try:
        value: Any = importlib.import_module(module) if folder is None else _from_folder(module, folder)
    except ConfigurationError:
        raise
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise ConfigurationError(_failure(module, error)) from error
        raise ConfigurationError(_not_found(error.name, folder)) from error
    except (Exception, SystemExit) as error:
        raise ConfigurationError(_failure(module, error)) from error
    for step in filter(None, attribute.split(".")):
        try:
            value = getattr(value, step)
        except AttributeError as error:
            place = getattr(sys.modules.get(module), "__file__", None) or module
            raise ConfigurationError(f"functions: {place} has no {attribute!r}; correct {reference!r}") from error
    return value


def _from_folder(module: str, folder: Path) -> ModuleType:
    if not folder.is_dir():
        raise ConfigurationError(f"path: {folder} is no folder; name the one that holds the module {module!r}")
    with folders.importing_from(folder):
        found = importlib.import_module(module)
    file = getattr(found, "__file__", None)
    if file is not None and not Path(file).is_relative_to(folder):
        raise ConfigurationError(f"functions: the module {module!r} is {file}, not one in {folder}; rename yours")
    return found


def _not_found(name: str, folder: Path | None) -> str:
    where = f"in {folder}" if folder else "among what is installed"
    fix = "correct it" if folder else 'install its package, or name the folder that it lies in as "path"'
    return f"functions: there is no module {name!r} {where}; {fix}"


def _failure(module: str, error: BaseException) -> str:
    """Say what went wrong and where: in which line of the module, and where that was, if elsewhere."""
    what = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename:
        what, places = f"{type(error).__name__}: {error.msg}", [f"{error.filename}, line {error.lineno}"]
    else:
        frames = [each for each in traceback.extract_tb(error.__traceback__) if not _is_of_import(each.filename)]
        places = list(dict.fromkeys(f"{each.filename}, line {each.lineno}" for each in (frames[:1] + frames[-1:])))
    at = f" at {places[0]}" if places else ""
    inner = f" (raised in {places[-1]})" if len(places) > 1 else ""
    return f"functions: the module {module!r} cannot be imported{at}: {what}{inner}"


def _is_of_import(file: str) -> bool:
    return file.startswith("<frozen ") or file in {__file__, importlib.__file__}
