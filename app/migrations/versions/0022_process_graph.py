"""Let a process be a graph: ways, joins, assignment; several open tasks on one dossier."""

import warnings

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0022"
down_revision = "0021"

_IS_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Apply the change."""
    with warnings.catch_warnings():
        # SQLite copies a table to alter it and looks at its neighbours, whose own indexes stay.
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        _change_steps()
        _change_tasks()


def _change_steps() -> None:
    with op.batch_alter_table("process_step") as batch_op:
        batch_op.add_column(sa.Column("key", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("agency_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("goes_to", app.types.JSON, nullable=True))
        batch_op.add_column(sa.Column("split", sa.String(length=10), server_default="all", nullable=False))
        batch_op.add_column(sa.Column("join", sa.String(length=10), server_default="all", nullable=False))
        batch_op.add_column(sa.Column("join_count", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("assign", sa.String(length=20), server_default="pool", nullable=False))
        batch_op.add_column(sa.Column("assign_value", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("consulted", app.types.JSON, nullable=True))
        batch_op.add_column(
            sa.Column("silence_consents", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("sub_process_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("child_procedure_id", sa.Integer(), nullable=True))
    op.execute("UPDATE process_step SET key = 'b' || position")
    with op.batch_alter_table("process_step") as batch_op:
        batch_op.alter_column("key", existing_type=sa.String(length=40), nullable=False)
        batch_op.create_unique_constraint("uq_process_step_process_id_key", ["process_id", "key"])
        batch_op.create_foreign_key("fk_process_step_agency_id", "agency", ["agency_id"], ["id"])
        batch_op.create_foreign_key("fk_process_step_sub_process_id", "process", ["sub_process_id"], ["id"])
        batch_op.create_foreign_key(
            "fk_process_step_child_procedure_id", "procedure", ["child_procedure_id"], ["id"]
        )
        for name in ("agency_id", "sub_process_id", "child_procedure_id"):
            batch_op.create_index(f"ix_process_step_{name}", [name], unique=False)


def _change_tasks() -> None:
    with op.batch_alter_table("task") as batch_op:
        batch_op.drop_index("uq_task_open", postgresql_where=_IS_OPEN, sqlite_where=_IS_OPEN)
        batch_op.add_column(sa.Column("key", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("slot", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("went_to", app.types.JSON, nullable=True))
        batch_op.add_column(sa.Column("is_current", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("asked_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("question", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("answer", sa.String(length=20), nullable=True))
    op.execute("UPDATE task SET key = (SELECT s.key FROM process_step s WHERE s.id = task.step_id)")
    with op.batch_alter_table("task") as batch_op:
        batch_op.create_foreign_key("fk_task_asked_by_id", "task", ["asked_by_id"], ["id"])
        batch_op.create_index("ix_task_asked_by_id", ["asked_by_id"], unique=False)
        batch_op.create_index(
            "uq_task_open", ["dossier_id", "key", "slot"], unique=True,
            postgresql_where=_IS_OPEN, sqlite_where=_IS_OPEN,
        )  # fmt: skip


def downgrade() -> None:
    """Take the change back; dossiers with several open tasks cannot go back."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        _change_back()


def _change_back() -> None:
    with op.batch_alter_table("task") as batch_op:
        batch_op.drop_index("uq_task_open", postgresql_where=_IS_OPEN, sqlite_where=_IS_OPEN)
        batch_op.drop_index("ix_task_asked_by_id")
        batch_op.drop_constraint("fk_task_asked_by_id", type_="foreignkey")
        for name in ("key", "slot", "went_to", "is_current", "asked_by_id", "question", "answer"):
            batch_op.drop_column(name)
        batch_op.create_index(
            "uq_task_open", ["dossier_id"], unique=True, postgresql_where=_IS_OPEN, sqlite_where=_IS_OPEN
        )
    with op.batch_alter_table("process_step") as batch_op:
        for name in ("agency_id", "sub_process_id", "child_procedure_id"):
            batch_op.drop_index(f"ix_process_step_{name}")
            batch_op.drop_constraint(f"fk_process_step_{name}", type_="foreignkey")
        batch_op.drop_constraint("uq_process_step_process_id_key", type_="unique")
        for name in ("key", "agency_id", "goes_to", "split", "join", "join_count", "assign", "assign_value",
                     "consulted", "silence_consents", "sub_process_id", "child_procedure_id"):  # fmt: skip
            batch_op.drop_column(name)
