"""Many threads on one list: nobody sees rows that another one asked for."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.permissions import Role, acting_as
from tests.clients import make_client

THREADS = 8
ROUNDS = 12


@pytest.fixture
def small_switch():
    """Let threads change places far more often than usual."""
    kept = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(kept)


def test_filters_are_never_shared_between_threads(own_database, small_switch):
    app = own_database
    with app.app_context():
        from app.permissions import SYSTEM
        from app.transactions import transaction
        from tests.factories import make_sector, make_user

        with acting_as(SYSTEM), transaction():
            user = make_user(Role.catalog_admin)
            user_id = user.id
            for thread in range(THREADS):
                for number in range(3):
                    make_sector(
                        code=f"t{thread}_{number}",
                        name=f"Nhóm{thread} {number}",
                        is_active=thread % 2 == 0,
                    )

    def ask(thread):
        with app.app_context():
            from app.extensions import db
            from app.models import User

            client = make_client(app, db.session.get(User, user_id))
        wrong = []
        for _round in range(ROUNDS):
            active = int(thread % 2 == 0)
            answer = client.get(f"/api/v1/sector/?q=nhom{thread}&f.is_active={active}&size=2&sort=-name")
            names = [row["name"] for row in answer.json["result"]]
            if names != [f"Nhóm{thread} 2", f"Nhóm{thread} 1"] or answer.json["count"] != 3:
                wrong.append(names)
            page = client.get(f"/sector/list/?q=nhom{thread}").text
            if page.count("data-row-href") != 3 or f"Nhóm{(thread + 1) % THREADS}" in page:
                wrong.append(page)
        return wrong

    with ThreadPoolExecutor(THREADS) as pool:
        assert [wrong for wrong in pool.map(ask, range(THREADS)) if wrong] == []


def test_of_two_savers_of_one_form_one_is_told(own_database):
    app = own_database
    with app.app_context():
        from app.transactions import transaction
        from tests.factories import make_sector, make_user

        with transaction():
            user_id, sector_id = make_user(Role.catalog_admin).id, make_sector(name="Cũ").id

    def save(name):
        with app.app_context():
            from app.extensions import db
            from app.models import User

            client = make_client(app, db.session.get(User, user_id))
        body = {"name": name, "row_version": 1}
        return client.put(f"/api/v1/sector/{sector_id}", json=body).status_code

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = sorted(pool.map(save, [f"Tên {n}" for n in range(THREADS)]))
    assert statuses == [200] + [409] * (THREADS - 1)
    with app.app_context():
        import sqlalchemy as sa

        from app.extensions import db
        from app.history import HistoryEntry, digest

        entries = db.session.scalars(
            sa.select(HistoryEntry).where(HistoryEntry.aggregate == "sector").order_by(HistoryEntry.seq)
        ).all()
        assert [entry.seq for entry in entries] == [1, 2]
        assert entries[1].previous_hash == entries[0].hash
        assert len({digest(_row(entry)) == entry.hash for entry in entries}) == 1


def _row(entry):
    import sqlalchemy as sa

    return {attr.key: getattr(entry, attr.key) for attr in sa.inspect(type(entry)).column_attrs}


def test_of_many_who_add_the_same_key_one_succeeds(own_database):
    app = own_database
    with app.app_context():
        from app.transactions import transaction
        from tests.factories import make_user

        with transaction():
            user_id = make_user(Role.catalog_admin).id

    def add(_number):
        with app.app_context():
            from app.extensions import db
            from app.models import User

            client = make_client(app, db.session.get(User, user_id))
        return client.post("/api/v1/sector/", json={"code": "mot", "name": "Một"}).status_code

    with ThreadPoolExecutor(THREADS) as pool:
        statuses = sorted(pool.map(add, range(THREADS)))
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {409, 422}
