"""Keep what applicants were told of an incident, and scans of late entries."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON, UtcDateTime

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "outage_notice",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), sa.ForeignKey("incident_notice.id"), nullable=False),
        sa.Column("agency_id", sa.Integer(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("key", sa.String(40), nullable=False, unique=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("actor_name", sa.String(255), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("last_dossier_id", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
    )
    for column in ("incident_id", "agency_id", "user_id"):
        op.create_index(f"ix_outage_notice_{column}", "outage_notice", [column])
    op.add_column("paper_reception", sa.Column("scans", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("paper_reception", "scans")
    op.drop_table("outage_notice")
