"""What the bench of the workflow acts on: a procedure of many steps, officers, dossiers, drafts."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import (
    Account,
    Agency,
    Attachment,
    Component,
    Dossier,
    Draft,
    Form,
    FormField,
    FormSection,
    OfficerPosition,
    Procedure,
    ProcedureVersion,
    Process,
    ProcessStep,
    Sector,
    StoredFile,
    User,
    UserSetting,
)
from app.permissions import Actor, Role, acting_as
from app.services import reception
from app.services.actors import build_actor
from app.services.sessions import begin_session
from app.services.submission import new_key
from app.services.users import sync_roles
from app.transactions import transaction
from bench.catalogs import give_calendar

STEPS = 20  # each but the first and the last is one transition
PAPERS = 3
_HOMES = 40  # communes that applications go to
_CODE, _PLACE = "BENCH.W", "H57.X01"


@dataclass(frozen=True)
class Person:
    """A user's cookie and the CSRF token of his session."""

    user_id: int
    cookie: str
    token: str


def prepare(session: Session, officers: int, applicants: int) -> None:
    """Make procedure and people unless they are there already; flushed."""
    if version_id(session) is None:
        session.add(_procedure(session))
    give_calendar(session)
    homes = _communes(session)
    for number, home in enumerate(homes):
        _person(session, f"benchw-desk{number or ''}", Role.desk_officer, home.desk)
    for number in range(officers):
        _person(session, f"benchw-s{number}", Role.specialist, homes[0])
    for number in range(applicants):
        user = _person(session, f"benchw-a{number}", None, None)
        if session.scalar(sa.select(Account.id).where(Account.user_id == user.id)) is None:
            session.add(Account(kind="citizen", name=f"Người dân {number}", id_kind="personal_id",
                                id_number=f"047{number:09}", user_id=user.id, verified_level=2))  # fmt: skip
            session.flush()
            sync_roles(session, user, is_applicant=True)
    session.flush()


def _communes(session: Session) -> Sequence[Agency]:
    """Return the communes: applicants live in all of them, the first is where the steps are done."""
    query = sa.select(Agency).where(Agency.level == "commune", Agency.desk_id.is_not(None), Agency.code >= _PLACE)
    return session.scalars(query.order_by(Agency.code).limit(_HOMES)).all()


def version_id(session: Session) -> int | None:
    """Return the version that is applied for, None before ``prepare``."""
    query = sa.select(ProcedureVersion.id).join(Procedure, Procedure.id == ProcedureVersion.procedure_id)
    return session.scalar(query.where(Procedure.code == _CODE))


def _procedure(session: Session) -> ProcedureVersion:
    process = Process(code="QT-BENCH-W", name="Quy trình nhiều bước")
    kinds = [("receive", Role.desk_officer, "desk"), *[("work", Role.specialist, "agency")] * STEPS,
             ("return", Role.desk_officer, "desk")]  # fmt: skip
    for place, (kind, role, where) in enumerate(kinds, 1):
        process.steps.append(ProcessStep(position=place, key=f"b{place}", name=f"Bước {place}", kind=kind, role=role,
                                         place=where, working_minutes=60))  # fmt: skip
    form = Form(code="MAU-BENCH-W", name="Tờ khai")
    part = FormSection(form=form, position=1, title="Nội dung")
    for place in range(1, 9):
        FormField(section=part, position=place, key=f"muc_{place}", label=f"Mục {place}", kind="text", is_required=True)
    sector = session.scalars(sa.select(Sector).order_by(Sector.id).limit(1)).one()
    name = "Thủ tục đo tốc độ xử lý"
    version = ProcedureVersion(
        procedure=Procedure(code=_CODE, name=name, sector=sector), number=1, state="published", name=name,
        process=process, form=form, valid_from=date(2025, 7, 1), agency_level="commune", time_limit_value=3,
        time_limit_unit="working_day", service_level="full",
    )  # fmt: skip
    for place in range(1, PAPERS + 1):
        Component(version=version, position=place, name=f"Giấy tờ {place}", originals=1, copies=0)
    return version


