"""Keep refunds, and which charges the end of a dossier cancelled."""

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "refund",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), sa.ForeignKey("dossier.id"), nullable=False),
        sa.Column("charge_id", sa.Integer(), sa.ForeignKey("charge.id"), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("receipt_number", sa.String(60), nullable=True),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("decision", sa.String(120), nullable=False),
        sa.Column("receiver", sa.String(255), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("cashier_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("cashier_name", sa.String(255), nullable=False),
    )
    for column in ("dossier_id", "charge_id", "cashier_id"):
        op.create_index(f"ix_refund_{column}", "refund", [column])
    op.add_column("charge", sa.Column("is_ended", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("charge", "is_ended")
    op.drop_table("refund")
