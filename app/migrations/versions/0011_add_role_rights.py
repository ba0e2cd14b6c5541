"""Add what administrators decide about rights on top of the declaration."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def _of_role(name: str, *columns: sa.Column, unique: list[str]) -> None:
    op.create_table(
        name,
        *columns,
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("role_id", "entity", *unique),
    )


def upgrade() -> None:
    """Apply the change."""
    _of_role(
        "role_right",
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("is_allowed", sa.Boolean(), nullable=False),
        unique=["action"],
    )
    _of_role("role_scope", sa.Column("scope", sa.String(length=10), nullable=False), unique=[])
    _of_role(
        "field_right",
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("may_read", sa.Boolean(), nullable=False),
        sa.Column("may_change", sa.Boolean(), nullable=False),
        unique=["field"],
    )


def downgrade() -> None:
    """Take the change back."""
    for name in ("field_right", "role_scope", "role_right"):
        op.drop_table(name)
