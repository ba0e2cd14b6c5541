"""The whole demo province carried into an empty system and back: the same export, the same pages."""

import re

import pytest
import sqlalchemy as sa

from app.models import Procedure
from app.packs import archive
from app.packs.kinds import kinds
from app.packs.loader import PackLoader
from tests.packs.carrying import files_of, forget_configuration, put

# What differs between two answers, whatever they show: tokens, and what an address is stamped with.
_CHANGING = re.compile(r'nonce="[^"]*"|name="csrf_token"[^>]*|content="[^"]*"|IjE?[\w.-]{40,}')


@pytest.fixture
def province(session):
    pack = PackLoader(session, "hue")
    for part in (pack.load_calendars, pack.load_units, pack.load_agencies, pack.load_shared_catalogs,
                 pack.load_catalogs, pack.load_procedures, pack.load_profiles):  # fmt: skip
        part()
    session.flush()
    return session


def pages(session, client):
    """Return {address: what a visitor reads} of the lists and of some procedures and agencies."""
    codes = session.scalars(sa.select(Procedure.code).order_by(Procedure.code)).all()
    paths = ["/", "/thu-tuc/", "/co-quan/", "/thu-tuc/?q=khai+sinh", *(f"/thu-tuc/{code}" for code in codes[::20])]
    answers = {path: client.get(path) for path in paths}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(paths, 200)
    return {path: _CHANGING.sub("", answer.text) for path, answer in answers.items()}


@pytest.mark.timeout(300)
def test_the_whole_province_comes_back_byte_for_byte_with_its_pages(province, client):
    files, shown = files_of(province), pages(province, client)
    assert archive.zipped(files) == archive.zipped(files_of(province))
    forget_configuration(province)
    assert set(files_of(province)) == {archive.MANIFEST}
    put(province, files)
    assert files_of(province) == files
    assert pages(province, client) == shown


def test_every_kind_of_configuration_can_be_carried(app):
    for kind in kinds().values():
        carried = {*kind.columns, *kind.references, kind.owner}
        assert set(kind.key) <= carried, f"{kind.name}: its key is not carried"
        columns = {kind.column(name) for name in carried - {None}}
        for column in kind.model.__table__.columns:
            is_known = column in columns or column.info.get("pack") is False
            is_inner = "label" not in column.info or column.foreign_keys
            assert is_known or is_inner, f"{kind.name}.{column.key} would be lost"
