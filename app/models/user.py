"""FAB's users and roles, declared like every other record."""

import re
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role as FabRole
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import event
from sqlalchemy.orm import mapped_column

from app.errors import Invalid
from app.extensions import db
from app.i18n import N_
from app.lowcode.entity import is_same
from app.lowcode.screen import Screen
from app.models.menus import ORGANISATION, SYSTEM
from app.models.officer import UserSetting
from app.permissions import ROLE_LABELS, Actor, Role
from app.text import fold

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
_LABELS = {
    "username": _l("User name"), "first_name": _l("Family and middle name"),
    "last_name": _l("Given name"), "email": _l("E-mail"), "active": _l("May sign in"),
    "last_login": _l("Last sign-in"),
}  # fmt: skip
for _name, _label in _LABELS.items():
    User.__table__.c[_name].info["label"] = _label
User.__table__.c.email.info["kind"] = "email"
User.__table__.c.last_login.info["pack"] = False
# One signs in with any capitals: the database refuses what two people add at the same moment.
sa.Index("ux_ab_user_username_lower", sa.func.lower(User.__table__.c.username), unique=True)
FabRole.__table__.c.name.info.update(
    label=_l("Role"), choices={**ROLE_LABELS, "public": N_("Everyone")}
)

def _rows(actor: Actor) -> Any:
    from app.models.scope import users_of

    return users_of(actor)


User.search_text = mapped_column(sa.Text, default="", deferred=True, info={"trigram": True})
User.search_columns = ("username", "first_name", "last_name", "email")
User.screen = Screen(
    menu=ORGANISATION, menu_title=_l("List of users"), icon="user", title=_l("Users"), singular=_l("User"),
    columns=["username", "first_name", "last_name", "email", "active"],
    search=["username", "first_name", "last_name", "email"], filters=["active"],
    form=["username", "first_name", "last_name", "email", "active"], readonly=["last_login"],
    order="username", key=["username"], can_delete=False, rows=_rows, is_configuration=True,
    read=frozenset({Role.system_admin, Role.auditor}), write=frozenset({Role.system_admin}),
    help=_l("A new user signs in after the administrator has set a temporary password."),
)  # fmt: skip
FabRole.screen = Screen(
    menu=SYSTEM, menu_title=_l("Catalog of roles"), icon="shield", title=_l("Roles"), singular=_l("Role"),
    columns=["name"], key=["name"], form=[], sections=[(_l("Role"), ["name"])], order="name",
    can_add=False, can_delete=False, is_configuration=True,  # files hold what was decided for a role
    read=frozenset({Role.system_admin, Role.auditor}),
)  # fmt: skip
User.__str__ = lambda self: f"{self.first_name} {self.last_name}"
FabRole.__str__ = lambda self: _(FabRole.__table__.c.name.info["choices"].get(self.name, self.name))


def refuse_bad_username(username: str) -> None:
    """Raise Invalid unless everybody can type ``username`` on any keyboard: no marks, no spaces."""
    if not _USERNAME.fullmatch(username):
        message = _("A user name has letters without marks, digits and the signs . _ - @ only, and no spaces: "
                    "for example hoa.le.")  # fmt: skip
        raise Invalid(message, {"username": message})


def _check_user(self: Any, actor: Any) -> None:
    """Refuse locking oneself out, a name one cannot type, and one that differs from another only in capitals."""
    if self.id is not None and self.id == actor.user_id and not self.active:
        message = _("You cannot deactivate your own account.")
        raise Invalid(message, {"active": message})
    if not is_same(self, ["username"]):
        refuse_bad_username(self.username or "")
    twin = sa.select(User.id).where(sa.func.lower(User.username) == (self.username or "").lower())
    if not is_same(self, ["username"]) and db.session.scalar(twin.where(User.id != (self.id or 0)).limit(1)):
        message = _("Another user has this name; capital and small letters count as the same.")
        raise Invalid(message, {"username": message})


User.check = _check_user


@event.listens_for(User, "before_insert")
@event.listens_for(User, "before_update")
def _fold_names(_mapper: Any, _connection: Any, user: User) -> None:
    if is_same(user, User.search_columns):
        return
    user.search_text = fold(" ".join(getattr(user, name) or "" for name in User.search_columns))


@event.listens_for(User, "after_update")
def _end_sessions(_mapper: Any, connection: Any, user: User) -> None:
    """Who may no longer sign in leaves every session for good: it does not live again with the account."""
    if user.active or is_same(user, ["active"]):
        return
    settings = UserSetting.__table__
    more = {"session_version": settings.c.session_version + 1}
    connection.execute(sa.update(settings).where(settings.c.user_id == user.id).values(more))
