"""Signing in, locking out, passwords, and making users."""

from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app import history
from app.clock import now
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.models import Agency, FabRole, OfficerPosition, User, UserSetting
from app.models.user import refuse_bad_username
from app.permissions import Role, current_actor
from app.services import guesses
from app.services.guesses import LOCK_MINUTES
from app.text import family_and_given
from app.transactions import one_at_a_time

MAX_FAILURES = 5
PLACEHOLDER_ROOT = "H00"  # the code of the root until the province gives its own
MIN_LENGTH = 10


def settings_of(session: Session, user: User) -> UserSetting:
    """Return what ``user`` set, made at the first question."""
    found = session.scalar(sa.select(UserSetting).where(UserSetting.user_id == user.id))
    if found is None:
        found = UserSetting(user_id=user.id, session_version=1, failed_logins=0)
        session.add(found)
        session.flush()
    return found


def check_login(session: Session, username: str, password: str) -> tuple[User | None, str]:
    """Return (user, "") for the right password, else (None, why) in the user's language.

    After MAX_FAILURES wrong passwords the account is locked for LOCK_MINUTES, right
    password or not. Words and work are the same for a name nobody has, a wrong password and a
    lock: the rule is told to everybody, so that its owner knows why and nobody learns of a name.
    The count is flushed: keep the transaction even on refusal.
    """
    wrong = _("The user name or the password is not right. After %(count)d wrong passwords in a row, nobody can sign "
              "in under that name for %(minutes)d minutes.", count=MAX_FAILURES, minutes=LOCK_MINUTES)  # fmt: skip
    if not (_is_text(username) and _is_text(password)):
        return None, wrong
    user = session.scalar(sa.select(User).where(sa.func.lower(User.username) == username.lower()))
    if user is None or not user.active or not user.password:
        check_password_hash(_nobodys_hash(), password)
        return None, wrong
    one_at_a_time(session, f"login:{user.id}")  # guesses sent at the same time are counted one by one
    settings = settings_of(session, user)
    is_right = check_password_hash(user.password, password)
    if settings.locked_until and settings.locked_until > now():
        return None, wrong
    if not is_right:
        _count_failure(session, user, settings)
        return None, wrong
    settings.failed_logins, settings.locked_until = 0, None
    history.record(session, ("ab_user", user.id), "login")
    session.flush()
    return user, ""


def _nobodys_hash() -> str:
    """What is checked when the user name is unknown, so that both answers take the same time. Nothing matches it."""
    return f"{_hash_method()}$nobody$"


def _is_text(typed: str) -> bool:
    """Return whether a database and a hash take ``typed``: no zero byte, no half of a pair."""
    try:
        return b"\0" not in typed.encode()
    except UnicodeEncodeError:
        return False


def _count_failure(session: Session, user: User, settings: UserSetting) -> None:
    settings.failed_logins += 1
    history.record(session, ("ab_user", user.id), "login_failed")
    if settings.failed_logins >= MAX_FAILURES:
        settings.locked_until = now() + timedelta(minutes=LOCK_MINUTES)
        settings.failed_logins = 0
    session.flush()


def password_message(password: str, username: str = "") -> str | None:
    """Return which rule ``password`` breaks, or None: length, letters and digits, not the name."""
    if len(password) < MIN_LENGTH:
        return _("The password must have at least %(count)d characters.", count=MIN_LENGTH)
    if not any(c.isalpha() for c in password) or not any(c.isdigit() for c in password):
        return _("The password must have both letters and digits.")
    if username and username.lower() in password.lower():
        return _("The password must not contain the user name.")
    return None


def set_password(session: Session, user: User, password: str, *, is_temporary: bool = False) -> int:
    """Give ``user`` a password, unlock him, end all his other sessions; returns the new session version.

    Raises Invalid (field "password") if it breaks a rule.
    """
    message = password_message(password, user.username)
    if message:
        raise Invalid(message, {"password": message})
    user.password = generate_password_hash(password, method=_hash_method())
    settings = settings_of(session, user)
    settings.session_version += 1
    settings.must_change_password = is_temporary
    unlock_user(session, user)
    session.flush()
    return settings.session_version


def _hash_method() -> str:
    from flask import current_app

    return current_app.config.get("FAB_PASSWORD_HASH_METHOD") or "scrypt"


def change_password(session: Session, user: User, current: str, new: str) -> int:
    """Change one's own password; asks the current one. Returns the new session version."""
    if not user.password or not check_password_hash(user.password, current):
        message = _("The current password is not right.")
        raise Invalid(message, {"current": message})
    return set_password(session, user, new)


def reset_password(session: Session, user: User, password: str) -> None:
    """Give another user a temporary password (system administrators only)."""
    actor = current_actor()
    if not actor.has(Role.system_admin):
        raise NotAllowed(_("Only a system administrator may set another user's password."))
    set_password(session, user, password, is_temporary=True)


def create_user(
    session: Session, *, username: str, name: str, email: str, password: str,
    roles: tuple[Role, ...] = (), agency: Agency | None = None, title: str | None = None,
) -> User:  # fmt: skip
    """Make an active user with a post in ``agency`` (default: the root) for each role.

    Raises Invalid for a bad password or an officer's bad name, Conflict when name or e-mail is taken.
    """
    if roles:  # an applicant signs in with the number he has
        refuse_bad_username(username)
    taken = sa.or_(sa.func.lower(User.username) == username.lower(), User.email == email)
    if session.scalar(sa.select(User.id).where(taken)) is not None:
        raise Conflict(_("This user name or e-mail address is already in use."))
    first_name, last_name = family_and_given(name)
    user = User(
        username=username, first_name=first_name, last_name=last_name, email=email, active=True
    )
    session.add(user)
    session.flush()
    set_password(session, user, password)
    for role in roles:
        post = OfficerPosition(
            user=user, agency=agency or root_agency(session), role=role, title=title
        )
        session.add(post)
    session.flush()
    sync_roles(session, user)
    return user


def root_agency(session: Session) -> Agency:
    """Return the agency at the top of the tree; a new system gets one to be renamed."""
    root = session.scalar(
        sa.select(Agency).where(Agency.parent_id.is_(None)).order_by(Agency.id).limit(1)
    )
    if root is None:
        root = Agency(code=PLACEHOLDER_ROOT, name="Ủy ban nhân dân cấp tỉnh", level="province")
        session.add(root)
        session.flush()
    return root


def get_user(session: Session, username: str) -> User:
    """Return the user named ``username``; raises NotFound."""
    user = session.scalar(sa.select(User).where(User.username == username))
    if user is None:
        raise NotFound(_("There is no user named %(name)s.", name=username))
    return user


def unlock_user(session: Session, user: User) -> None:
    """Let a locked user try again now."""
    settings = settings_of(session, user)
    settings.failed_logins, settings.locked_until = 0, None
    guesses.forget(user)


def sync_roles(session: Session, user: User, *, is_applicant: bool = False) -> None:
    """Write the roles of a user's posts into FAB's table, where its screens show them."""
    names = set(
        session.scalars(sa.select(OfficerPosition.role).where(OfficerPosition.user_id == user.id))
    )
    names |= {str(Role.citizen)} if is_applicant else set()
    user.roles = list(session.scalars(sa.select(FabRole).where(FabRole.name.in_(names))))
