"""Packs that are wrong, broken or hostile: a clear refusal, and nothing written."""

import io
import stat
import zipfile

import pytest
import sqlalchemy as sa

from app.errors import Invalid
from app.history import HistoryEntry
from app.models import PackRun
from app.packs import archive, yamls
from app.packs.exporting import Chosen
from app.packs.reading import Refused, read_pack
from tests.factories import make_form, make_tree
from tests.packs.carrying import files_of, take
from tests.wording import vi

SECTOR = "sector/mot.yaml"


def manifest(**given):
    about = {"format": archive.FORMAT, "product": "Một Cửa", "release": archive.RELEASE,
             "name": "Thử", "set": {}, "files": {}}  # fmt: skip
    return yamls.dump(about | given)


def pack(text, path=SECTOR, **given):
    content = text if isinstance(text, bytes) else text.encode()
    return {archive.MANIFEST: manifest(**given), path: content}


def faults_of(files):
    with pytest.raises(Refused) as refusal:
        read_pack(files)
    return " | ".join(f"{fault.where} {fault.text}" for fault in refusal.value.faults)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\n"


@pytest.mark.parametrize("text", [
    BOMB, "code: &x mot\nname: *x", "code: !!python/object/apply:os.system [ls]", "code: !!str 1",
    "<<: {code: a}", "code: a\ncode: b", "code: [", "[" * 100_000, "{a: " * 5_000,
    "code: a\n---\ncode: b", "? [a]\n: b", "code: \x00", b"code: \xff\xfe\x00", "code: 2025-02-30",
    "code: " + "9" * 5_000, "- code: a", "just text", "", "code: 1.000656\nname: x", "code: yes\nname: x",
    "code: mot\nname: 5", "code: mot\nname: x\nis_active: co", "code: mot\nname: ''",
    "name: x", "code: mot\nname: x\nnmae: y", f"code: mot\nname: {'x' * 256}",
    'code: mot\nname: "a\\u0001b"', "code: mot\nname: [x]", "code: mot\nname: x\nid: 5",
    "code: mot\nname: x\n__id__: 5", "code: mot\nname: x\nrow_version: 3",
], ids=lambda text: str(text)[:24])  # fmt: skip
def test_a_file_that_is_wrong_is_refused_with_its_name(session, text):
    assert "sector/mot.yaml" in faults_of(pack(text))


def test_a_misspelt_entry_gets_the_nearest_one_suggested(session):
    assert "“name”" in faults_of(pack("code: mot\nnmae: y"))
    assert "“sector”" in faults_of(pack("code: mot\nname: y", "sektor/mot.yaml"))


@pytest.mark.parametrize("given", [
    {"format": archive.FORMAT + 1}, {"release": archive.RELEASE + 1}, {"format": "1"},
    {"set": []}, {"files": {"sector/khac.yaml": "0" * 64}}, {"name": None},
], ids=str)  # fmt: skip
def test_a_manifest_that_is_wrong_or_newer_is_refused(session, given):
    assert faults_of(pack("code: mot\nname: x", **given))


def test_a_pack_without_a_manifest_is_refused(session):
    assert faults_of({SECTOR: b"code: mot\nname: x"})


def test_one_record_in_two_files_is_refused(session):
    files = pack("code: mot\nname: x") | {"sector/hai.yaml": b"code: mot\nname: y"}
    assert SECTOR in faults_of(files)


def test_a_file_changed_by_hand_is_taken_and_told(session):
    assert SECTOR in read_pack(pack("code: mot\nname: x")).remarks[0]


def zipped(entries):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries:
            made.writestr(name, content)
    return target.getvalue()


