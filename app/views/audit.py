"""The auditor's screens: who did what, who read what, and the proof that nothing was altered."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from flask import abort, render_template, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import history
from app.clock import now, to_local
from app.errors import NotFound
from app.extensions import db
from app.history import HistoryEntry
from app.i18n import N_
from app.lowcode import telling
from app.lowcode.history_labels import action_labels, kind_label, known_actions
from app.lowcode.history_pages import open_parts
from app.lowcode.history_titles import kept_models
from app.lowcode.registry import view_of
from app.lowcode.values import plain_text
from app.models.menus import SYSTEM
from app.permissions import OVERSEERS, Role, current_actor
from app.services import audit, audit_readings, exports, people
from app.services import history as proof
from app.services.audit import AuditWanted
from app.services.dossiers import get_dossier
from app.services.official import official
from app.text import fold
from app.transactions import transaction

EXPORT_LIMIT = 10_000  # about five seconds of one processor
DOSSIER_TABS = {
    "": _l("Everything"),
    "changes": _l("Changes only"),
    "reads": _l("Readings only"),
}
_COLUMNS = (
    (_l("At"), 19), (_l("By"), 26), (_l("Role"), 20), (_l("On behalf of"), 20), (_l("Act"), 22),
    (_l("Kind of record"), 22), (_l("Record"), 28), (_l("Part of"), 28), (_l("Changes"), 70),
    (_l("Reason"), 40), (_l("IP address"), 16), (_l("Entry"), 10), (_l("Hash"), 68),
)  # fmt: skip


def missing_is_404(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 404 for what is not there, or not the viewer's to see."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except NotFound:
            abort(404)

    return guarded


class AuditView(BaseView):
    """The history: searched, read as sentences, exported and proved."""

    route_base = "/audit"
    class_permission_name = "History"
    default_view = "index"
    title = _l("History")
    roles = {"read": OVERSEERS | {Role.system_admin}}  # noqa: RUF012 - read only
    menu_items = (
        (SYSTEM, _l("History"), "history", "index", "read"),
        (SYSTEM, _l("Proof of the history"), "shield-check", "verify", "read"),
    )

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """Entries under the filter of the address, newest first; that personal ones are read is recorded."""
        wanted, session, actor = audit.wanted_of(request.args), db.session(), current_actor()
        cursor = {name: request.args.get(name, "") for name in ("after", "before")}
        with transaction() as unit:
            page = audit.find_entries(unit, audit.conditions(unit, wanted, actor), **cursor)
            audit_readings.note_list(unit, actor, wanted, page, **cursor)
        return render_template(
            "audit/index.html", wanted=wanted, page=page, export_limit=EXPORT_LIMIT,
            sentences=telling.tell(session, page.rows), record_url=record_url,
            kinds=_kinds(), actions=_actions(), person=_person(wanted), chips=_chips(wanted),
            previous=_page_url("index", wanted, before=page.previous),
            following=_page_url("index", wanted, after=page.next),
            export_url=url_for("AuditView.export", **wanted.args()), count_cap=audit.COUNT_CAP,
        )  # fmt: skip

    @expose("/people")
    @has_access
    @permission_name("read")
    def people(self) -> dict[str, Any]:
        """Users for the filter: {"results": [{id, text}], "more"}."""
        page = min(request.args.get("page", 1, int), 200)
        return people.find_people(db.session(), request.args.get("q", ""), page, current_actor())

    @expose("/<int(max=9007199254740991):number>")
    @has_access
    @permission_name("read")
    @missing_is_404
    def show(self, number: int) -> str:
        """One entry with its raw values and its place in the chain; reading a personal one is recorded."""
        with transaction() as unit:
            entry = audit.get_entry(unit, number, current_actor())
            before, after = audit.neighbours(unit, entry)
            audit_readings.note_entry(unit, entry)
        return render_template(
            "audit/show.html", line=telling.tell(db.session(), [entry])[0],
            before=before, after=after, record_url=record_url, kind_words=telling.kind_words,
        )  # fmt: skip

    @expose("/dossier/<code>")
    @has_access
    @permission_name("read")
    @missing_is_404
    def dossier(self, code: str) -> str:
        """Everything about one dossier, and who has read it. Looking is itself recorded."""
        with transaction() as unit:
            found = get_dossier(unit, code, current_actor())
            history.record(unit, ("dossier", found.id), "read", reason=official(N_("Reading the history")))
        session, key = db.session(), ("dossier", found.id)
        shows = request.args.get("show", "")
        page = audit.find_entries(
            session, [*_dossier_rules(key, shows), *open_parts(found)], after=request.args.get("after", ""),
            before=request.args.get("before", ""),
        )  # fmt: skip
        readers = audit.readers_of(session, key)
        return render_template(
            "audit/dossier.html", dossier=found, page=page, readers=readers, record_url=record_url,
            roles=telling.roles_of(session, {r.actor_id for r in readers if r.actor_id}),
            sentences=telling.tell(session, page.rows),
            tabs=[_dossier_tab(found.code, name, shows) for name in DOSSIER_TABS],
            previous=_dossier_url(found.code, shows, before=page.previous),
            following=_dossier_url(found.code, shows, after=page.next),
        )  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("read")
    def export(self) -> Any:
        """The entries under the filter as an Excel file; that it was made is recorded."""
        wanted, actor = audit.wanted_of(request.args), current_actor()
        session = db.session()
        rules = audit.conditions(session, wanted, actor)
        count = audit.count_entries(session, rules, EXPORT_LIMIT)
        with transaction() as unit:
            said = {"filter": [None, wanted.args()], "rows": [None, min(count, EXPORT_LIMIT)]}
            history.record(unit, ("ab_user", actor.user_id), "export_history", changes=said)
        file = exports.write_table(
            _("History"), _export_notes(wanted, count), [(str(t), w) for t, w in _COLUMNS],
            _export_rows(rules),
        )  # fmt: skip
        name = f"nhat-ky-{to_local(now()):%Y%m%d-%H%M}.xlsx"
        return send_file(file, as_attachment=True, download_name=name)

    @expose("/verify", methods=["GET", "POST"])
    @has_access
    @permission_name("read")
    def verify(self) -> str:
        """Proof on demand: of one record's chain by its code, of the whole by POST."""
        session, actor = db.session(), current_actor()
        is_whole = request.method == "POST"
        is_short = proof.is_short(session)
        code = request.args.get("code", "").replace("\x00", "").strip()[:128]
        return render_template(
            "audit/verify.html", status=proof.seal_status(session), is_short=is_short, code=code,
            kind_words=telling.kind_words,
            checked=_check_one(session, code, actor) if code else None, is_whole=is_whole,
            faults=list(proof.verify_history())[:100] if is_whole and is_short else [],
        )  # fmt: skip


