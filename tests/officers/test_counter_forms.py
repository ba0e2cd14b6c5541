"""A counter form sent again: the same content is a doubled click; other content is told apart, nothing of it lost."""

import re
from io import BytesIO

import pytest
import sqlalchemy as sa

from app.models import Attachment, Dossier
from app.permissions import Role
from tests.applicant.world import png
from tests.officers.test_counter import sent


@pytest.fixture
def desk(enter):
    """The desk officer's browser."""
    return enter(Role.desk_officer)


def codes(session):
    return list(session.scalars(sa.select(Dossier.code).order_by(Dossier.id)))


def inputs(html, name):
    return re.findall(rf'name="{name}" value="([^"]*)"', html)


@pytest.mark.parametrize("do", ["receive", "register"])
def test_the_same_form_makes_one_dossier_however_often(office, desk, session, do):
    form = sent(office, do=do)
    places = {desk.post("/reception/new", data=form).location.split("?")[0] for _turn in range(3)}
    assert len(places) == len(codes(session)) == 1


@pytest.mark.parametrize("changes", [
    {"phone": "0905999999"}, {"address": "7 Lê Lợi"}, {"result_way": "post", "address": "7 Lê Lợi"},
    {"channel": "post"},
])  # fmt: skip
def test_other_content_of_the_same_person_and_procedure_is_no_doubled_click(office, desk, session, changes):
    form = sent(office)
    desk.post("/reception/new", data=form)
    (first,) = codes(session)
    again = desk.post("/reception/new", data=form | changes)
    text = again.get_data(as_text=True)
    assert (again.status_code, codes(session)) == (409, [first])
    assert f"đã dùng để tiếp nhận hồ sơ {first}" in text
    assert all(value in text for value in changes.values())  # what was typed stands there still
    (key,) = inputs(text, "key")
    assert key != form["key"]
    third = desk.post("/reception/new", data=form | changes | {"key": key})
    assert third.status_code == 302
    assert len(codes(session)) == 2
    assert desk.post("/reception/new", data=form).status_code == 302  # the first form still finds its own
    assert len(codes(session)) == 2


def test_scans_kept_for_the_form_before_go_along(office, desk, session):
    paper, form = office.version.components[0].id, sent(office)
    wrong = form | {"name": "", f"scan-{paper}_file": (BytesIO(png()), "anh.png")}
    html = desk.post("/reception/new", data=wrong).get_data(as_text=True)
    kept = inputs(html, "kept")
    assert len(kept) == 1
    assert desk.post("/reception/new", data=form | {"kept": kept}).status_code == 302
    again = desk.post("/reception/new", data=form | {"kept": kept, "phone": "0905999999"})
    text = again.get_data(as_text=True)
    fresh = {"key": inputs(text, "key")[0], "kept": inputs(text, "kept"), "phone": "0905999999"}
    assert (again.status_code, len(fresh["kept"])) == (409, 1)
    assert desk.post("/reception/new", data=form | fresh).status_code == 302
    held = sa.select(sa.func.count()).group_by(Attachment.dossier_id).where(Attachment.dossier_id.is_not(None))
    assert session.scalars(held).all() == [1, 1]


def test_another_scan_of_the_same_name_is_other_content(office, desk, session):
    paper, form = office.version.components[0].id, sent(office)

    def answer(picture):
        return desk.post("/reception/new", data=form | {f"scan-{paper}_file": (BytesIO(picture), "scan.png")})

    assert answer(png()).status_code == answer(png()).status_code == 302
    assert answer(png("black")).status_code == 409
    assert len(codes(session)) == 1
