"""What the history's technical names are called: acts, kinds of records, attributes."""

from typing import Any

from app.i18n import N_
from app.workflows.registry import WORKFLOWS

BASIC_ACTIONS = {
    "create": N_("added"),
    "update": N_("changed"),
    "delete": N_("deleted"),
    "read": N_("read"),
    "print": N_("printed"),
    "download": N_("downloaded"),
    "export": N_("exported"),
    "export_history": N_("exported the history"),
    "read_history": N_("read the history"),
    "login": N_("signed in"),
    "login_failed": N_("typed a wrong password"),
    "logout": N_("signed out"),
    "logout_everywhere": N_("signed out everywhere"),
    "read_file": N_("opened a file"),
}
# Acts have names of their own per kind of record: to publish a version is not to publish an answer.
ACTIONS_BY_KIND: dict[str, dict[str, str]] = {
    name: {row.name: row.label for row in workflow.transitions}
    for name, workflow in WORKFLOWS.items() if name != "result"
} | {
    "pack_run": {"apply_pack": N_("applied the configuration pack"),
                 "undo_pack": N_("undid the configuration pack")},
    "account": {"give_login": N_("gave a login at the desk"),
                "reset_login": N_("gave a temporary password at the desk"),
                "confirm_identity": N_("compared the identity card at the desk")},
    "charge": {"set_charges": N_("fixed the amounts")},
    "result": {f"result_{row.name}": row.label for row in WORKFLOWS["result"].transitions},
    "task": {"finish_step": N_("finished a step"), "send_back_step": N_("sent the dossier back a step"),
             "recall_step": N_("took a finished step back"), "ask_opinion": N_("asked for an opinion"),
             "give_opinion": N_("gave an opinion")},
    "delegation": {"withdraw_delegation": N_("withdrew the delegation")},
    "absence": {"end_absence": N_("ended the absence")},
    "ab_role": {"change_rights": N_("changed the rights")},
    "paper_reception": {
        "scan_catch_up": N_("attached a scan to the late entry"), "approve_catch_up": N_("approved the late entry"),
        "refuse_catch_up": N_("did not approve the late entry"),
    },
    "outage_decision": {
        "decide_outage": N_("decided about the time of the incident"),
        "credit_outage": N_("gave back the time of the incident"),
    },
    "outage_notice": {"tell_outage": N_("told the applicants of the incident")},
    "movement": {"move_process": N_("moved the dossier to another process")},
    "reorganisation": {
        "reorganise": N_("reorganised the agencies"), "undo_reorganisation": N_("undid the reorganisation"),
        "cancel_reorganisation": N_("cancelled the planned reorganisation"),
    },
    "profile": {"put_in_force": N_("put the regulation in force")},
    "agency": {"read_register": N_("printed the register of dossiers")},
    "letter_template": {
        "draft_letter_text": N_("drafted an edition of the letter"),
        "change_letter_text": N_("changed the text of the letter"),
        "restore_letter_text": N_("restored the built-in text"),
        "publish_letter_text": N_("published the edition"),
        "discard_letter_text": N_("dropped the draft"),
        "withdraw_letter_text": N_("took the planned edition back"),
    },
}  # fmt: skip

# Records without a screen of their own.
KINDS = {
    "ab_permission": N_("Name of a permission"),
    "ab_permission_view": N_("Permission of a screen"),
    "ab_view_menu": N_("Protected screen"),
    "attachment": N_("Attached file"),
    "calendar_change": N_("Change of calendar days"),
    "clock_segment": N_("Time held"),
    "dossier_paper": N_("Paper handed in"),
    "due_change": N_("Change of the due date"),
    "form_revision": N_("Form data"),
    "form_section": N_("Section of a form"),
    "pack_run": N_("Configuration pack"),
    "field_right": N_("Right to an attribute"),
    "role_right": N_("Right of a role"),
    "role_scope": N_("Scope of a role"),
    "supplement_request": N_("Supplement request"),
    "user_setting": N_("Sign-in and preferences"),
}

