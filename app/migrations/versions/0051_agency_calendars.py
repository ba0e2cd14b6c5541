"""Let an agency go by another calendar from a coming day; what was before stays."""

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "agency_calendar",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), sa.ForeignKey("working_calendar.id"), nullable=True),
        sa.Column("former_id", sa.Integer(), sa.ForeignKey("working_calendar.id"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(120), nullable=True),
        sa.Column("begun_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("agency_id", "since"),
    )
    for column in ("calendar_id", "former_id"):
        op.create_index(f"ix_agency_calendar_{column}", "agency_calendar", [column])
    with op.batch_alter_table("calendar_change") as batch:
        batch.add_column(sa.Column("since", sa.Date(), nullable=True))
        batch.add_column(sa.Column("is_taken_back", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("calendar_change") as batch:
        batch.drop_column("is_taken_back")
        batch.drop_column("since")
    op.drop_table("agency_calendar")
