"""The records of publication and governance in the small world: one of each kind, some at work."""

from typing import Any

from app.clock import now, today
from app.models import OnlineService, ProcessApproval, PublicationDecision
from app.permissions import Role, acting_as
from app.services import publication
from app.services import publication_decisions as decisions
from app.services.moves import make_move
from app.services.procedure_reports import NewReport, send_report
from tests.factories import make_procedure


def make_publication(world: Any) -> None:
    """A decision with an amended procedure, an approval one stage on, a report, a service."""
    session, office = world.session, world.office
    admin, head = office[Role.catalog_admin], office[Role.agency_head]
    root, commune = office.tree.root, office.tree.commune
    version = make_procedure(name="Đăng ký khai tử")
    decision = PublicationDecision(number="9/QĐ-UBND", title="Công bố thủ tục", decided_on=today(),
                                   effective_on=today(), agency=root, signer="Trần Văn Dũng",
                                   file_name="quyet-dinh.pdf", published_at=now())  # fmt: skip
    approval = ProcessApproval(title="Quy trình khai tử", process=version.process, agency=commune)
    service = OnlineService(procedure=version.procedure, agency=commune, year=2026, many_papers=True)
    session.add_all([decision, approval, service])
    session.flush()
    with acting_as(admin):
        draft = publication.draft_from(session, version, admin)
        decisions.add_versions(session, decision, [draft.id], admin)
    with acting_as(head):
        make_move(session, approval, "submit", head, "Kính trình")
        send_report(session, NewReport(kind="wrong", procedure_code=version.procedure.code,
                                       content="Sai mức phí"), head)  # fmt: skip
