"""A name of several words, found by its neighbouring words: the same on every database."""

import pytest
import sqlalchemy as sa

from app.lowcode.searching import matching
from app.models import Account, Agency
from app.text import word_pairs
from tests.factories import make_account

NAMES = ("Nguyễn Thị Hoa", "Nguyễn Thị Hoà", "Trần Nguyễn Thị Hoan", "Nguyễn Hoa Thị", "Hộ kinh doanh Nguyễn Thị Hoa 2",
         "Lê Văn Đạt", "Công ty TNHH A&B Đại Phát")  # fmt: skip
FOUND = [
    ("Nguyễn Thị Hoa", [0, 1, 2, 4]),
    ("nguyen  thi ho", [0, 1, 2, 4]),
    ("THỊ HOÀ", [0, 1, 2, 4]),
    ("Nguyễn Thị Hoan", [2]),
    ("hoa thi", [3]),
    ("Thị Nguyễn", []),
    ("le van dat", [5]),
    ("văn đ", [5]),
    # Words with other signs than letters are looked for in the text itself.
    ("thi hoa 2", [4]),
    ("A&B Đại", [6]),
    ("tnhh a&b dai phat", [6]),
    ("% _", []),
    ("le 'van dat", []),
    ("le van:* & dat", []),
    ("", list(range(len(NAMES)))),
]


@pytest.fixture
def accounts(session):
    made = [make_account(name=name, id_number=f"0460990000{place:02}") for place, name in enumerate(NAMES)]
    session.flush()
    return made


@pytest.mark.parametrize(("typed", "places"), FOUND, ids=[typed or "nothing" for typed, _places in FOUND])
def test_a_phrase_finds_the_names_that_hold_it(session, accounts, typed, places):
    ids = [account.id for account in accounts]
    query = sa.select(Account.id).where(matching(Account, typed), Account.id.in_(ids)).order_by(Account.id)
    assert list(session.scalars(query)) == [ids[place] for place in places]


@pytest.mark.parametrize("typed", ["0905 123 456", "0905123456", " 0905  123456 ", "0905"])
def test_a_phone_number_is_found_as_it_is_shown(session, accounts, typed):
    accounts[2].phone = "0905123456"
    session.flush()
    assert list(session.scalars(sa.select(Account.id).where(matching(Account, typed)))) == [accounts[2].id]


def test_a_name_that_changed_is_found_by_its_new_words_only(session, accounts):
    accounts[0].name = "Phạm Thu Trang"
    session.flush()
    found = {typed: set(session.scalars(sa.select(Account.name).where(matching(Account, typed))))
             for typed in ("pham thu trang", "nguyen thi hoa")}  # fmt: skip
    assert found["pham thu trang"] == {"Phạm Thu Trang"}
    assert found["nguyen thi hoa"] == {NAMES[1], NAMES[2], NAMES[4]}


def test_the_index_of_pairs_is_asked_where_there_is_one(session):
    is_postgresql = session.connection().dialect.name == "postgresql"
    bound = session.connection().dialect
    asked = str(matching(Account, "nguyen thi hoa").compile(dialect=bound))
    assert ("search_pairs @@" in asked) is is_postgresql
    assert "search_pairs" not in str(matching(Account, "0460990").compile(dialect=bound))
    assert "search_pairs" not in str(matching(Agency, "phu xuan").compile(dialect=bound))
    if is_postgresql:
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        query = sa.select(Account.id).where(matching(Account, "nguyen thi hoa"))
        plain = query.compile(dialect=bound, compile_kwargs={"literal_binds": True})
        plan = session.connection().exec_driver_sql(f"EXPLAIN {plain}").scalars()
        assert "ix_account_search_pairs" in "".join(plan)


def test_pairs_are_of_plain_words_and_each_stands_once():
    assert word_pairs("Nguyễn Thị  Hoa 046") == ["nguyen thi", "thi hoa"]
    assert word_pairs("an an an") == ["an an"]
    assert word_pairs("O'Hara łan tan") == []
    assert word_pairs("") == []
