"""What an entry wants that most servers need not, one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mcp_toolweaver.registry.entry import Argument, Input, Package

_LOADED = re.compile(
    r"(ld|dyld|npm|uv|pip|docker|toolweaver|git|ssl|jdk)_.*"
    r"|_?java(_tool)?_options|classpath|perl5(lib|opt|db)|ruby(opt|lib)"
    r"|python(path|home|startup|inspect|userbase|warnings|breakpoint|executable)"
    r"|node_(options|path|extra_ca_certs|tls_reject_unauthorized|repl_external_module)"
    r"|(https?|all|no|ftp)_proxy|(requests|curl)_ca_bundle|path|pathext|home|shell|bash_env|env|ifs|comspec|editor"
    r"|pager|browser|prompt_command|glibc_tunables|userprofile|appdata|localappdata|xdg_.*|te?mp(dir)?|systemroot",
    re.IGNORECASE,
)
"""Variables by which a program is made to load other code, or to load its own from elsewhere."""
_ASKED = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_USUAL: Mapping[str, frozenset[str]] = {
    "npm": frozenset({"-y", "--yes"}),
    "pypi": frozenset(),
    "oci": frozenset({"-i", "--interactive", "--rm"}),
}
"""Options that are there anyway."""


def unusual(way: str, arguments: Sequence[Argument]) -> list[Argument]:
    """Return the options for the program that runs a package, but those that it gets anyway."""
    return [each for each in arguments if not (_told([each]) in _USUAL[way] and not each.variables)]


def risks(
    way: str, package: Package, env: Mapping[str, str], args: Sequence[str], needs: Sequence[Input]
) -> Iterator[str]:
    """Yield what an owner may not want.

    Args:
        way: ``npm``, ``pypi`` or ``oci``.
        package: What the entry says.
        env: The variables that would be set; what the owner is to give is ``${NAME}``.
        args: The command line.
        needs: What the owner is to give.
    """
    if options := unusual(way, package.runtimeArguments):
        wants = "more of Docker than a container of its own"
        others = "options for the program that runs it, which are left out"
        yield f"it wants {wants if way == 'oci' else others}: {_told(options)[:200]!r}"
    for name, value in env.items():
        if _LOADED.fullmatch(name) and not _ASKED.fullmatch(value):
            yield f"it sets {name}, which can make programs load other code: {value[:80]!r}"
    for need in needs:
        if need.isSecret and any(f"${{{need.name}}}" in each for each in args):
            yield f"it wants the secret {need.name} on its command line, where other programs can read it"


def _told(arguments: Sequence[Argument]) -> str:
    return " ".join(part for each in arguments for part in (each.name, each.value or "") if part)
