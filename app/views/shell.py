"""The frame of every page: language, theme, sidebar, viewer, notices, incidents."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from flask import Flask, g, request, session, url_for
from flask_appbuilder import AppBuilder
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from app.clock import now, to_local
from app.extensions import db
from app.lowcode.generate import declared_models
from app.lowcode.registry import link_to, view_of
from app.lowcode.values import display, money, plain_text
from app.models import UserSetting
from app.models.menus import CATALOGS, ORDER, ORGANISATION, PROCEDURES, SYSTEM
from app.permissions import ADMINISTRATORS, EVERY_OFFICER, ROLE_LABELS, Actor, Role, current_actor
from app.services.kept import kept, marks_of
from app.services.site import announced_incidents, site_of, unread_count
from app.text import phone_text
from app.views.fragments import asset, fragment

LOCALES = ("vi", "en")
THEMES = ("light", "dark")
_SETTINGS = frozenset(group.key for group in (PROCEDURES, CATALOGS, ORGANISATION, SYSTEM))
# Their daily work are the settings themselves; others look something up there now and then.
_SETTLERS = (Role.catalog_admin, Role.system_admin, Role.control_focal_point, Role.auditor)
_FEW = 4  # so many links more cost nobody anything


@dataclass(frozen=True)
class MenuItem:
    """One link of the sidebar and the right it asks for."""

    group: str
    title: Any
    icon: str
    endpoint: str
    permission: str
    view: str
    has_twins: bool = False


_items: list[MenuItem] = []
_homes: dict[str, str] = {}  # views without a link of their own → the view whose link is marked for them


def build_menu(appbuilder: AppBuilder) -> None:
    """Collect the sidebar once: hand-made views with ``menu_items``, then declared models."""
    _items.clear()
    _homes.clear()
    for view in appbuilder.baseviews:
        if hasattr(view, "menu_home"):
            _homes[view.endpoint] = view.menu_home
        links, name = getattr(view, "menu_items", ()), view.class_permission_name
        for group, title, icon, method, permission in links:
            endpoint, twins = f"{view.endpoint}.{method}", len(links) > 1
            _items.append(MenuItem(group.key, title, icon, endpoint, f"can_{permission}", name, twins))
    for model in declared_models():
        screen = model.screen
        if screen.menu is not None:
            endpoint, title = f"{view_of(model).endpoint}.list", screen.menu_title or screen.title
            _items.append(MenuItem(screen.menu.key, title, screen.icon, endpoint, "can_read", model.__name__))


def home_of(actor: Actor) -> str:
    """Return where an actor begins his day: who only administers has no dossiers to work on."""
    only_administers = actor.is_officer and actor.roles & EVERY_OFFICER <= ADMINISTRATORS
    if only_administers and actor.may("can_read", "Administration"):
        return url_for("AdminView.index")
    return "/work" if actor.is_officer else "/my"


def menu_of(actor: Actor) -> list[dict[str, Any]]:
    """Return the sidebar an actor may use: [{title, icon, folded, items: [{title, url, icon, active}]}].

    What he only looks up comes last and is folded, unless it is little or the settings are his work.
    """
    mine = [item for item in _items if actor.may(item.permission, item.view)]
    aside = [] if actor.has(*_SETTLERS) else [item for item in mine if _is_looked_up(item, actor)]
    aside = aside if len(aside) >= _FEW else []
    return [*_groups([item for item in mine if item not in aside], folded=False), *_groups(aside, folded=True)]


def _is_looked_up(item: MenuItem, actor: Actor) -> bool:
    is_act = item.permission not in {"can_read", "can_use"} or item.endpoint.endswith(".add")
    writes = any(actor.may(name, item.view) for name in ("can_add", "can_change", "can_remove"))
    return item.group in _SETTINGS and not is_act and not writes


def _groups(items: list[MenuItem], *, folded: bool) -> list[dict[str, Any]]:
    found = []
    for group in ORDER:
        links = [_link(item) for item in items if item.group == group.key]
        if links:
            found.append({"title": str(group.title), "icon": group.icon, "items": links, "folded": folded})
    return found


def _link(item: MenuItem) -> dict[str, Any]:
    # Of a view with several links only the one that was opened is marked.
    here = request.endpoint or ""
    view = here.partition(".")[0]
    active = here == item.endpoint if item.has_twins else _homes.get(view, view) == _view_of(item)
    return {"title": str(item.title), "url": url_for(item.endpoint), "icon": item.icon, "active": active}


def _view_of(item: MenuItem) -> str:
    return item.endpoint.partition(".")[0]


def icons_url() -> str:
    """Return the address of the icon sprite."""
    return asset("icons.svg")


def draw_icon(name: str, label: Any = None, added: str = "", **look: str) -> Markup:
    """Return the icon ``name``; with a label it is read out, else it is an ornament. added, class: more classes."""
    return _icon(icons_url(), name, str(label) if label else "", look.get("class", added))


@lru_cache(maxsize=2000)
def _icon(sprite: str, name: str, label: str, added: str) -> Markup:
    role = Markup(' role="img" aria-label="{}"').format(label) if label else Markup(' aria-hidden="true"')
    look = f"icon {added}" if added else "icon"
    return Markup('<svg class="{}"{} focusable="false"><use href="{}#{}"></use></svg>').format(look, role, sprite, name)


def sidebar() -> Markup:
    """Return the sidebar of the actor's rights with the present page marked."""
    actor, site = current_actor(), frame()["site"]
    key = (actor.grants, actor.is_officer, actor.has(*_SETTLERS), request.endpoint, tuple(sorted(site.items())))
    return fragment("shell/sidebar.html", key, find_menu=lambda: menu_of(actor) if actor.is_officer else [])


