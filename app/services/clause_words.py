"""Clauses as people cite them: the tables hold short codes, pages say which regulation is meant."""

import re

from flask_babel import gettext as _

from app.i18n import N_

_KNOWN = {
    "HUE25": N_("Decision 08/2025/QĐ-UBND of Huế city"), "QN20": N_("Decision 24/2020/QĐ-UBND of Quảng Nam province"),
    "HCM24": N_("Decision 39/2024/QĐ-UBND of Hồ Chí Minh City"),
    "TTH17": N_("Decision 88/2017/QĐ-UBND of Thừa Thiên Huế province"),
}  # fmt: skip
_DECREE = re.compile(r"NĐ (\d+/\d{4})(?:/NĐ-CP)?")
_ARTICLE = re.compile(r",? Đ(?=\d)")


def in_full(clause: str) -> str:
    """Return e.g. "QN20 Đ12.3; NĐ 61/2018 Đ17" as "Quyết định 24/2020/QĐ-UBND …, Điều 12.3; Nghị định …, Điều 17"."""
    return "; ".join(_one(part.strip()) for part in clause.split(";") if part.strip())


def _one(part: str) -> str:
    law, *articles = _ARTICLE.split(part)
    return ", ".join([_law(law), *(_("Article %(number)s", number=number) for number in articles)])


def _law(code: str) -> str:
    decree = _DECREE.fullmatch(code)
    if decree is not None:
        return _("Decree %(number)s/NĐ-CP", number=decree[1])
    known = _KNOWN.get(code)
    if known is not None:
        return _(known)
    return _("Circular %(rest)s", rest=code.removeprefix("TT ")) if code.startswith("TT ") else code
