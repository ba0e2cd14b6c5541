"""Dossiers for walks: ``python -m`` makes one at Phú Xuân and prints its code.

joint: of a procedure that asks two agencies at once and then opens a dossier at one of them; passed on.
sign: of a plain procedure, drafted, waiting for the signature.
bulk: three of one applicant; the specialist may finish the step of the first two, the third lacks its draft.
Run in the environment of a demo (``environment_of``).
"""

import subprocess
import sys

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import create_app
from app.clock import today
from app.models import Account, Dossier, ProcedureVersion, User
from app.permissions import Actor, acting_as
from app.services import processing, reception, results, submission
from app.services.actors import build_actor
from app.services.lifecycle import open_tasks
from app.services.reception import CounterReception
from app.transactions import transaction
from tests.browser.conftest import ROOT, Product, environment_of, run_outbox
from tests.factories import find_agency, make_account, make_procedure, make_process, number

ASKED = ("H57.03", "H57.05")  # Sở Tư pháp, Sở Xây dựng
CONSULTATION, LINKED = "Lấy ý kiến các sở", "Thẩm duyệt phòng cháy"
KINDS, NUMBERS = ("joint", "sign", "bulk"), 1000
BULK = "Hồ Thị Một Lượt"  # the applicant of the three
CHECKED = (
    ("Tiếp nhận hồ sơ", "receive", "desk_officer", "desk", 120), ("Kiểm tra", "work", "specialist", "agency", 240),
    ("Thẩm định", "work", "specialist", "agency", 240), ("Ký duyệt", "sign", "agency_head", "agency", 240),
    ("Trả kết quả", "return", "desk_officer", "desk", 60),
)  # fmt: skip
STEPS = (
    ("Tiếp nhận hồ sơ", "receive", "desk_officer", "desk", 120),
    ("Thụ lý hồ sơ", "work", "specialist", "agency", 240),
    (CONSULTATION, "consult", "specialist", "agency", 480),
    (LINKED, "child", "specialist", "agency", 960),
    ("Ký duyệt", "sign", "agency_head", "agency", 240),
    ("Trả kết quả", "return", "desk_officer", "desk", 60),
)


def make_version() -> ProcedureVersion:
    """Return the published procedure, and with it the one of the linked dossier."""
    first = make_process(STEPS, code="qt_lien_thong", name="Quy trình liên thông")
    child = make_procedure(
        code="9.900001", name="Thẩm duyệt thiết kế về phòng cháy", agency=find_agency(ASKED[1]),
        agency_level="province", fee=0, valid_from=today(),
    )  # fmt: skip
    first.steps[2].consulted = list(ASKED)
    first.steps[3].child_procedure_id = child.procedure_id
    return make_procedure(code="9.900002", name="Cấp phép xây dựng nhà văn hóa", process=first, fee=0,
                          valid_from=today())  # fmt: skip


def officer(session: Session, username: str) -> Actor:
    """Return the officer called ``username``."""
    return build_actor(session, session.scalars(sa.select(User).where(User.username == username)).one())


def receive(session: Session, version: ProcedureVersion, name: str = "Nguyễn Thị Ngọc Lan") -> Dossier:
    """Return a dossier of an applicant received at the counter and passed on."""
    account = session.scalars(sa.select(Account).where(Account.name == name).order_by(Account.id)).first()
    given = CounterReception(
        key=submission.new_key(), version=version, account=account,
        data={"ho_ten": account.name, "so_dinh_danh": account.id_number},
        papers={component.id: ("original", 1) for component in version.components},
    )  # fmt: skip
    desk = officer(session, "canbo.phuxuan")
    with acting_as(desk):
        dossier = reception.receive_at_counter(session, given, desk)
        return reception.pass_on(session, dossier, desk)


def bring_to_signature(session: Session, dossier: Dossier) -> None:
    """Let the specialist draft the result and finish his step."""
    specialist = officer(session, "chuyenvien.phuxuan")
    with acting_as(specialist):
        results.save_draft(session, dossier, specialist, title="Giấy xác nhận", content="Hồ sơ đạt yêu cầu.")
        (task,) = open_tasks(dossier)
        processing.finish_task(session, task, specialist)


def make_three(session: Session) -> list[Dossier]:
    """Return two at the first step of the specialist, and one at his last without a draft."""
    process = make_process(CHECKED, code="qt_mot_luot", name="Quy trình hai bước thẩm định")
    version = make_procedure(code="9.900004", process=process, fee=0, valid_from=today())
    make_account(name=BULK)
    found = [receive(session, version, BULK) for _number in range(3)]
    specialist = officer(session, "chuyenvien.phuxuan")
    with acting_as(specialist):
        processing.finish_task(session, open_tasks(found[2])[0], specialist)
    return found


def main(kind: str) -> None:
    """Make a dossier of this kind, or several, and print its code, or theirs with commas."""
    for _taken in range(NUMBERS * KINDS.index(kind)):
        number()  # each kind is made in a process of its own: the codes of two must not be the same
    with create_app().app_context(), transaction() as session:
        if kind == "bulk":
            print(",".join(dossier.code for dossier in make_three(session)))
            return
        version = make_version() if kind == "joint" else make_procedure(code="9.900003", fee=0, valid_from=today())
        dossier = receive(session, version)
        if kind == "sign":
            bring_to_signature(session, dossier)
        print(dossier.code)


def start(product: Product, kind: str) -> str:
    """Return the code of a dossier of this kind made in the running product, once its worker rests."""
    run_outbox(product, 120)
    made = subprocess.run([sys.executable, "-m", "tests.browser.joint_work", kind], cwd=ROOT,
                          env=environment_of(product), check=True, stdout=subprocess.PIPE, text=True)  # fmt: skip
    return made.stdout.split()[-1]


if __name__ == "__main__":
    main(sys.argv[1])
