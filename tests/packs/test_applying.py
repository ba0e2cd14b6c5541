"""A pack applied and undone: once, wholly, by who may, and only while nothing else has changed."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.errors import Conflict, NotAllowed
from app.history import HistoryEntry
from app.models import Component, DocumentType, FormField, Procedure, ProcedureVersion, Sector
from app.packs import runs, yamls
from app.packs.exporting import Chosen, export
from app.packs.reading import Refused
from app.packs.undoing import undo
from app.permissions import Role, acting_as
from app.services.history import verify_history
from tests.factories import make_division, make_form, make_procedure, make_sector, make_tree
from tests.leaders.dossiers import add_dossier
from tests.packs.carrying import files_of, put, take


@pytest.fixture
def version(session):
    make_tree()
    return make_procedure(state="draft", valid_from=None)


def chosen(version):
    return Chosen("procedure", version.procedure.code)


def altered(files, path, **changes):
    """Return the files with some entries of one document changed."""
    document = yamls.load(files[path], path) | changes
    return files | {path: yamls.dump(document)}


def path_of(files, kind):
    return next(path for path in files if path.startswith(f"{kind}/"))


def test_a_procedure_brings_what_it_rests_on_but_not_the_agencies(session, version):
    version.agency = make_tree().department
    files = files_of(session, chosen(version))
    kinds = {path.partition("/")[0] for path in files} - {"manifest.yaml"}
    assert kinds >= {"procedure", "sector", "form", "process"}
    assert "agency" not in kinds
    assert version.agency.code.encode() in files[path_of(files, "procedure")]


def test_a_pack_of_a_procedure_needs_its_agency_there(session, version):
    files = files_of(session, chosen(version))
    path = path_of(files, "procedure")
    document = yamls.load(files[path], path)
    document["versions"][0]["agency"] = "K99.99"
    run = take(session, files | {path: yamls.dump(document)})
    assert run.state == "refused"
    assert "K99.99" in run.faults[0][1]


def test_what_is_there_already_is_not_written_again(session, version):
    run = take(session, files_of(session))
    assert run.state == "planned"
    assert not runs.has_changes(run)
    assert run.lines == []


def test_a_change_is_told_applied_with_its_reason_and_undone(session, version):
    sector = version.procedure.sector
    name, before = sector.name, files_of(session)
    files = files_of(session, chosen(version))
    run = put(session, altered(files, path_of(files, "sector"), name="Lĩnh vực mới"))
    assert [line["values"][0][1:] for line in run.lines] == [[name, "Lĩnh vực mới"]]
    assert session.get(Sector, sector.id).name == "Lĩnh vực mới"
    query = sa.select(HistoryEntry).where(HistoryEntry.record == "sector")
    entry = session.scalars(query.order_by(HistoryEntry.id.desc())).first()
    assert entry.changes["name"] == [name, "Lĩnh vực mới"]
    assert f"{run.id}" in entry.reason
    undo(session, run, None)
    assert files_of(session) == before
    with pytest.raises(Conflict):
        undo(session, run, None)


def test_a_new_procedure_is_added_and_taken_back_with_all_its_parts(session, version):
    before = files_of(session)
    files = files_of(session, chosen(version))
    path, other = path_of(files, "procedure"), "procedure/9.999999.yaml"
    document = yamls.load(files.pop(path), path) | {"code": "9.999999", "name": "Thủ tục mới"}
    form = path_of(files, "form")
    changed = yamls.load(files.pop(form), form) | {"code": "mau_moi"}
    document["versions"][0]["form"] = "mau_moi"
    files |= {other: yamls.dump(document), "form/mau_moi.yaml": yamls.dump(changed)}
    files["manifest.yaml"] = files_of(session, Chosen("kind", "document_type"))["manifest.yaml"]
    run = put(session, without_digests(files))
    assert run.counts["add"] == 2
    made = session.scalar(sa.select(Procedure).where(Procedure.code == "9.999999"))
    assert made.versions[0].form.code == "mau_moi"
    assert made.versions[0].components
    undo(session, run, None)
    assert files_of(session) == before


def without_digests(files):
    about = yamls.load(files["manifest.yaml"], "manifest.yaml") | {"files": {}}
    return files | {"manifest.yaml": yamls.dump(about)}


def test_what_was_removed_comes_back_under_its_own_number(session, version):
    form = make_form()
    files = files_of(session, Chosen("kind", "form"))
    path = f"form/{form.code}.yaml"
    document = yamls.load(files[path], path)
    gone = session.scalar(sa.select(FormField.id).where(FormField.section_id == form.sections[0].id,
                                                        FormField.key == "ho_ten"))  # fmt: skip
    fields = document["sections"][0]["fields"]
    document["sections"][0]["fields"] = [field for field in fields if field["key"] != "ho_ten"]
    files[path] = yamls.dump(document)
    before = files_of(session)
    assert not runs.has_changes(take(session, files))  # left as they are unless replacing is asked for
    run = put(session, files, is_replacing=True)
    assert session.get(FormField, gone) is None
    undo(session, run, None)
    assert session.get(FormField, gone).key == "ho_ten"
    assert files_of(session) == before


def test_the_plan_no_longer_holds_when_its_target_has_changed(session, version):
    files = files_of(session, chosen(version))
    run = take(session, altered(files, path_of(files, "sector"), name="Tên khác"))
    version.procedure.sector.is_active = False
    session.flush()
    with pytest.raises(Conflict):
        runs.apply(session, run, None)
    assert version.procedure.sector.name != "Tên khác"


def test_a_second_apply_does_nothing(session, version):
    files = files_of(session, chosen(version))
    run = put(session, altered(files, path_of(files, "sector"), name="Tên khác"))
    count = session.scalar(sa.select(sa.func.count(HistoryEntry.id)))
    with pytest.raises(Conflict):
        runs.apply(session, run, None)
    assert session.scalar(sa.select(sa.func.count(HistoryEntry.id))) == count


def test_undo_refuses_what_was_changed_since_and_says_by_whom(session, version, actor):
    files = files_of(session, chosen(version))
    run = put(session, altered(files, path_of(files, "sector"), name="Tên khác"))
    who = actor(Role.catalog_admin)
    with acting_as(who):
        version.procedure.sector.name = "Tên sau cùng"
        session.flush()
    with pytest.raises(Refused) as refusal:
        undo(session, run, None)
    assert who.name in refusal.value.faults[0].text
    assert version.procedure.sector.name == "Tên sau cùng"


def test_undo_refuses_what_is_used_since(session, version):
    files = without_digests(files_of(session, Chosen("kind", "sector")))
    files["sector/moi.yaml"] = yamls.dump({"code": "moi", "name": "Mới", "is_active": True})
    run = put(session, files)
    sector = session.scalar(sa.select(Sector).where(Sector.code == "moi"))
    procedure = make_procedure(sector=sector).procedure
    with pytest.raises(Refused) as refusal:
        undo(session, run, None)
    assert procedure.code in refusal.value.faults[0].text
    assert session.get(Sector, sector.id) is not None


def test_a_published_version_may_be_ended_but_not_changed(session, version):
    published = make_procedure()
    session.flush()
    files = files_of(session, chosen(published))
    path = path_of(files, "procedure")
    document = yamls.load(files[path], path)
    document["versions"][0] |= {"state": "retired", "valid_to": "2026-01-31"}
    put(session, files | {path: yamls.dump(document)})
    assert published.state == "retired"
    document["versions"][0]["subjects"] = "Ai cũng được"
    run = take(session, files | {path: yamls.dump(document)})
    assert run.state == "refused"
    back = document["versions"][0] | {"state": "draft", "subjects": published.subjects}
    document["versions"] = [back]
    assert take(session, files | {path: yamls.dump(document)}).state == "refused"


def test_parts_of_a_published_version_cannot_be_slipped_in(session):
    make_tree()
    published = make_procedure()
    files = files_of(session, chosen(published))
    path = path_of(files, "procedure")
    document = yamls.load(files[path], path)
    document["versions"][0]["components"].append({"position": 99, "name": "Giấy thừa"})
    run = take(session, files | {path: yamls.dump(document)})
    assert run.state == "refused"
    assert session.scalar(sa.select(Component.id).where(Component.name == "Giấy thừa")) is None


def test_undo_of_a_publication_refuses_once_a_dossier_rests_on_it(session, version):
    files = files_of(session, chosen(version))
    path = path_of(files, "procedure")
    document = yamls.load(files[path], path)
    document["versions"].append(document["versions"][0] | {"number": 2, "state": "published",
                                                           "valid_from": "2026-01-01"})  # fmt: skip
    run = put(session, files | {path: yamls.dump(document)})
    second = session.scalar(sa.select(ProcedureVersion).where(
        ProcedureVersion.procedure_id == version.procedure_id, ProcedureVersion.number == 2))  # fmt: skip
    assert second.state == "published"
    add_dossier("in time", version=second)
    with pytest.raises(Refused):
        undo(session, run, None)


def test_a_new_version_takes_over_and_gives_back(session, version):
    published = make_procedure()
    files = files_of(session)
    path = f"procedure/{published.procedure.code}.yaml"
    document = yamls.load(files[path], path)
    first = document["versions"][0]
    second = first | {"number": 2, "valid_from": "2026-03-01"}
    document["versions"] = [first, second]
    both = take(session, files | {path: yamls.dump(document)})
    assert both.state == "refused"  # two versions cannot be in force
    document["versions"] = [first | {"state": "retired", "valid_to": "2026-02-28"}, second]
    run = put(session, files | {path: yamls.dump(document)})
    assert published.state == "retired"
    undo(session, run, None)
    assert files_of(session) == files


def test_attributes_closed_to_a_role_are_neither_taken_along_nor_written(session, version, actor):
    admin = actor(Role.catalog_admin)
    files = files_of(session, chosen(version))
    changed = altered(files, path_of(files, "sector"), name="Tên khác")
    closed = replace(admin, closed={("can_change", "Sector"): frozenset({"name"})})
    assert take(session, changed, closed).state == "refused"
    assert take(session, changed, admin).state == "planned"
    hidden = replace(admin, closed={("can_read", "Fee"): frozenset({"amount"})})
    with pytest.raises(NotAllowed):
        export(session, chosen(version), hidden)


def test_publishing_with_points_missing_is_allowed_and_told(session, version):
    files = files_of(session, chosen(version))
    path = path_of(files, "procedure")
    document = yamls.load(files[path], path)
    document["versions"][0] |= {"state": "published", "process": None}
    run = take(session, files | {path: yamls.dump(document)})
    assert run.state == "planned"
    assert any(version.name in remark for remark in run.remarks)
    runs.plan(session, run, None)
    assert len(run.remarks) == len(set(run.remarks))


def test_the_history_stays_intact_over_undoing(session, version):
    files = files_of(session, Chosen("kind", "form"))
    path = path_of(files, "form")
    document = yamls.load(files[path], path)
    document["sections"] = []
    undo(session, put(session, files | {path: yamls.dump(document)}, is_replacing=True), None)
    assert list(verify_history()) == []


def test_rights_bound_both_ways(session, version, actor):
    admin, desk = actor(Role.catalog_admin), actor(Role.desk_officer)
    files = export(session, chosen(version), admin).files()
    assert files == files_of(session, chosen(version))
    changed = altered(files, path_of(files, "sector"), name="Tên khác")
    assert take(session, changed, desk).state == "refused"
    run = take(session, changed, admin)
    with pytest.raises(NotAllowed):
        runs.apply(session, run, desk)
    runs.apply(session, run, admin)
    with pytest.raises(NotAllowed):
        undo(session, run, desk)
    undo(session, run, admin)


def test_people_passwords_and_dossiers_are_in_no_pack(session, version):
    add_dossier("in time", version=make_procedure())
    make_division()
    text = b"".join(files_of(session).values())
    kinds = {path.partition("/")[0] for path in files_of(session)}
    assert kinds.isdisjoint({"ab_user", "account", "dossier", "history", "officer_position"})
    assert b"password" not in text
    assert b"pbkdf2" not in text


def test_replacing_everything_removes_what_is_not_used(session, version):
    files = files_of(session)
    extra, used = DocumentType(code="thua", name="Thừa"), make_sector()
    session.add(extra)
    session.flush()
    put(session, files, is_replacing=True)
    assert session.scalar(sa.select(DocumentType.id).where(DocumentType.code == "thua")) is None
    assert session.scalar(sa.select(Sector.id).where(Sector.code == used.code)) is None
    make_procedure(sector=make_sector(code="dung"))
    files.pop(path_of(files, "procedure"))
    assert files_of(session) != files
