"""The body of a list's table, written straight as text: a page has hundreds of cells, and a
template macro for each of them was a third of the time of the page."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import inspect

from app.lowcode.values import choices_of, display, kind_of, plain_text

# (name, value, words) → how the cell looks; the template's macro
Look = Callable[[str, Any, str], Any]
_Reader = Callable[[Any], str]


def table_body(view: Any, columns: Sequence[dict[str, Any]], rows: Sequence[Any], look: Look, *, pick: bool) -> Markup:
    """Return the <tr>s of ``rows``. pick: each begins with a box to choose it by."""
    cells = [_cell(view.model, column, look) for column in columns[1:]]
    first = _reader(view.model, columns[0]["name"])
    head = f'<th scope="row" class="{escape(columns[0]["class"])}"><a href="'
    name, nameless = columns[0]["name"], escape(_("(no name)"))
    address = url_for(f"{view.endpoint}.show", pk=0).removesuffix("0")
    box = _box() if pick else ""
    parts: list[str] = []
    for row in rows:
        url = f"{address}{row.id}"
        words = escape(first(getattr(row, name))) or nameless
        parts.append(f'<tr data-row-href="{url}">{box.replace("%pk", str(row.id))}{head}{url}">{words}</a></th>')
        parts += [cell(row) for cell in cells]
        parts.append("</tr>\n")
    return Markup("".join(parts))


def _cell(model: type[Any], column: dict[str, Any], look: Look) -> Callable[[Any], str]:
    """Return row → <td>. What has few values (states, yes or no) is drawn once by ``look``."""
    name, read = column["name"], _reader(model, column["name"])
    start = f'<td class="{escape(column["class"])}" data-label="{escape(column["label"])}">'
    drawn: dict[Any, str] = {}

    def cell(row: Any) -> str:
        value = getattr(row, name)
        if value is None:
            return f"{start}</td>"
        if value is not True and value is not False and name != "state":
            return f"{start}{escape(read(value))}</td>"
        if value not in drawn:
            drawn[value] = f"{start}{look(name, value, read(value))}</td>"
        return drawn[value]

    return cell


def _reader(model: type[Any], name: str) -> _Reader:
    """Return value → words; choices are translated once for the page."""
    if name in inspect(model).relationships:
        return lambda value: plain_text(str(value)) if value is not None else ""
    choices = choices_of(model, name)
    if choices is None:
        return partial(display, model, name) if kind_of(model, name) else _text
    words = {value: _(text) for value, text in choices.items()}
    return lambda value: "" if value is None else words.get(value, str(value))


def _text(value: Any) -> str:
    # Most values are texts already: a page has hundreds of them.
    return value if type(value) is str else "" if value is None else plain_text(value)


def _box() -> str:
    label = escape(_("Choose"))
    return (f'<td class="pick-cell"><label><span class="visually-hidden">{label}</span><input class="form-check-input" '
            'type="checkbox" name="pk" value="%pk" form="bulk"></label></td>')  # fmt: skip
