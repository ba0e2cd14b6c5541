"""What the inbox reads of a dossier stands with its open tasks too: 5,000 lines of a desk are then one
range of an index, instead of 5,000 dossiers found one by one.

The database copies it, in the statement that changes a dossier or opens a task and whoever makes it; a
task that is over keeps what stood there last. Nothing else may write these columns.
"""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

FACTS = ("state", "due_at", "received_at", "reception_due_at")
_NAMES = ", ".join(f"dossier_{fact}" for fact in FACTS)
_OWN = ", ".join(FACTS)
_SET_FROM_NEW = ", ".join(f"dossier_{fact} = NEW.{fact}" for fact in FACTS)
_FILL = f"UPDATE task SET ({_NAMES}) = (SELECT {_OWN} FROM dossier WHERE id = task.dossier_id)"
_HAS_CHANGED = " OR ".join(f"OLD.{fact} IS DISTINCT FROM NEW.{fact}" for fact in FACTS)
_TO_TASKS = f"UPDATE task SET {_SET_FROM_NEW} WHERE dossier_id = NEW.id AND state = 'open'"

_POSTGRESQL = (
    f"""
    CREATE OR REPLACE FUNCTION copy_to_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN {_TO_TASKS}; RETURN NULL; END $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION copy_to_task() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        SELECT {_OWN} INTO {", ".join(f"NEW.dossier_{fact}" for fact in FACTS)}
            FROM dossier WHERE id = NEW.dossier_id;
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE OR REPLACE TRIGGER copy_to_tasks AFTER UPDATE OF {_OWN} ON dossier
        FOR EACH ROW WHEN ({_HAS_CHANGED}) EXECUTE FUNCTION copy_to_tasks()
    """,
    """
    CREATE OR REPLACE TRIGGER copy_to_task BEFORE INSERT OR UPDATE OF state, dossier_id ON task
        FOR EACH ROW WHEN (NEW.state = 'open') EXECUTE FUNCTION copy_to_task()
    """,
)
_SQLITE = (
    f"CREATE TRIGGER IF NOT EXISTS copy_to_tasks AFTER UPDATE OF {_OWN} ON dossier BEGIN {_TO_TASKS}; END",
    *(f"CREATE TRIGGER IF NOT EXISTS copy_to_task_{name} AFTER {verb} ON task WHEN NEW.state = 'open' "
      f"BEGIN {_FILL} WHERE id = NEW.id; END"
      for name, verb in (("new", "INSERT"), ("again", "UPDATE OF state, dossier_id"))),
)  # fmt: skip


def fill(connection: Connection) -> None:
    """Copy what stands in the dossiers to every open task."""
    connection.execute(sa.text(f"{_FILL} WHERE state = 'open'"))


def copy_from_now(connection: Connection) -> None:
    """Let the database copy from now on; what is there already stays. Called after every migration."""
    inspector = sa.inspect(connection)
    columns = {one["name"] for one in inspector.get_columns("task")} if inspector.has_table("task") else set()
    if "dossier_state" in columns:
        for statement in _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE:
            connection.exec_driver_sql(statement)


def stop_copying(connection: Connection) -> None:
    """Take back what ``copy_from_now`` made: SQLite builds no table anew that a trigger names."""
    if connection.dialect.name == "postgresql":
        for name in ("copy_to_tasks", "copy_to_task"):
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}() CASCADE")
        return
    for name in ("copy_to_tasks", "copy_to_task_new", "copy_to_task_again"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
