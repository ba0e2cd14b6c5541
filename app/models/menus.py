"""The groups of the officers' sidebar, in their order."""

from flask_babel import lazy_gettext as _l

from app.lowcode.screen import Menu

WORK = Menu("work", _l("Work"), "inbox")
DOSSIERS = Menu("dossiers", _l("Dossiers"), "files")
QUALITY = Menu("quality", _l("Feedback and ratings"), "messages")
PROCEDURES = Menu("procedures", _l("Procedures"), "list-check")
CATALOGS = Menu("catalogs", _l("Catalogs"), "database")
ORGANISATION = Menu("organisation", _l("Organisation"), "building")
SYSTEM = Menu("system", _l("System"), "settings")
ORDER = (WORK, DOSSIERS, QUALITY, PROCEDURES, CATALOGS, ORGANISATION, SYSTEM)
