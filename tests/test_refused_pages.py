"""What a refused page says: which role opens it, and only where a role is what is missing."""

from flask import abort, request

from app.permissions import Role
from tests.clients import make_client
from tests.factories import make_user
from tests.wording import vi


def test_a_refusal_of_another_cause_is_not_explained_by_a_role(session, app, monkeypatch):
    """The page is open to him; on its way it asked for a right he has not, and then refuses for a reason of its own."""
    def refuse(*_given):
        screen = app.view_functions[request.endpoint].__self__.class_permission_name
        assert not app.appbuilder.sm.has_access("can_add", screen)
        abort(403)

    monkeypatch.setattr("app.lowcode.views.parse", refuse)
    refused = make_client(app, make_user(Role.clerk)).get("/sector/list/")
    assert refused.status_code == 403
    assert vi("Clerk") not in refused.text.split("error-text", 1)[1].split("</p>", 1)[0]
