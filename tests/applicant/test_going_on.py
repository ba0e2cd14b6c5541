"""Going on with an unsent application: at the part that is not done yet, not at the first one."""

import pytest

from app.models import FormField, FormSection
from app.permissions import Role
from tests import factories
from tests.applicant.forms import attach_required, page_inputs
from tests.applicant.world import make_draft, make_world

ROWS = ({"key": "ten", "label": "Họ tên", "kind": "text"},)
LATER = (("cha", "Tên cha", False), ("noi_sinh", "Nơi sinh", True))


@pytest.fixture
def world(session):
    """A form of three parts; the second may stay empty."""
    world = make_world(form=factories.make_form(ROWS))
    for position, (key, label, is_required) in enumerate(LATER, 2):
        field = FormField(position=1, key=key, label=label, kind="text", is_required=is_required)
        section = FormSection(form_id=world.version.form_id, position=position, title=label, fields=[field])
        session.add(section)
    session.flush()
    session.expire_all()
    return world


def goes_to(me, draft):
    return me.get(f"/nop-ho-so/{draft.key}/lam-tiep").location.removeprefix(f"/nop-ho-so/{draft.key}/")


def save(me, draft, part, **sent):
    url = f"/nop-ho-so/{draft.key}/to-khai?phan={part}"
    return me.post(url, data=page_inputs(me.get(url).text) | {"go": "later"} | sent)


def test_one_goes_on_where_one_stopped(me, world):
    draft = make_draft(world, {})
    assert goes_to(me, draft) == "to-khai?phan=1"
    save(me, draft, 1, f_ten="Lê Thị Hoa")
    assert goes_to(me, draft) == "to-khai?phan=2", "seen before it is passed over, though it may stay empty"
    save(me, draft, 2)
    save(me, draft, 3, f_noi_sinh="")
    assert goes_to(me, draft) == "to-khai?phan=3"
    save(me, draft, 3, f_noi_sinh="Huế")
    assert goes_to(me, draft) == "giay-to"
    attach_required(me, draft)
    assert goes_to(me, draft) == "xem-lai"
    save(me, draft, 1, f_ten="")
    assert goes_to(me, draft) == "to-khai?phan=1", "what was emptied again comes first"


def test_papers_that_may_be_left_out_do_not_hold_one_back(me, world):
    for component in world.version.components:
        component.is_required = False
    draft = make_draft(world, {})
    for part, given in ((1, {"f_ten": "Lê Thị Hoa"}), (2, {}), (3, {"f_noi_sinh": "Huế"})):
        save(me, draft, part, **given)
    assert goes_to(me, draft) == "xem-lai"


def test_beginning_again_goes_there_too(me, world):
    draft = make_draft(world, {})
    save(me, draft, 1, f_ten="Lê Thị Hoa")
    again = me.post(f"/nop-ho-so/{world.version.procedure.code}", data={"agency": world.commune.id})
    assert again.location.endswith("to-khai?phan=2")


def test_another_persons_draft_does_not_exist(login, world):
    draft = make_draft(world, {})
    assert login(Role.citizen).get(f"/nop-ho-so/{draft.key}/lam-tiep").status_code == 404