def _check_one(session: Any, code: str, actor: Any) -> list[dict[str, Any]]:
    """Return the check of each record of that code which the actor may see."""
    found = []
    scope = audit.visible_entries(actor)
    for key in audit.keys_of_code(session, code):
        rules = [HistoryEntry.aggregate == key[0], HistoryEntry.aggregate_id == key[1]]
        if not audit.count_entries(session, rules + ([] if scope is None else [scope]), 1):
            continue
        count, fault = proof.verify_record(session, key)
        titles = telling.find_titles(session, {key})
        label = kind_label(key[0], kept_models().get(key[0]))
        found.append({"kind": str(label), "title": titles.get(key, code), "count": count,
                      "fault": fault, "url": record_url(*key)})  # fmt: skip
    return found


def record_url(table: str, number: int) -> str | None:
    """Return the page of a record if the viewer may open such records, else None."""
    model = kept_models().get(table)
    if model is None or getattr(model, "screen", None) is None:
        return None
    view = view_of(model)
    if not current_actor().may("can_read", view.class_permission_name):
        return None
    return url_for(f"{view.endpoint}.show", pk=number)


def _page_url(method: str, wanted: AuditWanted, **cursor: str | None) -> str | None:
    if not any(cursor.values()):
        return None
    return url_for(f"AuditView.{method}", **wanted.args(**cursor))


