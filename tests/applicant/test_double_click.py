"""A double click, on two connections at once: one dossier, both are told its code."""

import threading

import sqlalchemy as sa

from app.extensions import db
from app.models import Dossier
from app.services import files
from tests.applicant.world import make_draft, make_world, pdf
from tests.clients import make_client


def prepare(application):
    """Return (draft key, row version, two browsers of its owner), all committed."""
    with application.app_context():
        world = make_world()
        draft = make_draft(world)
        stored = files.store_upload(db.session(), "to-khai.pdf", pdf(), max_mb=20)
        component = world.version.components[0]
        files.attach(db.session(), stored, "a.pdf", world.actor, draft=draft, component=component)
        db.session.commit()
        browsers = [make_client(application, world.user) for _ in range(2)]
        tokens = [browser.token() for browser in browsers]
        found = draft.key, draft.row_version, list(zip(browsers, tokens, strict=True))
        db.session.remove()
    return found


def test_two_sendings_at_once_make_one_dossier(own_database):
    key, version, browsers = prepare(own_database)
    start, answers = threading.Barrier(2), []

    def press(browser, token):
        start.wait()
        sent = {"result_way": "online", "consent": "y", "row_version": version}
        url = f"/nop-ho-so/{key}/xem-lai"
        headers = {"X-CSRFToken": token}
        answers.append(browser.post(url, data=sent, headers=headers, csrf=False))

    workers = [threading.Thread(target=press, args=pair) for pair in browsers]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with own_database.app_context():
        code = db.session.scalars(sa.select(Dossier.code)).one()
        db.session.remove()
    assert [answer.location for answer in answers] == [f"/nop-ho-so/xong/{code}"] * 2
