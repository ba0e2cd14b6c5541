"""Packs in the browser and on the command line: who may, what is shown, what is written."""

import io

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app.extensions import db
from app.models import PackRun, Sector
from app.packs import archive, background, yamls
from app.packs.exporting import Chosen
from app.permissions import Role
from app.tasks.outbox import run_waiting
from tests.factories import make_procedure, make_sector, make_tree
from tests.packs.carrying import files_of
from tests.wording import vi

PAGES = ("/admin/packs/", "/admin/packs/export", "/admin/packs/export?scope=all",
         "/admin/packs/export/download?scope=all", "/admin/packs/procedures?q=")  # fmt: skip


@pytest.fixture
def sector(session):
    make_tree()
    return make_sector(code="ho_tich", name="Hộ tịch")


def pack_of(session, name="Hộ tịch, quốc tịch"):
    files = files_of(session, Chosen("kind", "sector"))
    return files | {"sector/ho_tich.yaml": yamls.dump({"code": "ho_tich", "name": name, "is_active": True})}


def upload(client, files, **fields):
    content = files if isinstance(files, bytes) else archive.zipped(files)
    return client.post("/admin/packs/upload", data={"pack": (io.BytesIO(content), "goi.zip"), **fields})


@pytest.mark.parametrize("role", [Role.catalog_admin, Role.system_admin])
def test_administrators_see_every_page(session, sector, login, role):
    client = login(role)
    for path in PAGES:
        assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("role", [r for r in Role if r not in {Role.catalog_admin, Role.system_admin}])
def test_nobody_else_does(session, sector, login, role):
    client = login(role)
    assert all(client.get(path).status_code in {302, 403} for path in PAGES)
    assert upload(client, pack_of(session)).status_code in {302, 403}
    assert session.scalar(sa.select(sa.func.count(PackRun.id))) == 0


def test_a_visitor_is_sent_away(session, sector, client):
    assert all(client.get(path).status_code in {302, 401, 403} for path in PAGES)


def test_a_pack_is_uploaded_read_applied_and_undone(session, sector, login):
    client = login(Role.catalog_admin)
    added = {"sector/moi.yaml": yamls.dump({"code": "moi", "name": "Lĩnh vực mới"})}
    response = upload(client, pack_of(session) | added)
    assert response.status_code == 302
    url = response.headers["Location"]
    page = client.get(url).text
    assert "Hộ tịch, quốc tịch" in page
    assert "Lĩnh vực mới" in page
    assert session.get(Sector, sector.id).name == "Hộ tịch"
    client.post(f"{url}/apply")
    assert session.get(Sector, sector.id).name == "Hộ tịch, quốc tịch"
    client.post(f"{url}/apply")
    assert session.scalar(sa.select(PackRun.state)) == "applied"
    client.post(f"{url}/undo")
    assert session.get(Sector, sector.id).name == "Hộ tịch"
    assert vi("Undone") in client.get(url).text


def test_a_system_administrator_may_look_but_not_write_catalogs(session, sector, login):
    client = login(Role.system_admin)
    url = upload(client, pack_of(session)).headers["Location"]
    client.post(f"{url}/apply")
    assert session.get(Sector, sector.id).name == "Hộ tịch"
    assert session.scalar(sa.select(PackRun.state)) == "refused"


def test_who_may_only_look_cannot_apply_what_another_planned(session, sector, login):
    url = upload(login(Role.catalog_admin), pack_of(session)).headers["Location"]
    other = login(Role.system_admin)
    assert other.get(url).status_code == 200
    other.post(f"{url}/apply")
    assert session.get(Sector, sector.id).name == "Hộ tịch"
    login(Role.catalog_admin).post(f"{url}/apply")
    other.post(f"{url}/undo")
    assert session.get(Sector, sector.id).name == "Hộ tịch, quốc tịch"


def test_a_changed_target_brings_a_new_plan_instead(session, sector, login):
    client = login(Role.catalog_admin)
    url = upload(client, pack_of(session)).headers["Location"]
    session.get(Sector, sector.id).name = "Tên khác"
    session.flush()
    client.post(f"{url}/apply")
    assert session.get(Sector, sector.id).name == "Tên khác"
    assert "Tên khác" in client.get(url).text
    client.post(f"{url}/apply")
    assert session.get(Sector, sector.id).name == "Hộ tịch, quốc tịch"


def test_an_undo_that_is_no_longer_possible_says_why(session, sector, login):
    client = login(Role.catalog_admin)
    url = upload(client, pack_of(session)).headers["Location"]
    client.post(f"{url}/apply")
    session.get(Sector, sector.id).name = "Sửa sau"
    session.flush()
    response = client.post(f"{url}/undo")
    assert response.status_code == 409
    assert "sector/ho_tich.yaml" in response.text
    assert session.get(Sector, sector.id).name == "Sửa sau"


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04broken"])
def test_what_is_no_pack_is_refused_in_words(session, sector, login, content):
    client = login(Role.catalog_admin)
    assert upload(client, content).status_code == 422
    assert client.post("/admin/packs/upload", data={}).status_code == 422
    assert session.scalar(sa.select(sa.func.count(PackRun.id))) == 0


