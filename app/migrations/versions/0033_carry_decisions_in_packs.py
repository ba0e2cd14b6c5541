"""Name signed decisions by their content, and keep what a pack of everything leaves out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Apply the change; decisions learn the hash of the file they have."""
    op.add_column("publication_decision", sa.Column("file_digest", sa.String(64), nullable=True))
    op.execute(
        "UPDATE publication_decision SET file_digest = "
        "(SELECT sha256 FROM stored_file WHERE stored_file.id = publication_decision.file_id)"
    )
    op.add_column("pack_run", sa.Column("without", JSON, nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "pack_progress",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("pack_run.id"), nullable=False, unique=True),
        sa.Column("percent", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("pack_progress")
    op.drop_column("pack_run", "without")
    op.drop_column("publication_decision", "file_digest")
