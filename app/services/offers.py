"""One act as a page offers it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Offer:
    """One act: what it is called, what it does, what its form asks."""

    name: str
    title: str
    consequence: str
    label: str = ""
    clause: str = ""
    icon: str = "check"
    tone: str = ""
    is_main: bool = False
    blocked: str = ""  # what must be done first
    effects: str = ""  # state, letter, who is told, where a row of the life cycle says so
    facts: dict[str, Any] = field(default_factory=dict)
    key: str = ""  # tells acts of the same name apart where several steps are open

    def __post_init__(self) -> None:
        self.key = self.key or self.name
