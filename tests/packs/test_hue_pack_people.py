"""People, samples and regulation profiles of the packs: well formed, and of no real person."""

import re

from stdnum.vn import mst

from tests.packs.hue import AGENCIES, HUE, PACKS, ROLES, UNITS, read, rows


def test_every_role_is_held_and_three_agencies_are_fully_staffed() -> None:
    held = {
        (position["role"], position["agency"])
        for officer in rows("officers") for position in officer["positions"]
    }  # fmt: skip
    assert {role for role, _agency in held} == ROLES
    working = {"specialist", "division_head", "agency_head", "clerk"}
    for agency in ("H57.19753", "H57.19867", "H57.05", "H57.03"):
        assert working <= {role for role, place in held if place == agency}, agency
        desk = AGENCIES[agency]["desk"]
        assert {"desk_officer", "cashier"} <= {role for role, place in held if place == desk}
    assert {place for role, place in held if role in {"auditor", "catalog_admin"}} == {"H57"}


def test_officers_refer_to_agencies_and_their_own_divisions() -> None:
    officers = rows("officers")
    names = [row["username"] for row in officers + rows("officers", "accounts")]
    assert len(names) == len(set(names))
    for officer in officers:
        assert re.fullmatch(r"[a-z0-9.]+", officer["username"])
        assert set(officer["roles"]) == {row["role"] for row in officer["positions"]} <= ROLES
        for row in officer["positions"]:
            divisions = {division["code"] for division in AGENCIES[row["agency"]]["divisions"]}
            assert row["division"] is None or row["division"] in divisions


def test_the_demo_password_satisfies_the_rules() -> None:
    password = read(HUE / "officers.yaml")["password"]
    assert len(password) >= 10
    assert re.search(r"\d", password)
    assert re.search(r"[A-Za-z]", password)


def test_sample_identifications_are_well_formed_and_reserved() -> None:
    accounts = rows("officers", "accounts")
    assert {row["kind"] for row in accounts} == {"citizen", "organisation"}
    for row in accounts:
        assert row["unit"] in UNITS
        if row["kind"] == "organisation":
            assert mst.is_valid(row["id_number"])
            continue
        match = re.fullmatch(r"(\d{3})(\d)(\d{2})(\d{6})", row["id_number"])
        assert match
        place, sex, year, serial = match.groups()
        assert place == "046"
        assert 990_000 <= int(serial) <= 999_999
        century = 1900 + 100 * (int(sex) // 2)
        assert century + int(year) == row["born_on"].year
        assert (row["gender"] == "female") == bool(int(sex) % 2)


def test_feedback_is_varied_and_answered_where_it_says_so() -> None:
    items = rows("feedback_samples", "feedback")
    assert len({row["title"] for row in items}) == len({row["content"] for row in items}) == 60
    states = {"received", "accepted", "answered", "published", "refused"}
    assert {row["state"] for row in items} == states
    for row in items:
        assert row["agency"] in AGENCIES
        assert ("answer" in row) == (row["state"] in {"answered", "published", "refused"})
        assert row["is_public"] or row["state"] != "published"
        assert 0 <= row["days_ago"] <= 120


def test_profiles_build_on_the_national_one() -> None:
    profiles = {path.stem: read(path) for path in (PACKS / "profiles").glob("*.yaml")}
    assert set(profiles) == {
        "national_2026", "hue_2025", "quang_nam_2020", "hcmc_2024", "thua_thien_hue_2017",
    }  # fmt: skip
    assert [code for code, item in profiles.items() if item["is_active"]] == ["hue_2025"]
    for code, item in profiles.items():
        assert item["code"] == code
        assert item["base"] == (None if code == "national_2026" else "national_2026")
        keys = [(row["key"], row["valid_from"]) for row in item["parameters"]]
        assert len(keys) == len(set(keys))
    national = {row["key"]: row["value"] for row in profiles["national_2026"]["parameters"]}
    assert national["reception_limit_hours"] == 8
    assert national["cutoff_time"] == "15:00"
    assert national["form_set"] == "tt03_2025"
    assert national["feedback_answer_days"] == 15
    old = {row["key"]: row["value"] for row in profiles["thua_thien_hue_2017"]["parameters"]}
    assert old["reception_limit_hours"] == 1


def test_name_parts_give_plausible_people() -> None:
    names = read(HUE / "names.yaml")
    for key in ("middle_male", "middle_female", "given_male", "given_female", "streets"):
        assert len(names[key]) >= 15
        assert len(set(names[key])) == len(names[key])
    assert all(weight > 0 for _surname, weight in names["surnames"])
    assert len(names["surnames"]) >= 20
