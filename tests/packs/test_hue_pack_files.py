"""The catalogs of the Huế pack: complete, consistent with each other, and fit to be shown."""

import re
from collections import Counter
from datetime import date, time
from typing import Any

import holidays
import pytest

from tests.packs.hue import AGENCIES, PACKS, ROLES, UNITS, folder, read, rows

KINDS = {
    "text", "textarea", "number", "date", "select", "multi_select", "address", "personal_id",
    "phone", "email", "file", "table", "group", "catalog", "checkbox", "computed", "person", "organisation",
}  # fmt: skip
BLOCKS = {"person", "organisation"}
BLOCK_PARTS = {"name", "born_on", "gender", "id_number", "phone", "email", "address"}
WITH_COLUMNS = {"table", "group"} | BLOCKS
CELL_KINDS = KINDS - WITH_COLUMNS - {"select"}
PREFILLS = {"name", "id_number", "born_on", "gender", "phone", "email", "address", "applicant", "nationality"}
MINUTES = {"working_day": 480, "working_hour": 60}
STEP_KINDS = {"receive", "work", "check", "sign", "number_and_seal", "return"}
PROCEDURES = folder("procedures")
SUBJECTS = {row["code"] for row in rows("fee_subjects")}
FORMS = folder("forms")
PROCESSES = folder("processes")
DOCUMENT_TYPES = {row["code"]: row for row in rows("document_types")}
SECTORS = {row["code"] for row in rows("sectors")}


def _fields(form: dict[str, Any]) -> list[dict[str, Any]]:
    return [field for section in form["sections"] for field in section["fields"]]


def _texts(value: Any, where: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _texts(item, f"{where}.{key}")]
    if isinstance(value, list):
        return [pair for n, item in enumerate(value) for pair in _texts(item, f"{where}[{n}]")]
    return [(where, value)] if isinstance(value, str) else []


def test_the_pack_has_what_was_asked_for() -> None:
    assert len(PROCEDURES) >= 75
    assert len({item["sector"] for item in PROCEDURES.values()}) >= 15
    assert len(FORMS) >= 14
    assert sum(item["is_real"] for item in PROCESSES.values()) >= 25
    assert Counter(item["version"]["agency_level"] for item in PROCEDURES.values())["commune"] >= 30
    assert len(rows("feedback_samples", "feedback")) == 60


def test_every_file_is_free_of_empty_and_dirty_text() -> None:
    paths = sorted(PACKS.rglob("*.yaml"))
    pairs = [pair for path in paths for pair in _texts(read(path), path.name)]
    assert len(pairs) > 10_000
    # Blanks doubled or at the ends, broken encodings and web addresses come from copying pages.
    dirty = re.compile(r"^$|^\s|\s$|  |\xa0|�|<[a-z]|\.docx|Mã: |&nbsp;|^[Kk]hông có thông tin")
    assert [pair for pair in pairs if dirty.search(pair[1])] == []


def test_sectors_and_life_events_are_all_used_and_known() -> None:
    assert {item["sector"] for item in PROCEDURES.values()} == SECTORS
    events = {row["key"] for row in rows("life_events")}
    used = {event for item in PROCEDURES.values() for event in item["life_events"]}
    assert used == events


def test_codes_are_not_repeated() -> None:
    agencies = [row["code"] for row in rows("agencies")]
    divisions = [row["code"] for agency in rows("agencies") for row in agency["divisions"]]
    assert not [code for code, times in Counter(agencies + divisions).items() if times > 1]
    for name in ("sectors", "document_types"):
        codes = [row["code"] for row in rows(name)]
        assert len(codes) == len(set(codes)), name
    units = [(row["code"], row["valid_from"]) for row in [*rows("units"), *_former()]]
    assert len(units) == len(set(units))


def _former() -> list[dict[str, Any]]:
    return rows("units", "former_units")


def test_units_of_today_and_of_early_2025() -> None:
    kinds = Counter(row["kind"] for row in UNITS.values())
    assert kinds == {"province": 34, "ward": 21, "commune": 19}
    assert len(UNITS) == 74
    old = Counter(row["kind"] for row in _former())
    assert old["district"] == 9
    assert sum(old.values()) - old["district"] == 133
    districts = {row["code"] for row in _former() if row["kind"] == "district"}
    for row in _former():
        assert row["valid_to"] == date(2025, 6, 30)
        if row["kind"] != "district":
            assert row["parent"] in districts
            assert UNITS[row["successor"]]["parent"] == "46"


