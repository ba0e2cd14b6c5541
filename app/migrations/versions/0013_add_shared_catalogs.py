"""Add catalogs made at run time: definitions, fields, rights, items; and forms that offer them."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "shared_catalog",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("is_tree", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        *_common(),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.UniqueConstraint("code", name="uq_shared_catalog_code"),
    )
    _folded("shared_catalog")
    op.create_table(
        "shared_catalog_right",
        sa.Column("catalog_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("can_write", sa.Boolean(), nullable=False),
        *_common(),
        sa.ForeignKeyConstraint(["catalog_id"], ["shared_catalog.id"], name="fk_shared_catalog_right_catalog_id"),
        sa.UniqueConstraint("catalog_id", "role", name="uq_shared_catalog_right_catalog_id_role"),
    )
    op.create_index("ix_shared_catalog_right_catalog_id", "shared_catalog_right", ["catalog_id"])
    _create_fields()
    _create_items()
    with op.batch_alter_table("form_field") as batch:
        batch.add_column(sa.Column("catalog_code", sa.String(40)))


def _common() -> list[sa.Column[int]]:
    return [sa.Column("id", sa.Integer(), primary_key=True), sa.Column("row_version", sa.Integer(), nullable=False)]


def _folded(table: str) -> None:
    op.create_index(f"ix_{table}_search_text", table, ["search_text"],
                    postgresql_using="gin", postgresql_ops={"search_text": "gin_trgm_ops"})  # fmt: skip


def _create_fields() -> None:
    table = "shared_catalog_field"
    op.create_table(
        table,
        sa.Column("catalog_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("is_unique", sa.Boolean(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("options", JSON),
        sa.Column("target_id", sa.Integer()),
        sa.Column("pattern", sa.String(255)),
        sa.Column("min_value", sa.BigInteger()),
        sa.Column("max_value", sa.BigInteger()),
        sa.Column("max_length", sa.Integer()),
        *_common(),
        sa.ForeignKeyConstraint(["catalog_id"], ["shared_catalog.id"], name=f"fk_{table}_catalog_id"),
        sa.ForeignKeyConstraint(["target_id"], ["shared_catalog.id"], name=f"fk_{table}_target_id"),
        sa.UniqueConstraint("catalog_id", "key", name=f"uq_{table}_catalog_id_key"),
    )
    op.create_index(f"ix_{table}_catalog_id", table, ["catalog_id"])
    op.create_index(f"ix_{table}_target_id", table, ["target_id"])


def _create_items() -> None:
    table = "shared_catalog_item"
    op.create_table(
        table,
        sa.Column("catalog_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer()),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_to", sa.Date()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        *_common(),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["catalog_id"], ["shared_catalog.id"], name=f"fk_{table}_catalog_id"),
        sa.ForeignKeyConstraint(["parent_id"], [f"{table}.id"], name=f"fk_{table}_parent_id"),
        sa.UniqueConstraint("catalog_id", "code", name=f"uq_{table}_catalog_id_code"),
    )
    op.create_index(f"ix_{table}_parent_id", table, ["parent_id"])
    op.create_index(f"ix_{table}_name", table, ["catalog_id", "name", "id"])
    _folded(table)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("form_field") as batch:
        batch.drop_column("catalog_code")
    for table in ("shared_catalog_item", "shared_catalog_field", "shared_catalog_right", "shared_catalog"):
        op.drop_table(table)
