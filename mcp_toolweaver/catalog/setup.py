"""What is to be known of a source before it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_toolweaver.core.policy import SourcePolicy


@dataclass(frozen=True, slots=True)
class SourceSetup:
    """What a runner needs to know of its source."""

    name: str
    kind: str
    options: Mapping[str, Any]
    origin: str
    """Where it is configured (file and key), for messages."""
    domain: str | None = None
    """The domain of its tools, where the owner gave one."""
    refused: str | None = None
    """Why it must not be opened, where its configuration is wrong; the owner was told already."""
    policy: SourcePolicy = field(default_factory=SourcePolicy)

    def is_opened_as(self, other: SourceSetup) -> bool:
        """Whether an open source of one may stay open for the other, with the same tools under the same names."""
        mine, its = (self.name, self.kind, self.options), (other.name, other.kind, other.options)
        said, its_said = (
            (self.domain, self.policy.prefix, self.refused),
            (other.domain, other.policy.prefix, other.refused),
        )
        return mine == its and said == its_said
