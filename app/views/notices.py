"""Notices to the present user, officer or applicant."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from app.clock import now
from app.errors import NotFound
from app.extensions import db
from app.lowcode.exchange.taking import address_of
from app.models import Notice
from app.permissions import Role, current_actor
from app.services.paging import page_number, slice_of
from app.transactions import transaction
from app.views.applicant.base import login_first

PAGE_SIZE = 30


class NoticeView(BaseView):
    """The list of one's own notices; opening one marks it read."""

    route_base = "/notices"
    class_permission_name = "Notices"
    roles = {"use": frozenset(Role)}  # noqa: RUF012 - read by the permission sync
    default_view = "list"

    @expose("/")
    @login_first
    @has_access
    @permission_name("use")
    def list(self) -> str:
        """Newest first, the unread ones marked."""
        query = sa.select(Notice).where(Notice.user_id == current_actor().user_id)
        if request.args.get("chua-doc"):
            query = query.where(Notice.read_at.is_(None))
        found = slice_of(
            db.session(), query, page_number(request.args.get("trang")), PAGE_SIZE,
            prepare=lambda q: q.order_by(Notice.id.desc()).options(joinedload(Notice.dossier)),
        )  # fmt: skip
        base = "base.html" if current_actor().is_officer else "portal/base.html"
        return render_template("applicant/notices.html", base=base, found=found,
                               only_unread=bool(request.args.get("chua-doc")))  # fmt: skip

    @expose("/<int:pk>/open", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    def open(self, pk: int) -> Any:
        """Mark a notice read and go to what it is about."""
        actor = current_actor()
        with transaction() as unit:
            own = sa.select(Notice).where(Notice.id == pk, Notice.user_id == actor.user_id)
            notice = unit.scalar(own.options(joinedload(Notice.dossier)))
            if notice is None:
                raise NotFound(_("There is no such notice."))
            notice.read_at = notice.read_at or now()
            target = _target(notice, actor)
        return redirect(target)

    @expose("/read", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    def read_all(self) -> Any:
        """Mark all of one's notices read."""
        unread = Notice.user_id == current_actor().user_id, Notice.read_at.is_(None)
        with transaction() as unit:
            unit.execute(sa.update(Notice).where(*unread).values(
                read_at=now(), row_version=Notice.row_version + 1))  # fmt: skip
        flash(_("All notices are marked as read."), "success")
        return redirect("/notices/")


def _target(notice: Notice, actor: Any) -> str:
    if notice.dossier is None:
        return address_of(db.session(), notice.key) or "/notices/"
    is_own = actor.account_id is not None and notice.dossier.account_id == actor.account_id
    return f"/my/{notice.dossier.code}" if is_own else f"/dossier/{notice.dossier.code}"
