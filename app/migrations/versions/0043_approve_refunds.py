"""Refunds are approved by a second person; the same form sent twice is one refund."""

import warnings

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Apply the change; what was recorded before was paid out by the cashier alone."""
    with warnings.catch_warnings():  # SQLite cannot say what an index of the dossiers holds
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        _upgrade()


def _upgrade() -> None:
    with op.batch_alter_table("refund") as batch:
        batch.add_column(sa.Column("serial", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("state", sa.String(20), nullable=False, server_default="paid_back"))
        batch.alter_column("number", existing_type=sa.String(60), nullable=True)
        batch.add_column(sa.Column("entered_for_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("decided_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("decided_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("decided_by_name", sa.String(255), nullable=True))
        batch.add_column(sa.Column("answer", sa.Text(), nullable=True))
        batch.create_foreign_key("fk_refund_entered_for_id", "ab_user", ["entered_for_id"], ["id"])
        batch.create_foreign_key("fk_refund_decided_by_id", "ab_user", ["decided_by_id"], ["id"])
    op.execute("UPDATE refund SET decided_at = at, decided_by_id = cashier_id, decided_by_name = cashier_name")
    op.execute(
        "UPDATE refund SET serial = (SELECT count(*) FROM refund AS other "
        "WHERE other.dossier_id = refund.dossier_id AND other.id <= refund.id)"
    )
    with op.batch_alter_table("refund") as batch:
        batch.create_unique_constraint("uq_refund_dossier_id_serial", ["dossier_id", "serial"])
    waiting = sa.text("state = 'asked'")
    op.create_index(
        "uq_refund_waiting", "refund", ["dossier_id"], unique=True, postgresql_where=waiting, sqlite_where=waiting
    )


def downgrade() -> None:
    """Take the change back; what was not paid out goes with it."""
    with warnings.catch_warnings():  # SQLite cannot say what an index of the dossiers holds
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        _downgrade()


def _downgrade() -> None:
    op.drop_index("uq_refund_waiting", "refund")
    op.execute("DELETE FROM refund WHERE state <> 'paid_back'")
    with op.batch_alter_table("refund") as batch:
        batch.drop_constraint("uq_refund_dossier_id_serial", type_="unique")
        batch.drop_constraint("fk_refund_entered_for_id", type_="foreignkey")
        batch.drop_constraint("fk_refund_decided_by_id", type_="foreignkey")
        for column in ("serial", "state", "entered_for_id", "decided_at", "decided_by_id", "decided_by_name", "answer"):
            batch.drop_column(column)
        batch.alter_column("number", existing_type=sa.String(60), nullable=False)
