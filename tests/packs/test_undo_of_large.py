"""A large pack is undone by the worker, with the same answer as a small one undone at once."""

import io

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app.errors import Conflict
from app.extensions import db
from app.models import OutboxEvent, PackRun, Sector
from app.packs import archive, background, runs, undoing
from app.permissions import Role, current_actor
from app.tasks.handlers import HANDLERS, PATIENCE
from app.tasks.outbox import run_waiting
from tests.factories import make_procedure, make_sector, make_tree
from tests.packs.test_pack_pages import pack_of, upload
from tests.wording import vi


@pytest.fixture
def sector(session):
    make_tree()
    return make_sector(code="ho_tich", name="Hộ tịch")


@pytest.fixture
def applied(session, sector, login, monkeypatch):
    """Return (client, url of the pack applied, which is large)."""
    client = login(Role.catalog_admin)
    url = upload(client, pack_of(session)).headers["Location"]
    client.post(f"{url}/apply")
    monkeypatch.setattr(background, "AT_ONCE", 0)
    return client, url


def name_of(session, sector):
    session.expire_all()
    return session.get(Sector, sector.id).name


def test_the_worker_undoes_it_and_the_page_tells(session, sector, applied):
    client, url = applied
    answer = client.post(f"{url}/undo", follow_redirects=True).text
    assert name_of(session, sector) == "Hộ tịch, quốc tịch", "nothing is put back inside the request"
    assert f"{url}/progress" in answer
    assert f'action="{url}/undo"' not in answer
    assert client.get(f"{url}/progress").json == {"busy": True, "done": 0, "total": 0, "words": vi("Being undone")}
    client.post(f"{url}/undo")
    assert session.query(OutboxEvent).filter_by(name="packs.undo").count() == 1, "pressed twice it is one undoing"
    run_waiting()
    assert name_of(session, sector) == "Hộ tịch"
    run = session.scalars(sa.select(PackRun)).one()
    assert (run.state, run.undone_by) == ("undone", run.applied_by)
    page = client.get(url).text
    assert "data-progress-url" not in page
    assert vi("Undone") in page


def test_what_hinders_it_is_kept_and_it_may_be_tried_again(session, sector, applied):
    client, url = applied
    session.get(Sector, sector.id).name = "Người khác sửa"
    session.commit()
    client.post(f"{url}/undo")
    run_waiting()
    page = client.get(url)
    assert page.status_code == 200
    assert vi("The pack cannot be undone; everything stays as it is.") in page.text
    assert "sector/ho_tich.yaml" in page.text
    assert f'action="{url}/undo"' in page.text
    run = session.scalars(sa.select(PackRun)).one()
    assert (run.state, len(run.faults)) == ("applied", 1)
    session.get(Sector, sector.id).name = "Hộ tịch, quốc tịch"
    session.commit()
    client.post(f"{url}/undo")
    run_waiting()
    assert name_of(session, sector) == "Hộ tịch"
    assert session.scalars(sa.select(PackRun.faults)).one() == []


def test_the_percent_grows_and_is_forgotten(session, sector, applied, monkeypatch):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("elsewhere a row of its own tells it")
    monkeypatch.setattr(background, "_TOLD_EVERY", 0.0)
    client, url = applied
    number, told, kept = int(url.rsplit("/", 1)[1]), [], background.beside.tell
    monkeypatch.setattr(background.beside, "tell", lambda name, done, total: (
        kept(name, done, total), told.append(done)))  # fmt: skip
    client.post(f"{url}/undo")
    run_waiting()
    assert told == sorted(told)
    assert (told[0], told[-1]) == (10, 95)
    assert background.beside.told(f"pack-{number}") is None


def test_who_lost_the_right_meanwhile_undoes_nothing(session, sector, applied):
    client, url = applied
    client.post(f"{url}/undo")
    run = session.scalars(sa.select(PackRun)).one()
    session.execute(sa.text("DELETE FROM ab_user_role WHERE user_id = :user"), {"user": run.author_id})
    session.execute(sa.text("DELETE FROM officer_position WHERE user_id = :user"), {"user": run.author_id})
    session.commit()
    run_waiting()
    assert name_of(session, sector) == "Hộ tịch, quốc tịch"
    run = session.scalars(sa.select(PackRun)).one()
    assert (run.state, len(run.faults)) == ("applied", 1)


def test_used_meanwhile_it_stays(session, login, monkeypatch):
    make_tree()
    monkeypatch.setattr(background, "AT_ONCE", 0)
    client = login(Role.catalog_admin)
    made = make_sector(code="moi", name="M")
    session.commit()
    files = pack_of(session)
    session.delete(made)
    session.commit()
    url = client.post("/admin/packs/upload", data={"pack": (io.BytesIO(archive.zipped(files)), "g.zip")}).location
    run_waiting()
    client.post(f"{url}/apply")
    run_waiting()
    session.expire_all()
    new = session.scalars(sa.select(Sector).where(Sector.code == "moi")).one()
    make_procedure(sector=new, state="draft")
    session.commit()
    client.post(f"{url}/undo")
    run_waiting()
    session.expire_all()
    assert session.scalars(sa.select(PackRun.state)).one() == "applied"
    assert session.scalars(sa.select(PackRun.faults)).one()


def test_nobody_else_undoes_at_the_terminal_meanwhile(session, sector, applied, app, monkeypatch):
    from app.cli import base
    from app.cli.__main__ import manage

    client, url = applied
    client.post(f"{url}/undo")
    monkeypatch.setattr(base, "_application", lambda: app)
    number = url.rsplit("/", 1)[1]
    for words in (["pack", "undo", number], ["pack", "undo"]):
        assert CliRunner().invoke(manage, words).exit_code == 1
    run_waiting()
    assert name_of(session, sector) == "Hộ tịch"
    run = runs.get_run(session, int(number))
    with pytest.raises(Conflict):
        background.undo_soon(session, run, current_actor())
    with pytest.raises(Conflict):
        undoing.undo(session, run, None)


def test_the_worker_has_time_for_a_large_pack():
    waiting = {name for name in HANDLERS if name.startswith("packs.")}
    assert waiting
    assert waiting <= PATIENCE.keys()
