"""The rules of fees in a citizen's words: how much, for whom, in which case, when."""

from flask_babel import gettext as _

from app.lowcode.values import inside_sentence, money
from app.models import Fee, ProcedureVersion
from app.models.procedure_words import CHANNELS, FEE_LEVELS, FEE_MOMENTS
from app.workflows.fee_rules import Basis


def fee_amount(fee: Fee) -> str:
    """Return the amount of one fee with its unit, or what is said instead of an amount."""
    if not fee.amount:
        return fee.note or _("No fee")
    parts = [_per_unit(fee.amount, fee.unit_name)]
    if fee.first_units and fee.further_amount is not None:
        further = _per_unit(fee.further_amount, fee.unit_name)
        parts.append(_("from number %(number)d on %(amount)s",
                       number=fee.first_units + 1, amount=further))  # fmt: skip
    if fee.most_amount:
        parts.append(_("at most %(amount)s for one copy", amount=money(fee.most_amount)))
    return "; ".join(parts)


def _per_unit(amount: int, unit: str | None) -> str:
    return f"{money(amount)}/{unit}" if unit else money(amount)


def conditions(fee: Fee) -> list[str]:
    """Return when the rule applies, one sentence each; [] for always."""
    found = []
    if fee.case_label:
        found.append(_("Case: %(case)s", case=fee.case_label))
    if fee.is_optional:
        found.append(_("Only if you ask for it"))
    if fee.channel != "any":
        found.append(_("Sent this way: %(channel)s", channel=inside_sentence(_(CHANNELS[fee.channel]))))
    if fee.agency is not None:
        found.append(_("Only at: %(agency)s", agency=fee.agency.name))
    elif fee.agency_level:
        found.append(_("Handled at: %(level)s",
                       level=inside_sentence(_(FEE_LEVELS[fee.agency_level]))))  # fmt: skip
    return found + _period(fee)


def _period(fee: Fee) -> list[str]:
    if fee.valid_from and fee.valid_to:
        return [_("From %(start)s to %(end)s", start=f"{fee.valid_from:%d/%m/%Y}",
                  end=f"{fee.valid_to:%d/%m/%Y}")]  # fmt: skip
    if fee.valid_to:
        return [_("Until %(end)s", end=f"{fee.valid_to:%d/%m/%Y}")]
    return [_("From %(start)s", start=f"{fee.valid_from:%d/%m/%Y}")] if fee.valid_from else []


def reductions(fee: Fee) -> list[str]:
    """Return who pays less and by how much, with the law; [] for nobody."""
    found = []
    if fee.online_percent:
        found.append(_("Less %(percent)s%% for applying online", percent=fee.online_percent))
    if fee.online_amount:
        found.append(_("Less %(amount)s đồng for applying online",
                       amount=money(fee.online_amount).removesuffix(" đồng")))  # fmt: skip
    for row in fee.exemptions:
        words = (_("Exempt: %(subject)s", subject=row.subject.name) if row.percent >= 100 else
                 _("Less %(percent)s%%: %(subject)s", percent=row.percent, subject=row.subject.name))  # fmt: skip
        basis = row.legal_basis or row.subject.legal_basis
        found.append(f"{words} ({basis})" if basis else words)
    return found


def moment(fee: Fee, version: ProcedureVersion) -> str:
    """Return when the fee is paid, in words."""
    return _(FEE_MOMENTS[fee.due or version.fee_due])


def counting_label(fee: Fee) -> str:
    """Return what one is asked for to count a fee: "Số trang", "Số bản"…"""
    unit = fee.unit_name or (_("page") if fee.basis == Basis.page else _("time"))
    return _("Number: %(unit)s", unit=unit)
