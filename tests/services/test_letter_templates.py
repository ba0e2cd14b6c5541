"""Texts of letters: drafted, checked, published from a day; issued letters keep theirs."""

import re
from datetime import timedelta

import pypdfium2
import pytest

from app.clock import acting_at, now, today
from app.documents import wording
from app.documents.builtin import BLOCKS, built_in
from app.documents.render import render
from app.documents.specimen import specimen
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.models import LetterTemplate
from app.models.letter_template import TEMPLATE_KINDS
from app.permissions import Role
from app.services import letter_templates, letters, reception
from app.workflows.parameters import FORM_SETS
from tests.services.steps import Office

SET = "tt03_2025"
# Signs that mean something in typst markup or code.
MARKUP = '#import "letter.typ": * #panic("x") $x^2$ *b* _i_ `c` <l> @ref \\ // /* = H [a] -- ~ "q"'


def text_of(pdf):
    with pypdfium2.PdfDocument(pdf) as document:
        found = " ".join(document[n].get_textpage().get_text_range() for n in range(len(document)))
    return re.sub(r"\s+", " ", found)


@pytest.fixture
def admin(actor):
    return actor(Role.catalog_admin)


def edited(session, admin, kind="refusal", form_set=SET, **texts):
    """Return a draft with these blocks changed."""
    row = letter_templates.start_draft(session, kind, form_set, admin)
    given = letter_templates.texts_of(row) | texts
    return letter_templates.save(session, row.id, given, row.row_version, admin)


def published(session, admin, on=None, **given):
    row = edited(session, admin, **given)
    return letter_templates.publish(session, row.id, on or today(), row.row_version, admin)


@pytest.mark.parametrize("form_set", FORM_SETS)
@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_every_block_that_is_edited_is_printed(kind, form_set):
    line = "Quý Ông/Bà lưu ý: khối"
    texts = {block: f"{line} {block} Ệ Ữ ỗ ẵ ợ đ" for block in built_in(kind, form_set)}
    text = text_of(letter_templates.preview(kind, form_set, texts))
    for block in texts:
        wanted = f"{line} {block} Ệ Ữ ỗ ẵ ợ đ"
        assert wanted in text or wanted.upper() in text, block


@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_built_in_texts_use_known_placeholders_and_name_the_form(kind):
    for form_set in FORM_SETS:
        texts = built_in(kind, form_set)
        assert wording.faults(kind, texts) == {}
        assert texts["title"].upper() in text_of(letter_templates.preview(kind, form_set, texts))
    assert set(BLOCKS) == set(TEMPLATE_KINDS)


@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_every_placeholder_of_a_kind_has_a_value_in_the_sample(kind):
    names = wording.names_of(kind)
    block = "closing"
    texts = built_in(kind, SET) | {block: "\n".join(f"[{name}: {{{{{name}}}}}]" for name in names)}
    text = text_of(letter_templates.preview(kind, SET, texts))
    for name in names:
        assert f"[{name}: " in text
    assert wording.DOTS not in text


def test_bold_lists_and_placeholders():
    texts = built_in("refusal", SET) | {"closing": "Kính gửi **{{ho_ten}}**:\n- mục thứ nhất\n- mục thứ hai"}
    text = text_of(letter_templates.preview("refusal", SET, texts))
    assert "Kính gửi Nguyễn Thị Hồng Hạnh:" in text
    assert "- mục thứ nhất" in text.replace("\xa0", " ")
    assert "**" not in text


@pytest.mark.parametrize("kind", ["refusal", "apology_overdue", "register"])
def test_markup_in_a_text_is_printed_as_it_is(kind):
    texts = built_in(kind, SET) | {"closing": MARKUP, "signer": "#panic(1)"}
    text = text_of(letter_templates.preview(kind, SET, texts))
    assert MARKUP in text
    assert "#PANIC(1)" in text


def test_what_an_applicant_typed_is_no_markup_of_ours():
    letter, data = specimen("refusal", SET, built_in("refusal", SET) | {"closing": "Gửi {{ho_ten}} hết"}, "2026-11-20")
    data["applicant"] = "**{{ly_do}}** #panic(1) $x$"
    assert "Gửi **{{ly_do}}** #panic(1) $x$ hết" in text_of(render(letter, data))


def test_a_paragraph_without_its_optional_value_is_left_out():
    letter, data = specimen("supplement", SET, built_in("supplement", SET), "2026-11-20")
    assert "trước hết" in text_of(render(letter, data))
    del data["answer_by_on"]
    text = text_of(render(letter, data))
    assert "trước hết" not in text
    assert "Mã hồ sơ không thay đổi" in text


