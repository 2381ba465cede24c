"""Which package an entry names: from the index that its program asks, in one version that cannot become another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from mcp_toolweaver.registry.entry import Package
from mcp_toolweaver.registry.foreign import NotRunnable

_LONGEST = 300
_PART = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
_NAMES: Mapping[str, re.Pattern[str]] = {
    "npm": re.compile(r"(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*", re.IGNORECASE),
    "pypi": re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"),
    "oci": re.compile(
        rf"(?P<name>({_PART}(:[0-9]{{1,5}})?/)?{_PART}(/{_PART})*)(?P<tag>:[\w.-]{{1,128}})?(?P<digest>@sha256:[0-9a-f]{{64}})?",
        re.ASCII,
    ),
}
"""A scope and a name; a name; a host, a path, a tag and a digest."""

_VERSIONS: Mapping[str, re.Pattern[str]] = {
    "npm": re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?"),
    "pypi": re.compile(r"v?[0-9][0-9A-Za-z.!+_-]*"),
    "oci": re.compile(r"(?=[\w.-]*[0-9])\w[\w.-]{0,127}", re.ASCII),
}
"""One version. ``1``, ``1.x`` and ``beta`` are another one tomorrow; so is a tag of an image without a digit."""
_FILE = re.compile(r".*\.(tgz|tar|gz)", re.IGNORECASE)
"""npm takes a version that ends so for a file in the current folder."""

_INDEXES: Mapping[str, frozenset[tuple[str, ...]]] = {
    "npm": frozenset({("npmjs", "org")}),
    "pypi": frozenset({("pypi", "org")}),
    "oci": frozenset({("docker", "io"), ("docker", "com")}),
}
"""The last two labels of the hosts where each program looks by itself."""


def _is_own(way: str, host: str) -> bool:
    return tuple(host.casefold().split(".")[-2:]) in _INDEXES[way]


def pinned(way: str, package: Package) -> str:
    """Return what is to be run, as its program wants it: ``x@1.0.0``, ``x==1.0.0``, ``host/x:1.0.0``.

    Raises:
        NotRunnable: it is no package of that kind, lies in another index, or is not one version.
    """
    identifier = package.identifier
    if len(identifier) > _LONGEST or not _NAMES[way].fullmatch(identifier):
        raise NotRunnable(f"{identifier[:80]!r} is no name of a package of {way}")
    return _BY_WAY[way](package)


def _npm(package: Package) -> str:
    return f"{_in_own_index('npm', package)}@{_version('npm', package)}"


def _pypi(package: Package) -> str:
    return f"{_in_own_index('pypi', package)}=={_version('pypi', package)}"


def _oci(package: Package) -> str:
    """Return an image; where its registry is said beside it, its name begins with that."""
    parts = _NAMES["oci"].fullmatch(package.identifier)
    host = _host(package)
    if parts is None or (host and not _is_own("oci", host) and not re.fullmatch(rf"{_PART}(:[0-9]+)?", host)):
        raise NotRunnable(f"{package.registryBaseUrl[:80]!r} is no registry of images")
    elsewhere = "" if not host or _is_own("oci", host) or parts["name"].startswith(f"{host}/") else f"{host}/"
    tag, digest = parts["tag"] or "", parts["digest"] or ""
    if not digest:
        tag = f":{_version('oci', package, tag.removeprefix(':'))}"
    return f"{elsewhere}{parts['name']}{tag}{digest}"


_BY_WAY: Mapping[str, Callable[[Package], str]] = {"npm": _npm, "pypi": _pypi, "oci": _oci}


def _version(way: str, package: Package, given: str = "") -> str:
    version = given or package.version
    if not _VERSIONS[way].fullmatch(version) or (way == "npm" and _FILE.fullmatch(version)):
        told = repr(version[:40]) if version else "none is given"
        raise NotRunnable(f"{package.identifier} is not pinned to one version ({told})")
    return version


def _in_own_index(way: str, package: Package) -> str:
    """Return the name of a package, which its program looks for in its own index, where it may be another's."""
    host = _host(package)
    if host and not _is_own(way, host):
        raise NotRunnable(
            f"{package.identifier} is in another index than that of {way} ({host[:80]!r}); add it by hand"
        )
    return package.identifier


def _host(package: Package) -> str:
    """Return the host of the index that an entry names; empty if it names none."""
    url = package.registryBaseUrl
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        host, port = parts.hostname or "?", parts.port
    except ValueError:
        return "?"
    return f"{host}:{port}" if port else host if url else ""
