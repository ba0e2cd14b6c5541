"""What a supplement may ask for stands under the parts of the form: names repeat (of father, of mother)."""

import re

from app.models import FormField, FormSection
from app.permissions import Role
from app.services.dossier_offers import find_offers
from tests.officers.pages import act, page


def test_fields_to_correct_stand_under_the_parts_of_the_form(session, office, enter):
    dossier, _citizen = office.submitted()
    form = dossier.version.form
    for place, title in ((2, "Người cha"), (3, "Người mẹ")):
        part = FormSection(position=place, title=title)
        form.sections.append(part)
        part.fields = [FormField(position=1, key=f"ten_{place}", label="Họ và tên", kind="text"),
                       FormField(position=2, key=f"sinh_{place}", label="Ngày sinh", kind="date")]  # fmt: skip
    session.commit()
    text = page(enter(Role.desk_officer), dossier)
    asked = text[text.index('name="field"') - 400 :]
    seen = re.findall(r'checklist-part">([^<]+)<|name="field" value="(ten_\d|sinh_\d)"', asked)
    assert [a or b for a, b in seen][-6:] == ["Người cha", "ten_2", "sinh_2", "Người mẹ", "ten_3", "sinh_3"]


def lacking(office):
    """Return a dossier sent online of which a required paper is not there."""
    dossier, _citizen = office.submitted()
    required = next(c for c in dossier.version.components if c.is_required)
    for paper in dossier.papers:
        paper.is_received = paper.component_id != required.id
    office.session.commit()
    return dossier, required


def test_a_dossier_lacking_a_paper_is_first_to_be_supplemented(office, enter):
    dossier, required = lacking(office)
    first, *others = find_offers(office.session, dossier, office[Role.desk_officer])
    accept = next(offer for offer in others if offer.name == "accept")
    assert (first.name, first.is_main, accept.is_main) == ("ask_supplement", True, False)
    assert "Còn thiếu giấy tờ bắt buộc" in accept.consequence
    form = re.search(r'<form[^>]*id="act-ask_supplement".*?</form>', page(enter(Role.desk_officer), dossier), re.S)[0]
    ticked = re.findall(r'name="(component|field)" value="([^"]+)" checked', form)
    assert ticked == [("component", str(required.id))]
    assert f"Hồ sơ còn thiếu: {required.name}." in form
    folded = re.findall(r'<details class="ask-more">.*?</details>', form, re.S)
    assert any('name="field"' in part for part in folded)
    assert 'name="field"' not in re.sub(r"<details.*?</details>", "", form, flags=re.S)


def test_what_was_chosen_in_a_fold_is_shown_when_the_request_is_refused(office, enter):
    dossier, _required = lacking(office)
    key = next(iter(dossier.version.form.fields())).key
    answer = act(enter(Role.desk_officer), dossier, "ask_supplement", field=key, reason="")
    form = re.search(r'<form[^>]*id="act-ask_supplement".*?</form>', answer.text, re.S)[0]
    assert answer.status_code == 422
    assert f'name="field" value="{key}" checked' in form
    assert '<details class="ask-more" open>' in form
    assert 'name="component"' in form
    assert not re.search(r'name="component" value="\d+" checked', form)


def test_once_the_paper_is_there_accepting_comes_first_again(office):
    dossier, _required = lacking(office)
    for paper in dossier.papers:
        paper.is_received = True
    office.session.commit()
    offers = find_offers(office.session, dossier, office[Role.desk_officer])
    assert offers[0].name == "accept"
    assert "Còn thiếu" not in offers[0].consequence
    ask = next(offer for offer in offers if offer.name == "ask_supplement")
    assert (ask.facts["missing"], ask.facts["reason"]) == ([], "")
