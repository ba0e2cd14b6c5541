"""Let officers act in place of others for a time; keep who is away."""

import warnings

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

# table → (column, table it refers to)
_ADDED = (
    ("movement", "delegation_id", "delegation"), ("task", "delegate_id", "ab_user"),
    ("extension", "asked_for_id", "ab_user"), ("paper_reception", "entered_for_id", "ab_user"),
)  # fmt: skip


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "delegation", *_common("user_id", "agency_id", "position_id", "delegate_id"),
        sa.Column("document_number", sa.String(120), nullable=False),
        sa.CheckConstraint("user_id <> delegate_id", name="delegation_to_another"),
        sa.CheckConstraint("valid_from <= valid_to", name="delegation_days"),
    )  # fmt: skip
    op.create_table(
        "absence", *_common("user_id", "agency_id"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("given_away", sa.Integer(), nullable=False, server_default="0"),
        sa.CheckConstraint("valid_from <= valid_to", name="absence_days"),
    )  # fmt: skip
    for column in ("position_id", "user_id", "agency_id"):
        op.create_index(f"ix_delegation_{column}", "delegation", [column])
    op.create_index("ix_delegation_delegate", "delegation", ["delegate_id", "valid_to"])
    op.create_index("ix_absence_agency_id", "absence", ["agency_id"])
    op.create_index("ix_absence_user", "absence", ["user_id", "valid_to"])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        _add_columns()


def _common(*keys: str) -> list[sa.Column]:
    tables = {"user_id": "ab_user", "agency_id": "agency", "position_id": "officer_position", "delegate_id": "ab_user"}
    return [
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        *(sa.Column(key, sa.Integer(), sa.ForeignKey(f"{tables[key]}.id"), nullable=False) for key in keys),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reason", sa.Text(), nullable=False),
    ]


def _add_columns() -> None:
    for table, column, other in _ADDED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column(column, sa.Integer(), nullable=True))
            batch_op.create_foreign_key(f"fk_{table}_{column}", other, [column], ["id"])
    with op.batch_alter_table("movement") as batch_op:
        batch_op.add_column(sa.Column("on_behalf_of", sa.String(255), nullable=True))
        batch_op.create_index("ix_movement_delegation_id", ["delegation_id"])


def downgrade() -> None:
    """Take the change back."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        with op.batch_alter_table("movement") as batch_op:
            batch_op.drop_index("ix_movement_delegation_id")
            batch_op.drop_column("on_behalf_of")
        for table, column, _other in _ADDED:
            with op.batch_alter_table(table) as batch_op:
                batch_op.drop_constraint(f"fk_{table}_{column}", type_="foreignkey")
                batch_op.drop_column(column)
    op.drop_table("absence")
    op.drop_table("delegation")