def _dossier_url(code: str, shows: str, **cursor: str | None) -> str | None:
    if not any(cursor.values()):
        return None
    return url_for("AuditView.dossier", code=code, show=shows or None, **cursor)


def _dossier_tab(code: str, name: str, shows: str) -> dict[str, Any]:
    url = url_for("AuditView.dossier", code=code, show=name or None)
    return {"title": DOSSIER_TABS[name], "url": url, "active": name == shows}


def _dossier_rules(key: history.Key, shows: str) -> list[Any]:
    entry = HistoryEntry
    rules = [entry.aggregate == key[0], entry.aggregate_id == key[1]]
    special = {"changes": entry.action != "read", "reads": entry.action == "read"}
    return [*rules, special[shows]] if shows in special else rules


def _kinds() -> list[tuple[str, str]]:
    """Return (table, label) of the kinds the viewer may look for, by label."""
    actor = current_actor()
    found = []
    for table, model in kept_models().items():
        screen = getattr(model, "screen", None)
        label = kind_label(table, model)
        text = _(label) if type(label) is str else str(label)
        if text != table and (screen is None or actor.may("can_read", model.__name__)):
            found.append((table, text))
    return sorted(found, key=lambda row: fold(row[1]))


def _actions() -> list[tuple[str, str]]:
    return [(name, " / ".join(_(text) for text in action_labels(name))) for name in known_actions()]


def _person(wanted: AuditWanted) -> list[tuple[int | str, str]]:
    """Return the chosen person as the select's only option; the others are looked up."""
    if not wanted.user_id:
        return [("", _("Everyone"))]
    user = people.find_person(db.session(), wanted.user_id, current_actor())
    return [("", _("Everyone")), (wanted.user_id, user.get_full_name() if user else f"#{wanted.user_id}")]


def _chips(wanted: AuditWanted) -> list[dict[str, Any]]:
    """Return the filter as removable parts of a sentence."""
    people, kinds, actions = dict(_person(wanted)), dict(_kinds()), dict(_actions())
    parts = (
        ("user", _("Person"), people.get(wanted.user_id or "", "") if wanted.user_id else ""),
        ("kind", _("Kind of record"), kinds.get(wanted.kind, wanted.kind)),
        ("code", _("Code"), wanted.code),
        ("action", _("Act"), actions.get(wanted.action, wanted.action)),
        ("from", _("From date"), plain_text(wanted.first) if wanted.first else ""),
        ("to", _("To date"), plain_text(wanted.last) if wanted.last else ""),
    )
    return [{"label": label, "value": value,
             "remove_url": url_for("AuditView.index", **wanted.args(**{name: None}))}
            for name, label, value in parts if value]  # fmt: skip


def _export_notes(wanted: AuditWanted, count: int) -> list[str]:
    said = "; ".join(f"{part['label']}: {part['value']}" for part in _chips(wanted))
    notes = [
        _("Filter: %(filter)s", filter=said or _("none")),
        _("Made at %(at)s by %(name)s", at=plain_text(now()), name=current_actor().name),
    ]
    if count > EXPORT_LIMIT:
        notes.append(_("CUT OFF: only the newest %(count)d entries are here. Narrow the filter, "
                       "by dates for example, to get the others.", count=EXPORT_LIMIT))  # fmt: skip
    return notes


def _export_rows(rules: list[Any]) -> Iterator[list[Any]]:
    session = db.session()
    for batch in audit.each_batch(session, rules, EXPORT_LIMIT):
        for line in telling.tell(session, batch):
            yield _export_row(line)


def _export_row(line: telling.Sentence) -> list[Any]:
    entry = line.entry
    changes = "; ".join(f"{c.label}: {c.old or '—'} → {c.new or '—'}" for c in line.shown)
    part = f"{line.owner_kind} {line.owner_title}".strip()
    return [entry.at, line.who, line.role, entry.on_behalf_of, line.action, line.kind, line.title,
            part, changes, entry.reason, entry.ip, entry.id, entry.hash]  # fmt: skip


AUDIT_VIEWS = (AuditView,)
