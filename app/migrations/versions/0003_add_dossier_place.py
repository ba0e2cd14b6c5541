"""Add the places of dossiers in the agency tree, and fill them from what is there."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

FILL = """
INSERT INTO dossier_place (agency_id, dossier_id)
SELECT DISTINCT up.id, pairs.dossier_id
FROM (
    SELECT id AS dossier_id, agency_id FROM dossier
    UNION SELECT id, desk_id FROM dossier
    UNION SELECT dossier_id, agency_id FROM task
) AS pairs
JOIN agency AS at ON at.id = pairs.agency_id
JOIN agency AS up ON at.path LIKE up.path || '%'
WHERE up.parent_id IS NOT NULL
"""


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "dossier_place",
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"]),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"]),
        sa.PrimaryKeyConstraint("agency_id", "dossier_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dossier_place_dossier_id", "dossier_place", ["dossier_id"])
    op.execute(FILL)


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("dossier_place")
