"""At the counter before anything is received: whose desk, which procedure, who applies."""

import re
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app import history
from app.clock import now
from app.errors import Invalid, NotAllowed, NotFound
from app.i18n import N_
from app.models import Account, Agency, Component, Dossier, Fee, Procedure, ProcedureVersion
from app.models.account import GENDERS, ID_KINDS, IdKind, number_message
from app.models.account_login import let_login_follow
from app.models.agency import AgencyLevel
from app.models.form import FieldKind
from app.models.identifiers import tidy_number
from app.permissions import Actor, Role
from app.services.catalog import in_force
from app.services.eform_columns import Column
from app.services.eform_fields import problem
from app.services.eform_values import tidy
from app.services.identity_checks import refuse_other_person, settle_login
from app.services.official import official
from app.text import person_name
from app.workflows.publication import VersionState

DECLARATION = "to_khai"  # kind of paper: Tờ khai, đơn, văn bản đề nghị
_PHONE = Column("phone", "", FieldKind.phone, is_required=False)
# Beside the numbers of citizens: 1900 and 1800 services, and those of other countries (not +84, which has its rule).
_OTHER_PHONE = re.compile(r"1[89]00\d{4,6}|(?:\+|00)(?!84)[1-9]\d{6,14}", re.ASCII)
_EXTENSION = re.compile(
    r"(.*\d\)?)\s*(?:[-,x#(/]|ext\.?|máy lẻ|số lẻ|nhánh)\s*:?\s*\d{1,6}\)?", re.IGNORECASE
)
_MAX_PHONE = 20  # characters the records keep

FREQUENT = 12
_LOOK_BACK = timedelta(days=90)
_DESK = frozenset({Role.desk_officer})


def frequent_versions(session: Session, actor: Actor) -> list[ProcedureVersion]:
    """Return the procedures this officer's desks receive most, in force today."""
    counted = (
        sa.select(Dossier.procedure_id, sa.func.count().label("times"))
        .where(Dossier.desk_id.in_(desks_of(actor)), Dossier.submitted_at >= now() - _LOOK_BACK)
        .group_by(Dossier.procedure_id)
        .subquery()
    )
    query = (
        sa.select(ProcedureVersion)
        .join(Procedure, ProcedureVersion.procedure_id == Procedure.id)
        .join(counted, counted.c.procedure_id == Procedure.id)
        .where(*in_force())
        .options(joinedload(ProcedureVersion.procedure))
        .order_by(counted.c.times.desc(), Procedure.code)
        .limit(FREQUENT)
    )
    return list(session.scalars(query))


def get_version(session: Session, pk: int, *, late: bool = False) -> ProcedureVersion:
    """Return a version in force with its papers, fees and form; raises NotFound.

    late: for what was received on paper on an earlier day, also one that is in force no more.
    """
    usable = [ProcedureVersion.state.in_((VersionState.published, VersionState.retired))] if late else in_force()
    query = (
        sa.select(ProcedureVersion)
        .join(Procedure, ProcedureVersion.procedure_id == Procedure.id)
        .where(ProcedureVersion.id == pk, *usable)
        .options(
            joinedload(ProcedureVersion.procedure), joinedload(ProcedureVersion.form),
            selectinload(ProcedureVersion.components).joinedload(Component.document_type),
            selectinload(ProcedureVersion.fees).selectinload(Fee.exemptions),
        )
    )  # fmt: skip
    version = session.scalar(query)
    if version is None:
        raise NotFound(_("This procedure is not in force."))
    return version


def versions_before(session: Session, version: ProcedureVersion, since: date) -> list[ProcedureVersion]:
    """Return the other versions of a procedure that were in force on a day since then, the latest first."""
    other = ProcedureVersion
    query = sa.select(other).where(
        other.procedure_id == version.procedure_id, other.id != version.id,
        other.state.in_((VersionState.published, VersionState.retired)),
        sa.or_(other.valid_to.is_(None), other.valid_to >= since),
    )  # fmt: skip
    return list(session.scalars(query.order_by(other.number.desc())))


def desks_of(actor: Actor) -> list[int]:
    """Return the ids of the desks at which an officer receives."""
    return [post.agency_id for post in actor.positions_as(_DESK)]


