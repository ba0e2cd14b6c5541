"""Add publication decisions and the procedures each of them changes."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "publication_decision",
        sa.Column("number", sa.String(60)),
        sa.Column("title", sa.String(1000), nullable=False),
        sa.Column("decided_on", sa.Date()),
        sa.Column("effective_on", sa.Date()),
        sa.Column("agency_id", sa.Integer()),
        sa.Column("signer", sa.String(255)),
        sa.Column("legal_basis", sa.Text()),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("file_id", sa.Integer()),
        sa.Column("file_name", sa.String(255)),
        sa.Column("published_at", app.types.UtcDateTime()),
        sa.Column("fault", sa.Text()),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_publication_decision_agency_id"),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name="fk_publication_decision_file_id"),
        sa.PrimaryKeyConstraint("id", name="pk_publication_decision"),
        sa.UniqueConstraint("number", "decided_on", name="uq_publication_decision_number_decided_on"),
    )
    for name in ("agency_id", "file_id", "state"):
        op.create_index(f"ix_publication_decision_{name}", "publication_decision", [name])
    op.create_index(
        "ix_publication_decision_search_text", "publication_decision", ["search_text"],
        postgresql_using="gin", postgresql_ops={"search_text": "gin_trgm_ops"},
    )  # fmt: skip
    op.create_table(
        "publication_item",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["publication_decision.id"], name="fk_publication_item_decision_id"
        ),
        sa.ForeignKeyConstraint(["procedure_id"], ["procedure.id"], name="fk_publication_item_procedure_id"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["procedure_version.id"], name="fk_publication_item_version_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_publication_item"),
        sa.UniqueConstraint("decision_id", "procedure_id", name="uq_publication_item_decision_id_procedure_id"),
    )
    for name in ("decision_id", "procedure_id", "version_id"):
        op.create_index(f"ix_publication_item_{name}", "publication_item", [name])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("publication_item")
    op.drop_table("publication_decision")
