"""What a supplement may ask for stands under the parts of the form: names repeat (of father, of mother)."""

import re

from app.models import FormField, FormSection
from app.permissions import Role
from tests.officers.pages import page


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
