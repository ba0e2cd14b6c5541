"""The office reorganises agencies in the browser: choose, preview, confirm, undo."""

import re
from datetime import timedelta
from html import escape

import pytest

from app.clock import now, today
from app.models import Agency, Reorganisation
from app.models.reorganisation import ReorganisationKind
from app.permissions import Role
from app.services.reorganise_moves import Wish, changes_of
from app.services.reorganise_wishes import as_data, as_wish
from tests.factories import make_agency, make_division, make_tree
from tests.leaders.dossiers import add_dossier
from tests.wording import vi

BASE = "/admin/reorganisation"


@pytest.fixture
def wards(session):
    tree = make_tree()
    other = make_agency(parent=tree.root, code="H57.19800", name="Ủy ban nhân dân phường <b>Mới</b>")
    add_dossier("in time")
    session.flush()
    return tree.commune, other


def wanted(wards, **given):
    source, target = wards
    return {"kind": "merge", "source": source.id, "target": target.id, "decision_number": "1675/QĐ-UBND",
            "decision_on": today().isoformat(), "preview": "y"} | given  # fmt: skip


def seen_in(page):
    return re.search(r'name="seen" value="(\w+)"', page).group(1)


@pytest.mark.parametrize("role", list(Role))
def test_only_the_catalog_administrator_reaches_any_page(session, login, wards, role):
    client, may = login(role), role is Role.catalog_admin
    pages = [f"{BASE}/", f"{BASE}/plan?kind=merge&source={wards[0].id}"]
    assert all((client.get(page).status_code == 200) == may for page in pages)
    assert (client.post(f"{BASE}/carry-out", data=wanted(wards)).status_code != 403) == may
    assert (client.post(f"{BASE}/1/undo").status_code != 403) == may
    assert (client.post(f"{BASE}/1/cancel").status_code != 403) == may
    assert (session.query(Reorganisation).count() == 0) or may


def test_a_merger_from_preview_to_undo(session, login, wards):
    client, (source, target) = login(Role.catalog_admin), wards
    page = client.get(f"{BASE}/plan", query_string=wanted(wards)).text
    assert vi("What will change") in page
    assert "&lt;b&gt;Mới" in page
    assert session.get(Agency, source.id).is_open()
    sent = wanted(wards, seen=seen_in(page))
    answer = client.post(f"{BASE}/carry-out", data=sent, follow_redirects=True)
    assert vi("The agencies are reorganised.") in answer.text
    act = session.query(Reorganisation).one()
    assert session.get(Agency, source.id).successor_id == target.id
    assert client.post(f"{BASE}/carry-out", data=sent).status_code == 422
    undone = client.post(f"{BASE}/{act.id}/undo", follow_redirects=True).text
    assert vi("Everything is as it was before.") in undone
    assert session.get(Agency, source.id).is_open()


def test_a_split_offers_what_may_go_along(session, login, wards):
    division = make_division(wards[0])
    page = login(Role.catalog_admin).get(f"{BASE}/plan?kind=split&source={wards[0].id}").text
    assert division.name in page
    assert vi("Sectors whose running dossiers go along") in page


@pytest.mark.parametrize(("given", "words"), [
    ({"decision_on": "31/02"}, "Please give a date, for instance 31/12/2026."),
    ({"decision_number": ""}, "Please give the number of the decision."),
    ({"target": "x"}, "Please choose an agency that exists today."),
    ({"target": "99999999999999"}, "Please choose an agency that exists today."),
    ({"decision_number": "x" * 61}, "At most %(limit)d characters."),
], ids=str)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_written(session, login, wards, given, words):
    client = login(Role.catalog_admin)
    answer = client.get(f"{BASE}/plan", query_string=wanted(wards, **given))
    assert answer.status_code == 422
    assert vi(words, limit=60) in answer.text
    assert client.post(f"{BASE}/carry-out", data=wanted(wards, seen="x", **given)).status_code == 422
    assert session.query(Reorganisation).count() == 0


@pytest.mark.parametrize("given", [{"kind": "burn"}, {"source": "0"}, {"source": "ü"}, {"kind": ""}], ids=str)
def test_a_forged_act_is_not_found(login, wards, given):
    client = login(Role.catalog_admin)
    assert client.get(f"{BASE}/plan", query_string=wanted(wards, **given)).status_code == 404
    assert client.post(f"{BASE}/carry-out", data=wanted(wards, **given)).status_code == 404
    assert client.get(f"{BASE}/99999999999999").status_code == 404


def test_a_confirmation_without_its_preview_is_refused(session, login, wards):
    client = login(Role.catalog_admin)
    assert client.post(f"{BASE}/carry-out", data=wanted(wards, seen="old")).status_code == 409
    assert session.query(Reorganisation).count() == 0