@pytest.mark.parametrize(("block", "text", "said"), [
    ("closing", "Gửi {{ho_tem}}", "{{ho_ten}}"),
    ("closing", "Gửi {{abcxyz}}", "{{abcxyz}}"),
    ("closing", "Hẹn {{ngay_hen_moi}}", "{{ngay_hen_moi}}"),  # an apology's, not a refusal's
    ("closing", "Gửi {{ho_ten}", "{{ten}}"),
    ("closing", "ngày **đậm", "1"),
    ("closing", "x" * 4001, "4001"),
    ("title", " ", ""),
    ("title", "một\nhai", ""),
])  # fmt: skip
def test_a_text_that_cannot_be_printed_is_refused_by_name(session, admin, block, text, said):
    row = letter_templates.start_draft(session, "refusal", SET, admin)
    given = letter_templates.texts_of(row)
    with pytest.raises(Invalid) as caught:
        letter_templates.save(session, row.id, given | {block: text}, row.row_version, admin)
    assert said in caught.value.fields[block]
    assert letter_templates.texts_of(row) == given


def test_letters_keep_the_edition_they_were_issued_with(session, admin):
    office = Office(session)
    office.staff()

    def refused():
        dossier, _citizen = office.submitted()
        reception.refuse(session, dossier, office[Role.desk_officer], "lý do")
        return dossier.letters[-1]

    first = refused()
    assert first.edition is None
    published(session, admin, closing="Kết theo bản một./.")
    second = refused()
    third_row = published(session, admin, closing="Kết theo bản hai./.")
    third = refused()
    assert (second.edition, third.edition, third_row.edition) == (1, 2, 2)
    said = [text_of(letters.letter_pdf(session, one)) for one in (first, second, third)]
    assert "Xin thông báo để Ông/Bà được biết và thực hiện" in said[0]
    assert "Kết theo bản một" in said[1]
    assert "Kết theo bản hai" in said[2]
    assert "Kết theo bản hai" not in said[0] + said[1]


def test_an_edition_waits_for_its_day_and_may_be_taken_back(session, admin):
    later = today() + timedelta(days=10)
    row = published(session, admin, on=later, closing="Mới./.")
    assert letter_templates.in_force(session, "refusal", SET, today()) is None
    assert letter_templates.in_force(session, "refusal", SET, later) is row
    assert letter_templates.in_force(session, "refusal", "tt01_2018", later) is None
    standing = next(one for one in letter_templates.standings(session, SET) if one.kind == "refusal")
    assert (standing.in_force, standing.planned, standing.draft) == (None, row, None)
    letter_templates.withdraw(session, row.id, admin)
    assert letter_templates.in_force(session, "refusal", SET, later) is None
    again = letter_templates.publish(session, row.id, later, row.row_version, admin)
    with acting_at(now() + timedelta(days=11)), pytest.raises(Conflict):
        letter_templates.withdraw(session, again.id, admin)


def test_publishing_twice_is_one_act(session, admin):
    row = edited(session, admin, closing="Một./.")
    version = row.row_version
    letter_templates.publish(session, row.id, today(), version, admin)
    for again in (version, row.row_version):
        with pytest.raises(Conflict):
            letter_templates.publish(session, row.id, today(), again, admin)
    with pytest.raises(Conflict):
        letter_templates.save(session, row.id, {"title": "x"}, row.row_version, admin)
    assert session.query(LetterTemplate).count() == 1


def test_a_day_in_the_past_is_refused(session, admin):
    row = edited(session, admin)
    for day in (None, today() - timedelta(days=1)):
        with pytest.raises(Invalid) as caught:
            letter_templates.publish(session, row.id, day, row.row_version, admin)
        assert "valid_from" in caught.value.fields


def test_a_stale_form_is_noticed_and_there_is_one_draft(session, admin):
    row = letter_templates.start_draft(session, "refusal", SET, admin)
    assert letter_templates.start_draft(session, "refusal", SET, admin) is row
    version, texts = row.row_version, letter_templates.texts_of(row)
    letter_templates.save(session, row.id, texts | {"closing": "A."}, version, admin)
    with pytest.raises(Conflict):
        letter_templates.save(session, row.id, texts | {"closing": "B."}, version, admin)
    assert letter_templates.texts_of(row)["closing"] == "A."


def test_restoring_and_dropping(session, admin):
    row = edited(session, admin, closing="Khác.")
    letter_templates.restore(session, row.id, row.row_version, admin)
    assert letter_templates.texts_of(row) == built_in("refusal", SET)
    letter_templates.discard(session, row.id, row.row_version, admin)
    with pytest.raises(NotFound):
        letter_templates.get_template(session, row.id)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.catalog_admin])
def test_nobody_else_edits(session, actor, admin, role):
    row = edited(session, admin)
    other = actor(role)
    for act in (
        lambda: letter_templates.start_draft(session, "refusal", SET, other),
        lambda: letter_templates.save(session, row.id, {}, row.row_version, other),
        lambda: letter_templates.publish(session, row.id, today(), row.row_version, other),
        lambda: letter_templates.discard(session, row.id, row.row_version, other),
        lambda: letter_templates.withdraw(session, row.id, other),
    ):
        with pytest.raises(NotAllowed):
            act()
