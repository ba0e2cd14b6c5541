"""Let incidents concern an agency; decide about their time; enter later what came on paper."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)


def upgrade() -> None:
    """Apply the change; incidents so far concern the whole system."""
    with op.batch_alter_table("incident_notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agency_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("clause", sa.String(120), nullable=False, server_default="HUE25 Đ23.1"))
        batch_op.create_foreign_key("fk_incident_notice_agency_id", "agency", ["agency_id"], ["id"])
        batch_op.create_index("ix_incident_notice_agency_id", ["agency_id"], unique=False)
    instant = sa.DateTime(timezone=op.get_bind().dialect.name != "sqlite")
    _add_decisions(instant)
    _add_papers(instant)


def _add_decisions(instant: sa.DateTime) -> None:
    op.create_table(
        "outage_decision",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), sa.ForeignKey("incident_notice.id"), nullable=False, unique=True),
        sa.Column("at", instant, nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id")),
        sa.Column("actor_name", sa.String(255), nullable=False),
        sa.Column("is_credited", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("clause", sa.String(120), nullable=False),
        sa.Column("last_dossier_id", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("done_at", instant),
    )


def _add_papers(instant: sa.DateTime) -> None:
    op.create_table(
        "paper_reception",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False, unique=True),
        sa.Column("incident_id", sa.Integer(), sa.ForeignKey("incident_notice.id"), nullable=False, index=True),
        sa.Column("desk_id", sa.Integer(), sa.ForeignKey("agency.id"), nullable=False, index=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("procedure_name", sa.Text(), nullable=False),
        sa.Column("received_at", instant, nullable=False),
        sa.Column("paper_number", sa.String(60), nullable=False),
        sa.Column("given", JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("entered_by_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        sa.Column("entered_by_name", sa.String(255), nullable=False),
        sa.Column("entered_at", instant, nullable=False),
        sa.Column("decided_by_id", sa.Integer(), sa.ForeignKey("ab_user.id")),
        sa.Column("decided_by_name", sa.String(255)),
        sa.Column("decided_at", instant),
        sa.Column("reason", sa.Text()),
        sa.Column("dossier_id", sa.Integer(), sa.ForeignKey("dossier.id")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("paper_reception")
    op.drop_table("outage_decision")
    with op.batch_alter_table("incident_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_incident_notice_agency_id")
        batch_op.drop_constraint("fk_incident_notice_agency_id", type_="foreignkey")
        batch_op.drop_column("clause")
        batch_op.drop_column("agency_id")
