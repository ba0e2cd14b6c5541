"""The whole demo province carried into an empty system and back: the same export, the same pages."""

import pytest

from app.packs import archive
from app.packs.loader import PackLoader
from tests.packs.carrying import files_of, forget_configuration, put


@pytest.fixture
def province(session):
    pack = PackLoader(session, "hue")
    for part in (pack.load_calendars, pack.load_units, pack.load_agencies, pack.load_catalogs,
                 pack.load_procedures, pack.load_profiles):  # fmt: skip
        part()
    session.flush()
    return session


def test_the_whole_province_comes_back_byte_for_byte(province):
    files = files_of(province)
    assert archive.zipped(files) == archive.zipped(files_of(province))
    forget_configuration(province)
    assert set(files_of(province)) == {archive.MANIFEST}
    put(province, files)
    assert files_of(province) == files
