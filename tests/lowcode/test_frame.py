"""Parts of pages rendered once for many readers: nothing of one reader reaches another."""

import re

import pytest
from flask import render_template_string
from flask_wtf.csrf import generate_csrf
from markupsafe import escape

from app.lowcode.lean import shape_of
from app.lowcode.listing import find_page, parse
from app.models import Agency, Delegation, Dossier, OfficerPosition, Procedure
from app.permissions import SYSTEM, Role
from app.views.fragments import forget_fragments, fragment
from tests.factories import make_agency, make_procedure, make_tree
from tests.wording import vi

PATH = "/procedure/list/"


def _tokens(text):
    return set(re.findall(r'name="csrf_token" value="([^"]+)"', text))


def test_every_reader_gets_his_own_token_in_kept_forms(session, login):
    make_procedure()
    forget_fragments()
    first, second = login(Role.catalog_admin), login(Role.catalog_admin)
    pages = [client.get(PATH).text for client in (first, second, first)]
    tokens = [_tokens(page) for page in pages]
    assert all(len(found) == 1 for found in tokens), tokens
    assert not tokens[0] & tokens[1]
    for client, found in ((second, tokens[1]), (first, tokens[2])):
        form = {"csrf_token": found.pop(), "name": "Của tôi", "query": "q=a"}
        assert client.post("/procedure/views", data=form, csrf=False).status_code == 302
        assert "Của tôi" in client.get(PATH).text


def test_what_one_reader_typed_is_not_shown_to_another(session, login):
    first, second = login(Role.catalog_admin), login(Role.catalog_admin)
    typed = f"{PATH}?q=Nguyễn-Bí-Mật&f.valid_from.from=2026-03-04&sort=-code&cols=code"
    assert "Nguyễn-Bí-Mật" in first.get(typed).text
    page = second.get(PATH).text
    assert "Bí-Mật" not in page
    assert "2026-03-04" not in page


def test_a_chosen_filter_stays_chosen_and_others_do_not_see_it(session, login):
    make_tree()
    client = login(Role.catalog_admin)
    page = client.get("/agency/list/?f.level=commune").text
    assert '<option value="commune" selected' in page
    assert '<option value="commune" selected' not in client.get("/agency/list/").text


@pytest.mark.parametrize("text", ["<script>", '"><i>', "\0", "100 %"])
def test_holes_are_filled_escaped(app, session, text):
    with app.test_request_context("/"):
        for _time in range(2):
            found = fragment("lowcode/_save_view.html", "ProcedureView", {"query": text}, endpoint="ProcedureView")
            assert f'name="query" value="{escape(text)}"' in found
            assert _tokens(found) == {generate_csrf()}


def test_words_are_escaped_and_patterns_always_patterns(app, session):
    with app.test_request_context("/"):
        shown = render_template_string("{{ _('Edit: %(what)s', what='<b>') }}|{{ _('50 %% of') }}|{{ _('Saved.') }}")
    assert shown == f"{vi('Edit: %(what)s') % {'what': '&lt;b&gt;'}}|50 % of|{vi('Saved.')}"


def test_icons_are_drawn_as_before(app, session):
    template = "{{ draw_icon('x') }}{{ draw_icon('sun', '<i>', 'big') }}{{ draw_icon('moon', class='dark') }}"
    with app.test_request_context("/"):
        shown = render_template_string(template)
    assert 'class="icon" aria-hidden="true" focusable="false"><use href="/static/icons.svg' in shown
    assert 'class="icon big" role="img" aria-label="&lt;i&gt;"' in shown
    assert 'class="icon dark" aria-hidden="true"' in shown


@pytest.mark.parametrize(("model", "names"), [
    (Agency, ("code", "parent", "successor", "level")), (Procedure, ("code", "name", "sector")),
])  # fmt: skip
def test_lean_rows_say_what_whole_records_say(session, model, names):
    tree = make_tree()
    make_procedure()
    make_agency(parent=tree.root, successor=tree.commune)
    wanted = parse(model, {"sort": "-code"})
    whole = find_page(session, model, SYSTEM, wanted).rows
    lean = find_page(session, model, SYSTEM, wanted, shape=shape_of(model, names, "code")).rows
    assert len(lean) == len(whole) > 0
    for one, other in zip(lean, whole, strict=True):
        assert one.id == other.id
        for name in names:
            value = getattr(other, name)
            assert getattr(one, name) == (str(value) if hasattr(value, "id") else value)


def test_names_made_of_more_than_columns_are_read_whole():
    assert shape_of(Dossier, ("code", "procedure", "agency"), "id") is not None
    assert shape_of(Dossier, ("code", "tasks"), "id") is None  # a list of records
    assert shape_of(Delegation, ("position",), "id") is None  # a post is named in the reader's language
    assert shape_of(OfficerPosition, ("user",), "agency_id") is not None


def test_the_sidebar_tells_a_list_of_records_from_the_screen_that_works_with_them(session, login):
    page = login(Role.system_admin).get(PATH).text
    menu = dict(re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?\s*(?:<span>)?([^<]+)', page))
    for address, words in (("/user/list/", "List of users"), ("/role/list/", "Catalog of roles"),
                           ("/profile/list/", "Catalog of regulations"), ("/absence/list/", "List of absences"),
                           ("/working-calendar/list/", "Catalog of calendars")):  # fmt: skip
        assert menu[address].strip() == vi(words)


@pytest.mark.parametrize(("role", "home"), [
    (Role.catalog_admin, "/admin/"), (Role.system_admin, "/admin/"), (Role.specialist, "/work"),
    (Role.auditor, "/work"),
])  # fmt: skip
def test_the_name_of_the_site_leads_where_the_login_does(session, login, role, home):
    assert f'class="brand" href="{home}"' in login(role).get("/notices/").text


def _menu(page: str) -> tuple[str, str]:
    """Return what of the sidebar is open, and what is folded in it."""
    sidebar = page.split('id="sidebar"')[1].split("</aside>")[0]
    open_part, _details, aside = sidebar.partition('<details class="menu-aside"')
    return open_part, aside


def test_the_sidebar_folds_what_a_role_only_looks_up(session, login):
    forget_fragments()
    open_part, aside = _menu(login(Role.clerk).get("/work/").text)
    for address in ("/api/docs", "/agency/list/", "/document-type/list/"):
        assert (address in open_part, address in aside) == (False, True), address
    assert "/register" in open_part
    assert "Gửi phản hồi về thủ tục" in open_part, "an act is not looked up"
    assert not aside.startswith(" open")
    assert open_part.count("<li>") < 20
    assert _menu(login(Role.clerk).get("/agency/list/").text)[1].startswith(" open"), "the page stands in it"


@pytest.mark.parametrize("role", [Role.catalog_admin, Role.system_admin, Role.auditor])
def test_nothing_is_folded_for_whom_the_settings_are_the_work(session, login, role):
    open_part, aside = _menu(login(role).get("/agency/list/").text)
    assert "/agency/list/" in open_part
    assert aside == ""


def test_what_a_role_may_change_stays_in_sight(session, login):
    forget_fragments()
    open_part, aside = _menu(login(Role.agency_head).get("/work/").text)
    assert vi("Publication of procedures") in open_part
    assert vi("Approval of processes") in open_part
    assert "/procedure/list/" in aside
