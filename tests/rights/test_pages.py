"""The screens of rights: the matrix, deciding with a preview, why somebody may or may not."""

import json
import re
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.clock import VIETNAM, acting_at, today
from app.history import HistoryEntry
from app.lowcode.generate import declared_models
from app.lowcode.sync import wanted_rights
from app.models import Agency, Sector
from app.models.menus import ORDER
from app.permissions import Role
from app.services import explaining_rights, rights_changes, rights_matrix
from app.services.rights import VERBS
from app.workflows.dossier import DOSSIER
from tests.factories import make_division, make_position, make_sector, make_tree, make_user
from tests.wording import vi

PAGES = ("/admin/rights/", "/admin/rights/screens", "/admin/rights/role/specialist",
         "/admin/rights/entity/Agency", "/admin/rights/fields/Agency/specialist", "/admin/rights/why/")  # fmt: skip


def _mark(session):
    return rights_changes.mark_of(rights_changes.decided(session))


def _form(page):
    """Return what the form of an editor page would send as it stands."""
    data = {}
    for tag in re.findall(r"<input[^>]+>", page.text):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and ("checkbox" not in tag or " checked" in tag):
            data.setdefault(name[1], []).append(value[1])
    for name, body in re.findall(r'<select[^>]+name="([^"]+)"[^>]*>(.*?)</select>', page.text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        data[name] = [chosen[1]] if chosen else [""]
    return data


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", list(Role))
def test_the_pages_open_to_their_readers(session, login, path, role):
    status = 200 if role in {Role.system_admin, Role.catalog_admin, Role.auditor} else 403
    assert login(role).get(path).status_code == status


@pytest.mark.parametrize("role", [Role.catalog_admin, Role.auditor, Role.specialist, Role.citizen])
def test_only_the_system_administrator_decides(session, login, role):
    client = login(role)
    assert client.post("/admin/rights/preview", data={}).status_code == 403
    assert client.post("/admin/rights/decide", data={}).status_code == 403
    if role is Role.catalog_admin:
        page = client.get("/admin/rights/role/specialist").text
        assert 'type="submit"' not in page.partition('class="rights-form"')[2].partition("</form>")[0]


@pytest.mark.parametrize("path", ["role/citizen", "role/king", "entity/HistorySeal", "entity/x",
                                  "fields/Agency/citizen", "fields/x/clerk"])  # fmt: skip
def test_what_is_not_in_the_matrix_is_not_found(session, login, path):
    assert login(Role.system_admin).get(f"/admin/rights/{path}").status_code == 404


def test_sending_a_page_as_it_stands_changes_nothing(session, login):
    client = login(Role.system_admin)
    for path in ("/admin/rights/role/catalog_admin", "/admin/rights/entity/Agency",
                 "/admin/rights/role/system_admin", "/admin/rights/fields/Agency/clerk"):  # fmt: skip
        answer = client.post("/admin/rights/preview", data=_form(client.get(path)), follow_redirects=True)
        assert vi("Nothing was changed.") in answer.text, path
    assert rights_changes.decided(session) == {}


def test_a_change_is_shown_then_made_and_told(session, login):
    tree = make_tree()
    make_user(Role.clerk, tree.commune, first_name="Trần Thị", last_name="Mai")
    client, clerk = login(Role.system_admin), login(Role.clerk)
    data = _form(client.get("/admin/rights/entity/Sector"))
    data["a"] = [*data["a"], "clerk:Sector:add"]
    shown = client.post("/admin/rights/preview", data=data)
    assert "Trần Thị Mai" in shown.text
    assert rights_changes.decided(session) == {}
    sent = {name: values[0] for name, values in _form(shown).items()}
    sent["changes"] = json.dumps([["clerk", "Sector", "action", "add", "yes"]])
    refused = client.post("/admin/rights/decide", data=sent | {"reason": ""})
    assert refused.status_code == 422
    assert vi("Say why: the reason stands in the history.") in refused.text
    assert clerk.get("/sector/add").status_code == 403
    done = client.post("/admin/rights/decide", data=sent | {"reason": "QĐ 7"})
    assert done.location == "/admin/rights/entity/Sector"
    assert clerk.get("/sector/add").status_code == 200
    again = client.post("/admin/rights/decide", data=sent | {"reason": "QĐ 7"}, follow_redirects=True)
    words = "Somebody else changed rights meanwhile. Look at the present state and decide again."
    assert vi(words) in again.text  # sent twice: one effect
    assert len(session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == "role_right")).all()) == 1


