"""What happens in many clauses: a dossier sent, supplemented, decided, looked up, returned."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pypdfium2
import zxingcpp
from PIL import Image

from app.clock import acting_at, now, to_local
from app.models import Dossier, IncidentNotice
from app.permissions import Role
from app.services import catch_up, reception, submission
from app.services.letters import letter_pdf
from tests.services.steps import Office

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def at(day: int, time: str) -> datetime:
    """Return an instant of November 2026 in Vietnam; the 9th is a Monday."""
    hour, minute = map(int, time.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=_VIETNAM).astimezone(UTC)


def local(instant: datetime | None) -> str:
    """Return "day hour:minute" in Vietnam."""
    assert instant is not None
    return f"{to_local(instant):%d %H:%M}"


def letter(dossier: Dossier, kind: str) -> Any:
    """Return the one letter of this kind."""
    (found,) = [row for row in dossier.letters if row.kind == kind]
    return found


def words(office: Office, dossier: Dossier, kind: str) -> str:
    """Return what the printed letter of this kind says."""
    pdf = letter_pdf(office.session, letter(dossier, kind))
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [document[n].get_textpage().get_text_range() for n in range(len(document))]
    return re.sub(r"\s+", " ", " ".join(pages))


def qr_of(office: Office, dossier: Dossier, kind: str) -> list[str]:
    """Return what the QR codes of the printed letter say."""
    pdf = letter_pdf(office.session, letter(dossier, kind))
    with pypdfium2.PdfDocument(pdf) as document:
        picture: Image.Image = document[0].render(scale=3).to_pil()
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return [found.text for found in zxingcpp.read_barcodes(Image.open(buffer))]


def ask(office: Office, dossier: Dossier, who: Any = None, reason: str = "Bản chụp mờ") -> Any:
    """Return the request for the name and the first paper."""
    paper = office.version.components[0]
    return reception.ask_supplement(
        office.session, dossier, who or office[Role.desk_officer], reason=reason,
        field_keys=["ho_ten"], component_ids=[paper.id],
    )  # fmt: skip


def accepted(office: Office, **given: Any) -> tuple[Dossier, Any]:
    """Return a dossier sent online and accepted, and its applicant."""
    dossier, citizen = office.submitted(**given)
    return reception.accept(office.session, dossier, office[Role.desk_officer]), citizen


def in_process(office: Office, **given: Any) -> tuple[Dossier, Any]:
    """Return an online dossier at the agency, and its applicant."""
    dossier, citizen = accepted(office, **given)
    office.pay(dossier)
    reception.pass_on(office.session, dossier, office[Role.desk_officer])
    return dossier, citizen


def finish(office: Office, dossier: Dossier) -> Dossier:
    """Let every step up to the return be done."""
    while dossier.state == 4:
        office.step(dossier)
    return dossier


def incident(office: Office, **given: Any) -> IncidentNotice:
    """Return a declared incident at the ward's desk, on 10 November from 10:00 to 15:00."""
    values = {"title": "Mất kết nối trục", "body": "Dự kiến khắc phục xong lúc 15 giờ 00.",
              "starts_at": at(10, "10:00"), "ended_at": at(10, "15:00")}  # fmt: skip
    row = IncidentNotice(**values | given)
    office.session.add(row)
    office.session.flush()
    return row


def told_of_incident(office: Office, clients: Any) -> list[str]:
    """Return the pages that do not tell of a running incident and its estimated end."""
    incident(office, starts_at=now() - timedelta(hours=1), ended_at=None)
    pages = [client.get(address).text for client, address in clients]
    return [page for page in pages if "Mất kết nối trục" not in page or "15 giờ 00" not in page]


def entered_later(office: Office) -> Dossier:
    """Return what was received on paper during the incident, entered and approved afterwards."""
    incident(office)
    given = office.given(key=submission.new_key())
    with acting_at(at(12, "08:30")):
        row = catch_up.enter(
            office.session, given, office[Role.desk_officer], received_at=at(10, "10:40"), paper_number="15/SGT"
        )  # fmt: skip
    director = office.officer(Role.centre_director, office.tree.desk)
    with acting_at(at(12, "14:00")):
        return catch_up.approve(office.session, row.id, director)
