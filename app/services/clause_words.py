"""Clauses as people cite them: the tables hold short codes, pages say which regulation is meant."""

import re
from collections.abc import Container

from flask_babel import gettext as _

from app.i18n import N_

# A regulation of one province → (its profile, its name): it binds where that profile is in force, nowhere else.
_LOCAL = {
    "HUE25": ("hue_2025", N_("Decision 08/2025/QĐ-UBND of Huế city")),
    "QN20": ("quang_nam_2020", N_("Decision 24/2020/QĐ-UBND of Quảng Nam province")),
    "HCM24": ("hcmc_2024", N_("Decision 39/2024/QĐ-UBND of Hồ Chí Minh City")),
    "TTH17": ("thua_thien_hue_2017", N_("Decision 88/2017/QĐ-UBND of Thừa Thiên Huế province")),
}
_DECREE = re.compile(r"NĐ (\d+/\d{4})(?:/NĐ-CP)?")
_ARTICLE = re.compile(r",? Đ(?=\d)")
_PLACE = re.compile(r"(\d+)\.(\d+)(?:–(?:\d+\.)?(\d+))?([a-zđ]?)")


def legal_basis(clause: str, profiles: Container[str]) -> str:
    """Return e.g. "Căn cứ: khoản 3 Điều 12 Quyết định số …." for "QN20 Đ12.3": what binds under ``profiles``.

    profiles: codes of the profile in force and its bases. National law always binds; a clause that rests on other
    provinces' regulations alone is told as a source. "" for no clause.
    """
    parts, binding = _parts(clause), _binding(clause, profiles)
    words = "; ".join(_cited(*part) for part in binding or parts)
    if binding:
        return _("Legal basis: %(clauses)s.", clauses=words)
    return _("For reference: %(clauses)s.", clauses=words) if parts else ""


def in_words(ground: str, profiles: Container[str]) -> str:
    """Return a ground as people read it: clauses cited, where they bind; the name of a step as it is."""
    parts = _parts(ground)
    if not parts or not all(len(part) > 1 and _is_law(part[0]) for part in parts):
        return ground
    if binding := _binding(ground, profiles):
        return "; ".join(_cited(*part) for part in binding)
    return legal_basis(ground, profiles)


def _parts(clause: str) -> list[tuple[str, ...]]:
    return [tuple(_ARTICLE.split(part.strip())) for part in clause.split(";") if part.strip()]


def _binding(clause: str, profiles: Container[str]) -> list[tuple[str, ...]]:
    return [part for part in _parts(clause) if part[0] not in _LOCAL or _LOCAL[part[0]][0] in profiles]


def _is_law(code: str) -> bool:
    return code in _LOCAL or _DECREE.fullmatch(code) is not None or code.startswith("TT ")


def _cited(code: str, *places: str) -> str:
    if not places:
        return _law(code)
    return _("%(articles)s of %(law)s", articles=", ".join(_place(place) for place in places), law=_law(code))


def _place(text: str) -> str:
    found = _PLACE.fullmatch(text)
    if found is None:
        return _("Article %(number)s", number=text)
    article, first, last, point = found.groups()
    if point:
        return _("point %(point)s of clause %(clause)s of Article %(article)s", point=point, clause=first,
                 article=article)  # fmt: skip
    before = [_("clause %(number)s", number=number) for number in range(int(first), int(last or first))]
    words = _("clause %(clause)s of Article %(article)s", clause=last or first, article=article)
    return ", ".join([*before, words])


def _law(code: str) -> str:
    decree = _DECREE.fullmatch(code)
    if decree is not None:
        return _("Decree %(number)s/NĐ-CP", number=decree[1])
    if code in _LOCAL:
        return _(_LOCAL[code][1])
    return _("Circular %(rest)s", rest=code.removeprefix("TT ")) if code.startswith("TT ") else code
