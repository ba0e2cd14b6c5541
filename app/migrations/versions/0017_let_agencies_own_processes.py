"""Let agencies own the processes they draft."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the owner agency; processes so far are for the whole province."""
    with op.batch_alter_table("process", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agency_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key("fk_process_agency_id", "agency", ["agency_id"], ["id"])
        batch_op.create_index("ix_process_agency_id", ["agency_id"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("process", schema=None) as batch_op:
        batch_op.drop_index("ix_process_agency_id")
        batch_op.drop_constraint("fk_process_agency_id", type_="foreignkey")
        batch_op.drop_column("agency_id")
