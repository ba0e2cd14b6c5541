"""Keep explanations of delays: asked for with a time limit, answered; those given so far stand in the course."""

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "explanation",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), sa.ForeignKey("dossier.id"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("asked_for_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("asked_by_name", sa.String(255), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("answered_by_name", sa.String(255), nullable=True),
    )
    waiting = sa.text("state = 'asked'")
    op.create_index("ix_explanation_dossier_id", "explanation", ["dossier_id"])
    op.create_index("ix_explanation_asked_by_id", "explanation", ["asked_by_id"])
    op.create_index("ix_explanation_state", "explanation", ["state", "due_at"])
    op.create_index("uq_explanation_waiting", "explanation", ["dossier_id"], unique=True,
                    postgresql_where=waiting, sqlite_where=waiting)  # fmt: skip
    op.execute(
        "INSERT INTO explanation (row_version, dossier_id, state, answer, answered_at, answered_by_id, "
        "answered_by_name) SELECT 1, dossier_id, 'given', remark, at, actor_id, actor_name FROM movement "
        "WHERE transition = 'explain' ORDER BY id"
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("explanation")
