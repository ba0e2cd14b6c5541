"""What the screens that are no list of records are called."""

from flask import current_app
from flask_babel import lazy_gettext as _l

# Screens that stand in no menu and so have no title.
_TITLES = {
    "Applicant": _l("Pages of applicants"),
    "CatalogChoices": _l("Choices of shared catalogs in forms"),
    "DossierPage": _l("Dossier page"),
    "File": _l("Files of dossiers"),
    "Notices": _l("Notices"),
    "OpenApiDocument": _l("Description of the API for machines"),
    "RecordHistory": _l("History of a record"),
}


def hand_made_titles() -> dict[str, str]:
    """Return what each hand-made screen is called, by the name its rights stand under."""
    titles = {name: str(title) for name, title in _TITLES.items()}
    for view in current_app.appbuilder.baseviews:
        if getattr(view, "roles", None):
            items = getattr(view, "menu_items", ())
            title = getattr(view, "title", None) or (items[0][1] if items else None)
            if title:
                titles.setdefault(view.class_permission_name, str(title))
    return titles
