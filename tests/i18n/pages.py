"""A page as its reader meets it: its words, its links, its language."""

import re
from functools import cache
from html.parser import HTMLParser

from flask_appbuilder import Model

from app.permissions import Role
from app.workflows.dossier import DOSSIER
from app.workflows.feedback import FEEDBACK
from app.workflows.result import RESULT
from tests.i18n import texts

_SILENT = {"script", "style", "code", "pre", "kbd", "samp", "template"}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
         "track", "wbr", "use", "path"}  # fmt: skip
_SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-confirm", "data-tip", "content")
# English words that are no Vietnamese ones, even without diacritics.
_ENGLISH = re.compile(
    r"\b(the|and|of|this|your|is|are|please|with|not|add|edit|delete|save|list|show|search|back"
    r"|loading|select|required|optional|dossiers?|agency|agencies|procedures?|none|yes)\b",
    re.IGNORECASE,
)
_SHORT = 3


class Page(HTMLParser):
    """``lang``, ``words`` (text nodes and spoken attributes, whole) and ``links`` of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lang = ""
        self.is_whole = False  # or a fragment that stands inside another page
        self.words: list[str] = []
        self.links: list[str] = []
        self._silent: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the language, the address and the spoken attributes of an element."""
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang, self.is_whole = given.get("lang", ""), True
        elif tag not in _VOID and (self._silent or tag in _SILENT or given.get("lang") == "en"):
            self._silent.append(tag)
        if self._silent:
            return
        self.words += [given[name].strip() for name in _SPOKEN if name in given and tag != "meta"]
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])

    def handle_endtag(self, tag: str) -> None:
        """Leave an element whose words are not read."""
        if tag in self._silent:
            while self._silent.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Note a text node."""
        if not self._silent and data.strip():
            self.words.append(" ".join(data.split()))

    def english(self) -> list[str]:
        """Return what is shown in English."""
        return [word for word in self.words if is_english(word)]


@cache
def is_english(word: str) -> bool:
    """Return whether ``word`` is an untranslated msgid, or English that never was a msgid."""
    plain, patterns = _known()
    if word in plain or word in _names() or any(p.fullmatch(word) for p in patterns):
        return True
    return word.isascii() and _ENGLISH.search(word) is not None


@cache
def _known() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Return every English text that has another Vietnamese one: as it is, and as patterns."""
    english = {
        form
        for message in texts.messages()
        for form in texts.forms(message.id)
        if form not in texts.forms(message.string) and _letters(form) > _SHORT
    }
    filled = {form for form in english if texts.placeholders(form)}
    return frozenset(" ".join(form.split()) for form in english - filled), tuple(
        re.compile(_pattern(form)) for form in sorted(filled)
    )


@cache
def _names() -> frozenset[str]:
    """Return the stored names that have words for people: choices of columns, acts, roles."""
    columns = (column for mapper in Model.registry.mappers for column in mapper.columns)
    choices = (column.info.get("choices") for column in columns)
    names = {str(key) for given in choices if isinstance(given, dict) for key in given}
    names |= {row.name for table in (DOSSIER, FEEDBACK, RESULT) for row in table.transitions}
    return frozenset(name for name in names | set(Role) if _letters(name) > _SHORT)


def _letters(form: str) -> int:
    return len(re.findall(r"[a-z]", texts.PLACEHOLDER.sub("", form), re.IGNORECASE))


def _pattern(form: str) -> str:
    parts = [" ".join(part.split(" ")) for part in texts.PLACEHOLDER.split(form)]
    return ".+?".join(re.escape(part) for part in parts)
