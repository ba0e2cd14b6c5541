"""Let a token act only after its owner has confirmed it; those in use count as confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("api_token") as batch:
        batch.add_column(sa.Column("confirmed_by_id", sa.Integer()))
        batch.create_foreign_key("fk_api_token_confirmed_by_id", "ab_user", ["confirmed_by_id"], ["id"])
    op.create_index("ix_api_token_confirmed_by_id", "api_token", ["confirmed_by_id"])
    op.execute("UPDATE api_token SET confirmed_by_id = (SELECT owner_id FROM api_client "
               "WHERE api_client.id = api_token.client_id)")


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_api_token_confirmed_by_id", "api_token")
    with op.batch_alter_table("api_token") as batch:
        batch.drop_constraint("fk_api_token_confirmed_by_id", type_="foreignkey")
        batch.drop_column("confirmed_by_id")