def test_forty_communes_each_with_a_desk_and_divisions() -> None:
    communes = [row for row in AGENCIES.values() if row["level"] == "commune"]
    assert len(communes) == 40
    assert {row["unit"] for row in communes} == {c for c, u in UNITS.items() if u["parent"] == "46"}
    for row in communes:
        desk = AGENCIES[row["desk"]]
        assert desk["level"] == "desk"
        assert desk["parent"] == row["code"]
        assert len(row["divisions"]) >= 3


def test_committees_and_departments_have_the_abbreviation_of_their_symbols() -> None:
    found = {row["name"]: row["abbreviation"] for row in rows("agencies")}
    assert {short for name, short in found.items() if name.startswith("Ủy ban nhân dân")} == {"UBND"}
    departments = [short for name, short in found.items() if name.startswith("Sở ")]
    assert "SNV" in departments
    assert len(set(departments)) == len(departments)


def test_agencies_stand_in_one_tree_with_parents_first() -> None:
    seen: set[str] = set()
    calendars = {row["code"] for row in rows("calendars")}
    for row in rows("agencies"):
        assert row["parent"] in seen or (row["parent"] is None and row["code"] == "H57")
        assert row["desk"] is None or AGENCIES[row["desk"]]["level"] == "desk"
        assert row["desk"] is not None or row["level"] == "desk"
        assert row["unit"] in UNITS
        assert row["calendar"] in calendars
        assert all(row[key] for key in ("address", "phone", "hotline"))
        seen.add(row["code"])


@pytest.mark.parametrize("code", PROCEDURES)
def test_a_procedure_is_complete_and_refers_to_what_exists(code: str) -> None:
    version = PROCEDURES[code]["version"]
    assert re.fullmatch(r"\d\.\d{6}", code)
    assert version["state"] == "published"
    for key in ("subjects", "steps_text", "ways_text", "result_text", "conditions", "legal_basis"):
        assert version[key].strip(), key
    assert len(version["steps_text"].splitlines()) == 5
    assert version["form"] in FORMS
    assert version["process"] in PROCESSES
    assert DOCUMENT_TYPES[version["result_type"]]["is_result"]
    assert (version["agency"] is None) == (version["agency_level"] == "commune")
    assert version["agency"] is None or version["agency"] in AGENCIES
    assert version["service_level"] in {"full", "partial"}
    assert version["authentication_level"] in {1, 2}
    assert version["fee_due"] in {"reception", "return"}
    assert len(version["legal_basis"].splitlines()) == len(set(version["legal_basis"].splitlines()))


@pytest.mark.parametrize("code", PROCEDURES)
def test_components_and_fees_are_clean(code: str) -> None:
    version = PROCEDURES[code]["version"]
    components = version["components"]
    assert [row["position"] for row in components] == list(range(1, len(components) + 1))
    pairs = [(row["name"], row["case_label"]) for row in components]
    assert pairs
    assert len(pairs) == len(set(pairs)), "a component stands twice"
    for row in components:
        assert row["originals"] + row["copies"] > 0
        assert row["is_required"] or row["case_label"], "optional without saying when"
        assert row["document_type"] is None or row["document_type"] in DOCUMENT_TYPES
        assert row["name"][0].isupper() or row["name"][0].isdigit()
    for row in version["fees"]:
        assert row["kind"] in {"phi", "le_phi"}
        assert row["channel"] in {"any", "counter", "online", "post"}
        assert isinstance(row["amount"], int)
        # Amounts that lost their thousands are the known fault of the source.
        assert row["amount"] == 0 or row["amount"] >= 1000
        assert row["note"] or row["amount"], "free of charge without a word why"
        assert {part["subject"] for part in row.get("exemptions") or ()} <= SUBJECTS
        form = FORMS[version["form"]]
        keys = {field["key"] for section in form["sections"] for field in section["fields"]}
        assert (row.get("count_field") or next(iter(keys))).partition(":")[0] in keys