def link():
    info = zipfile.ZipInfo(SECTOR)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize("content", [
    b"", b"no zip", zipped([("../../etc/x.yaml", b"")]), zipped([("/etc/passwd", b"")]),
    zipped([("sector/../../x.yaml", b"")]), zipped([("sector\\x.yaml", b"")]), zipped([("x.txt", b"")]),
    zipped([("sector/a/b.yaml", b"")]), zipped([(link(), b"/etc/passwd")]),
    zipped([(SECTOR, b" " * (archive.MAX_FILE + 1))]), b"x" * (archive.MAX_UPLOAD + 1),
    zipped([(SECTOR, b"a: 1")])[:-30],
], ids=lambda content: f"{len(content)} bytes")  # fmt: skip
def test_a_zip_that_is_broken_or_unsafe_is_refused(session, content):
    with pytest.raises(Invalid):
        archive.unzipped(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_damaged_anywhere_is_refused_never_a_fault(session, method):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        made.writestr(SECTOR, b"code: a\n" + bytes(range(256)) * 4)
    whole = target.getvalue()
    assert archive.unzipped(whole)
    refused = 0
    for place in range(0, len(whole), 3):
        torn = bytearray(whole)
        torn[place] ^= 0xFF
        try:
            archive.unzipped(bytes(torn))  # of some bytes nothing depends
        except Invalid:
            refused += 1
    assert refused > 30


def test_the_same_name_twice_in_a_zip_is_refused(session):
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zipped([(SECTOR, b"a: 1"), (SECTOR, b"a: 2")])
    with pytest.raises(Invalid):
        archive.unzipped(content)


def test_a_zip_that_unpacks_to_far_too_much_is_refused(session):
    many = [(f"sector/s{n}.yaml", b" " * archive.MEBIBYTE) for n in range(61)]
    with pytest.raises(Invalid):
        archive.unzipped(zipped(many))


def test_ten_megabytes_of_yaml_are_refused_in_one_file(session):
    with pytest.raises(Invalid):
        archive.unzipped(zipped([(SECTOR, b"name: " + b"x" * 10 * archive.MEBIBYTE)]))


def refused(session, files):
    """Return why a pack is refused when tried against the system; nothing may be left of it."""
    count = sa.select(sa.func.count(HistoryEntry.id))
    before, entries = files_of(session), session.scalar(count)
    run = take(session, files)
    assert run.state == "refused"
    assert files_of(session) == before
    assert session.scalar(count) == entries
    return " | ".join(f"{where} {text}" for where, text in run.faults)


def test_what_it_names_must_be_there(session):
    assert "khong_co" in refused(session, pack("code: '1.1'\nname: x\nsector: khong_co", "procedure/a.yaml"))


def test_agencies_in_a_circle_are_refused(session):
    make_tree()
    files = pack("code: K1\nname: Một\nlevel: province\nparent: K2", "agency/K1.yaml")
    files["agency/K2.yaml"] = b"code: K2\nname: Hai\nlevel: province\nparent: K1"
    assert "agency/K1.yaml" in refused(session, files)


def test_a_present_agency_put_under_its_child_is_refused(session):
    tree = make_tree()
    files = files_of(session, Chosen("kind", "agency"))
    path = f"agency/{tree.commune.code}.yaml"
    document = yamls.load(files[path], path) | {"parent": tree.desk.code}
    why = refused(session, files | {path: yamls.dump(document)})
    assert path in why
    assert vi("%(label)s: the record would stand under itself", label=vi("Parent agency")) in why


def test_a_second_root_is_refused(session):
    make_tree()
    why = refused(session, pack("code: K1\nname: Một\nlevel: province", "agency/K1.yaml"))
    assert "agency/K1.yaml" in why
    assert vi("Only the province's agency stands at the top. Choose the parent agency.") in why


def test_the_models_own_rules_hold(session):
    calendar = """
code: lich
name: Lịch
valid_from: 2025-01-01
sessions:
- {weekday: 0, starts_at: '07:30', ends_at: '11:30'}
- {weekday: 0, starts_at: '11:00', ends_at: '12:00'}
"""
    assert "working_calendar/lich.yaml" in refused(session, pack(calendar, "working_calendar/lich.yaml"))


def test_a_validity_that_ends_before_it_begins_is_refused(session):
    profile = """
code: thu
name: Thử
is_active: false
parameters:
- {key: max_upload_mb, value: 5, valid_from: 2025-05-01, valid_to: 2025-04-01}
"""
    why = refused(session, pack(profile, "profile/thu.yaml"))
    assert "max_upload_mb" in why
    assert vi("The end of validity must not lie before its beginning.") in why


def test_two_units_of_one_code_at_once_are_refused(session):
    unit = "code: '99999'\nname: Phường\nfull_name: Phường Một\nkind: ward\n"
    files = pack(unit + "valid_from: 2025-01-01\nvalid_to: 2025-06-30", "administrative_unit/a.yaml")
    files["administrative_unit/b.yaml"] = f"{unit}valid_from: 2025-07-01".encode()
    assert take(session, files).state == "planned"
    files["administrative_unit/b.yaml"] = f"{unit}valid_from: 2025-06-30".encode()
    assert "administrative_unit/b.yaml" in refused(session, files)


def test_two_parts_with_one_key_are_refused(session):
    form = make_form()
    files = files_of(session, Chosen("kind", "form"))
    path = f"form/{form.code}.yaml"
    document = yamls.load(files[path], path)
    document["sections"][0]["fields"].append(document["sections"][0]["fields"][0])
    assert path in faults_of(files | {path: yamls.dump(document)})


def test_a_refused_upload_leaves_no_run(session):
    with pytest.raises(Refused):
        take(session, pack("code: mot"))
    assert session.scalar(sa.select(sa.func.count(PackRun.id))) == 0
