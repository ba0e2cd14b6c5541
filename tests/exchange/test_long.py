"""Long files are worked out part by part, and come to the same as in one go."""

import tracemalloc
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now
from app.extensions import db
from app.lowcode.exchange import long, outcome, packed, progress, reading, runs
from app.lowcode.exchange.packed import NumberedRows, PackedRows
from app.lowcode.exchange.run import ImportRun
from app.models import Sector, SharedCatalogItem
from app.permissions import Role, acting_as
from app.services.actors import build_actor
from tests.api.test_catalogs import make_catalog
from tests.exchange.books import apply, book, run, send
from tests.factories import make_sector, make_user
from tests.wording import vi

SECTORS = vi("Sectors")
HEAD = [vi("Code"), vi("Name"), vi("In use")]


@pytest.fixture
def parts(monkeypatch):
    """Make every sheet a long one, in parts of three rows."""
    monkeypatch.setattr(reading, "MANY_ROWS", 0)
    for module in (long, outcome, packed):
        monkeypatch.setattr(module, "PACK", 3)
    made = []
    monkeypatch.setattr(long.LongPlanner, "_forget", _noting(long.LongPlanner._forget, made))
    return made


def _noting(method, made):
    def forget(self):
        made.append(len(self._table.entries))
        return method(self)

    return forget


def _told(number):
    kept = runs.unpack(run(number))
    every = kept.lines({"add", "change", "same", "skip", "fault"}, 0, 1000)
    return run(number).counts, kept.faults, every, run(number).fingerprint, kept.notes


_FLAT = [["a", "Đất đai", "Có"], ["b", "Hộ tịch", "không"], ["c", "Xây dựng", ""], ["d", "D", "có"],
         ["e", "E", ""], ["f", "F", ""], ["g", "G", ""]]  # fmt: skip
_FAULTY = [["a", "x" * 300, "có"], ["b", "", "có"], ["c", "C", "có thể"], ["c", "D", ""], ["", "E", ""],
           ["f", "F", ""], ["c", "G", ""], ["h", "H", ""]]  # fmt: skip


@pytest.mark.parametrize("rows", [_FLAT, _FAULTY])
def test_parts_come_to_the_same_as_the_whole(session, login, monkeypatch, rows):
    make_sector(code="a", name="Đất đai")
    make_sector(code="b", name="Hộ tịch và quốc tịch")
    client, content = login(Role.catalog_admin), book({SECTORS: [HEAD, *rows]})
    whole = _told(send(client, "sector", content)[1])
    monkeypatch.setattr(reading, "MANY_ROWS", 0)
    for module in (long, outcome, packed):
        monkeypatch.setattr(module, "PACK", 3)
    assert _told(send(client, "sector", content)[1]) == whole


def test_a_long_file_is_written_once_in_parts(session, login, parts):
    make_sector(code="a", name="Đất đai")
    client = login(Role.catalog_admin)
    _status, number, _page = send(client, "sector", book({SECTORS: [HEAD, *_FLAT]}))
    assert parts == [3, 3, 1]
    for _again in range(2):
        assert apply(client, "sector", number).status_code == 200
    assert {row.code: row.name for row in session.scalars(sa.select(Sector))} == {row[0]: row[1] for row in _FLAT}


def test_a_target_changed_meanwhile_refuses_a_long_file_too(session, login, parts):
    client = login(Role.catalog_admin)
    _status, number, _page = send(client, "sector", book({SECTORS: [HEAD, *_FLAT]}))
    make_sector(code="g", name="Của người khác")
    session.commit()
    assert apply(client, "sector", number).status_code == 200
    assert run(number).state == "checked"
    assert session.scalar(sa.select(sa.func.count(Sector.id))) == 1


def _catalog(session):
    catalog = make_catalog(session, fields=(), code="duong", is_tree=True)
    session.commit()
    return catalog


def _items(catalog, rows):
    return book({catalog.name: [[vi("Code"), vi("Name"), vi("Stands below")], *rows]})


TREE = [["1", "Một", "8"], ["2", "Hai", "1"], ["3", "Ba", "2"], ["4", "Bốn", "1"], ["5", "Năm", "4"],
        ["6", "Sáu", ""], ["7", "Bảy", "6"], ["8", "Tám", "6"]]  # fmt: skip


def test_rows_of_a_tree_may_stand_in_any_part(session, login, parts):
    catalog = _catalog(session)
    client = login(Role.catalog_admin)
    _status, number, page = send(client, "catalogs/duong", _items(catalog, TREE))
    assert runs.unpack(run(number)).faults == []
    assert run(number).counts[0]["add"] == 8
    assert apply(client, "catalogs/duong", number).status_code == 200
    items = session.scalars(sa.select(SharedCatalogItem).execution_options(populate_existing=True)).all()
    assert {(item.code, item.parent.code if item.parent else "") for item in items} == {(r[0], r[2]) for r in TREE}


