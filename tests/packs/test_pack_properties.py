"""Any sequence of edits: carried elsewhere it exports the same, applied and undone nothing is left."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.models import (
    Agency,
    CalendarDay,
    Division,
    DocumentType,
    Fee,
    FormField,
    ProcedureVersion,
    Profile,
    ProfileParameter,
    PublicationDecision,
    PublicationItem,
    Sector,
)
from app.packs import archive, runs
from app.packs.undoing import undo
from tests.factories import make_form, make_procedure, make_process, make_tree
from tests.packs.carrying import files_of, forget_configuration, take

# What YAML might take for something else, and what people paste.
ODD = ["no", "~", "null", "1.000656", "07:30", "2025-01-01", "a: b", "- x", "# x", "'", '"', "&a", "*a", "!x",
       "<<", "=", "a\nb", "a\n\n  b\n", " x ", "\ta", "Đăng ký “khai tử”", "x\u2028y", "\ufeffx", "😀",
       "%s", "{a: 1}"]  # fmt: skip
TEXT = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40)
    .filter(str.strip),  # the models refuse blanks
)
NUMBER = st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(-4000, 4000).map(lambda n: n / 8 or 0.5))
JSON = st.recursive(
    st.one_of(st.booleans(), NUMBER, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)), max_leaves=6,
)  # fmt: skip


def first(session, model, **by):
    return session.scalars(sa.select(model).filter_by(**by).order_by(model.id)).first()



def add_once(session, model, by, **given):
    if first(session, model, **by) is None:
        session.add(model(**by, **given))


def edit_sector(session, text, number, value):
    add_once(session, Sector, {"code": f"s{number % 5}"}, name=text)


def rename_sector(session, text, number, value):
    first(session, Sector).name = text


def edit_type(session, text, number, value):
    add_once(session, DocumentType, {"code": f"Giấy {number % 3}/{text[:8]}"}, name=text, is_result=bool(number % 2))


def edit_field(session, text, number, value):
    row = first(session, FormField)
    row.label, row.help_text, row.max_length = text, text or None, abs(number) % 500 + 1
    row.options = [{"value": text, "label": text}] if number % 2 else None


def add_field(session, text, number, value):
    section = first(session, FormField).section
    by = {"section_id": section.id, "key": f"f{number % 4}"}
    add_once(session, FormField, by, position=number % 9, label=text, kind="text")


def drop_field(session, text, number, value):
    row = first(session, FormField, key=f"f{number % 4}")
    if row is not None:
        session.delete(row)


def edit_agency(session, text, number, value):
    row = first(session, Agency, code="H57.SXD")
    row.address, row.short_name = text, None if number % 2 else text[:30]
    add_once(session, Division, {"code": f"P{number % 3}"}, agency_id=row.id, name=text)


def add_agency(session, text, number, value):
    code = f"H57.{number % 4}"
    parent = first(session, Agency, code=f"H57.{(number + 1) % 4}") or first(session, Agency, code="H57")
    add_once(session, Agency, {"code": code}, name=text, level="commune", parent_id=parent.id)


def edit_parameter(session, text, number, value):
    profile = first(session, Profile) or Profile(code="thu", name=text)
    session.add(profile)
    session.flush()
    day = date(2025, 1, 1) + timedelta(days=number % 3)
    row = first(session, ProfileParameter, profile_id=profile.id, key="k", valid_from=day)
    row = row or ProfileParameter(profile=profile, key="k", valid_from=day)
    row.value, row.note = value, text
    session.add(row)


def edit_calendar(session, text, number, value):
    calendar = first(session, Agency, code="H57").calendar
    day = date(2026, 1, 1) + timedelta(days=number % 4)
    add_once(session, CalendarDay, {"calendar_id": calendar.id, "day": day}, kind="holiday", note=text)


def edit_fee(session, text, number, value):
    fee = first(session, Fee)
    fee.amount, fee.note, fee.position = abs(number), text, 1
    session.add(Fee(version_id=fee.version_id, position=1, name=text, amount=abs(number) % 7))


def edit_decision(session, text, number, value):
    by = {"number": f"{number % 3}/QĐ-UBND", "decided_on": date(2026, 1, 1 + number % 2)}
    add_once(session, PublicationDecision, by, title=text, signer=text[:20])
    session.flush()
    decision, version = first(session, PublicationDecision, **by), first(session, ProcedureVersion)
    add_once(session, PublicationItem, {"decision_id": decision.id, "procedure_id": version.procedure_id},
             version_id=version.id, kind=("new", "amended")[number % 2])  # fmt: skip


EDITS = (edit_sector, rename_sector, edit_type, edit_field, add_field, drop_field, edit_agency, add_agency,
         edit_parameter, edit_calendar, edit_fee, edit_decision)  # fmt: skip
SEQUENCE = st.lists(st.tuples(st.sampled_from(EDITS), TEXT, st.integers(0, 10**6), JSON), max_size=8)
CALM = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a failing sequence is short anyway
)  # fmt: skip


def carry_out(session, edits):
    for edit, text, number, value in edits:
        edit(session, text, number, value)
        session.flush()


@pytest.fixture
def world(session):
    """A small province with a draft procedure whose form nobody has published."""
    make_tree()
    make_procedure(state="draft", form=make_form(), process=make_process())
    return session


@CALM
@given(edits=SEQUENCE)
def test_what_is_carried_elsewhere_exports_the_same(world, edits):
    with world.begin_nested() as trial:
        carry_out(world, edits)
        files = files_of(world)
        assert archive.unzipped(archive.zipped(files)) == files
        forget_configuration(world)
        run = take(world, files)
        assert run.state == "planned", run.faults
        runs.apply(world, run, None)
        assert files_of(world) == files
        trial.rollback()
    world.expire_all()


@CALM
@given(before=SEQUENCE, after=SEQUENCE, is_replacing=st.booleans())
def test_applied_and_undone_nothing_is_left(world, before, after, is_replacing):
    with world.begin_nested() as trial:
        carry_out(world, before)
        pack = files_of(world)
        carry_out(world, after)
        present = files_of(world)
        run = take(world, pack, is_replacing=is_replacing)
        if run.state == "planned" and runs.has_changes(run):
            runs.apply(world, run, None)
            assert not is_replacing or files_of(world) == pack
            undo(world, run, None)
        assert files_of(world) == present
        trial.rollback()
    world.expire_all()
