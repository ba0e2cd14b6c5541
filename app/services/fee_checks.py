"""Whether the rules of a version's fees can be applied: to its form, its channels, each other."""

from collections.abc import Iterator

from flask_babel import gettext as _

from app.models import Fee, ProcedureVersion

Doubt = tuple[str, str]  # (what is wrong, in words; "warning" or "fault")


def fee_doubts(version: ProcedureVersion) -> Iterator[Doubt]:
    """Yield what is doubtful about the fees of a version; nothing if all can be computed.

    An answer that no field of the form holds is a fault: the fee could never be computed. So is money
    demanded without any legal basis: fees are collected as the law on fees and charges says (QN20 Đ14.2),
    and a procedure shows its basis (HCM24 Đ7.1b). A published list often names one basis for all of it.
    """
    yield from _unknown_answers(version)
    yield from _without_basis(version)
    yield from _alone(version)


def _unknown_answers(version: ProcedureVersion) -> Iterator[Doubt]:
    keys = {f.key for f in version.form.fields()} if version.form is not None else set()
    for fee in version.fees:
        named = {fee.case_field or "", (fee.count_field or "").partition(":")[0]} - {""}
        for key in sorted(named - keys):
            yield _("Fee “%(fee)s”: the form has no field “%(key)s”", fee=fee.name, key=key), "fault"


def _without_basis(version: ProcedureVersion) -> Iterator[Doubt]:
    names = [fee.name for fee in version.fees if fee.amount and not fee.legal_basis]
    if names and not (version.legal_basis or "").strip():
        yield _("Money is demanded without any legal basis: %(names)s. Give the basis of the fee, or that of the "
                "procedure.", names=", ".join(names[:3])), "fault"  # fmt: skip
    elif names:
        yield _("No legal basis of its own is given for: %(names)s", names=", ".join(names[:3])), "warning"


def _alone(version: ProcedureVersion) -> Iterator[Doubt]:
    """A single case to choose is no choice: either it always applies, or others are missing."""
    cases = {fee.case_label for fee in version.fees if _is_chosen(fee)}
    rest = [fee for fee in version.fees if fee.amount and not fee.case_label]
    if len(cases) == 1 and not rest:
        yield _("Only one case of the fee is named: %(case)s", case=next(iter(cases)) or ""), "warning"


def _is_chosen(fee: Fee) -> bool:
    return bool(fee.amount and fee.case_label and not fee.case_field)
