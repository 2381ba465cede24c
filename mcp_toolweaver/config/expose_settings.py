"""What hosts see in our list of tools."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from mcp_toolweaver.config.setting_types import Count, Text, lower

Mode: TypeAlias = Annotated[Literal["auto", "search", "direct", "dynamic"], BeforeValidator(lower)]


class ExposeSettings(BaseModel):
    """What the host sees in our list of tools, beside those that find the others. A text alone is the mode."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    by_text: ClassVar[str] = "mode"

    mode: Mode = "auto"
    """``auto`` lists all tools if they are few, ``search`` none, ``direct`` all, ``dynamic`` what a search found."""
    direct_threshold: Count = 20
    """``auto`` lists a catalog of at most so many tools; 0 always searches."""
    pin: tuple[Text, ...] = ()
    """Tools that are listed for everyone, by any name that calls them."""
    clients: dict[Text, Mode] = {}
    """Modes of their own for some hosts, by what they call themselves; ``*`` stands for anything."""
