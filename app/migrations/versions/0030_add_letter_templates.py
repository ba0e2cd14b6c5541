"""Let the office edit the texts of letters, edition by edition; letters tell which one they were made with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Apply the change; letters so far were made with the built-in texts."""
    op.create_table(
        "letter_template",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("form_set", sa.String(20), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("published_by", sa.String(255)),
        sa.UniqueConstraint("kind", "form_set", "edition"),
    )
    op.create_index(
        "uq_letter_template_draft", "letter_template", ["kind", "form_set"], unique=True,
        sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"),
    )  # fmt: skip
    # No batch: copying the table would reflect "dossier", whose index on an expression SQLAlchemy cannot read.
    op.add_column("letter", sa.Column("edition", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("letter", "edition")
    op.drop_table("letter_template")
