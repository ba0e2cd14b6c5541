"""Add fees by rule, the subjects who pay less, and what explains a charge."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
FEE = (
    sa.Column("is_optional", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("due", sa.String(20)),
    sa.Column("basis", sa.String(10), nullable=False, server_default="fixed"),
    sa.Column("unit_name", sa.String(60)),
    sa.Column("first_units", sa.Integer()),
    sa.Column("further_amount", sa.BigInteger()),
    sa.Column("most_amount", sa.BigInteger()),
    sa.Column("count_field", sa.String(120)),
    sa.Column("case_label", sa.String(500)),
    sa.Column("case_field", sa.String(60)),
    sa.Column("case_value", sa.String(255)),
    sa.Column("agency_level", sa.String(20)),
    sa.Column("agency_id", sa.Integer()),
    sa.Column("valid_from", sa.Date()),
    sa.Column("valid_to", sa.Date()),
    sa.Column("online_percent", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("online_amount", sa.BigInteger(), nullable=False, server_default="0"),
)
CHARGE = (
    sa.Column("full_amount", sa.BigInteger()),
    sa.Column("fee_id", sa.Integer()),
    sa.Column("counts", JSON),
    sa.Column("explanation", JSON),
    sa.Column("legal_basis", sa.String(520)),
    sa.Column("due", sa.String(20)),
    sa.Column("subject_id", sa.Integer()),
    sa.Column("claim", sa.String(20)),
)
# Several amounts of one kind were left to the desk; now each is a case that is chosen.
CASES = """
UPDATE fee SET case_label = name
WHERE amount > 0 AND EXISTS (
    SELECT 1 FROM fee AS other WHERE other.version_id = fee.version_id AND other.kind = fee.kind
    AND other.name <> fee.name AND other.amount > 0
)
"""


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "fee_subject",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("proof", sa.String(500)),
        sa.Column("legal_basis", sa.String(255)),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
    )
    op.create_index(
        "ix_fee_subject_search_text", "fee_subject", ["search_text"],
        postgresql_using="gin", postgresql_ops={"search_text": "gin_trgm_ops"},
    )  # fmt: skip
    with op.batch_alter_table("fee") as batch:
        for column in FEE:
            batch.add_column(column)
        batch.create_foreign_key("fk_fee_agency_id_agency", "agency", ["agency_id"], ["id"])
        batch.create_index("ix_fee_agency_id", ["agency_id"])
    op.create_table(
        "fee_exemption",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("fee_id", sa.Integer(), sa.ForeignKey("fee.id"), nullable=False, index=True),
        sa.Column("subject_id", sa.Integer(), sa.ForeignKey("fee_subject.id"), nullable=False,
                  index=True),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("legal_basis", sa.String(255)),
        sa.UniqueConstraint("fee_id", "subject_id"),
    )  # fmt: skip
    with op.batch_alter_table("charge") as batch:
        for column in CHARGE:
            batch.add_column(column)
        batch.create_foreign_key("fk_charge_fee_id_fee", "fee", ["fee_id"], ["id"])
        batch.create_foreign_key(
            "fk_charge_subject_id_fee_subject", "fee_subject", ["subject_id"], ["id"]
        )
        batch.create_index("ix_charge_fee_id", ["fee_id"])
        batch.create_index("ix_charge_subject_id", ["subject_id"])
    op.add_column("draft", sa.Column("fee_choices", JSON))
    op.execute(CASES)


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("draft", "fee_choices")
    with op.batch_alter_table("charge") as batch:
        for name in ("fee_id", "subject_id"):
            batch.drop_index(f"ix_charge_{name}")
        batch.drop_constraint("fk_charge_fee_id_fee", type_="foreignkey")
        batch.drop_constraint("fk_charge_subject_id_fee_subject", type_="foreignkey")
        for column in CHARGE:
            batch.drop_column(column.name)
    op.drop_table("fee_exemption")
    with op.batch_alter_table("fee") as batch:
        batch.drop_index("ix_fee_agency_id")
        batch.drop_constraint("fk_fee_agency_id_agency", type_="foreignkey")
        for column in FEE:
            batch.drop_column(column.name)
    op.drop_table("fee_subject")
