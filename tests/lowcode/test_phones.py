"""Phone numbers are written in groups wherever a record is shown; forms and the API have them as they are kept."""

import pytest

from app.permissions import Role
from app.text import phone_text
from tests.factories import make_tree


@pytest.mark.parametrize(("kept", "shown"), [
    ("0905123456", "0905 123 456"), ("02343822123", "0234 382 2123"), ("19001075", "19001075"),
    ("0234 3822 123", "0234 3822 123"), ("", ""),
])  # fmt: skip
def test_a_number_is_written_in_groups(kept, shown):
    assert phone_text(kept) == shown


def test_lists_and_records_show_the_groups_and_the_form_the_number(session, login):
    tree = make_tree()
    tree.commune.phone = "0905123456"
    session.commit()
    client = login(Role.catalog_admin)
    for path in (f"/agency/show/{tree.commune.id}", "/agency/list/"):
        text = client.get(path).text
        assert "0905 123 456" in text, path
        assert "0905123456" not in text, path
    assert 'value="0905123456"' in client.get(f"/agency/edit/{tree.commune.id}").text
    assert client.get(f"/api/v1/agency/{tree.commune.id}").json["result"]["phone"] == "0905123456"