def find_applicant(session: Session, id_kind: str, number: str) -> Account | None:
    """Return the applicant with exactly this number; the look is recorded as a read."""
    kept = tidy_number(id_kind, number)
    account = session.scalar(sa.select(Account).where(Account.id_kind == id_kind, Account.id_number == kept))
    if account is not None:
        history.record(session, ("account", account.id), "read", reason=official(N_("Reception at the counter")))
    return account


def enter_applicant(session: Session, actor: Actor, *, login_check: str = "", **values: Any) -> Account:
    """Return the applicant with this number, entered now if he was not known (HUE25 Đ7.3).

    login_check: whose an unverified login with this number is, see ``settle_login``. Raises Invalid for
    a number that breaks its rule or is known as somebody else's.
    """
    if not desks_of(actor):
        raise NotAllowed(_("Only a desk officer enters applicants at the counter."))
    if values["id_kind"] not in ID_KINDS or values.get("gender") not in {None, *GENDERS}:
        message = _("Please choose one of the offered answers.")
        raise Invalid(message, {"id_kind": message})
    values["id_number"] = tidy_number(values["id_kind"], values["id_number"])
    if values["id_kind"] != IdKind.tax_code:
        values["name"] = person_name(values.get("name") or "")
    values["phone"] = tidy_phone(values.get("phone"))
    message = number_message(values["id_kind"], values["id_number"], values.get("born_on"))
    if message:
        raise Invalid(message, {"id_number": message})
    refuse_unfit(values)
    account = find_applicant(session, values["id_kind"], values["id_number"])
    if account is None:
        account = Account(**values)
        session.add(account)
    else:
        refuse_other_person(account, values)
        settle_login(session, account, login_check)
        # Particulars given at the counter fill what is not known yet; they overwrite nothing.
        for name, value in values.items():
            if value and not getattr(account, name):
                setattr(account, name, value)
        let_login_follow(account)
    session.flush()
    return account


def is_declaration(component: Component) -> bool:
    """Return whether a paper is the applicant's own declaration: on paper it is signed, online the form stands for it.

    The catalogs mark it as not required for that reason alone.
    """
    return component.document_type is not None and component.document_type.code == DECLARATION


def tidy_phone(typed: str | None) -> str | None:
    """Return a Vietnamese phone number in its one shape, 0905123456; others, and with an extension, as typed.

    Raises Invalid (field "phone") for one that is none or is too long to keep.
    """
    number = _plain_phone(typed)
    wrong = problem(_PHONE, number)
    if wrong and typed and _is_other_phone(typed):
        number, count = typed.strip(), len(typed.strip())
        wrong = None if count <= _MAX_PHONE else _("At most %(limit)d characters. You typed %(count)d.",
                                                   limit=_MAX_PHONE, count=count)  # fmt: skip
    if wrong:
        raise Invalid(wrong, {"phone": wrong})
    return number


def _plain_phone(typed: str | None) -> str | None:
    """Return ``typed`` without what separates digits; a country code of Vietnam becomes 0, also without its plus."""
    number: str | None = tidy(_PHONE, typed)
    local = f"0{number[2:]}" if number and number.startswith("84") else None
    return local if local and not problem(_PHONE, local) else number


def _is_other_phone(typed: str) -> bool:
    extended = _EXTENSION.fullmatch(typed.strip())
    main = _plain_phone(extended[1] if extended else typed) or ""
    return bool(_OTHER_PHONE.fullmatch(main)) or (extended is not None and not problem(_PHONE, main))


def refuse_unfit(values: dict[str, Any]) -> None:
    """Raise Invalid for particulars too long for the record, or no address to write to."""
    faults = {}
    for name, value in values.items():
        limit = getattr(Account.__table__.c[name].type, "length", None)
        if limit and isinstance(value, str) and len(value) > limit:
            faults[name] = _("At most %(limit)d characters. You typed %(count)d.",
                             limit=limit, count=len(value))  # fmt: skip
    wrong = problem(Column("email", "", FieldKind.email, is_required=False), values.get("email"))
    if wrong:
        faults["email"] = wrong
    if faults:
        raise Invalid(_("Please correct the marked fields."), faults)


def commune_of(desk: Agency) -> Agency | None:
    """Return the commune whose desk this is, None for the province's centre."""
    parent = desk.parent
    return parent if parent is not None and parent.level == AgencyLevel.commune else None
