"""The line above a signature: on whose authority somebody signs (NĐ 30/2020 Đ13; Phụ lục I, phần II.7).

"KT." where a deputy signs for the head; "TUQ." where the head has empowered somebody in writing for a
time. "TL." (a standing order of the office's working rules) and "TM." (for a collective) rest on rules
that the system does not know; it never writes them by itself.
"""

import re

from app.text import fold

_DEPUTY = "pho "
_WORDS = 2  # "Chủ tịch", "Giám đốc", "Trưởng phòng", "Chánh Văn phòng": enough to tell heads apart


def headed(office: str) -> str:
    """Return the head's title of a deputy's: "Phó Chủ tịch phường" → "Chủ tịch phường"; "" for others."""
    words = office.strip()
    if not fold(words).startswith(_DEPUTY):
        return ""
    head = words.split(maxsplit=1)[1]
    return head[:1].upper() + head[1:]


def authority(own: str, lent: str | None) -> list[str]:
    """Return the lines above the title of who signs: [] in his own right.

    own: his own title, "" without one; lent: the title of the post he was delegated, None if he signs
    with his own. Who heads something besides ("Phó Chủ tịch phường, Giám đốc Trung tâm") signs with that.
    """
    heads = [headed(one) for one in re.split(r",|;|\bkiêm\b", own) if one.strip()]
    if lent is None:
        return [f"KT. {heads[0]}"] if heads and all(heads) else []
    is_deputy = any(one and _start(one) == _start(lent) for one in heads)
    return [f"KT. {lent}" if is_deputy else f"TUQ. {lent}"]


def _start(title: str) -> list[str]:
    return fold(title).split()[:_WORDS]
