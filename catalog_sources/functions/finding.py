"""Which functions a value stands for: itself, or those that it holds."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias, TypeGuard

Function: TypeAlias = Callable[..., Any]


class Unusable(ValueError):
    """What cannot be a tool; the message says where it is, why, and what to do."""


def functions_in(value: Any, reference: str) -> Iterator[tuple[str, Function | Unusable]]:
    """Yield each function with the name that it is called by; in place of what is none, why it is left out.

    A function stands for itself, a list or tuple for each in it, a dictionary for each under its key, a module for its
    public functions (``__all__``, else those that were written in it), any other object for its public methods.

    Args:
        value: What the configuration names.
        reference: How it is named there: ``module:attribute``.
    """
    if is_function(value):
        yield value.__name__, value
    elif _is_table(value):
        yield from _checked(((str(key), each) for key, each in value.items()), reference)
    elif _is_group(value):
        yield from _checked(((getattr(each, "__name__", ""), each) for each in value), reference)
    elif isinstance(value, ModuleType):
        yield from _checked(_public(value), reference)
    elif isinstance(value, type) or callable(value) or _is_plain(value):
        yield reference, Unusable(f"{reference} is {_called(value)}; name a function, or what holds functions")
    else:
        yield from _methods(value)


def is_function(value: Any) -> bool:
    """Whether a value is a function, a bound method, or one that is built in."""
    return inspect.isroutine(value) and hasattr(value, "__name__")


def place_of(function: Function) -> str:
    """Return where a function is written: ``file.py:12``; its module, where there is no file."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return str(getattr(function, "__module__", None) or "built in")
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"


def _checked(values: Iterable[tuple[str, Any]], reference: str) -> Iterator[tuple[str, Function | Unusable]]:
    for index, (name, value) in enumerate(values):
        if is_function(value):
            yield name, value
        else:
            yield name, Unusable(f"{reference}: item {name or index} is {_called(value)}; put a function there")


def _public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    names = getattr(module, "__all__", None)
    if names is not None:
        yield from ((name, getattr(module, name, None)) for name in names)
        return
    for name, value in vars(module).items():
        if not name.startswith("_") and inspect.isfunction(value) and value.__module__ == module.__name__:
            yield name, value


def _methods(value: Any) -> Iterator[tuple[str, Function]]:
    """Yield the public methods, without running any property."""
    for name, static in inspect.getmembers_static(value):
        if not name.startswith("_") and (inspect.isroutine(static) or isinstance(static, classmethod | staticmethod)):
            method = getattr(value, name)
            if is_function(method):
                yield name, method


def _is_table(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_group(value: Any) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, list | tuple | set | frozenset)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | bytes | int | float)


def _called(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}, not an instance of it"
    return f"of the type {type(value).__name__}"
