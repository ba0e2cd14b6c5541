"""A procedure that asks two agencies at once and then opens a dossier at one of them: ``python -m`` prints its code.

Run in the environment of a demo (``environment_of``): the dossier is received and passed on at Phú Xuân.
"""

import sqlalchemy as sa

from app import create_app
from app.clock import today
from app.models import Account, ProcedureVersion, User
from app.permissions import acting_as
from app.services import reception, submission
from app.services.actors import build_actor
from app.services.reception import CounterReception
from app.transactions import transaction
from tests.factories import find_agency, make_procedure, make_process

ASKED = ("H57.03", "H57.05")  # Sở Tư pháp, Sở Xây dựng
CONSULTATION, LINKED = "Lấy ý kiến các sở", "Thẩm duyệt phòng cháy"
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


def main() -> None:
    """Make the procedure and a dossier of it, and print the dossier's code."""
    with create_app().app_context(), transaction() as session:
        version = make_version()
        user = session.scalars(sa.select(User).where(User.username == "canbo.phuxuan")).one()
        account = session.scalars(sa.select(Account).where(Account.name == "Nguyễn Thị Ngọc Lan")).first()
        officer = build_actor(session, user)
        given = CounterReception(
            key=submission.new_key(), version=version, account=account,
            data={"ho_ten": account.name, "so_dinh_danh": account.id_number},
            papers={component.id: ("original", 1) for component in version.components},
        )  # fmt: skip
        with acting_as(officer):
            dossier = reception.receive_at_counter(session, given, officer)
            reception.pass_on(session, dossier, officer)
        print(dossier.code)


if __name__ == "__main__":
    main()
