"""Add connected systems, their access tokens, and the answers to requests with a key."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON, UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "api_client",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("addresses", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["ab_user.id"], name="fk_api_client_owner_id"),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_api_client_agency_id"),
        sa.UniqueConstraint("code", name="uq_api_client_code"),
    )
    op.create_index("ix_api_client_owner_id", "api_client", ["owner_id"])
    op.create_index("ix_api_client_agency_id", "api_client", ["agency_id"])
    op.create_index("ix_api_client_search_text", "api_client", ["search_text"],
                    postgresql_using="gin", postgresql_ops={"search_text": "gin_trgm_ops"})  # fmt: skip
    op.create_table(
        "api_token",
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.String(12), nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("revoked_at", UtcDateTime()),
        sa.Column("last_used_at", UtcDateTime()),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"], name="fk_api_token_client_id"),
        sa.UniqueConstraint("key_hash", name="uq_api_token_key_hash"),
    )
    op.create_index("ix_api_token_client_id", "api_token", ["client_id"])
    op.create_table(
        "api_reply",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("body_hash", sa.String(64), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_api_reply_created_at", "api_reply", ["created_at"])


def downgrade() -> None:
    """Take the change back."""
    for table in ("api_reply", "api_token", "api_client"):
        op.drop_table(table)
