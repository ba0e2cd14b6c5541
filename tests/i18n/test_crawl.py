"""Everybody sees every type of page in Vietnamese, and nothing offered is broken."""

import pytest
import sqlalchemy as sa
from flask import render_template

from app.lowcode.generate import declared_models
from app.models import Agency, Dossier, Feedback, Procedure
from app.permissions import Role
from tests import databases
from tests.clients import make_client
from tests.i18n.pages import Page, is_english
from tests.i18n.spider import Spider, addresses_of
from tests.i18n.world import World

# A role's crawl opens some hundred pages: half a minute here, more on a busy machine.
pytestmark = pytest.mark.timeout(600)
ERRORS = ("400", "403", "404", "413", "429", "500")


@pytest.fixture(scope="module")
def world(app):
    """One world for all: looking at it does not change what others see."""
    with databases.isolated(app) as session:
        yield World(session)


def _row_of(world, model):
    return world.session.scalar(sa.select(model).order_by(model.id).limit(1))


def _one_of_each(world):
    return [_row_of(world, model).code for model in (Dossier, Feedback, Procedure, Agency)]


def _dossier_codes(world):
    return list(world.session.scalars(sa.select(Dossier.code)))


def test_the_world_has_every_kind_of_record(world):
    assert [m.__name__ for m in declared_models() if _row_of(world, m) is None] == []
    assert set(world.session.scalars(sa.select(Dossier.state))) == set(range(1, 11))


@pytest.mark.parametrize("role", list(Role))
def test_every_page_is_vietnamese(app, world, role):
    spider = Spider(app, make_client(app, world.people[role]), each=_dossier_codes(world))
    models = [model for model in declared_models() if role in model.screen.read]
    records = [addresses_of(_row_of(world, model)) for model in models]
    spider.crawl([pages["list"] for pages in records], offered_by="the role's right to read")
    spider.crawl([url for pages in records for url in pages.values()])
    spider.crawl([*spider.starts(), *spider.with_codes(_one_of_each(world))])
    assert not spider.faults, "\n".join(spider.faults)


def test_every_page_is_vietnamese_for_a_visitor(app, world):
    codes = _dossier_codes(world)
    spider = Spider(app, make_client(app), each=codes)
    addresses = spider.with_codes([*codes, *_one_of_each(world)])
    spider.crawl([*spider.starts(), *addresses, "/khong-co-trang-nay"])
    assert not spider.faults, "\n".join(spider.faults)
    assert spider.statuses["/"] == 200


@pytest.mark.parametrize("side", ["errors", "errors/portal"])
@pytest.mark.parametrize("code", ERRORS)
def test_error_pages_are_vietnamese(app, world, side, code):
    with app.test_request_context("/"):
        page = Page(render_template(f"{side}/{code}.html", message="", request_id="abc"))
    assert page.lang == "vi"
    assert page.english() == []


@pytest.mark.parametrize(
    "word", ["Look up a dossier", "Dossier H57-1", "Remove the filter Cấp", "Loading the list"]
)
def test_english_is_noticed(word):
    assert is_english(word)


@pytest.mark.parametrize("word", ["Hồ sơ H57-1", "Tra cứu hồ sơ", "QR", "user12", "08:30", "VNPT"])
def test_vietnamese_names_and_numbers_are_let_pass(word):
    assert not is_english(word)
