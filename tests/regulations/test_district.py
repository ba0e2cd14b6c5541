"""District-level dossiers (HUE25 Đ17.2, Đ18.2) since the two-tier government of 1 July 2025.

The clauses refer to rules for districts, which have ended. What stays demanded: what a district
received is received and decided, by the same procedure and within the promised time, by its successor.
"""

from app.clock import today
from app.models.reorganisation import ReorganisationKind
from app.permissions import Role, acting_as
from app.services import processing, reception, reorganise, submission
from app.services.actors import build_actor
from app.services.lifecycle import open_tasks
from app.services.reorganise_moves import Wish
from tests.factories import make_agency, make_tree, make_user
from tests.regulations.support import clause
from tests.services.steps import Office


def district_office(session):
    """Return an office whose procedure a district decides, and that district."""
    tree = make_tree()
    district = make_agency(code="H57.HPV", name="Ủy ban nhân dân huyện Phú Vang", level="district", parent=tree.root)
    district.desk = make_agency(code="H57.HPV.01", name="Trung tâm Hành chính công huyện Phú Vang", level="desk",
                                parent=district)  # fmt: skip
    session.flush()
    office = Office(session, agency=district, agency_level="district")
    for step in office.version.process.steps:
        role = Role(step.role)
        place = district.desk if role in {Role.desk_officer, Role.cashier} else district
        office.people[role] = office.officer(role, place)
    return office, district


def end_districts(session, office, district):
    """The ward takes over what the district did."""
    admin = build_actor(session, make_user(Role.catalog_admin))
    wish = Wish(kind=ReorganisationKind.merge, source=district, target=office.tree.commune,
                decision_number="1675/NQ-UBTVQH15", decision_on=today())  # fmt: skip
    with acting_as(admin):
        reorganise.reorganise(session, wish, admin)
    for role, actor in list(office.people.items()):
        office.people[role] = build_actor(session, session.get(type(make_user()), actor.user_id))


@clause("A4.8", "HUE25 Đ17.2")
def test_d17_2_what_a_district_received_its_successor_receives(session):
    office, district = district_office(session)
    before = reception.receive_at_counter(session, office.given(), office[Role.desk_officer])
    assert (before.agency, before.desk) == (district, district.desk)
    end_districts(session, office, district)
    ward = office.tree.commune
    assert submission.handling_agency(office.version, None) is ward
    after = reception.receive_at_counter(session, office.given(), office.officer(Role.desk_officer, ward.desk))
    assert (after.state, after.agency, after.desk) == (2, ward, ward.desk)


@clause("A6.2", "HUE25 Đ18.2")
def test_d18_2_what_a_district_began_its_successor_decides_in_the_promised_time(session):
    office, district = district_office(session)
    dossier = office.processed()
    due, code = dossier.due_at, dossier.code
    end_districts(session, office, district)
    assert (dossier.agency, dossier.due_at, dossier.code) == (office.tree.commune, due, code)
    while dossier.state == 4:
        (task,) = open_tasks(dossier)
        actor = office[Role(task.role)]
        office.write(dossier, actor)
        processing.finish_task(session, task, actor)
    assert (dossier.state, dossier.results[-1].state) == (9, "issued")
