"""Every text that people may be shown: ours by extraction, those of the libraries we show."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import flask_appbuilder
import flask_login
import wtforms
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent.parent
PO = ROOT / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(
    ["_", "_l", "N_", "lazy_gettext", "ngettext:1,2", "pgettext:1c,2"]
)
# %(name)s of gettext, {name} of the scripts, %s of WTForms.
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%s|\{%?\(?\w+\)?s?\}")

Text = str | tuple[str, ...]


@cache
def catalogue() -> Catalog:
    """Return the Vietnamese catalogue as it is written."""
    with PO.open("rb") as source:
        return read_po(source, locale="vi", abort_invalid=True)


def messages() -> list[Message]:
    """Return the messages of the catalogue."""
    return [message for message in catalogue() if message.id]


def forms(text: Text) -> tuple[str, ...]:
    """Return the singular and, if there is one, the plural of a text."""
    return (text,) if isinstance(text, str) else tuple(text)


@cache
def own() -> frozenset[Text]:
    """Return the msgids of app/: Python and templates."""
    with (ROOT / "translations" / "babel.cfg").open(encoding="utf-8") as source:
        methods, options = parse_mapping_cfg(source)
    return frozenset(_extract(ROOT, methods, options, only=ROOT / "app"))


@cache
def of_appbuilder() -> frozenset[Text]:
    """Return the msgids of the installed Flask-AppBuilder."""
    folder = Path(flask_appbuilder.__file__).parent
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    return frozenset(_extract(folder, methods, {"templates/**.html": {"encoding": "utf-8"}}))


@cache
def of_forms() -> frozenset[Text]:
    """Return the messages of the installed WTForms."""
    template = Path(wtforms.__file__).parent / "locale" / "wtforms.pot"
    with template.open("rb") as source:
        return frozenset(message.id for message in read_po(source) if message.id)


def of_login() -> frozenset[Text]:
    """Return what Flask-Login flashes to who must log in first."""
    return frozenset({flask_login.LOGIN_MESSAGE, flask_login.REFRESH_MESSAGE})


def every() -> frozenset[Text]:
    """Return every msgid that the catalogue must hold."""
    return own() | of_appbuilder() | of_forms() | of_login()


def placeholders(text: str) -> set[str]:
    """Return the places of ``text`` that are filled in when it is shown."""
    return set(PLACEHOLDER.findall(text.replace("%%", "")))


def _extract(
    folder: Path,
    methods: Iterable[tuple[str, str]],
    options: dict[str, dict[str, str]],
    only: Path | None = None,
) -> Iterator[Text]:
    def is_ours(name: str) -> bool:
        path = Path(name)
        return "__pycache__" not in path.parts and (only is None or path.is_relative_to(only))

    found = extract_from_dir(folder, methods, options, KEYWORDS, directory_filter=is_ours)
    return (entry[2] for entry in found if any(forms(entry[2])))
