"""The words of fees by rule: a published fee, a relief, what is known of a dossier, a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from app.workflows.wording import Phrase

MAX_COUNT = 1000
EVERYTHING = 100  # per cent


class Basis(StrEnum):
    """What the amount of a rule is counted by."""

    fixed = "fixed"  # once for a dossier
    unit = "unit"  # for each copy, person, product …
    page = "page"  # for each page, the first ones perhaps dearer, with a cap for one copy


@dataclass(frozen=True)
class Relief:
    """Who pays less: a subject of the catalog, with the percentage forgiven (100 = exempt)."""

    subject: str
    name: str
    percent: int = EVERYTHING
    legal_basis: str = ""


@dataclass(frozen=True)
class FeeRule:
    """One published fee. Amounts are whole đồng; empty conditions hold for everybody.

    channel: any, counter, online or post. level, agency: who must handle it. case: chosen by the
    applicant, unless ``case_field`` names the answer that decides (equal to ``case_value``).
    first_units, further_amount: another amount for each unit after the first ones.
    most_amount: cap of one copy. count_field: the answer that holds the number, "field" or
    "table:units:pieces". online_*: off when sent online.
    """

    key: int
    name: str
    amount: int
    kind: str = "le_phi"
    channel: str = "any"
    basis: str = Basis.fixed
    unit: str = ""
    first_units: int = 0
    further_amount: int = 0
    most_amount: int = 0
    case: str = ""
    case_field: str = ""
    case_value: str = ""
    count_field: str = ""
    level: str = ""
    agency: int = 0
    online_percent: int = 0
    online_amount: int = 0
    is_optional: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    due: str = ""
    legal_basis: str = ""
    reliefs: tuple[Relief, ...] = ()


@dataclass(frozen=True)
class Count:
    """How many units (pages of one copy, persons …) and how many such pieces (copies)."""

    units: int = 1
    pieces: int = 1


@dataclass(frozen=True)
class Facts:
    """What is known of a dossier: where it goes, what was answered, chosen and claimed.

    agencies: ids of the handling agency and those above it, nearest first. counts, wanted: by
    the key of a rule. subjects: the reliefs that are claimed.
    """

    channel: str
    on: date
    level: str = ""
    agencies: tuple[int, ...] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)
    case: str = ""
    counts: Mapping[int, tuple[Count, ...]] = field(default_factory=dict)
    wanted: frozenset[int] = frozenset()
    subjects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Line:
    """What one rule comes to: before and after reductions, why, and by which relief."""

    rule: FeeRule
    full: int
    amount: int
    counts: tuple[Count, ...]
    steps: tuple[Phrase, ...]
    relief: Relief | None = None

    @property
    def legal_basis(self) -> str:
        """The basis of the fee and, where one was granted, of the relief."""
        parts = [self.rule.legal_basis, self.relief.legal_basis if self.relief else ""]
        return "; ".join(dict.fromkeys(part for part in parts if part))