@pytest.mark.parametrize("changes", ["", "x", "[[1]]", "{}", '[["clerk","Sector","action",1,"yes"]]', "[" * 5000])
def test_forged_changes_are_refused(session, login, changes):
    data = {"mark": _mark(session), "reason": "x", "changes": changes, "back": "//evil.example/"}
    answer = login(Role.system_admin).post("/admin/rights/decide", data=data)
    assert answer.status_code in (302, 400)
    assert "evil" not in (answer.location or "")
    assert rights_changes.decided(session) == {}


def test_scopes_and_attributes_are_decided_on_their_pages(session, login):
    client = login(Role.system_admin)
    data = _form(client.get("/admin/rights/role/clerk")) | {"s:clerk:Division": ["agency"]}
    assert vi("own agency") in client.post("/admin/rights/preview", data=data).text
    fields = _form(client.get("/admin/rights/fields/Agency/clerk")) | {"f:clerk:Agency:phone": ["hide"]}
    assert vi("does not see") in client.post("/admin/rights/preview", data=fields).text
    named = fields | {"f:clerk:Agency:name": ["hide"]}
    refused = client.post("/admin/rights/preview", data=named, follow_redirects=True)
    assert vi("“%(field)s” cannot be hidden: records are called by it.").partition("%")[0] in refused.text


def test_taking_the_right_to_read_keeps_the_others_for_later(session, login):
    client = login(Role.system_admin)
    changes = {("catalog_admin", "Sector", "action", "read"): "no"}
    rights_changes.decide(session, changes, _mark(session), "thử")
    data = _form(client.get("/admin/rights/entity/Sector"))
    answer = client.post("/admin/rights/preview", data=data, follow_redirects=True)
    assert vi("Nothing was changed.") in answer.text


def test_the_matrix_takes_the_same_statements_whatever_it_shows(session, login, count_queries):
    client = login(Role.system_admin)
    with count_queries() as few:
        client.get("/admin/rights/")
    for entity in ("Sector", "Agency", "Division"):
        changes = {("clerk", entity, "action", "add"): "yes", ("clerk", "Agency", "scope", ""): "agency"}
        rights_changes.decide(session, changes, _mark(session), "thử")
    with count_queries() as many:
        page = client.get("/admin/rights/").text
    assert len(few) == len(many)
    assert page.count("is-given") == 4  # three and the legend
    assert len(page) < 120_000


def test_the_matrix_of_60_entities_and_20_roles_is_made_without_statements(session, count_queries):
    models = (declared_models() * 3)[:60]
    roles = [*rights_matrix.MATRIX_ROLES, *(f"role{n}" for n in range(9))]
    with count_queries() as seen:
        groups = rights_matrix.matrix(models, roles, {}, ORDER)
    assert not seen
    assert sum(len(lines) for _title, rows in groups for lines in rows) == 60 * len(roles) == 1200


def _texts(found):
    return " ".join(text for _speaks, text in found.reasons)


def test_the_reasons_name_role_declaration_and_decision(session):
    tree = make_tree()
    user = make_user(Role.clerk, tree.commune, first_name="Trần Thị", last_name="Mai")
    before = explaining_rights.explain(session, user, Sector, "add", today())
    assert not before.may
    assert vi("Clerk") in _texts(before)
    changes = {("clerk", "Sector", "action", "add"): "yes"}
    rights_changes.decide(session, changes, _mark(session), "QĐ 7/2026")
    found = explaining_rights.explain(session, user, Sector, "add", today())
    assert found.may
    assert "QĐ 7/2026" in _texts(found)
    assert not explaining_rights.explain(session, user, Agency, "remove", today()).may


