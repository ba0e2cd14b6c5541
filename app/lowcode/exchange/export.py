"""Taking a list along: the rows of a filter and search with their parts, as .xlsx or .csv."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.lowcode.exchange import cells
from app.lowcode.exchange.book import Book
from app.lowcode.exchange.layout import Column, Sheet, sheet_of, sheets_of
from app.lowcode.exchange.planner import Report
from app.lowcode.exchange.references import texts_of
from app.lowcode.forms import make_form
from app.lowcode.listing import ListRequest, narrowed
from app.lowcode.rows import visible
from app.permissions import Actor

_BATCH = 1000


def write_workbook(
    session: Session, model: type[Any], actor: Actor, wanted: ListRequest, report: Report | None = None
) -> tuple[IO[bytes], int]:
    """Return (an open .xlsx file, rows of ``model`` in it): the rows of ``wanted`` and their parts.

    The file can be imported again as it is. The caller closes it.
    """
    book, mine, done = Book(), 0, 0
    sheets = _sheets(model, actor, wanted)
    total = sum(count(session, query) for _sheet, query in sheets) if report is not None else 0
    for sheet, query in sheets:
        columns = [*sheet.columns, *sheet.read_only]
        rows = rows_of(session, sheet, query, columns)
        number = book.sheet(sheet, columns, rows if report is None else telling(rows, report, done, total))
        mine, done = number if sheet.model is model else mine, done + number
    return book.close(), mine


def count_rows(session: Session, model: type[Any], actor: Actor, wanted: ListRequest, most: int) -> int:
    """Return how many rows of ``model`` an export of ``wanted`` has, counting no further than ``most``."""
    return count(session, narrowed(model, visible(model, actor, action="export"), wanted).limit(most))


def count(session: Session, query: Any) -> int:
    """Return how many rows ``query`` has."""
    some = query.with_only_columns(sa.literal(1), maintain_column_froms=True).order_by(None).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def telling(rows: Iterator[list[Any]], report: Report, done: int, total: int) -> Iterator[list[Any]]:
    """Yield ``rows`` and tell how many were there, every thousand; done: those of sheets before."""
    for number, row in enumerate(rows, done + 1):
        if number % _BATCH == 0:
            report(min(number, total), total)
        yield row


def _sheets(model: type[Any], actor: Actor, wanted: ListRequest) -> list[tuple[Sheet, Any]]:
    """Return each sheet of the workbook with the query of its rows."""
    queries: dict[type[Any], Any] = {}
    found = []
    for sheet in sheets_of(model, "export"):
        query = _query(sheet.model, actor, wanted, queries)
        if query is not None:
            queries[sheet.model] = query
            found.append((sheet, query))
    return found


def csv_lines(session: Session, model: type[Any], actor: Actor, wanted: ListRequest) -> Iterator[str]:
    """Yield a .csv file of the list line by line, UTF-8 with its mark, nothing that runs in it."""
    sheet = sheet_of(model)
    columns = [*sheet.columns, *sheet.read_only]
    query = narrowed(model, visible(model, actor, action="export"), wanted)
    yield from csv_file(columns, rows_of(session, sheet, query, columns))


def csv_file(columns: Iterable[Column], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a .csv file line by line, UTF-8 with its mark, under the labels of ``columns``; nothing in it runs."""
    yield "\ufeff" + _csv_line([_harmless(column.label) for column in columns])
    for row in rows:
        yield _csv_line([_harmless(cells.as_text(value)) for value in row])


def _csv_line(values: Sequence[str]) -> str:
    target = io.StringIO()
    csv.writer(target).writerow(values)
    return target.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(cells.RISKY) else text


def _query(model: type[Any], actor: Actor, wanted: ListRequest, queries: dict[type[Any], Any]) -> Any:
    """Return the rows of a sheet: those of the list, or the parts of the rows of a sheet before."""
    if not queries:
        return narrowed(model, visible(model, actor, action="export"), wanted)
    for relation in inspect(model).relationships:
        owner = queries.get(relation.mapper.class_)
        if owner is not None and not relation.uselist and relation.mapper.class_ is not model:
            column = next(iter(relation.local_columns))
            chosen = owner.with_only_columns(relation.mapper.class_.id).order_by(None)
            return visible(model, actor, action="export").where(column.in_(chosen))
    return None


def rows_of(session: Session, sheet: Sheet, query: Any, columns: Sequence[Column]) -> Iterator[list[Any]]:
    """Yield the rows of ``query`` as their cells show them, a thousand read at a time."""
    model, form, last = sheet.model, make_form(sheet.model), 0
    stored = [_attribute(model, column.name) for column in columns]
    plain = query.with_only_columns(model.id, *stored).order_by(None).order_by(model.id).limit(_BATCH)
    while batch := session.execute(plain.where(model.id > last)).all():
        last = batch[-1][0]
        books = {
            at: texts_of(session, column.target, {row[at] for row in batch if row[at] is not None})
            for at, column in enumerate(columns, 1) if column.target is not None
        }  # fmt: skip
        for row in batch:
            yield [
                books[at].get(row[at], "") if at in books and row[at] is not None
                else cells.write(model, column, row[at], form)
                for at, column in enumerate(columns, 1)
            ]  # fmt: skip


def _attribute(model: type[Any], name: str) -> sa.ColumnElement[Any]:
    mapper = inspect(model)
    if name in mapper.relationships:
        column = next(iter(mapper.relationships[name].local_columns))
        name = mapper.get_property_by_column(column).key
    return getattr(model, name)  # type: ignore[no-any-return]
