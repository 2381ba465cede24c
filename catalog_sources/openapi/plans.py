"""What is known of a tool's call before there are arguments."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_sources.openapi.bases import Base
from catalog_sources.openapi.bindings import Binding, BodyBinding
from catalog_sources.openapi.credentials import Needed


@dataclass(frozen=True, slots=True)
class Plan:
    """One operation, ready to be called."""

    method: str
    template: str
    base: Base
    bindings: tuple[Binding, ...]
    body: BodyBinding | None
    needed: Needed
    accept: str
    has_output_schema: bool

    @property
    def label(self) -> str:
        """The operation for people: ``GET /pets/{id}``."""
        return f"{self.method} {self.template}"