def test_faults_are_listed_by_file(session, sector, login):
    files = pack_of(session) | {"sector/x.yaml": b"code: x\nnmae: y"}
    page = upload(login(Role.catalog_admin), files)
    assert page.status_code == 422
    assert "sector/x.yaml" in page.text


def test_markup_in_a_pack_stays_text(session, sector, login):
    client = login(Role.catalog_admin)
    url = upload(client, pack_of(session, "<script>alert(1)</script>")).headers["Location"]
    assert "<script>alert(1)" not in client.get(url).text


def test_a_large_pack_is_left_to_the_worker(session, sector, login, monkeypatch):
    monkeypatch.setattr(background, "AT_ONCE", 0)
    client = login(Role.catalog_admin)
    url = upload(client, pack_of(session)).headers["Location"]
    assert f"{url}/progress" in client.get(url).text
    assert client.get(f"{url}/progress").json == {"busy": True, "done": 0, "total": 0, "words": vi("Being checked")}
    run_waiting()
    assert "data-progress-url" not in client.get(url).text
    client.post(f"{url}/apply")
    assert session.get(Sector, sector.id).name == "Hộ tịch"
    run_waiting()
    session.expire_all()
    assert session.scalar(sa.select(PackRun.state)) == "applied"
    assert session.get(Sector, sector.id).name == "Hộ tịch, quốc tịch"


def test_a_large_upload_is_read_by_the_worker_and_its_zip_is_not_kept(session, sector, login, monkeypatch):
    monkeypatch.setattr(archive, "READ_AT_ONCE", (0, 0))
    client = login(Role.catalog_admin)
    with monkeypatch.context() as patch:
        patch.setattr("app.packs.runs.read_pack", lambda _files: pytest.fail("read while the browser waits"))
        url = upload(client, pack_of(session)).headers["Location"]
    assert client.get(f"{url}/progress").json["busy"]
    assert client.get("/admin/packs/").status_code == 200
    run_waiting()
    run_waiting()  # done once
    session.expire_all()
    run = session.scalars(sa.select(PackRun)).one()
    assert (run.state, run.upload) == ("planned", None)
    client.post(f"{url}/apply")
    session.expire_all()
    assert session.get(Sector, sector.id).name == "Hộ tịch, quốc tịch"


@pytest.mark.parametrize("broken", [b"PK\x05\x06" + b"\0" * 18, None])
def test_what_the_worker_cannot_read_is_told_on_its_page_and_planned_no_more(
    session, sector, login, monkeypatch, broken
):  # fmt: skip
    monkeypatch.setattr(archive, "READ_AT_ONCE", (-1, 0))
    client = login(Role.catalog_admin)
    content = broken or archive.zipped(pack_of(session) | {"sector/x.yaml": b"a: [1"})
    url = upload(client, content).headers["Location"]
    run_waiting()
    session.expire_all()
    run = session.scalars(sa.select(PackRun)).one()
    assert (run.state, run.upload, bool(run.faults)) == ("refused", None, True)
    page = client.get(url).text
    assert f'action="{url}/plan"' not in page
    assert vi("This pack could not be read. Correct it and upload it again.") in client.post(
        f"{url}/plan", follow_redirects=True).text  # fmt: skip
    assert session.scalar(sa.select(PackRun.state)) == "refused"


