"""Forms and their editions: which exist, which procedures rest on them, drafting the next one."""

import re
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid, NotAllowed
from app.lowcode.collation import in_order
from app.models import Form, FormField, FormSection, ProcedureVersion
from app.models.procedure_words import VersionState
from app.permissions import Actor, Role
from app.services.version_copies import copy_form
from app.text import fold, like_pattern

_EDITION = re.compile(r"-b(\d{1,4})$")
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{1,59}")
PAGE = 50


@dataclass
class FormRow:
    """One form of the list, with what rests on it."""

    form: Form
    fields: int
    used_by: list[ProcedureVersion] = field(default_factory=list)

    @property
    def is_frozen(self) -> bool:
        """Whether a version published or ended rests on it."""
        return any(v.state != VersionState.draft for v in self.used_by)


def list_forms(session: Session, q: str = "", after: int = 0) -> tuple[list[FormRow], int | None]:
    """Return a page of forms by name, and where the next page begins (None at the end)."""
    query = sa.select(Form).order_by(in_order(Form.name), Form.code, Form.id)
    for word in fold(q).split()[:8]:
        query = query.where(Form.search_text.like(like_pattern(word), escape="\\"))
    forms = list(session.scalars(query.offset(after).limit(PAGE + 1)))
    following = after + PAGE if len(forms) > PAGE else None
    return _rows(session, forms[:PAGE]), following


def editions(session: Session, form: Form) -> list[FormRow]:
    """Return ``form`` and its other editions, the first one first."""
    base = _EDITION.sub("", form.code)
    query = sa.select(Form).where(sa.or_(Form.code == base, Form.code.like(f"{base}-b%")))
    forms = [f for f in session.scalars(query) if _EDITION.sub("", f.code) == base]
    return _rows(session, sorted(forms, key=lambda f: _number(f.code)))


def _number(code: str) -> int:
    match = _EDITION.search(code)
    return int(match[1]) if match else 1


def _rows(session: Session, forms: list[Form]) -> list[FormRow]:
    ids = [form.id for form in forms]
    counted = (
        sa.select(FormSection.form_id, sa.func.count(FormField.id))
        .join(FormField.section)
        .where(FormSection.form_id.in_(ids))
        .group_by(FormSection.form_id)
    )
    counts = {row[0]: row[1] for row in session.execute(counted)}
    rows = {form.id: FormRow(form, counts.get(form.id, 0)) for form in forms}
    query = sa.select(ProcedureVersion).where(ProcedureVersion.form_id.in_(ids))
    for version in session.scalars(query.order_by(ProcedureVersion.id)):
        rows[version.form_id or 0].used_by.append(version)
    return list(rows.values())


def is_frozen(session: Session, form: Form) -> bool:
    """Return whether a version published or ended rests on ``form``."""
    return _rows(session, [form])[0].is_frozen


def open_field(session: Session, number: int, *, may_edit: bool) -> FormField | None:
    """Return a field of a form that stands in a version published or ended, in one statement; None for others.

    may_edit: whether the reader may also see forms that nobody published yet.
    """
    query = sa.select(FormField).join(FormField.section).where(FormField.id == number)
    used = sa.exists().where(
        ProcedureVersion.form_id == FormSection.form_id,
        ProcedureVersion.state.in_((VersionState.published, VersionState.retired)),
    )
    return session.scalar(query if may_edit else query.where(used))


def create(session: Session, code: str, name: str, actor: Actor) -> Form:
    """Return a new empty form; raises NotAllowed, Invalid (fields "code", "name")."""
    _refuse_role(actor)
    code, name = code.strip().lower(), name.strip()
    faults = {}
    if not _CODE.fullmatch(code):
        faults["code"] = _("A code has 2 to 60 small letters, digits, _ or -.")
    elif session.scalar(sa.select(Form.id).where(Form.code == code)) is not None:
        faults["code"] = _("There is a form with this code already.")
    if not 0 < len(name) <= 255:
        faults["name"] = _("Please write the form's name, in at most 255 characters.")
    if faults:
        raise Invalid(_("Please correct what is marked."), faults)
    form = Form(code=code, name=name)
    session.add(form)
    session.flush()
    return form


def next_edition(session: Session, form: Form, actor: Actor) -> Form:
    """Return a copy of ``form`` that may be changed; drafts that rest on ``form`` take it over."""
    _refuse_role(actor)
    fresh = copy_form(session, form)
    session.add(fresh)
    drafts = sa.select(ProcedureVersion).where(
        ProcedureVersion.form_id == form.id, ProcedureVersion.state == VersionState.draft
    )
    for version in session.scalars(drafts):
        version.form = fresh
    session.flush()
    return fresh


def _refuse_role(actor: Actor) -> None:
    if not actor.has(Role.catalog_admin):
        raise NotAllowed(_("Only a catalog administrator may change forms."))