# Attributes that no screen shows, and so have no label on their column.
LABELS: dict[tuple[str, str], str] = {
    ("ab_role", "permissions"): N_("Permission"),
    ("ab_user", "password"): N_("Password"),
    ("ab_user", "roles"): N_("Roles"),
    ("ab_user", "filter"): N_("Filter"),
    ("ab_user", "rows"): N_("Number of rows"),
    ("ab_user", "entries"): N_("Numbers of the entries"),
    ("attachment", "component_id"): N_("Component"),
    ("attachment", "is_replaced"): N_("Replaced by a newer file"),
    ("charge", "counts"): N_("Numbers counted"),
    ("charge", "explanation"): N_("How it was counted"),
    ("charge", "fee_id"): N_("Fee or charge"),
    ("clock_segment", "agency_id"): N_("Agency"),
    ("clock_segment", "user_id"): N_("Officer"),
    ("dossier", "version_id"): N_("Procedure version"),
    ("dossier_paper", "component_id"): N_("Component"),
    ("due_change", "old_due_at"): N_("Due before"),
    ("due_change", "new_due_at"): N_("New due date"),
    ("due_change", "reason"): N_("Reason"),
    ("due_change", "clause"): N_("Clause"),
    ("form_revision", "number"): N_("Revision"),
    ("form_revision", "data"): N_("Form data"),
    ("form_revision", "reason"): N_("Reason"),
    ("letter", "data"): N_("Content"),
    ("result", "approved_by_id"): N_("Signed by"),
    ("result", "drafted_by_id"): N_("Drafted by"),
    ("supplement_request", "answered_at"): N_("Answered"),
    ("supplement_request", "asked_at"): N_("Asked"),
    ("supplement_request", "due_at"): N_("Answer due"),
    ("supplement_request", "number"): N_("Number"),
    ("supplement_request", "reason"): N_("Reason"),
    ("user_setting", "failed_logins"): N_("Wrong passwords in a row"),
    ("user_setting", "locale"): N_("Language"),
    ("user_setting", "locked_until"): N_("Locked until"),
    ("user_setting", "must_change_password"): N_("Must change the password"),
    ("user_setting", "session_version"): N_("Sessions ended, count"),
    ("user_setting", "theme"): N_("Colours"),
}


# What entries carry that is no attribute: which file or letter somebody opened.
_EXTRAS = {"attachment": N_("Attached file")}

# Attributes that hold a technical name without choices of their own.
VALUES: dict[tuple[str, str], dict[str, str]] = {
    ("movement", "transition"): {
        name: words for kind in ("dossier", "extension", "apology", "explanation")
        for name, words in ACTIONS_BY_KIND[kind].items()
    },
}


def action_label(action: str, table: str) -> str:
    """Return the msgid of an act; an act no longer known keeps its technical name."""
    own = ACTIONS_BY_KIND.get(table, {}).get(action) or BASIC_ACTIONS.get(action)
    others = (acts[action] for acts in ACTIONS_BY_KIND.values() if action in acts)
    return own or next(others, action)


def action_labels(action: str) -> list[str]:
    """Return every msgid that an act's name stands for, over all kinds of records."""
    tables = ["", *ACTIONS_BY_KIND]
    return list(dict.fromkeys(action_label(action, t) for t in tables if _is_known(action, t)))


def _is_known(action: str, table: str) -> bool:
    return action in (ACTIONS_BY_KIND.get(table, {}) if table else BASIC_ACTIONS)


def known_actions() -> list[str]:
    """Return the names of all acts, the basic ones first."""
    special = [name for acts in ACTIONS_BY_KIND.values() for name in acts]
    return list(dict.fromkeys([*BASIC_ACTIONS, *special]))


def kind_label(table: str, model: type[Any] | None) -> Any:
    """Return the msgid (or lazy title) of a kind of record."""
    screen = getattr(model, "screen", None)
    return screen.singular if screen is not None else KINDS.get(table, table)


def label_for(table: str, name: str, column: Any | None) -> Any | None:
    """Return the label of an attribute, or None for one that tells people nothing."""
    own = column.info.get("label") if column is not None else None
    return own if own is not None else LABELS.get((table, name), _EXTRAS.get(name))
