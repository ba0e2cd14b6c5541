"""Add special hours and the decision of a day, and changes that move running due dates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Apply the change."""
    op.add_column("calendar_day", sa.Column("hours", sa.String(60)))
    op.add_column("calendar_day", sa.Column("decision", sa.String(120)))
    instant = sa.DateTime(timezone=op.get_bind().dialect.name != "sqlite")
    op.create_table(
        "calendar_change",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), sa.ForeignKey("working_calendar.id"),
                  nullable=False, index=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(120)),
        sa.Column("days", JSON, nullable=False),
        sa.Column("last_dossier_id", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("done_at", instant),
    )  # fmt: skip


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("calendar_change")
    op.drop_column("calendar_day", "decision")
    op.drop_column("calendar_day", "hours")
