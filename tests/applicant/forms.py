"""What tests of applying do again and again: read a page's proofs, attach, send, count."""

import io
import re

import sqlalchemy as sa

from app.extensions import db
from tests.applicant.world import pdf


def page_inputs(html):
    """Return the hidden inputs by which a page proves what it was made from."""
    return dict(re.findall(r'name="(base|tab|row_version)" value="([^"]*)"', html))


def attach_required(me, draft):
    component = draft.version.components[0]
    answer = me.post(
        f"/files/draft/{draft.key}?component={component.id}",
        data={"file": (io.BytesIO(pdf()), "Tờ khai.pdf")},
    )
    assert answer.status_code == 200
    return answer.json


def send(me, draft, **given):
    html = me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    return me.post(
        f"/nop-ho-so/{draft.key}/xem-lai",
        data={"result_way": "online", "consent": "y"} | page_inputs(html) | given,
    )


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))
