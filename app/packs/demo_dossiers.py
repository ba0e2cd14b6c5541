"""120 days of dossiers, moved by the same services as real ones, at the times they happened."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import acting_at, now, to_local
from app.models import (
    Account,
    Agency,
    Attachment,
    Dossier,
    Draft,
    OfficerPosition,
    ProcedureVersion,
    Rating,
    User,
)
from app.packs.demo_answers import AnswerMaker
from app.packs.demo_course import Course
from app.packs.loader import PackLoader
from app.packs.people import NameMaker
from app.permissions import Actor, Role, acting_as
from app.services import reception, submission
from app.services.actors import build_actor
from app.services.identity_levels import is_enough
from app.services.letters import keep_pdf
from app.services.reception import CounterReception
from app.services.timing import calendar_of
from app.workflows.working_time import add_minutes, next_opening

_DAYS = 120
_ONLINE = 0.68
# Recent days weigh more: most of what a desk sees is of the last two weeks.
_RECENT = 0.4
_RECENT_DAYS = 12
_PEOPLE = 220
_WAITING = 3  # sent just now to the first commune: who tries the demo finds something to receive


class DossierMaker:
    """Makes the demo's dossiers, one after another in time."""

    def __init__(self, session: Session, pack: PackLoader, names: NameMaker) -> None:
        self.session, self.pack, self.names = session, pack, names
        self.random = names.random
        self.started = now()
        self.actors = self._actors()
        self.versions = self._versions()
        self.answers = AnswerMaker(names, pack)
        self.accounts = self._accounts()
        self.papers: list[Any] = []

    def make(self, count: int, progress: Callable[[str, int, int], None]) -> None:
        """Make ``count`` dossiers spread over the last 120 days, oldest first."""
        self.papers = self._sample_papers()
        moments = sorted(self._moment() for _ in range(count))
        for number, moment in enumerate(moments, 1):
            with self.session.no_autoflush:  # the services flush where they must
                if number > count - _WAITING:
                    self._leave_waiting(self.accounts[number % 4], minutes=10 * (count - number + 1))
                else:
                    self._make_one(moment, number)
            self.session.flush()
            if number % 5 == 0 or number == count:
                progress("Hồ sơ / Dossiers", number, count)

    def _make_one(self, moment: datetime, number: int) -> None:
        while not self._one(*self._pick(number), moment, number):
            moment -= timedelta(hours=1)  # a desk that was shut then was open before

    def _leave_waiting(self, account: Account, minutes: int) -> None:
        """Send a dossier some minutes ago that the desk of the first commune has not opened yet."""
        version, agencies = self.random.choice([pair for pair in self.versions
                                                if len(pair[1]) > 1 and is_enough(account, pair[0])])  # fmt: skip
        self._online(version, agencies[0], account, self.started - timedelta(minutes=minutes))

    def _moment(self) -> datetime:
        days = _RECENT_DAYS if self.random.random() < _RECENT else _DAYS
        minutes = self.random.uniform(5, days * 24 * 60)
        return self.started - timedelta(minutes=minutes)

    def _one(
        self, version: ProcedureVersion, agency: Agency, moment: datetime, number: int
    ) -> bool:
        account = self.random.choice(self.accounts) if number % 9 else self.accounts[number % 4]
        if self.random.random() < _ONLINE and is_enough(account, version):
            dossier = self._online(version, agency, account, moment)
        else:
            dossier = self._counter(version, agency, account, moment)
        if dossier is not None:
            Course(self, dossier).run()
        return dossier is not None

    def _online(
        self, version: ProcedureVersion, agency: Agency, account: Account, moment: datetime
    ) -> Dossier | None:
        actor = self._applicant(account)
        with acting_at(moment), acting_as(actor):
            draft = Draft(
                key=submission.new_key(), account=account, version=version, agency=agency,
                data=self.answers.data(version.form, account),
                result_way="online" if self.random.random() < 0.7 else "desk",
            )  # fmt: skip
            self.session.add(draft)
            self.session.flush()
            self._attach(draft, account)
            return submission.submit(self.session, draft, actor)

    def _attach(self, draft: Draft, account: Account) -> None:
        for component in draft.version.components:
            if component.is_required:
                file = self.random.choice(self.papers)
                draft.attachments.append(Attachment(
                    component=component, name=f"{component.name[:60]}.pdf", file=file,
                    author_name=account.name, created_at=now(),
                ))  # fmt: skip
        self.session.flush()

    def _counter(
        self, version: ProcedureVersion, agency: Agency, account: Account, moment: datetime
    ) -> Dossier | None:
        desk = submission.receiving_desk(agency)
        officer = self.actor_at(desk, Role.desk_officer)
        moment = next_opening(calendar_of(self.session, desk), moment)
        moment = add_minutes(calendar_of(self.session, desk), moment, self.random.randint(1, 200))
        if officer is None or moment >= self.started:
            return None
        kind = self.random.choice(("original", "certified"))
        given = CounterReception(
            key=submission.new_key(), version=version, account=account, agency=agency,
            data=self.answers.data(version.form, account),
            papers={c.id: (kind, max(1, c.originals + c.copies)) for c in version.components if c.is_required},
            is_without_papers=True,
        )  # fmt: skip
        with acting_at(moment), acting_as(officer):
            return reception.receive_at_counter(self.session, given, officer)

    def rate(self, dossier: Dossier) -> None:
        """Rate a finished dossier: late ones worse."""
        late = dossier.due_at is not None and (dossier.finished_at or now()) > dossier.due_at
        score = self.random.choices(
            (5, 4, 3, 2, 1), (1, 3, 4, 4, 2) if late else (55, 30, 10, 3, 2)
        )[0]
        keys = ("time", "attitude", "guidance", "papers", "ease")
        answers = {key: max(1, min(5, score + self.random.choice((-1, 0, 0, 1)))) for key in keys}
        self.session.add(Rating(dossier=dossier, score=score, answers=answers, at=now()))

    def actor_at(self, agency: Agency, role: Role) -> Actor | None:
        """Return someone who holds ``role`` at ``agency``, or None."""
        found = self.actors.get((agency.id, role))
        return self.random.choice(found) if found else None

    def applicant_of(self, dossier: Dossier) -> Actor:
        """Return the applicant of a dossier as an actor."""
        return self._applicant(dossier.account)

    def _applicant(self, account: Account) -> Actor:
        return Actor(
            user_id=account.user_id,
            name=account.name,
            roles=frozenset({Role.citizen}),
            account_id=account.id,
        )

    def _actors(self) -> dict[tuple[int, Role], list[Actor]]:
        found: dict[tuple[int, Role], list[Actor]] = {}
        query = sa.select(OfficerPosition.user_id).distinct().order_by(OfficerPosition.user_id)
        for user_id in self.session.scalars(query).all():
            actor = build_actor(self.session, self.session.get_one(User, user_id))
            for post in actor.positions:
                found.setdefault((post.agency_id, post.role), []).append(actor)
        return found

    def _versions(self) -> list[tuple[ProcedureVersion, list[Agency]]]:
        """Return the versions somebody in the demo can handle, with their agencies."""
        staffed = {agency_id for agency_id, role in self.actors if role is Role.specialist}
        communes = [
            a for a in self.pack.agencies.values() if a.level == "commune" and a.id in staffed
        ]
        query = sa.select(ProcedureVersion).order_by(ProcedureVersion.id)
        pairs = [(v, [v.agency] if v.agency else communes) for v in self.session.scalars(query)]
        return [(version, [a for a in places if a.id in staffed]) for version, places in pairs
                if any(a.id in staffed for a in places)]  # fmt: skip

    def _pick(self, number: int) -> tuple[ProcedureVersion, Agency]:
        commune = [pair for pair in self.versions if len(pair[1]) > 1]
        version, agencies = self.random.choice(
            commune if number % 10 < 7 and commune else self.versions
        )
        return version, self.random.choice(agencies)

    def _accounts(self) -> list[Account]:
        known = list(self.session.scalars(sa.select(Account).order_by(Account.id)))
        wards = [unit for unit in self.pack.units.values() if unit.kind in {"ward", "commune"}]
        made = [Account(**self.names.applicant(self.random.choice(wards))) for _ in range(_PEOPLE)]
        self.session.add_all(made)
        self.session.flush()
        return known + made

    def _sample_papers(self) -> list[Any]:
        """Return a few stored PDFs that stand for scanned papers."""
        from app.documents.render import render

        files = []
        for number, title in enumerate(
            ("Bản chụp giấy tờ kèm theo", "Tài liệu hồ sơ", "Giấy tờ chứng minh"), 1
        ):
            data = {"agency": "Dữ liệu minh họa", "place": "Huế", "issued_on": to_local(now()).date().isoformat(),
                    "title": title, "sections": [{"title": f"Tài liệu mẫu số {number}", "rows": [
                        {"label": "Ghi chú", "value": "Tệp minh họa, không phải giấy tờ thật."}]}]}  # fmt: skip
            files.append(keep_pdf(self.session, render("form_print", data), f"mau-{number}.pdf"))
        return files
