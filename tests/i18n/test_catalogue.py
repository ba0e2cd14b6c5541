"""The Vietnamese catalogue is complete, sound and free of English."""

import gettext
import io
import re
import unicodedata

import pytest
from babel.messages.mofile import write_mo
from flask_babel import force_locale
from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import Email, Length

from app.lowcode.forms import BaseForm
from app.permissions import ROLE_LABELS
from app.workflows.states import State
from tests.i18n import texts

# Rightly the same in both languages; the value says why.
SAME = {
    "%(date)s: %(start)s–%(end)s": "a date and two times",
    "%(value)d %(unit)s": "a number and a word that is translated itself",
    "PDF": "the name of the format",
}
# The ten states as the national catalogue of dossier states names them (domain C).
NATIONAL_STATES = (
    "Mới đăng ký", "Được tiếp nhận", "Không được tiếp nhận", "Đang xử lý",
    "Yêu cầu bổ sung giấy tờ", "Yêu cầu thực hiện nghĩa vụ tài chính",
    "Công dân yêu cầu rút hồ sơ", "Dừng xử lý", "Đã xử lý xong", "Đã trả kết quả",
)  # fmt: skip
ENGLISH = re.compile(r"\b(the|and|of|is|are|this|your|please|with|not|dossier|agency)\b", re.I)


def _translated():
    """Yield (msgid form, msgstr) for every translation."""
    for message in texts.messages():
        ids = texts.forms(message.id)
        for number, translation in enumerate(texts.forms(message.string)):
            yield ids[min(number + 1, len(ids) - 1)], translation


def test_flask_appbuilder_is_extracted_whole():
    assert len(texts.of_appbuilder()) == 153


@pytest.mark.parametrize("part", ["own", "of_appbuilder", "of_forms", "of_login"])
def test_every_text_is_translated(part):
    done = {
        form
        for message in texts.messages()
        if not message.fuzzy and all(texts.forms(message.string))
        for form in texts.forms(message.id)
    }
    wanted = {form for text in getattr(texts, part)() for form in texts.forms(text)}
    assert wanted - done == set()


def test_plurals_are_kept_together():
    """A plural asked for by ngettext is one entry with its singular, not two."""
    entries = {message.id for message in texts.messages() if not isinstance(message.id, str)}
    plurals = {text for text in texts.every() if not isinstance(text, str)}
    assert plurals <= entries


def test_translations_keep_the_placeholders():
    wrong = [
        (msgid, msgstr)
        for msgid, msgstr in _translated()
        if msgstr and texts.placeholders(msgid) != texts.placeholders(msgstr)
    ]
    assert wrong == []


def test_nothing_is_left_in_english():
    same = {msgid for msgid, msgstr in _translated() if msgid == msgstr}
    assert same - set(SAME) == set()
    english = [msgstr for _id, msgstr in _translated() if ENGLISH.search(_without_data(msgstr))]
    assert english == []


def _without_data(text):
    """Return ``text`` without what stays English in it: placeholders, addresses, quotations."""
    return re.sub(r"%\(\w+\)\w|\{[^}]*\}|\S+@\S+|https?://\S+|“[^”]*”", " ", text)


def test_the_list_of_equal_texts_holds_nothing_else():
    assert set(SAME) <= {msgid for msgid, msgstr in _translated() if msgid == msgstr}


def test_translations_are_written_cleanly():
    """Composed characters, no stray spaces, and line ends where the original has them."""
    wrong = [
        msgstr
        for msgid, msgstr in _translated()
        if msgstr != unicodedata.normalize("NFC", msgstr)
        or "  " in msgstr
        or msgstr.startswith(" ") != msgid.startswith(" ")
        or msgstr.endswith(" ") != msgid.endswith(" ")
        or msgstr.endswith("\n") != msgid.endswith("\n")
    ]
    assert wrong == []


def test_labels_end_without_a_full_stop():
    with_full_stop = [
        msgid
        for msgid, msgstr in _translated()
        if len(msgid.split()) <= 3 and msgstr.endswith(".") and not msgid.endswith(".")
    ]
    assert with_full_stop == []


def test_the_catalogue_compiles():
    catalogue = texts.catalogue()
    assert catalogue.num_plurals == 1
    assert [(m.id, errors) for m, errors in catalogue.check() if errors] == []
    target = io.BytesIO()
    write_mo(target, catalogue)
    compiled = gettext.GNUTranslations(io.BytesIO(target.getvalue()))
    assert compiled.gettext("Access is Denied") == "Bạn hãy đăng nhập để xem trang này"
    assert compiled.ngettext("%(num)d dossier", "%(num)d dossiers", 1) == "%(num)d hồ sơ"


def test_states_have_their_national_names(app):
    with app.test_request_context(), force_locale("vi"):
        assert tuple(_(state.label) for state in State) == NATIONAL_STATES


def test_every_role_has_a_name_of_its_own(app):
    with app.test_request_context(), force_locale("vi"):
        names = [_(label) for label in ROLE_LABELS.values()]
    assert len(set(names)) == len(names)
    assert not set(names) & set(map(str, ROLE_LABELS.values()))


@pytest.mark.parametrize(
    ("validator", "message"),
    [
        (Length(min=3, max=5), "Phải có từ 3 đến 5 ký tự."),
        (Length(min=3), "Phải có ít nhất 3 ký tự."),
        (Email(), "Địa chỉ thư điện tử không hợp lệ. Ví dụ đúng: ten@example.vn."),
    ],
)
def test_messages_of_the_form_library_are_vietnamese(app, validator, message):
    class OneField(BaseForm):
        typed = StringField(validators=[validator])

    with app.test_request_context(method="POST", data={"typed": "a@"}), force_locale("vi"):
        form = OneField(meta={"csrf": False})
        assert not form.validate()
        assert form.typed.errors == [message]
