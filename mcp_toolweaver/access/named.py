"""The profile that somebody is bound to by name. One that is gone lets them do nothing, never everything."""

from __future__ import annotations

from collections.abc import Mapping

from mcp_toolweaver.core.access import NotAllowed, Profile


def named(name: str, profiles: Mapping[str, Profile], whose: str) -> Profile:
    """Return the profile of a name.

    Raises:
        NotAllowed: there is none.
    """
    if (found := profiles.get(name)) is None:
        raise NotAllowed(f"{whose} is bound to the profile '{name}', which is not in the configuration")
    return found
