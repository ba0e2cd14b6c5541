"""The small world's extensions and apologies: granted, waiting, owed, asked for twice."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.clock import now, today
from app.models import IncidentNotice, OfficerIdentity, OfficerPosition, OutageNotice, OutsideMessage
from app.permissions import Role
from app.services import (
    absences,
    apologies,
    delegating,
    explanations,
    extensions,
    originals,
    reception,
    refunds,
    submission,
)
from app.services.escalation import escalate_overdue
from app.services.supplements import Again


def make_lifecycle(world: Any) -> None:
    """Two dossiers in processing whose specialist needed more time."""
    session, office = world.session, world.office
    specialist, head = office[Role.specialist], office[Role.agency_head]
    for grants in (True, False):
        dossier = world._processed()
        asked = extensions.ask(session, dossier, specialist, minutes=60, reason="Cần xác minh")
        if grants:
            extensions.agree(session, asked, head, "Đồng ý")
    session.add(OfficerIdentity(user_id=head.user_id, id_number="046088001234"))
    _stand_in(world)
    escalate_overdue(session)
    _ask_twice(world)
    _ask_originals(world)
    _tell_others(world)
    _tell_of_outage(world)
    _pay_back(world)
    _ask_why_late(world)


def _stand_in(world: Any) -> None:
    """The head away next month, the clerk in his place then."""
    session, head, clerk = world.session, world.office[Role.agency_head], world.office[Role.clerk]
    first, last = today() + timedelta(days=30), today() + timedelta(days=35)
    wish = delegating.Wish(clerk.user_id, first, last, "12/QĐ-UBND", "Đi công tác")
    post = session.scalar(sa.select(OfficerPosition.id).where(OfficerPosition.user_id == head.user_id))
    delegating.delegate(session, post, head, wish)
    absences.enter(session, head.user_id, head, kind="travel", valid_from=first, valid_to=last,
                   reason="Họp tại Hà Nội", way="keep")  # fmt: skip


def _ask_originals(world: Any) -> None:
    """An original asked for and found to differ, another still to be shown."""
    session, dossier, desk = world.session, world._sent(), world.office[Role.desk_officer]
    for _turn in range(2):
        checks = originals.checks_of(session, dossier)
        paper = originals.askable(dossier, checks)[0]
        (check,) = originals.ask(session, dossier, desk, component_ids=[paper.id], reason="Bản chụp mờ",
                                 at=now() + timedelta(days=1))  # fmt: skip
        if not checks:
            originals.record(session, check, desk, found="differs", finding="Khác số giấy")


def _tell_others(world: Any) -> None:
    """A message to another system that did not arrive, one that did."""
    dossier = world._sent()
    world.session.add_all([
        OutsideMessage(dossier=dossier, system="national_portal", kind="state", key="state:x", state="failing",
                       attempts=2, error="HTTP 503"),
        OutsideMessage(dossier=dossier, system="data_sources", kind="lookup", key="lookup:x", state="delivered",
                       delivered_at=now(), answer={"sources": [{"name": "CSDL", "found": True,
                                                                "fields": {"name": "Trần Thị Bình"}}]}),
    ])  # fmt: skip
    world.session.flush()


def _tell_of_outage(world: Any) -> None:
    """A notice to all applicants of an incident, half way through."""
    incident = IncidentNotice(title="Mất điện", body="Đang sửa", starts_at=now())
    world.session.add(OutageNotice(incident=incident, agency=world.office.tree.root, key="k", text="Nộp bản giấy",
                                   at=now(), actor_name="Lê Văn An", wanted=3, told=1))  # fmt: skip
    world.session.flush()


def _pay_back(world: Any) -> None:
    """A dossier stopped after it was paid, its money paid back."""
    session, office = world.session, world.office
    dossier = reception.stop(session, world._processed(), office[Role.agency_head], "Đổi ý")
    charge = next((c for c in dossier.charges if c.state == "paid"), None)
    if charge is not None:
        made = refunds.enter(session, dossier, office[Role.desk_officer], refunds.Payout(
            charge.id, charge.amount, "Trần Thị Bình", "cash", "12/QĐ", "Dừng"))  # fmt: skip
        refunds.approve(session, made, office[Role.agency_head])


def _ask_why_late(world: Any) -> None:
    """A late dossier whose head asked for an explanation."""
    dossier = world._processed()
    dossier.due_at = now() - timedelta(hours=2)
    explanations.ask(world.session, dossier, world.office[Role.agency_head], question="Vì sao chậm?", due_on=today())


def _ask_twice(world: Any) -> None:
    """A supplement asked again by our own fault, its apology signed."""
    session, dossier, desk = world.session, world._sent(), world.office[Role.desk_officer]
    given = {"reason": "Ảnh chụp chưa rõ", "field_keys": ["truong_text"], "component_ids": []}
    reception.ask_supplement(session, dossier, desk, **given)
    submission.answer_supplement(session, dossier, {"truong_text": "Trần Thị Bình An"}, world.applicant)
    reception.ask_supplement(session, dossier, desk, **given, again=Again("agency", "Chưa nêu đủ"))
    (apology,) = dossier.apologies
    signer = next(a for a in world.office.people.values() if apologies.may_sign(apology, a))
    apologies.sign(session, apology, signer)
