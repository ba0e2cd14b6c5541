"""The agency tells the applicants concerned and guides them (HUE25 Đ23.2, TTH17 Đ21.2)."""

import sqlalchemy as sa

from app.clock import now
from app.models import MailMessage, Notice
from app.permissions import Role
from app.services import outage_notices
from tests.regulations import scenes
from tests.regulations.support import clause


@clause("A13", "HUE25 Đ23.2", "TTH17 Đ21.2")
def test_the_agency_tells_its_applicants_how_to_go_on(office, session):
    dossier, citizen = scenes.in_process(office)
    dossier.applicant_email = "binh@example.vn"
    incident = scenes.incident(office, starts_at=now(), ended_at=None)
    head = office[Role.agency_head]
    notice = outage_notices.send(session, incident.id, head, text="Mời nộp bản giấy tại quầy.", key="k")
    assert notice.wanted == 1
    for _turn in range(2):
        outage_notices.tell_waiting(session, notice.id)
    told = session.scalars(sa.select(Notice).where(Notice.key.startswith("outage-notice:"))).all()
    assert [(one.user_id, "Mời nộp bản giấy tại quầy." in one.body) for one in told] == [(citizen.user_id, True)]
    mail = session.scalars(sa.select(MailMessage.recipient).where(MailMessage.key.startswith("outage-notice:"))).all()
    assert mail == ["binh@example.vn"]
