"""Which operations become tools."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from catalog_sources.openapi.operations import Operation
from catalog_sources.openapi.options import OpenApiOptions
from catalog_sources.openapi.problems import Problems


class Selection:
    """Chooses by the owner's patterns, over ``METHOD /path``, operationId and tags, in any case of letters."""

    def __init__(self, options: OpenApiOptions) -> None:
        """Choose as the options say."""
        self._include = [pattern.lower() for pattern in options.include]
        self._exclude = [pattern.lower() for pattern in options.exclude]
        self._with_deprecated = options.include_deprecated
        self._fitted: set[str] = set()

    def takes(self, operation: Operation) -> bool:
        """Whether an operation becomes a tool."""
        names = [f"{operation.method} {operation.path}", operation.path, operation.identifier, *operation.tags]
        names = [name.lower() for name in names if name]
        is_included, is_excluded = self._any(self._include, names), self._any(self._exclude, names)
        is_deprecated = operation.raw.get("deprecated") is True and not self._with_deprecated
        return (is_included or not self._include) and not is_excluded and not is_deprecated

    def tell_unused(self, problems: Problems) -> None:
        """Tell which patterns fit no operation: they are probably misspelt."""
        for key, patterns in (("include", self._include), ("exclude", self._exclude)):
            for pattern in patterns:
                if pattern not in self._fitted:
                    problems.add(key, f"the pattern {pattern!r} fits no operation; correct it or take it out")

    def _any(self, patterns: Sequence[str], names: Sequence[str]) -> bool:
        fitting = [pattern for pattern in patterns if any(fnmatchcase(name, pattern) for name in names)]
        self._fitted.update(fitting)
        return bool(fitting)