def test_a_past_day_has_the_posts_and_decisions_of_that_day(session):
    tree = make_tree()
    with acting_at(datetime(2025, 1, 1, 9, tzinfo=VIETNAM)):
        user = make_user()
    make_position(user, Role.catalog_admin, tree.root, valid_from=date(2025, 1, 1), valid_to=date(2025, 6, 30))
    changes = {("catalog_admin", "Sector", "action", "change"): "no"}
    rights_changes.decide(session, changes, _mark(session), "thử")
    assert explaining_rights.explain(session, user, Sector, "change", date(2025, 3, 1)).may
    assert not explaining_rights.explain(session, user, Sector, "change", today()).may
    make_position(user, Role.catalog_admin, tree.root, valid_from=today() - timedelta(days=9))
    assert explaining_rights.explain(session, user, Sector, "change", today() - timedelta(days=1)).may
    assert not explaining_rights.explain(session, user, Sector, "change", today()).may


def test_one_record_is_judged_by_scope_and_row_rule(session):
    tree = make_tree()
    user = make_user(Role.clerk, tree.commune)
    mine, other = make_division(tree.commune), make_division(tree.department)
    changes = {("clerk", "Division", "scope", ""): "agency"}
    rights_changes.decide(session, changes, _mark(session), "thử")
    asked = (type(mine), "read", today())
    assert explaining_rights.explain(session, user, *asked, mine.id).may
    refused = explaining_rights.explain(session, user, *asked, other.id)
    assert not refused.may
    assert refused.reasons[-1] == (False, vi("The record lies outside the scope."))
    gone = explaining_rights.explain(session, user, *asked, 999_999)
    assert gone.reasons[-1] == (False, vi("There is no such record."))


@pytest.mark.parametrize(
    "query",
    ["user=1&entity=Sector&action=read&day=2999-01-01", "user=x&entity=Sector&action=read",
     "user=1&entity=x&action=read", "user=1&entity=Sector&action=x", "user=1&action=step:accept&record=x",
     "user=1&action=step:x", "user=1&entity=Sector&action=read&record=abc", "user=99999999999"],
)  # fmt: skip
def test_a_wrong_question_is_named_not_answered(session, login, query):
    page = login(Role.system_admin).get(f"/admin/rights/why/?{query}")
    assert page.status_code == 200
    assert "error-summary" in page.text


def test_the_page_explains(session, login):
    sector, user = make_sector(), make_user(Role.clerk, make_tree().commune)
    client = login(Role.catalog_admin)
    page = client.get(f"/admin/rights/why/?user={user.id}&entity=Sector&action=read&record={sector.id}")
    assert "chip-success" in page.text
    assert vi("Clerk") in page.text
    assert login(Role.clerk).get("/admin/rights/why/people?q=a").status_code == 403


def test_a_step_of_a_dossier_is_explained(session, login):
    from app.services.codes import give_code
    from app.services.submission import make_dossier
    from tests.factories import make_account, make_procedure

    tree = make_tree()
    dossier = make_dossier(session, make_procedure(), make_account(), tree.commune, channel="counter", data={})
    give_code(session, dossier)
    session.add(dossier)
    session.flush()
    desk, clerk = make_user(Role.desk_officer, tree.desk), make_user(Role.clerk, tree.commune)
    may = explaining_rights.explain_transition(session, desk, dossier, "accept", today())
    assert may.reasons[-2][0]  # the role stands in the right place; only a paper is missing
    assert may.reasons[-1] == (False, vi(DOSSIER.guards[DOSSIER.find("accept").guard]))
    refused = explaining_rights.explain_transition(session, clerk, dossier, "accept", today())
    assert not refused.may
    assert vi("Desk officer") in _texts(refused)


def test_every_screen_and_verb_has_words(session, login):
    page = login(Role.system_admin).get("/admin/rights/screens").text
    table = page.partition("<tbody")[2].partition("</tbody>")[0]
    names = {view for _permission, view in wanted_rights()}
    titles = set(re.findall(r'<th scope="row">([^<]+)</th>', table))
    assert titles
    assert not titles & names
    verbs = {verb for cell in re.findall(r"<td[^>]*>([^<]+)</td>", table) for verb in cell.split(", ")}
    assert verbs <= {vi(str(text)) for text in VERBS.values()} | {"–"}


def test_a_dossier_is_asked_for_by_its_code(session, office, login):
    dossier = office.received()
    asked = f"/admin/rights/why/?user={office[Role.specialist].user_id}&action=read&entity=Dossier&record="
    client = login(Role.system_admin)
    assert vi("This is not the number of a record.") in client.get(asked + "H57.0-1").text
    page = client.get(asked + dossier.code).text
    assert vi("This is not the number of a record.") not in page
    assert 'class="reasons"' in page
