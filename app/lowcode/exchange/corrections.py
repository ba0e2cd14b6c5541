"""What is typed over faulty cells on the pages of an import, and how much of it is kept."""

from dataclasses import dataclass, field

from flask_babel import gettext as _

from app.errors import Invalid
from app.lowcode.exchange.reading import column_letter
from app.lowcode.pages import plain_number

MOST_TYPED = 2_000_000  # characters over all cells: one text may go over thousands of rows
LONGEST_TYPED = 20_000  # characters in one cell
_NAMED = 5  # places told of in a refusal
Place = tuple[str, int, int]  # sheet, row, column


@dataclass(frozen=True)
class Corrections:
    """What was typed on a page: {(sheet, row, column): text}, {(sheet, row)} to leave out, and to take after all."""

    texts: dict[Place, str] = field(default_factory=dict)
    skips: set[tuple[str, int]] = field(default_factory=set)
    taken: set[tuple[str, int]] = field(default_factory=set)


class TooLong(Invalid):
    """Some of what was typed was not kept; ``lost``: {(sheet, row, column): text}, to stay on the page."""

    def __init__(self, lost: dict[Place, str]) -> None:
        self.lost = lost
        places = [_("sheet “%(sheet)s”, row %(row)d, column %(letter)s", sheet=sheet, row=row, letter=column_letter(at))
                  for sheet, row, at in list(lost)[:_NAMED]]  # fmt: skip
        super().__init__(_(
            "These corrections are too long and were not kept; they still stand on this page: %(places)s. One cell "
            "takes at most %(one)s characters, all corrections together %(all)s. Shorten them, or correct the file "
            "and send it again.", places="; ".join(places) + ("…" if len(lost) > _NAMED else ""),
            one=plain_number(LONGEST_TYPED), all=plain_number(MOST_TYPED),
        ))  # fmt: skip


def take(kept: dict[Place, str], texts: dict[Place, str]) -> dict[Place, str]:
    """Put ``texts`` into ``kept`` as far as there is room; returns the others. One text over many rows stays whole."""
    fields: dict[tuple[str, int, str], list[Place]] = {}
    for (sheet, row, at), text in texts.items():
        fields.setdefault((sheet, at, text), []).append((sheet, row, at))
    total, lost = sum(map(len, kept.values())), {}
    for (_sheet, _at, text), places in fields.items():
        more = len(text) * len(places) - sum(len(kept.get(place, "")) for place in places)
        if len(text) > LONGEST_TYPED or (more > 0 and total + more > MOST_TYPED):
            lost |= dict.fromkeys(places, text)
        else:
            kept |= dict.fromkeys(places, text)
            total += more
    return lost
