"""Widen forms: conditions, rules, English texts, officers' fields, searchable answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
NEW = {
    "form": (("name_en", sa.String(255)), ("rules", JSON)),
    "form_section": (
        ("title_en", sa.String(255)), ("help_text", sa.Text()), ("help_text_en", sa.Text()),
        ("show_when", JSON),
    ),
    "form_field": (
        ("label_en", sa.String(500)), ("help_text_en", sa.Text()), ("min_date", sa.String(20)),
        ("max_date", sa.String(20)), ("expression", sa.String(1000)), ("show_when", JSON),
        ("required_when", JSON), ("filled_by", sa.String(20)),
    ),
}  # fmt: skip
INDEX = "ix_dossier_answers_text"


def upgrade() -> None:
    """Apply the change."""
    for table, columns in NEW.items():
        with op.batch_alter_table(table) as batch:
            for name, kind in columns:
                batch.add_column(sa.Column(name, kind, nullable=True))
    with op.batch_alter_table("form_field") as batch:
        batch.add_column(
            sa.Column("is_searchable", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("dossier") as batch:
        batch.add_column(sa.Column("answers_text", sa.Text(), nullable=False, server_default=""))
    ops = {"answers_text": "gin_trgm_ops"}
    op.create_index(
        INDEX, "dossier", ["answers_text"], postgresql_using="gin", postgresql_ops=ops
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_index(INDEX, "dossier")
    with op.batch_alter_table("dossier") as batch:
        batch.drop_column("answers_text")
    with op.batch_alter_table("form_field") as batch:
        batch.drop_column("is_searchable")
    for table, columns in NEW.items():
        with op.batch_alter_table(table) as batch:
            for name, _kind in columns:
                batch.drop_column(name)
