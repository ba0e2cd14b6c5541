"""Codes given out by one desk to many officers at once: distinct, consecutive, without a gap."""

import re
import uuid
from functools import partial

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.models import Dossier, Letter
from app.models.counter import Counter, next_number
from app.permissions import Actor
from app.services.reception import receive_at_counter
from tests.robustness.world import World, act, at_once, count, history_faults, make_world, reception

pytestmark = pytest.mark.timeout(300)


class _Abandoned(Exception):
    """The officer's connection broke after the number was drawn."""


def _receive(session: Session, actor: Actor, *, world: World, fails: bool = False) -> str:
    given = reception(session, world, str(uuid.uuid4()))
    code = receive_at_counter(session, given, actor).code
    if fails:
        raise _Abandoned
    return code


def _serials(codes: list[str]) -> list[int]:
    heads = {re.sub(r"\d+$", "", code) for code in codes}
    assert len(heads) == 1, heads
    return sorted(int(code.removeprefix(next(iter(heads)))) for code in codes)


def test_50_receptions_at_once_get_50_consecutive_codes(own_database: Flask) -> None:
    world = make_world(own_database)
    officers = [world.desk_officers[n % 2] for n in range(50)]
    works = [partial(act, own_database, officer, partial(_receive, world=world)) for officer in officers]

    codes = at_once(works)

    assert all(isinstance(code, str) for code in codes), [c for c in codes if not isinstance(c, str)]
    assert _serials(codes) == list(range(1, 51))
    assert count(own_database, Dossier) == 50
    assert count(own_database, Letter, Letter.kind == "receipt_slip") == 50
    assert history_faults(own_database) == []


def test_what_is_rolled_back_gives_its_number_back(own_database: Flask) -> None:
    world = make_world(own_database)
    fails = [n % 3 == 1 for n in range(18)]
    works = [
        partial(act, own_database, world.desk_officers[0], partial(_receive, world=world, fails=fail))
        for fail in fails
    ]

    results = at_once(works)

    assert sum(isinstance(result, _Abandoned) for result in results) == sum(fails)
    codes = [result for result in results if isinstance(result, str)]
    assert len(codes) == len(fails) - sum(fails)
    assert _serials(codes) == list(range(1, len(codes) + 1))


def test_a_series_has_no_gap_whatever_its_first_number_did(own_database: Flask) -> None:
    def draw(session: Session, _actor: Actor, *, fails: bool) -> int:
        number = next_number(session, "a series nobody drew from before")
        if fails:
            raise _Abandoned
        return number

    world = make_world(own_database)
    officer = world.desk_officers[0]
    works = [partial(act, own_database, officer, partial(draw, fails=n < 4)) for n in range(12)]

    drawn = [number for number in at_once(works) if isinstance(number, int)]

    assert sorted(drawn) == list(range(1, 9))
    assert count(own_database, Counter, Counter.value == 8) == 1
