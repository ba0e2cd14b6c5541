"""A small world in which every kind of record and every state of a dossier exists once."""

from base64 import b64decode
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import now
from app.models import (
    Account,
    AdministrativeUnit,
    Agency,
    Attachment,
    Dossier,
    IncidentNotice,
    MailMessage,
    Profile,
    ProfileParameter,
    Task,
    User,
)
from app.permissions import Actor, Role
from app.services import charges, feedback, ratings, reception, results
from app.services.actors import build_actor
from app.services.feedback import NewFeedback
from app.services.files import store_upload
from app.services.handing import claim
from app.services.notices import notice_users
from app.services.submission import submit
from tests.factories import make_account, make_division, make_form, make_position, make_user
from tests.i18n.world_configuration import make_configuration
from tests.i18n.world_lifecycle import make_lifecycle
from tests.i18n.world_process import make_process_work
from tests.i18n.world_publication import make_publication
from tests.services.steps import PNG, Office, task_of

# One field of every kind, so that the form shows every control there is.
FIELDS = tuple(
    {"key": f"truong_{kind}", "label": f"Mục {number}", "kind": kind, "is_required": number < 3}
    | ({"options": [{"value": "a", "label": "Lựa chọn A"}]} if "select" in kind else {})
    | ({"columns": [{"key": "cot", "label": "Cột 1", "kind": "text", "required": False}]}
       if kind == "table" else {})
    for number, kind in enumerate(
        ("text", "textarea", "number", "date", "select", "multi_select", "address", "personal_id",
         "phone", "email", "file", "table", "checkbox"), 1)
)  # fmt: skip
ANSWERS = {
    "truong_text": "Trần Thị Bình",
    "truong_textarea": "Đề nghị xác nhận",
    "truong_number": 3,
}


class World:
    """The records; ``people`` holds one user for every role."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.office = Office(session, form=make_form(FIELDS), life_events=["birth"])
        self.office.staff()
        self.citizen = make_user()
        self.account: Account = make_account(user=self.citizen, name="Trần Thị Bình")
        self.applicant: Actor = build_actor(session, self.citizen)
        self.people: dict[Role, User] = {role: self._person(role) for role in Role}
        self._make_dossiers()
        self._make_feedback()
        self._make_settings()
        make_publication(self)
        make_lifecycle(self)
        make_process_work(self)
        make_configuration(self)
        self._fill_files()
        session.flush()

    def _person(self, role: Role) -> User:
        if role is Role.citizen:
            return self.citizen
        if role in self.office.people:
            user = self.session.get(User, self.office[role].user_id)
            assert user is not None
            return user
        is_of_desk = role is Role.centre_director
        user = make_user(role, self.office.tree.desk if is_of_desk else None)
        self.office.people[role] = build_actor(self.session, user)
        return user

    def _received(self) -> Dossier:
        return self.office.received(account=self.account, data=dict(ANSWERS))

    def _sent(self) -> Dossier:
        return submit(self.session, self.office.draft(self.account, data=dict(ANSWERS)), self.applicant)

    def _processed(self) -> Dossier:
        dossier = self._received()
        charges.record_payment(self.session, dossier, self.office[Role.cashier], "cash")
        return reception.pass_on(self.session, dossier, self.office[Role.desk_officer])

    def _finished(self) -> Dossier:
        dossier = self._processed()
        while dossier.state == 4:
            self.office.step(dossier)
        return dossier

    def _make_dossiers(self) -> None:
        """One dossier in each state, one at each step, one overdue, and an open draft."""
        session, desk = self.session, self.office[Role.desk_officer]
        self.office.draft(self.account, data=dict(ANSWERS))
        self._sent(), self._received()
        component = self.office.version.components[0].id
        reception.ask_supplement(session, self._sent(), desk, reason="Ảnh chụp chưa rõ",
                                 field_keys=["truong_text"], component_ids=[component])  # fmt: skip
        reception.refuse(session, self._sent(), desk, "Không thuộc thẩm quyền")
        charges.request_payment(session, self._received(), desk)
        reception.request_withdrawal(session, self._received(), self.applicant, "Đã đổi ý")
        reception.stop(session, self._processed(), self.office[Role.agency_head], "Theo đề nghị")
        for done in range(len(self.office.version.process.steps) - 1):
            self._at_step(done)
        self._finished()
        self._rated(results.deliver(session, self._finished(), desk, receiver="Trần Thị Bình",
                                    signature=PNG))  # fmt: skip

    def _at_step(self, done: int) -> None:
        dossier = self._processed()
        for _number in range(done):
            if dossier.state == 4:
                self.office.step(dossier)
        if done == 0:
            self._make_late(dossier, task_of(dossier))

    def _make_late(self, dossier: Dossier, task: Task) -> None:
        claim(self.session, task, self.office[Role.specialist])
        task.due_at = dossier.due_at = now() - timedelta(days=2)

    def _fill_files(self) -> None:
        """Give every attachment a picture that can be opened."""
        picture = b64decode(PNG.partition(",")[2])
        stored = store_upload(self.session, "giay-to.png", picture, max_mb=1)
        stored.scan_status = "clean"
        for attachment in self.session.scalars(sa.select(Attachment)):
            attachment.file, attachment.name = stored, "giay-to.png"

    def _rated(self, dossier: Dossier) -> None:
        ratings.rate(self.session, dossier, self.applicant, score="4", criteria={}, comment="Tốt")

    def _make_feedback(self) -> None:
        """One item in each state."""
        session, focal = self.session, self.office[Role.control_focal_point]
        commune: Agency = self.office.tree.commune
        head = self.office[Role.agency_head]
        given = NewFeedback(title="Giải quyết chậm", content="Hồ sơ của tôi bị chậm.",
                            category="delay", agency_code=commune.code, sender_name="Lê Văn Cường",
                            sender_phone="0905123456")  # fmt: skip
        items = [feedback.send_feedback(session, given, self.applicant) for _number in range(5)]
        feedback.refuse_feedback(session, items[0], focal, reason="Không thuộc phạm vi")
        for item in items[1:4]:
            feedback.accept_feedback(session, item, focal, agency_code=commune.code)
        for item in items[2:4]:
            feedback.answer_feedback(session, item, head, text="Cơ quan đã giải quyết xong.")
        feedback.publish_feedback(session, items[3], focal, is_read=True)

    def _make_settings(self) -> None:
        session, day = self.session, date(2025, 7, 1)
        city = AdministrativeUnit(code="46", name="Huế", full_name="Thành phố Huế",
                                  kind="province", valid_from=day)  # fmt: skip
        profile = Profile(code="hue", name="Quy chế Huế", is_active=True)
        session.add_all([
            city, profile,
            AdministrativeUnit(code="19753", name="Phú Xuân", full_name="Phường Phú Xuân",
                               kind="ward", parent=city, valid_from=day),
            ProfileParameter(profile=profile, key="reminder_hours", value=8, valid_from=day),
            MailMessage(key="thu", recipient="a@example.vn", subject="Thông báo", body="Kính gửi"),
            IncidentNotice(title="Bảo trì hệ thống", body="Từ 20:00 đến 22:00", starts_at=now()),
        ])  # fmt: skip
        division = make_division(self.office.tree.commune)
        make_position(self.people[Role.specialist], Role.specialist, self.office.tree.commune,
                      division=division)  # fmt: skip
        ids = [user.id for user in self.people.values()]
        notice_users(session, ids, None, "bao", "Thông báo thử", "Nội dung thông báo")