def test_one_file_with_many_records_is_large(session):
    item = {"code": "a", "data": {"kind": "x"}, "parts": [{"n": 1}, {"n": 2}]}
    for count, is_large in ((background.AT_ONCE // 3 - 1, False), (background.AT_ONCE // 3 + 1, True)):
        run = PackRun(content={"shared_catalog/a.yaml": {"code": "c", "marks": ["x"] * 5000, "items": [item] * count}})
        assert background.is_large(run) is is_large


def test_the_download_is_what_the_export_is(session, sector, login):
    answer = login(Role.catalog_admin).get("/admin/packs/export/download?scope=kind&code=sector")
    assert answer.mimetype == "application/zip"
    assert archive.unzipped(answer.data) == files_of(session, Chosen("kind", "sector"))


def test_an_unknown_choice_is_said_plainly(session, sector, login):
    client = login(Role.catalog_admin)
    assert client.get("/admin/packs/export?scope=procedure&code=9.9").status_code == 422
    assert client.get("/admin/packs/export?scope=kind&code=ab_user").status_code == 422
    assert client.get("/admin/packs/export/download?scope=x").status_code == 404
    assert client.get("/admin/packs/999999").status_code == 404


def test_the_list_asks_no_more_the_longer_it_is(session, sector, login, count_queries):
    client = login(Role.catalog_admin)
    counts = []
    for _round in range(2):
        for _number in range(4):
            upload(client, pack_of(session))
        client.get("/admin/packs/")
        with count_queries() as seen:
            client.get("/admin/packs/")
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.fixture
def command(app, monkeypatch):
    """``command("pack", "diff", folder)`` runs ./manage on the database of the test."""
    from app.cli import base
    from app.cli.__main__ import manage

    monkeypatch.setattr(base, "_application", lambda: app)
    return lambda *words: CliRunner().invoke(manage, [str(word) for word in words])


def test_the_command_line_exports_tells_applies_and_undoes(session, sector, command, tmp_path):
    make_procedure(sector=sector, state="draft")
    session.commit()
    folder = tmp_path / "goi"
    assert command("pack", "export", folder, "--sector", "ho_tich").exit_code == 0
    assert (folder / "sector" / "ho_tich.yaml").is_file()
    path = folder / "sector" / "ho_tich.yaml"
    path.write_text(path.read_text("utf-8").replace("Hộ tịch", "Tên mới"), "utf-8")
    told = command("pack", "diff", folder)
    assert "Hộ tịch → Tên mới" in told.output
    command("pack", "apply", folder, "--dry-run")
    assert session.get(Sector, sector.id).name == "Hộ tịch"
    assert command("pack", "apply", folder).exit_code == 0
    session.expire_all()
    assert session.get(Sector, sector.id).name == "Tên mới"
    assert command("pack", "undo").exit_code == 0
    session.expire_all()
    assert session.get(Sector, sector.id).name == "Hộ tịch"
    assert command("pack", "undo").exit_code == 1


def test_the_command_line_refuses_without_writing(session, sector, command, tmp_path):
    assert command("pack", "export", tmp_path / "a").exit_code == 2
    assert command("pack", "export", tmp_path / "a", "--procedure", "9.9").exit_code == 1
    (tmp_path / "thu.txt").write_text("x")
    assert command("pack", "export", tmp_path, "--all").exit_code == 1
    assert command("pack", "diff", tmp_path).exit_code == 1
    session.commit()
    command("pack", "export", tmp_path / "b", "--kind", "sector")
    (tmp_path / "b" / "sector" / "ho_tich.yaml").write_text("code: ho_tich\nnmae: x", "utf-8")
    refused = command("pack", "apply", tmp_path / "b")
    assert refused.exit_code == 1
    assert "nmae" in refused.output


def test_a_pack_that_brings_nothing_says_so_and_offers_nothing_to_apply(session, sector, login):
    client = login(Role.catalog_admin)
    url = upload(client, files_of(session, Chosen("kind", "sector"))).headers["Location"]
    for page in (client.get(url).text, client.get("/admin/packs/").text):
        assert vi("Nothing differs") in page
        assert vi("Ready to apply") not in page
    assert f'action="{url}/apply"' not in client.get(url).text
    assert vi("There is nothing to apply.") in client.post(f"{url}/apply", follow_redirects=True).text
    assert session.scalar(sa.select(PackRun.state)) == "planned"


def test_how_far_the_worker_is_stands_beside_sqlite(session, sector, login, monkeypatch):
    monkeypatch.setattr(background, "AT_ONCE", 0)
    monkeypatch.setattr(background, "_TOLD_EVERY", 0.0)
    told, client = [], login(Role.catalog_admin)
    url = upload(client, pack_of(session)).headers["Location"]
    if db.engine.dialect.name != "sqlite":
        pytest.skip("elsewhere a row of its own tells it")
    number = int(url.rsplit("/", 1)[1])
    kept, run = background.beside.tell, session.get(PackRun, number)
    monkeypatch.setattr(background.beside, "tell", lambda name, done, total: (
        kept(name, done, total), told.append(background.percent_of(session, run))))  # fmt: skip
    background.beside.tell(f"pack-{number}", 40, 100)
    assert client.get(f"{url}/progress").json == {
        "busy": True, "done": 40, "total": 100, "words": f"{vi('Being checked')}: 40%"}  # fmt: skip
    run_waiting()
    assert told[1:] == sorted(told[1:])
    assert (told[1], told[-1]) == (10, 95)
    assert background.beside.told(f"pack-{number}") is None, "nothing is left when it has ended"
    assert client.get(f"{url}/progress").json == {"busy": False, "done": 0, "total": 0, "words": vi("Ready to apply")}


def test_the_address_of_an_upload_leads_back_to_the_list(session, sector, login):
    response = login(Role.catalog_admin).get("/admin/packs/upload")
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/packs/")


def test_what_is_wrong_alike_in_one_file_is_said_once_with_the_places(app):
    faults = [{"where": "form/a.yaml", "text": f"{name}: không sửa được"} for name in ("Họ tên", "Ngày sinh")]
    faults += [{"where": "form/b.yaml", "text": "Họ tên: không sửa được"}, {"where": "", "text": "gói hỏng"}]
    with app.test_request_context():
        shown = app.jinja_env.get_template("admin/packs/_parts.html").make_module().faults(faults)
    assert shown.count("không sửa được") == 2
    assert "Họ tên; Ngày sinh" in shown
    assert "Họ tên: không sửa được" in shown
    assert shown.count("<li>") == 3
