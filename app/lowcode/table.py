"""The body of a list's table, written straight as text: a page has hundreds of cells, and a
template macro for each of them was a third of the time of the page."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy import inspect

from app.lowcode.registry import link_to
from app.lowcode.values import display, kind_of, plain_text
from app.lowcode.words import choices_in, label_in, language

# (name, value, words) → how the cell looks; the template's macro
Look = Callable[[str, Any, str], Any]
_Reader = Callable[[Any], str]


def table_body(
    view: Any, columns: Sequence[dict[str, Any]], rows: Sequence[Any], look: Look, *, pick: bool, link: str = "",
) -> Markup:  # fmt: skip
    """Return the <tr>s of ``rows``. pick: each begins with a box to choose it by.

    columns: "read" says how values become words where the view's model has no such attribute.

    link: the column that leads to the record, by default the first.
    """
    address = url_for(f"{view.endpoint}.show", pk=0).removesuffix("0")
    link = link or columns[0]["name"]
    cells = [_head(view.model, column, address, place > 0) if column["name"] == link
             else _cell(view.model, column, look) for place, column in enumerate(columns)]  # fmt: skip
    box = _box() if pick else ""
    parts: list[str] = []
    for row in rows:
        parts.append(f'<tr data-row-href="{address}{row.id}">{box.replace("%pk", str(row.id))}')
        parts += [cell(row) for cell in cells]
        parts.append("</tr>\n")
    return Markup("".join(parts))


def _head(model: type[Any], column: dict[str, Any], address: str, is_inside: bool) -> Callable[[Any], str]:
    """Return row → the <th> that names it and leads to its page; inside a row, a phone says what it is."""
    name, read, nameless = column["name"], _reader_of(model, column), escape(_("(no name)"))
    label = f' data-label="{escape(column["label"])}"' if is_inside else ""
    start = f'<th scope="row" class="{escape(column["class"])}"{label}><a href="{address}'
    return lambda row: f'{start}{row.id}">{escape(read(getattr(row, name))) or nameless}</a></th>'


def _cell(model: type[Any], column: dict[str, Any], look: Look) -> Callable[[Any], str]:
    """Return row → <td>. What has few values (states, yes or no) is drawn once by ``look``."""
    name, read = column["name"], _reader_of(model, column)
    is_state = name == "state" and "read" not in column
    start = f'<td class="{escape(column["class"])}" data-label="{escape(column["label"])}">'
    drawn: dict[Any, str] = {}

    def cell(row: Any) -> str:
        value = getattr(row, name)
        if value is None:
            return f"{start}</td>"
        if value is not True and value is not False and not is_state:
            return f"{start}{escape(read(value))}</td>"
        if value not in drawn:
            drawn[value] = f"{start}{look(name, value, read(value))}</td>"
        return drawn[value]

    return cell


def attributes(row: Any, names: Sequence[str], look: Callable[..., Any]) -> Markup:
    """Return the <div>s of a record's attributes: label, and value as ``look`` draws what is not plain text."""
    words = partial(label_in, language(), type(row))
    return Markup("\n".join(
        f"<div><dt>{escape(words(name))}</dt><dd>{_full(row, name, look)}</dd></div>" for name in names
    ))  # fmt: skip


def _full(row: Any, name: str, look: Callable[..., Any]) -> str:
    model, value = type(row), getattr(row, name)
    words, kind = shown_text(model, name, value), kind_of(model, name)
    url = link_to(value) if value is not None else None
    is_plain = words and not url and kind not in ("email", "url") and name != "state" and value not in (True, False)
    return escape(words) if is_plain else str(look(name, value, words, url, kind))


def shown_text(model: type[Any], name: str, value: Any) -> str:
    """Return any attribute of a record as text, a related record by its name."""
    return (
        plain_text(str(value))
        if value is not None and _is_relation(model, name)
        else display(model, name, value)
    )


@cache
def _is_relation(model: type[Any], name: str) -> bool:
    return name in inspect(model).relationships


def _reader_of(model: type[Any], column: dict[str, Any]) -> _Reader:
    return column.get("read") or _reader(model, column["name"])


def _reader(model: type[Any], name: str) -> _Reader:
    """Return value → words."""
    if _is_relation(model, name):
        return lambda value: plain_text(str(value)) if value is not None else ""
    words = choices_in(language(), model, name)
    if words is None:
        return partial(display, model, name) if kind_of(model, name) else _text
    return lambda value: "" if value is None else words.get(value, str(value))


def _text(value: Any) -> str:
    # Most values are texts already: a page has hundreds of them.
    return value if type(value) is str else "" if value is None else plain_text(value)


def _box() -> str:
    label = escape(_("Choose"))
    return (f'<td class="pick-cell"><label><span class="visually-hidden">{label}</span><input class="form-check-input" '
            'type="checkbox" name="pk" value="%pk" form="bulk"></label></td>')  # fmt: skip