def locale() -> str:
    """Return the language of this request: chosen in this session, else Vietnamese."""
    asked = request.args.get("_l_") if request else None
    if asked in LOCALES:
        return asked
    chosen = session.get("locale") if request else None
    return chosen if chosen in LOCALES else LOCALES[0]


def remember(actor: Actor, **choices: str) -> None:
    """Keep the language or theme for the session and, for a known user, for good."""
    for name, value in choices.items():
        session[name] = value
    if actor.user_id is None:
        return
    from app.services.users import settings_of
    from app.transactions import transaction

    with transaction() as unit:
        from app.models import User

        settings = settings_of(unit, unit.get_one(User, actor.user_id))
        for name, value in choices.items():
            setattr(settings, name, value)


def take_settings(settings: UserSetting) -> None:
    """Bring a user's language and theme into the session he has just begun."""
    for name in ("locale", "theme"):
        if getattr(settings, name):
            session[name] = getattr(settings, name)


def viewer(actor: Actor) -> dict[str, Any] | None:
    """Return who looks at the page, or None."""
    if not actor.is_known:
        return None
    post = actor.positions[0] if actor.positions else None
    title = (post.title or _(ROLE_LABELS[post.role])) if post else _(ROLE_LABELS["citizen"])  # type: ignore[index]
    return {"name": actor.name, "title": title, "agency": post.agency_name if post else "",
            "is_officer": actor.is_officer}  # fmt: skip


def _facts(actor: Actor) -> tuple[int, dict[str, str]]:
    """Return the number of unread notices and the marks of kept facts, as they came with the user."""
    known = g.pop("shell_facts", None)
    if known is not None:
        return known  # type: ignore[no-any-return]
    return unread_count(db.session(), actor.user_id), marks_of(db.session())


def _incidents(stamps: dict[str, str]) -> list[dict[str, Any]]:
    """Return the incidents going on now: [{title, body, until}]."""
    announced = kept(stamps.get("incidents"), ("incidents",), lambda: announced_incidents(db.session()))
    at = now()
    return [{"title": one.title, "body": one.body, "until": _at(one.expected_end_at)}
            for one in announced if one.starts_at <= at]  # fmt: skip


def add_shell(app: Flask) -> None:
    """Give every template the frame's variables, and the filters of Vietnamese writing."""
    app.context_processor(frame)
    app.jinja_env.filters.update(
        vn=plain_text,
        money=money,
        day=_day,
        at=_at,
        phone=lambda value: phone_text(value) if value else "",
        clock_time=lambda value: f"{to_local(value):%H:%M}",
    )
    app.jinja_env.globals.update(
        asset=asset, fragment=fragment, sidebar=sidebar, icons_url=icons_url, draw_icon=draw_icon,
        link_to=link_to, display=display,
    )


def frame() -> dict[str, Any]:
    """Return the frame's variables, found once per request."""
    if "frame" not in g:
        actor = current_actor()
        unread, stamps = _facts(actor)
        g.frame = {
            "locale": str(get_locale()), "theme": _theme(), "viewer": viewer(actor), "actor": actor,
            "own_home": home_of(actor),
            "notice_count": unread, "incidents": _incidents(stamps), "site": site_of(db.session(), stamps),
        }  # fmt: skip
    return g.frame


def _theme() -> str:
    chosen = session.get("theme") or request.cookies.get("theme")
    return chosen if chosen in THEMES else THEMES[0]


def _day(value: date | datetime | None) -> str:
    if value is None:
        return ""
    return (to_local(value) if isinstance(value, datetime) else value).strftime("%d/%m/%Y")


def _at(value: datetime | time | None) -> str:
    return plain_text(value) if value is not None else ""
