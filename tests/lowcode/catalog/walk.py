"""Run by test_catalog.py in a process of its own: a new model would stay in this one's registry.

Declares the model, makes its table from what Alembic would write into the migration, and then
uses the catalog as people and programs do. Prints "all works" at the end.
"""

import sys
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.operations.ops import ModifyTableOps
from flask import Flask

import config as settings_module
from tests import databases
from tests.clients import make_client
from tests.lowcode.catalog.street import Street
from tests.lowcode.sent import as_sent


def main(home: str) -> None:
    """Walk the whole way in the folder ``home``."""
    url = f"sqlite:///{Path(home) / 'catalog.db'}"
    settings = settings_module.load("test", MOTCUA_HOME=home, SQLALCHEMY_DATABASE_URI=url)
    app = databases.make_app(settings)
    with app.app_context():
        migrate()
    with databases.isolated(app):
        use(app)
    print("all works")  # noqa: T201 - the test reads it


def migrate() -> None:
    """Make the table by the very text that ``./manage db revision`` writes into the migration."""
    from app.extensions import db, metadata

    with db.engine.begin() as connection:
        context = MigrationContext.configure(connection)
        steps = produce_migrations(context, metadata).upgrade_ops
        assert steps is not None
        flat = [one for step in steps.ops for one in (step.ops if isinstance(step, ModifyTableOps) else [step])]
        assert {getattr(one, "table_name", "") for one in flat} == {"street"}
        written = render_python_code(steps, migration_context=context)
        exec(f"if True:\n    {written}", {"op": Operations(context), "sa": sa})  # noqa: S102


def use(app: Flask) -> None:
    """List, search, add, show, edit, choose, copy, retire, history, API, and who may not."""
    from app.permissions import Role
    from tests.factories import make_user

    admin, reader = make_client(app, make_user(Role.catalog_admin)), make_client(app, make_user(Role.specialist))
    assert 'href="/street/list/"' in admin.get("/sector/list/").text, "it stands in the menu"
    made = admin.post("/street/add", data={"code": "LL", "name": "Lê Lợi", "is_active": "y"})
    assert made.status_code == 302, made.text
    show = made.location
    assert "Lê Lợi" in admin.get(show).text
    refused = admin.post("/street/add", data={"code": "LL", "name": ""})
    assert refused.status_code == 422
    assert 'id="name-error"' in refused.text
    edit = show.replace("show", "edit")
    data = as_sent(admin.get(edit).text)
    assert admin.post(edit, data=data | {"name": "Đường Lê Lợi"}).status_code == 302
    assert admin.post(edit, data=data | {"name": "Muộn"}).status_code == 409
    assert "Đường Lê Lợi" in reader.get("/street/list/?q=duong+le").text
    assert "Đường Lê Lợi" not in reader.get("/street/list/?q=tran").text
    assert "Đường Lê Lợi" in admin.get(f"{show}?tab=history").text
    assert as_sent(admin.get(f"/street/add?copy={show.rpartition('/')[2]}").text)["code"] == "LL-2"
    use_api(admin, reader)
    refuse(app, reader, show)
    assert admin.post(show.replace("show", "deactivate")).status_code == 302
    assert "Đường Lê Lợi" not in reader.get("/street/list/?f.is_active=1").text
    assert admin.post(show.replace("show", "delete")).location.startswith("/street/list/")


def use_api(admin: databases.Any, reader: databases.Any) -> None:
    """The same records through the API, under the same rights."""
    made = admin.post("/api/v1/street/", json={"code": "HV", "name": "Hùng Vương"})
    assert made.status_code == 201, made.text
    assert reader.get("/api/v1/street/?q=hung").json["count"] == 1
    assert reader.post("/api/v1/street/", json={"code": "X", "name": "x"}).status_code == 403
    assert admin.post("/api/v1/street/", json={"code": "HV", "name": "x"}).status_code == 422


def refuse(app: Flask, reader: databases.Any, show: str) -> None:
    """Who may only read writes on no path; a visitor sees nothing."""
    from app.extensions import db

    assert reader.get("/street/add").status_code in (302, 403)
    for act in ("edit", "delete", "deactivate"):
        assert reader.post(show.replace("show", act)).status_code in (302, 403), act
    assert make_client(app).get("/street/list/").status_code in (302, 401, 403)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Street)) == 2


if __name__ == "__main__":
    main(sys.argv[1])