def _person(session: Session, name: str, role: Role | None, agency: Agency | None) -> User:
    """Return the user ``name``, made without a password: he comes in with a cookie of ours."""
    user = session.scalar(sa.select(User).where(User.username == name))
    if user is None:
        user = User(username=name, first_name="Đo", last_name=name, email=f"{name}@example.vn", active=True)
        session.add(user)
        session.flush()
        session.add(UserSetting(user_id=user.id, session_version=1, failed_logins=0))
        if role is not None and agency is not None:
            session.add(OfficerPosition(user=user, agency=agency, role=role))
            session.flush()
            sync_roles(session, user)
    return user


def people(app: Flask, prefix: str) -> list[Person]:
    """Return everybody whose name begins with ``prefix``, signed in."""
    signer = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token")  # as Flask-WTF signs
    writer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    found = []
    for pk in db.session.scalars(sa.select(User.id).where(User.username.like(f"{prefix}%")).order_by(User.id)):
        raw = secrets.token_hex(20)
        kept = {"_user_id": str(pk), "_fresh": True, "csrf_token": raw, "locale": "vi"}
        kept |= begin_session(1, timedelta(days=1))
        found.append(Person(pk, f"{app.config['SESSION_COOKIE_NAME']}={writer.dumps(kept)}", signer.dumps(raw)))
    return found


def open_dossiers(count: int) -> list[tuple[int, str]]:
    """Receive ``count`` dossiers at the counter and pass them on; returns (id, code) of each."""
    session = db.session()
    officer = session.scalars(sa.select(User).where(User.username == "benchw-desk")).one()
    found = []
    with acting_as(build_actor(session, officer)) as actor:
        for _number in range(count):
            with transaction() as unit:
                dossier = _received(unit, actor)
                found.append((dossier.id, dossier.code))
    return found


def _received(session: Session, actor: Actor) -> Dossier:
    version = session.get_one(ProcedureVersion, version_id(session))
    account = session.scalars(sa.select(Account).where(Account.id_number == f"047{0:09}")).one()
    agency = session.scalars(sa.select(Agency).where(Agency.code == _PLACE)).one()
    given = reception.CounterReception(
        key=new_key(), version=version, account=account, agency=agency, data=_answers(),
        papers={component.id: ("original", 1) for component in version.components},
    )  # fmt: skip
    dossier = reception.receive_at_counter(session, given, actor)
    return reception.pass_on(session, dossier, actor)


def _answers() -> dict[str, str]:
    return {f"muc_{place}": "Nội dung đề nghị" for place in range(1, 9)}


def make_drafts(users: list[int], count: int) -> list[tuple[int, str]]:
    """Make finished drafts with their files, in turn for each user; returns (user id, key) of each."""
    with transaction() as session:
        version = session.get_one(ProcedureVersion, version_id(session))
        homes = _communes(session)
        accounts = {row.user_id: row for row in session.scalars(sa.select(Account).where(Account.user_id.in_(users)))}
        files = [StoredFile(sha256=secrets.token_hex(32), size=9, media_type="application/pdf", scan_status="clean")
                 for _number in range(PAPERS)]  # fmt: skip
        session.add_all(files)
        found = []
        for number in range(count):
            place = number % len(users)
            account, home = accounts[users[place]], homes[place % len(homes)]
            draft = Draft(key=new_key(), account=account, version=version, agency=home, result_way="desk",
                          data=_answers())  # fmt: skip
            for component, file in zip(version.components, files, strict=True):
                draft.attachments.append(Attachment(component=component, name="giay-to.pdf", file=file,
                                                    author_name=account.name))  # fmt: skip
            session.add(draft)
            found.append((account.user_id, draft.key))
        return found  # type: ignore[return-value]
