"""The floor: the same screens by hand, one keyset query and a table, without anything else."""

from typing import Any

import sqlalchemy as sa
from flask import Flask, jsonify
from sqlalchemy.engine import Engine

_SQL = """
SELECT d.id, d.code, p.name AS procedure, d.applicant_name, d.state, a.name AS agency, d.step_name, d.due_at
FROM dossier d JOIN procedure p ON p.id = d.procedure_id JOIN agency a ON a.id = d.agency_id
"""
_COLUMNS = ("code", "procedure", "applicant_name", "state", "agency", "step_name", "due_at")
_LIST = """<!doctype html><title>Dossiers</title><table>
{% for row in rows %}<tr>
{% for name in columns %}<td>{{ row[name] if row[name] is not none }}</td>{% endfor %}</tr>
{% endfor %}</table>"""
_SHOW = """<!doctype html><title>{{ row.code }}</title><dl>
{% for name in columns %}<dt>{{ name }}</dt><dd>{{ row[name] }}</dd>{% endfor %}</dl><table>
{% for line in course %}<tr><td>{{ line.at }}</td><td>{{ line.transition }}</td></tr>{% endfor %}</table>"""


def make_floor(engine: Engine) -> Flask:
    """Return the hand-written application on the same database."""
    app = Flask("bench.floor")
    list_page, show_page = (app.jinja_env.from_string(text) for text in (_LIST, _SHOW))

    def ask(sql: str, **values: Any) -> list[Any]:
        with engine.connect() as connection:
            return list(connection.execute(sa.text(sql), values).mappings())

    @app.get("/list/<int:before>")
    def page(before: int) -> str:
        rows = ask(f"{_SQL} WHERE d.id < :before ORDER BY d.id DESC LIMIT 26", before=before)
        return list_page.render(rows=rows, columns=_COLUMNS)

    @app.get("/api/<int:before>")
    def api(before: int) -> Any:
        rows = ask(f"{_SQL} WHERE d.id < :before ORDER BY d.id DESC LIMIT 26", before=before)
        return jsonify([dict(row) for row in rows])

    @app.get("/show/<int:pk>")
    def show(pk: int) -> str:
        row = ask(f"{_SQL} WHERE d.id = :pk", pk=pk)[0]
        course = ask("SELECT at, transition FROM movement WHERE dossier_id = :pk ORDER BY id", pk=pk)
        return show_page.render(row=row, course=course, columns=_COLUMNS)

    @app.get("/code/<code>")
    def lookup(code: str) -> str:
        row = ask(f"{_SQL} WHERE d.code = :code", code=code)[0]
        course = ask("SELECT at, transition FROM movement WHERE dossier_id = :pk ORDER BY id", pk=row["id"])
        return show_page.render(row=row, course=course, columns=_COLUMNS)

    return app
