"""Named parts of the catalog, and what calls of tools do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mcp_toolweaver.config.setting_types import Text, lower
from mcp_toolweaver.core.access import EFFECTS, Effect, Profile, Rules
from mcp_toolweaver.core.json_values import is_array

EffectSetting: TypeAlias = Annotated[Effect, BeforeValidator(lower)]


def _listed(value: Any) -> Any:
    """Take one text for a list of it."""
    return [value] if isinstance(value, str) else value


_Patterns: TypeAlias = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
_Effects: TypeAlias = Annotated[tuple[EffectSetting, ...], BeforeValidator(_listed)]


class RuleSettings(BaseModel):
    """Patterns in which ``*`` stands for anything; a tool is meant if one of them is its own. A list is of servers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: _Patterns = ()
    domains: _Patterns = ()
    tools: _Patterns = ()
    """By the name that they are called by, or ``server::tool``."""
    kinds: _Patterns = ()
    """By what a call runs: ``mcp_worker``, ``function``, ``code_exec``, ``http``."""

    @model_validator(mode="before")
    @classmethod
    def _of_servers(cls, value: Any) -> Any:
        return {"servers": value} if isinstance(value, str) or is_array(value) else value

    @property
    def rules(self) -> Rules:
        """The same for those who go by it."""
        return Rules(self.servers, self.domains, self.tools, self.kinds)


class DenySettings(RuleSettings):
    """What is left out."""

    effects: _Effects = ()
    """Calls that are not made: of these effects."""


class ProfileSettings(BaseModel):
    """One part of the catalog. What is in none of its ``allow`` does not exist there, nor what ``deny`` names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: RuleSettings = RuleSettings()
    """What is in it; everything, if nothing is said."""
    deny: DenySettings = DenySettings()
    effects: _Effects | None = None
    """The only calls that are made: of these effects."""

    @field_validator("allow")
    @classmethod
    def _names_something(cls, allow: RuleSettings) -> RuleSettings:
        """Refuse an empty one, which could mean nothing as well as everything; a default is not asked."""
        if not allow.rules:
            raise PydanticCustomError("allow", "names nothing: leave it out for everything, deny servers * for nothing")
        return allow

    def profile(self, name: str) -> Profile:
        """Return the same for those who go by it."""
        permitted = EFFECTS if self.effects is None else frozenset(self.effects)
        return Profile(name, self.allow.rules, self.deny.rules, permitted - frozenset(self.deny.effects))


SHAPES: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): ProfileSettings,
    ("allow",): RuleSettings,
    ("deny",): DenySettings,
}
"""What is known of at each place inside of a profile."""
