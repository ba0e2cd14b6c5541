"""Keep which agencies came from one calendar to another, so that their due dates follow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Apply the change; changes so far were of days and hours."""
    with op.batch_alter_table("calendar_change") as batch:
        batch.add_column(sa.Column("former_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("agencies", JSON, nullable=True))
        batch.create_foreign_key(
            "fk_calendar_change_former_id_working_calendar", "working_calendar", ["former_id"], ["id"]
        )


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("calendar_change") as batch:
        batch.drop_constraint("fk_calendar_change_former_id_working_calendar", type_="foreignkey")
        batch.drop_column("agencies")
        batch.drop_column("former_id")
