"""What administrators narrowed holds on every path: packs, spreadsheets, catalogs, orders, related lists."""

import pytest

from app.lowcode.listing import sortable
from app.lowcode.screen import default_order
from app.models import (
    Division,
    OfficerPosition,
    PackRun,
    SharedCatalog,
    SharedCatalogField,
    SharedCatalogItem,
)
from app.packs import yamls
from app.packs.exporting import Chosen
from app.permissions import Actor, Role, acting_as
from app.services import rights_changes as changes
from app.services.actors import build_actor
from tests.exchange import books
from tests.factories import make_division, make_tree, make_user
from tests.packs.carrying import files_of, take

SECRET = "0905 111 222"


def _decide(session, role=Role.catalog_admin, **wanted):
    """Decide for a role: Entity="agency" (a scope) or Entity__field="hide"."""
    state = changes.decided(session)
    keys = {}
    for name, value in wanted.items():
        entity, _sep, field = name.partition("__")
        keys[str(role), entity, "field" if field else "scope", field] = value
    changes.decide(session, keys, changes.mark_of(state), "Theo phân công")
    session.expire_all()


def _altered(session, tree, **values):
    files = files_of(session, Chosen("kind", "agency"))
    path = next(path for path in files if tree.department.code in path)
    return files | {path: yamls.dump(yamls.load(files[path], path) | values)}


def test_a_pack_changes_nothing_outside_the_scope(session):
    tree = make_tree()
    files = _altered(session, tree, phone="0234 3822 322")
    _decide(session, Agency="agency")
    actor = build_actor(session, make_user(Role.catalog_admin, tree.commune))
    with acting_as(actor):
        run = take(session, files, actor)
    assert (run.state, run.lines) == ("refused", [])
    files = _altered(session, tree)
    path = next(path for path in files if tree.commune.code in path and tree.desk.code not in path)
    mine = {"manifest.yaml": files["manifest.yaml"], path: files[path]}
    mine[path] = yamls.dump(yamls.load(files[path], path) | {"phone": "0234 3822 333"})
    with acting_as(actor):
        run = take(session, files | mine, actor)
    assert run.state == "planned", run.faults


def test_a_pack_tells_nothing_of_a_closed_attribute(session, login):
    tree = make_tree()
    files = _altered(session, tree, phone="0234 3822 322")
    _decide(session, Agency__phone="hide")
    tree.department.phone = SECRET
    session.flush()
    user = make_user(Role.catalog_admin)
    actor = build_actor(session, user)
    with acting_as(actor):
        refused = take(session, files, actor)
    assert refused.state == "refused"
    assert SECRET not in str(refused.lines)
    others = PackRun(name="x", scope="kind", state="planned", content={}, target="", counts={}, faults=[],
                     remarks=[], author_name="Người khác", lines=[{
                         "act": "change", "path": "agency/x.yaml", "text": "Sửa", "parts": [],
                         "values": [["Điện thoại", SECRET, "1"]]}])  # fmt: skip
    session.add(others)
    session.flush()
    for run in (refused, others):
        page = login(user).get(f"/admin/packs/{run.id}")
        assert page.status_code == 200
        assert SECRET not in page.text


def test_a_spreadsheet_tells_nothing_of_records_outside_the_scope(session, login):
    tree = make_tree()
    division = make_division(tree.department, name="Phòng bí mật")
    _decide(session, Division="agency")
    client = login(make_user(Role.catalog_admin, tree.commune))
    assert client.get(f"/division/show/{division.id}").status_code == 404
    content = books.book({str(Division.screen.title): [["Mã", "Cơ quan", "Tên"],
                                                       [division.code, tree.department.code, "Tên khác"]]})  # fmt: skip
    status, number, text = books.send(client, "division", content)
    assert status == 200
    assert books.run(number).faults == 1
    assert "Phòng bí mật" not in text
    books.apply(client, "division", number)
    assert session.get(Division, division.id).name == "Phòng bí mật"


@pytest.mark.parametrize("path", ["/api/v1/catalogs/ma/", "/api/v1/catalogs/ma/{id}", "/catalogs/ma/",
                                  "/api/v1/catalogs/ma/?f.so=123", "/api/v1/catalogs/ma/?sort=so"])  # fmt: skip
def test_a_closed_attribute_of_items_is_closed_on_their_own_pages_too(session, login, path):
    make_tree()
    catalog = SharedCatalog(code="ma", name="Mã")
    catalog.fields.append(SharedCatalogField(key="so", label="Số", kind="text", position=1))
    item = SharedCatalogItem(catalog=catalog, code="a", name="A", data={"so": SECRET})
    session.add_all([catalog, item])
    session.flush()
    path = path.format(id=item.id)
    assert login(Role.catalog_admin).get(path).status_code == 200
    _decide(session, SharedCatalogItem__data="hide")
    answer = login(Role.catalog_admin).get(path)
    assert answer.status_code in {302, 403}
    assert SECRET not in answer.text


def test_no_list_is_ordered_by_what_is_closed(session):
    closed = {("can_read", "OfficerPosition"): frozenset({"agency"})}
    with acting_as(Actor()):
        assert "agency_id" in sortable(OfficerPosition)
    with acting_as(Actor(closed=closed)):
        assert "agency_id" not in sortable(OfficerPosition)
        assert default_order(OfficerPosition) == "-id"


def test_a_related_list_does_not_tell_what_the_relation_hides(session, login):
    tree = make_tree()
    division = make_division(tree.commune, name="Phòng bí mật")
    client = login(Role.specialist)
    assert division.name in client.get(f"/agency/show/{tree.commune.id}").text
    _decide(session, Role.specialist, Division__agency="hide")
    assert division.name not in client.get(f"/agency/show/{tree.commune.id}").text
