from app.permissions import Role
from tests.factories import make_procedure, make_sector, make_tree
import pytest, sqlalchemy as sa
from app.models import Sector

def test_a(session, login, client):
    make_tree(); v = make_procedure()
    c = login(Role.catalog_admin)
    r = c.get("/api/v1/sector/")
    assert r.status_code == 200, r.text
    r = c.post("/api/v1/sector/", json={"code":"a","name":"B"})
    assert r.status_code == 201, r.text
    assert session.scalar(sa.select(Sector).where(Sector.code=="a")).name == "B"
    assert client.get("/sector/list/").status_code == 302

def test_b(session):
    assert session.scalar(sa.select(sa.func.count()).select_from(Sector)) == 0

def test_c(own_database):
    with own_database.app_context():
        from app.transactions import transaction
        with transaction() as s:
            s.add(Sector(code="x", name="X"))
    with own_database.app_context():
        from app.extensions import db
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Sector)) == 1
def test_d(own_database):
    with own_database.app_context():
        from app.extensions import db
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Sector)) == 0
def test_e(session, login):
    from app.models import User
    assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 0