def test_a_circle_over_parts_is_found(session, login, parts):
    catalog = _catalog(session)
    rows = [["1", "Một", "8"], *TREE[1:7], ["8", "Tám", "1"]]
    _status, number, _page = send(login(Role.catalog_admin), "catalogs/duong", _items(catalog, rows))
    assert run(number).faults > 0
    assert session.scalar(sa.select(sa.func.count(SharedCatalogItem.id))) == 0


def test_a_very_deep_tree_is_refused_and_not_followed(session, login, parts):
    catalog = _catalog(session)
    rows = [[str(n), f"Mục {n}", str(n + 3)] for n in range(400)]
    _status, number, page = send(login(Role.catalog_admin), "catalogs/duong", _items(catalog, rows))
    assert run(number).faults > 0
    assert "50" in page


def test_faults_beyond_the_first_are_counted_and_told(session, login, parts, monkeypatch):
    monkeypatch.setattr(outcome, "MOST_FAULTS", 4)
    rows = [[f"c{n}", "", ""] for n in range(10)]
    client = login(Role.catalog_admin)
    _status, number, page = send(client, "sector", book({SECTORS: [HEAD, *rows]}))
    assert run(number).faults == 10
    assert len(runs.unpack(run(number)).faults) == 4
    told = page.index(vi("Only the first %(listed)s of %(all)s faults are listed, in the order of the file.",
                         listed=4, all=10))  # fmt: skip
    assert told < page.index('class="exchange-faults"')  # before one begins to correct
    rest = vi("The other %(left)s come up once these are corrected and you press “Check again”. Where one fault stands "
              "in very many rows, it is quicker to correct the file and to send it again.", left=6)  # fmt: skip
    assert rest in page
    kept = {f"cell-{row}-1-{SECTORS}": f"Lĩnh vực {row}" for row in range(2, 6)}
    client.post(f"/sector/import/{number}/correct", data=kept)
    assert run(number).faults == 6
    assert f'name="cell-6-1-{SECTORS}"' in client.get(f"/sector/import/{number}").text


def test_packed_rows_are_read_and_changed_as_a_list_is():
    rows = PackedRows([n, str(n)] for n in range(1234))
    assert (len(rows), rows[0], rows[-1], rows[777]) == (1234, [0, "0"], [1233, "1233"], [777, "777"])
    rows[777] = ["x"]
    assert list(rows[775:780:2]) == [[775, "775"], ["x"], [779, "779"]]
    with pytest.raises(IndexError):
        rows[1234]
    numbered = NumberedRows(rows[1:], 2, [2, 5])
    assert list(numbered.items()) == [(2, [1, "1"]), (5, [4, "4"])]
    assert numbered.get(9999) is None
    assert 1 not in numbered


def test_the_memory_of_a_check_does_not_grow_with_the_rows(session):
    peaks = []
    for count in (3000, 9000):
        content = book({SECTORS: [HEAD, *([f"c{n}", f"Lĩnh vực {n}", ""] for n in range(count))]})
        number = _kept(content)
        tracemalloc.start()
        with _catalog_admin():
            runs.check(number)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert run(number).counts[0]["add"] == count
    assert peaks[1] - peaks[0] < 6000 * 700  # bytes a row: its key and its place, not the record


def _catalog_admin():
    return acting_as(build_actor(db.session(), make_user(Role.catalog_admin)))


def _kept(content):
    made = ImportRun(
        target="Sector", file_name="a.xlsx", user_id=1, user_name="A", locale="vi", created_at=now(),
        touched_at=now() - timedelta(minutes=1), state="waiting", content=content, corrections=[], skipped=[],
        counts=[], is_long=True,
    )  # fmt: skip
    db.session.add(made)
    db.session.commit()
    return made.id


def test_how_far_a_run_is_stands_beside_sqlite_while_it_writes(session, monkeypatch):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("elsewhere the run itself tells it")
    monkeypatch.setattr(progress, "_TOLD_EVERY", 0.0)
    made = db.session.get(ImportRun, _kept(b""))
    assert progress.how_far(made)[:2] == (0, 0)
    made.state = "applying"
    progress.reporter(made.id, is_writing=True)(250, 1000)
    assert progress.how_far(made)[:2] == (250, 1000)
    assert not progress.is_stalled(made)
    progress.forget(made.id)
    assert progress.how_far(made)[:2] == (0, 0)
