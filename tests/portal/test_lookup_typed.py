"""Looking up a dossier by its code as people type it: without the signs that part it."""

import contextlib
from datetime import date

import pytest
import sqlalchemy as sa

from app.errors import NotFound
from app.models import Dossier
from app.models.dossier import BARE_CODE
from app.permissions import ANONYMOUS
from app.services.lookup import find_public
from app.workflows.numbering import bare, render_code
from tests.factories import make_tree
from tests.portal.records import make_dossier
from tests.services.test_extensions import use_profile

TYPED = ["h57.19753.01-261204-0007", "H5719753012612040007", "h57 19753 01 261204 0007", "H57.19753.01 261204 0007",
         "H57-19753-01.261204.0007", "h57.19753.012612040007"]  # fmt: skip


@pytest.mark.parametrize("typed", TYPED)
def test_a_code_is_found_however_its_parts_are_parted(session, client, typed):
    dossier = make_dossier(code="H57.19753.01-261204-0007")
    answer = client.get("/tra-cuu", query_string={"ma": typed}, follow_redirects=True)
    assert dossier.code in answer.text
    assert dossier.procedure.name in answer.text


@pytest.mark.parametrize("typed", ["261204-0007", "2612040007", "19753012612040007", "H57197530126120400", "0007"])
def test_what_is_not_the_whole_code_finds_nothing(session, client, typed):
    make_dossier(code="H57.19753.01-261204-0007")
    answer = client.get("/tra-cuu", query_string={"ma": typed}, follow_redirects=True)
    assert answer.status_code == 404
    assert "từ chữ cái đầu tiên" in answer.text


@pytest.mark.parametrize("change", ["the code of the desk", "the pattern", "the code of the sector"])
def test_a_code_is_found_whatever_codes_look_like_today(session, client, change):
    tree = make_tree()
    dossier = make_dossier(code=render_code("{unit}.{sector}-{yymmdd}-{nnnn}", tree.desk.code, date(2026, 12, 4), 7,
                                            sector="ho_tich"))  # fmt: skip
    if change == "the code of the desk":
        dossier.desk.code = "X99.1"
    elif change == "the pattern":
        use_profile(session, dossier_code_pattern="HS.{yyyy}.{unit}.{nnnnn}")
    else:
        dossier.sector.code = "khac"
    session.commit()
    for typed in (bare(dossier.code), bare(dossier.code).lower(), dossier.code.replace("-", " ")):
        assert find_public(session, typed, ANONYMOUS).code == dossier.code


def test_what_may_be_two_codes_finds_none_of_them(session, client):
    for code in ("H57.1-110101-0001", "H57.11-101010-001"):
        make_dossier(code=code)
    session.commit()
    for code in ("H57.1-110101-0001", "h57.11-101010-001"):
        assert find_public(session, code, ANONYMOUS).code == code.upper()
    for typed in ("H5711101010001", "H571-110101-0001"):
        assert client.get(f"/tra-cuu/{typed}").status_code == 404


@pytest.mark.parametrize(("shape", "asked"), [(str, 1), (str.lower, 1), (bare, 2), (lambda code: code + "9", 2)])
def test_only_a_code_that_is_not_written_so_is_asked_for_twice(session, count_queries, shape, asked):
    typed = shape(make_dossier().code)
    session.commit()
    session.expunge_all()
    with count_queries() as seen, contextlib.suppress(NotFound):
        find_public(session, typed, ANONYMOUS)
    assert len([one for one in seen if "FROM dossier" in one and " IN (" in one.rpartition("WHERE")[2]]) == asked, seen


def test_bare_codes_are_found_by_their_index(session):
    """The words of the query are those of the index, or the whole table would be read."""
    is_sqlite = session.connection().dialect.name == "sqlite"
    query = sa.select(Dossier.id).where(BARE_CODE.in_(sa.bindparam("codes", ["A1", "a1"], expanding=True)))
    if not is_sqlite:
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    wording = query.compile(session.connection(), compile_kwargs={"literal_binds": True})
    plan = session.execute(sa.text(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{wording}")).all()
    assert "ix_dossier_bare_code" in str(plan)
