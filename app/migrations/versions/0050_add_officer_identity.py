"""Know officers by their personal number: nobody handles what he asked for under another login or at a counter."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "officer_identity",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False, unique=True),
        sa.Column("id_number", sa.String(20), nullable=False, unique=True),
    )
    with op.batch_alter_table("account") as batch_op:
        batch_op.add_column(sa.Column("officer_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key("fk_account_officer_id", "ab_user", ["officer_id"], ["id"])
        batch_op.create_index("uq_account_officer", ["officer_id"], unique=True)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("account") as batch_op:
        batch_op.drop_index("uq_account_officer")
        batch_op.drop_constraint("fk_account_officer_id", type_="foreignkey")
        batch_op.drop_column("officer_id")
    op.drop_table("officer_identity")