def add_act(session, source, target):
    act = Reorganisation(kind="merge", state="applied", source=source, target=target, decision_number="1/QĐ",
                         decision_on=today(), actor_name="A", done_at=now())  # fmt: skip
    session.add(act)
    session.flush()


def test_the_list_costs_the_same_however_long(session, login, wards, count_queries):
    client = login(Role.catalog_admin)
    add_act(session, *wards)
    client.get(f"{BASE}/")
    with count_queries() as few:
        client.get(f"{BASE}/")
    for _place in range(5):
        add_act(session, make_agency(parent=wards[1].parent), make_agency(parent=wards[1].parent))
    client.get(f"{BASE}/")  # what is kept as long as no agency changes is found here
    with count_queries() as many:
        page = client.get(f"{BASE}/").text
    assert page.count("1/QĐ") == 6
    assert len(many) == len(few)


def test_a_later_day_is_planned_shown_and_cancelled(session, login, wards):
    client, day = login(Role.catalog_admin), (today() + timedelta(days=9)).isoformat()
    page = client.get(f"{BASE}/plan", query_string=wanted(wards, effective_on=day)).text
    sent = wanted(wards, effective_on=day, seen=seen_in(page))
    shown = client.post(f"{BASE}/carry-out", data=sent, follow_redirects=True).text
    assert vi("The act is planned; it is carried out by itself on its day.") in shown
    assert vi("Cancel the plan") in shown
    act = session.query(Reorganisation).one()
    assert session.get(Agency, wards[0].id).is_open()
    assert vi("The planned act is cancelled.") in client.post(f"{BASE}/{act.id}/cancel", follow_redirects=True).text
    assert vi("Cancel the plan") not in client.get(f"{BASE}/{act.id}").text
    past = (today() - timedelta(days=1)).isoformat()
    assert client.get(f"{BASE}/plan", query_string=wanted(wards, effective_on=past)).status_code == 422
    assert client.get(f"{BASE}/plan", query_string=wanted(wards, effective_on="x")).status_code == 422


def test_going_on_without_an_agency_names_what_is_missing(session, login):
    make_tree()
    page = login(Role.catalog_admin).get("/admin/reorganisation/plan?kind=rename&source=")
    assert page.status_code == 422
    assert vi("Choose an agency.") in page.text
    assert re.search(r'value="rename" checked', page.text)


@pytest.mark.parametrize(("sent", "stands"), [("UBND-PM", "UBND-PM"), ("", None)])
def test_a_new_name_brings_its_abbreviation(session, login, wards, sent, stands):
    """The symbol of results follows the name; left empty on the page it is none, as everywhere."""
    client, ward = login(Role.catalog_admin), wards[0]
    ward.abbreviation = "UBND"
    session.commit()
    asking = client.get(f"{BASE}/plan?kind=rename&source={ward.id}").text
    assert re.search(r'<input[^>]*name="abbreviation"[^>]*>', asking)[0].count('value="UBND"') == 1
    asked = wanted(wards, kind="rename", target="", name="Phường Mới", code=ward.code, abbreviation=sent)
    page = client.get(f"{BASE}/plan", query_string=asked).text
    assert f'type="hidden" name="abbreviation" value="{sent}"' in page
    client.post(f"{BASE}/carry-out", data=asked | {"seen": seen_in(page)})
    act = session.query(Reorganisation).one()
    assert session.get(Agency, ward.id).abbreviation == stands
    client.post(f"{BASE}/{act.id}/undo")
    session.expire_all()
    assert session.get(Agency, ward.id).abbreviation == "UBND"


def test_a_wrong_abbreviation_is_named_and_nothing_changes(session, login, wards):
    asked = wanted(wards, kind="rename", target="", name="Phường Mới", code=wards[0].code, abbreviation="ub nd")
    page = login(Role.catalog_admin).get(f"{BASE}/plan", query_string=asked)
    assert page.status_code == 422
    message = vi("An abbreviation has capital letters, digits and the signs - & only: for example UBND.")
    assert escape(message) in page.text


def test_an_act_planned_before_it_was_asked_for_leaves_the_abbreviation(session, wards):
    wards[0].abbreviation = "UBND"
    data = as_data(Wish(kind=ReorganisationKind.rename, source=wards[0], code="H57.20000", name="Phường Mới"))
    del data["abbreviation"]
    assert "abbreviation" not in {one.name for one in changes_of(session, as_wish(session, data))}
    assert as_wish(session, data | {"abbreviation": ""}).abbreviation == ""
