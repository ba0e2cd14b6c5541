"""What is known of an applicant already and need not be typed again (QN20 Đ17.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Row
from sqlalchemy.orm import Session, object_session

from app.models import Account, Dossier, Form, FormField, FormRevision, ProcedureVersion
from app.models.account import IdKind
from app.models.form_words import BLOCK_KINDS, FieldKind
from app.services.eform_columns import choices
from app.services.eform_values import tidy
from app.text import fold
from app.workflows.states import State

_SETTLED = (State.finished, State.returned)
_LOOKED_AT = 10  # of the applicant's latest dossiers


@dataclass(frozen=True)
class Known:
    """What is known, by the key of the question; and from which dossier it is, if from one."""

    answers: dict[str, Any]
    dossiers: dict[str, int] = field(default_factory=dict)


def known_answers(form: Form, account: Account, within: ColumnElement[bool] | None = None) -> Known:
    """Return what the applicant's profile and earlier dossiers answer.

    within: which dossiers may be used; None: all of his.
    """
    found = {f.key: _from_profile(f, account) for f in form.fields()
             if f.prefill and f.prefill not in _FROM_DOSSIERS}  # fmt: skip
    wanted = [f for f in form.fields() if f.prefill in _FROM_DOSSIERS]
    session, dossiers = object_session(form), dict[str, int]()
    if wanted and session is not None and account.id is not None:
        earlier = _from_dossiers(session, wanted, account, within)
        found |= earlier.answers
        dossiers = earlier.dossiers
    fields = {f.key: f for f in form.fields()}
    return Known({key: tidy(fields[key], value) for key, value in found.items()}, dossiers)


_FROM_DOSSIERS = {"earlier": None, "store": _SETTLED}


def _from_dossiers(
    session: Session, wanted: list[FormField], account: Account, within: ColumnElement[bool] | None
) -> Known:
    """Return the latest answer to the same key of the same kind in a dossier of the applicant."""
    rows = _latest(session, account, within)
    kinds = _kinds(session, {row.form_id for row in rows if row.form_id})
    found = Known({})
    for asked in wanted:
        states = _FROM_DOSSIERS[str(asked.prefill)]
        for row in rows:
            is_same = kinds.get((row.form_id, asked.key)) == asked.kind
            if is_same and (states is None or row.state in states) and (row.data or {}).get(asked.key):
                found.answers[asked.key], found.dossiers[asked.key] = row.data[asked.key], row.id
                break
    return found


def _latest(session: Session, account: Account, within: ColumnElement[bool] | None) -> Sequence[Row[Any]]:
    """Return (id, state, form, latest answers) of the applicant's dossiers, the last sent first."""
    newest = sa.select(sa.func.max(FormRevision.id)).where(FormRevision.dossier_id == Dossier.id)
    last = newest.correlate(Dossier).scalar_subquery()
    query = (
        sa.select(Dossier.id, Dossier.state, ProcedureVersion.form_id, FormRevision.data)
        .join(ProcedureVersion, Dossier.version_id == ProcedureVersion.id)
        .join(FormRevision, FormRevision.dossier_id == Dossier.id)
        .where(Dossier.account_id == account.id, FormRevision.id == last)
        .order_by(Dossier.submitted_at.desc(), Dossier.id.desc())
        .limit(_LOOKED_AT)
    )
    return session.execute(query if within is None else query.where(within)).all()


def _kinds(session: Session, form_ids: set[int]) -> dict[tuple[int | None, str], str]:
    """Return {(form, key): kind} of the applicant's own questions; an officer's stay with officers."""
    from app.models import FormSection

    query = (
        sa.select(FormSection.form_id, FormField.key, FormField.kind)
        .join(FormField.section)
        .where(FormSection.form_id.in_(form_ids), FormField.filled_by.is_(None))
    )
    return {(form_id, key): kind for form_id, key, kind in session.execute(query)}


def _from_profile(field: FormField, account: Account) -> Any:
    if field.prefill == "applicant" or field.kind in BLOCK_KINDS:
        return _block(field, account)
    if field.prefill == "nationality":
        return _nationality(field, account)
    value: Any = getattr(account, str(field.prefill), None)
    if field.prefill == "id_number" and field.kind == FieldKind.personal_id:
        return value if account.id_kind == IdKind.personal_id else None
    if field.kind == FieldKind.address:
        return _address(account)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _nationality(field: FormField, account: Account) -> str | None:
    """Return Việt Nam as the form has it; who is known by a foreign passport answers himself."""
    if account.id_kind == IdKind.passport:
        return None
    named = {fold(label): value for value, label in choices(field)}
    return named.get("viet nam", "Việt Nam" if field.kind == FieldKind.text else None)


def _block(field: FormField, account: Account) -> Any:
    is_organisation = account.id_kind == IdKind.tax_code
    if is_organisation != (field.kind == FieldKind.organisation):
        return None  # a person is no organisation: nothing of one fits the other
    own = {"name": account.name, "phone": account.phone, "email": account.email,
           "address": _address(account)}  # fmt: skip
    if is_organisation:
        return {**own, "tax_code": account.id_number}
    number = account.id_number if account.id_kind == IdKind.personal_id else None
    born = account.born_on.isoformat() if account.born_on else None
    return {**own, "id_number": number, "born_on": born, "gender": account.gender}


def _address(account: Account) -> dict[str, str]:
    return {"unit": account.unit.code if account.unit else "", "detail": _street(account)}


def postal_address(account: Account) -> str:
    """Return the whole address of an account: street, ward or commune, province; "" where none is known."""
    units = (account.unit, account.unit.parent) if account.unit is not None else ()
    parts = [_street(account), *(unit.full_name for unit in units if unit is not None)]
    return ", ".join(part for part in parts if part)


def _street(account: Account) -> str:
    """Return the address without the names of the units, which are chosen from the catalog."""
    units = (account.unit, account.unit.parent) if account.unit is not None else ()
    named = {fold(unit.full_name) for unit in units if unit is not None}
    parts = (part.strip() for part in (account.address or "").split(","))
    return ", ".join(part for part in parts if fold(part) not in named)
