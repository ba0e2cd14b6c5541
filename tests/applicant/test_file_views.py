"""The checked views of files: headers, previews, uploads of every bad kind."""

import io

import pytest
import sqlalchemy as sa

from app.extensions import db
from app.models import Attachment, StoredFile
from app.permissions import Role
from tests.applicant.world import EICAR, make_draft, pdf, png, send


def upload(me, draft, data, name, place=None):
    place = place or f"component={draft.version.components[0].id}"
    return me.post(f"/files/draft/{draft.key}?{place}", data={"file": (io.BytesIO(data), name)})


def test_an_upload_answers_what_the_script_needs(me, world):
    draft = make_draft(world)
    answer = upload(me, draft, png(), "Giấy chứng sinh.png")
    assert set(answer.json) == {"id", "name", "size", "media_type", "url", "remove_url"}
    assert answer.json["name"] == "Giấy chứng sinh.png"
    assert me.get(answer.json["url"]).data == png()
    assert me.post(answer.json["remove_url"]).status_code == 204
    assert me.get(answer.json["url"]).status_code == 404


def test_the_headers_let_nothing_run(me, world):
    draft = make_draft(world)
    sent = upload(me, draft, png(), "Đơn đề nghị.png").json
    answer = me.get(sent["url"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('inline; filename="Don')
    assert "filename*=UTF-8''%C4%90%C6%A1n" in disposition
    assert me.get(f"{sent['url']}?tai=1").headers["Content-Disposition"].startswith("attachment")
    text = upload(me, draft, b"xin chao", "ghi chu.txt").json
    assert me.get(text["url"]).headers["Content-Disposition"].startswith("attachment")


def test_a_preview_is_a_picture_of_a_page(me, world):
    draft = make_draft(world)
    sent = upload(me, draft, pdf(), "a.pdf").json
    answer = me.get(f"{sent['url']}/preview/1.png")
    assert answer.mimetype == "image/png"
    assert answer.data[:4] == b"\x89PNG"
    assert me.get(f"{sent['url']}/preview/2.png").status_code == 404
    assert me.get(f"{sent['url']}/preview/99999999999.png").status_code == 404


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<html><script>alert(1)</script></html>", "giay.pdf"),
        (b"MZ" + b"\0" * 400, "anh.png"),
        (EICAR, "virus.txt"),
        (b"", "rong.pdf"),
        (pdf()[:150], "hong.pdf"),
        (png(), "anh.pdf"),
    ],
)
def test_bad_files_are_refused_with_a_message(me, world, data, name):
    draft = make_draft(world)
    answer = upload(me, draft, data, name)
    assert answer.status_code == 422
    assert name in answer.json["error"]
    assert db.session.scalar(sa.select(sa.func.count(Attachment.id))) == 0
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


def test_sixty_megabytes_are_refused(me, world):
    draft = make_draft(world)
    big = b"%PDF-1.4\n" + b"0" * (60 * 1024 * 1024)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="to.pdf"\r\n\r\n'
    answer = me.post(
        f"/files/draft/{draft.key}?component={draft.version.components[0].id}",
        data=head + big + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 422
    assert "60" in answer.json["error"]
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


@pytest.mark.parametrize(
    "place", ["component=0", "component=999999", "component=x", "field=ho_ten", "x=1"]
)
def test_a_foreign_place_is_refused(me, world, place):
    draft = make_draft(world)
    assert upload(me, draft, png(), "a.png", place).status_code == 404
    assert db.session.scalar(sa.select(sa.func.count(Attachment.id))) == 0


@pytest.mark.parametrize("body", ["{", "", "[]"])
def test_an_upload_that_is_none_is_refused(me, world, body):
    draft = make_draft(world)
    answer = me.post(f"/files/draft/{draft.key}", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json["error"]


def test_a_sent_draft_takes_no_files(me, world):
    dossier = send(world)
    from app.models import Draft

    draft = db.session.scalars(sa.select(Draft).where(Draft.dossier_id == dossier.id)).one()
    assert upload(me, draft, png(), "a.png").status_code == 409


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen}))
def test_nobody_else_opens_the_file_of_a_draft(me, world, login, role):
    sent = upload(me, make_draft(world), png(), "a.png").json
    other = login(role)
    assert other.get(sent["url"]).status_code == 404
    assert other.get(f"{sent['url']}/preview/1.png").status_code == 404
    assert other.post(sent["remove_url"]).status_code == 404
    assert me.get(sent["url"]).status_code == 200


def test_a_visitor_opens_nothing(client, me, world):
    sent = upload(me, make_draft(world), png(), "a.png").json
    assert client.get(sent["url"]).location.startswith("/login/")


def test_letters_open_to_the_applicant_and_the_desk_alone(me, world, login):
    letter = send(world).letters[0]
    for browser, status in (
        (me, 200),
        (login(Role.desk_officer), 200),
        (login(Role.citizen), 404),
        (login(Role.catalog_admin), 404),
    ):
        assert browser.get(f"/letters/{letter.id}.pdf").status_code == status
