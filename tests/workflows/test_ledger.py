"""The parts of a dossier's time are the whole, and the due date is the original one plus its changes."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.workflows.deadlines import resume_due
from app.workflows.ledger import WORKING, Adjustment, Holder, Part, Phase, Span, credit, cut, make_ledger
from app.workflows.working_time import add_limit, add_minutes, minutes_between
from tests.workflows.hue import EARLY, HUE, TZ, at

PAUSING = frozenset(Holder) - WORKING
QUICK = settings(max_examples=150, deadline=None)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 1)).map(lambda one: one.replace(tzinfo=TZ))
steps = st.lists(st.tuples(st.sampled_from(Holder), st.integers(0, 6 * 24 * 60)), min_size=1, max_size=12)


class Story:
    """A dossier that went from hand to hand, its due date moved by every pause, as it is in life."""

    def __init__(self, start, holders, accepted, days, is_running):
        """Play it: each holder keeps the dossier for so many minutes of the clock."""
        self.parts, moment = [], start
        for number, (holder, minutes) in enumerate(holders):
            end = moment + timedelta(minutes=minutes, seconds=number % 60)
            self.parts.append(Part(holder, moment, end, key=number))
            moment = end
        self.ended = moment
        self.received = min(start + timedelta(minutes=accepted), moment)
        if is_running:
            self.parts[-1] = Part(self.parts[-1].holder, self.parts[-1].started_at, None, key=len(self.parts) - 1)
        self.original = self.due = add_limit(EARLY, self.received, days, "working_day")
        self.changes = []
        for part in self.parts:
            if part.holder in PAUSING and part.ended_at and part.ended_at > self.received:
                self.change(resume_due(self.due, max(part.started_at, self.received), part.ended_at, EARLY).at,
                            part.ended_at)  # fmt: skip

    def change(self, due, moment):
        """Move the due date."""
        self.changes.append(Adjustment(moment, self.due, due, "lý do", "khoản", "người duyệt"))
        self.due = due

    def ledger(self, parts=None):
        """Return its ledger: the desk opens by other hours than the agency."""
        span = Span(self.received, self.ended, self.original, self.due)
        return make_ledger(parts or self.parts, span, HUE, EARLY, self.changes, PAUSING)


stories = st.builds(
    Story, moments, steps, st.integers(0, 30 * 24 * 60), st.integers(1, 30), st.booleans()
)


@QUICK
@given(stories, st.integers(0, 2000))
def test_the_parts_are_the_whole_and_the_due_date_is_explained(story, extension):
    story.change(add_minutes(EARLY, story.due, extension), story.ended)
    ledger = story.ledger()
    assert ledger.faults == ()
    assert ledger.minutes() == ledger.total == sum(ledger.by_holder.values())
    assert ledger.minutes() == ledger.minutes(*WORKING) + ledger.minutes(*PAUSING)
    given_later = sum(minutes for _change, minutes in ledger.adjusted)
    assert ledger.granted + given_later == minutes_between(EARLY, story.received, story.due)
    assert ledger.granted + given_later - ledger.used - ledger.stood_still == ledger.left
    assert ledger.used + ledger.stood_still == ledger.minutes(phase=Phase.processing)


@QUICK
@given(stories)
def test_every_finished_pause_gives_back_exactly_its_minutes(story):
    ledger = story.ledger()
    finished = sum(e.minutes for e in ledger.entries
                   if e.phase is Phase.processing and e.stands_still and e.part.ended_at)  # fmt: skip
    assert sum(minutes for _change, minutes in ledger.adjusted) == finished


@QUICK
@given(stories, st.integers(-4000, 40000), st.integers(0, 20000))
def test_an_outage_takes_only_time_that_counted_and_loses_none(story, begin, length):
    since = story.parts[0].started_at + timedelta(minutes=begin)
    until = min(since + timedelta(minutes=length), story.ended)
    pieces = cut(story.parts, since, until, "HUE25 Đ23")
    before, after = story.ledger(), story.ledger(pieces)
    assert after.faults == ()
    assert after.total == before.total == after.minutes()
    for holder in (Holder.applicant, Holder.payment):
        assert after.minutes(holder) == before.minutes(holder)
    given_back = credit(EARLY, story.parts, pieces, story.received)
    gained = sum(sign * one.minutes(Holder.outage, phase=Phase.processing) for sign, one in ((1, after), (-1, before)))
    assert given_back == gained == before.used - after.used
    assert {p.key for p in pieces if p.key is not None} == {p.key for p in story.parts}
    assert cut(pieces, since, until, "lần nữa") == pieces


def test_an_outage_in_the_middle_of_an_officers_work():
    part = Part("officer", at("2026-03-10 08:00"), None, "Thẩm định", 7)
    pieces = cut([part], at("2026-03-10 10:00"), at("2026-03-10 14:30"), "HUE25 Đ23")
    assert [(p.holder, p.key, p.ground) for p in pieces] == [
        ("officer", 7, "Thẩm định"), ("outage", None, "HUE25 Đ23"), ("officer", None, "Thẩm định"),
    ]  # fmt: skip
    assert (pieces[0].ended_at, pieces[1].ended_at, pieces[2].ended_at) == (
        at("2026-03-10 10:00"), at("2026-03-10 14:30"), None,
    )  # fmt: skip
    assert credit(HUE, [part], pieces, at("2026-03-10 08:00")) == 150


def test_time_before_acceptance_goes_by_the_desks_hours():
    parts = [Part("desk", at("2026-03-10 07:00"), at("2026-03-10 16:00"))]
    span = Span(at("2026-03-10 11:00"), at("2026-03-10 16:00"), at("2026-03-11 17:00"), at("2026-03-11 17:00"))
    ledger = make_ledger(parts, span, HUE, EARLY)
    assert [(e.phase, e.minutes) for e in ledger.entries] == [("reception", 210), ("processing", 30 + 150)]
    assert ledger.total == 390


def test_what_is_not_explained_is_named():
    parts = [
        Part("desk", at("2026-03-10 08:00"), at("2026-03-10 09:00")),
        Part("officer", at("2026-03-10 10:00"), None),
        Part("officer", at("2026-03-10 11:00"), at("2026-03-10 15:00")),
        Part("officer", at("2026-03-10 14:00"), None),
    ]
    changes = [Adjustment(at("2026-03-10 12:00"), at("2026-03-12 17:30"), at("2026-03-13 17:30"))]
    span = Span(at("2026-03-10 08:00"), at("2026-03-10 16:00"), at("2026-03-11 17:30"), at("2026-03-16 17:30"))
    told = [fault.text() for fault in make_ledger(parts, span, HUE, HUE, changes).faults]
    assert told == [
        "Nobody held the dossier from 09:00 on 10/03/2026",
        "Two held the dossier at once at 11:00 on 10/03/2026",
        "Two held the dossier at once at 14:00 on 10/03/2026",
        "The due date changed without a reason before 12:00 on 10/03/2026",
        "The last reason does not explain the present due date",
    ]


def test_a_dossier_not_accepted_yet_has_only_the_desks_time():
    parts = [Part("desk", at("2026-03-10 08:00"), None)]
    ledger = make_ledger(parts, Span(None, at("2026-03-10 09:30")), HUE, EARLY)
    assert (ledger.total, ledger.granted, ledger.left, ledger.used) == (90, None, None, 0)
    empty = make_ledger([], Span(None, at("2026-03-10 09:30")), HUE, EARLY)
    assert (empty.total, empty.by_holder, empty.faults) == (0, {}, ())