@pytest.mark.parametrize("code", PROCEDURES)
def test_the_steps_take_exactly_the_published_limit(code: str) -> None:
    version = PROCEDURES[code]["version"]
    total = sum(step["working_minutes"] for step in PROCESSES[version["process"]]["steps"])
    value, unit = version["time_limit_value"], version["time_limit_unit"]
    if unit in MINUTES:
        assert total == value * MINUTES[unit]
    else:
        # Calendar days: the working days that surely fit into them.
        assert unit == "day"
        assert total == value * 5 // 7 * 480


@pytest.mark.parametrize("code", PROCESSES)
def test_a_process_can_be_run(code: str) -> None:
    process = PROCESSES[code]
    steps = process["steps"]
    kinds = [step["kind"] for step in steps]
    assert (kinds[0], kinds[-1]) == ("receive", "return")
    assert kinds.count("receive") == kinds.count("return") == 1
    assert {steps[0]["place"], steps[-1]["place"]} == {"desk"}
    assert {steps[0]["role"], steps[-1]["role"]} == {"desk_officer"}
    assert set(kinds) <= STEP_KINDS
    last_signature = max(n for n, kind in enumerate(kinds) if kind == "sign")
    assert last_signature < kinds.index("number_and_seal")
    for step in steps:
        assert step["role"] in ROLES
        assert step["place"] in {"desk", "agency", "province"}
        assert step["working_minutes"] >= 0
        assert step["kind"] != "sign" or step["role"] == "agency_head"
    assert bool(process["decision_number"]) == bool(process["decision_on"]) == process["is_real"]


@pytest.mark.parametrize("code", FORMS)
def test_a_form_can_be_filled_in(code: str) -> None:
    fields = _fields(FORMS[code])
    keys = [field["key"] for field in fields]
    assert len(keys) == len(set(keys))
    for field in fields:
        assert field["kind"] in KINDS
        assert re.fullmatch(r"[a-z][a-z0-9_]*", field["key"])
        assert ("options" in field) == (field["kind"] in {"select", "multi_select"})
        assert ("columns" in field) == (field["kind"] in WITH_COLUMNS)
        assert field.get("prefill") in PREFILLS | {None}
        values = [option["value"] for option in field.get("options", [])]
        assert len(values) == len(set(values))
        assert ("pattern" in field) == ("pattern_message" in field)
        re.compile(field.get("pattern", ""))
        if field["kind"] in BLOCKS:  # its parts have the kinds of the block
            assert {column["key"] for column in field["columns"]} <= BLOCK_PARTS
        else:
            assert {column["kind"] for column in field.get("columns", [])} <= CELL_KINDS
    assert any(field["is_required"] for field in fields)


def test_calendars_cover_three_years_and_make_up_days_are_saturdays() -> None:
    for calendar in rows("calendars"):
        days = {row["day"]: row["kind"] for row in calendar["days"]}
        assert len(days) == len(calendar["days"])
        assert {day.year for day in days} == {2025, 2026, 2027}
        for year in (2025, 2026, 2027):
            for month, number in ((1, 1), (4, 30), (5, 1), (9, 2)):
                assert days[date(year, month, number)] == "holiday"
            assert sum(day.month == 2 or day.month == 1 for day in days if day.year == year) >= 6
        assert all(day.weekday() == 5 for day, kind in days.items() if kind == "make_up")
        assert all(day.weekday() < 5 for day, kind in days.items() if kind == "compensatory")
        assert set(days.values()) == {"holiday", "compensatory", "make_up"}


def test_calendars_agree_with_an_independent_list_of_holidays() -> None:
    others = holidays.country_holidays("VN", years=(2025, 2026, 2027))
    for calendar in rows("calendars"):
        off = {row["day"] for row in calendar["days"] if row["kind"] != "make_up"}
        assert {day for day in others if day.weekday() < 5} <= off


def test_an_ordinary_day_has_eight_working_hours() -> None:
    for calendar in rows("calendars"):
        for weekday in range(5):
            day = [row for row in calendar["sessions"] if row["weekday"] == weekday]
            assert sum(_length(row) for row in day) == 480
    saturday = [row for row in rows("calendars")[1]["sessions"] if row["weekday"] == 5]
    assert len(saturday) == 1


def _length(session: dict[str, Any]) -> int:
    start, end = (time.fromisoformat(session[key]) for key in ("starts_at", "ends_at"))
    return (end.hour - start.hour) * 60 + end.minute - start.minute
