"""Add approvals of processes, reports on procedures and the online-service list."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "online_service",
        sa.Column("procedure_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("service_level", sa.String(length=20), nullable=False),
        sa.Column("authentication_level", sa.Integer(), nullable=False),
        sa.Column("many_dossiers", sa.Boolean(), nullable=False),
        sa.Column("digitised_inputs", sa.Boolean(), nullable=False),
        sa.Column("many_papers", sa.Boolean(), nullable=False),
        sa.Column("linked_group", sa.Boolean(), nullable=False),
        sa.Column("several_agencies", sa.Boolean(), nullable=False),
        sa.Column("government_priority", sa.Boolean(), nullable=False),
        sa.Column("roadmap", sa.Text(), nullable=True),
        sa.Column("data_sources", sa.Text(), nullable=True),
        sa.Column("decision_number", sa.String(length=60), nullable=True),
        sa.Column("decision_on", sa.Date(), nullable=True),
        sa.Column("trial_from", sa.Date(), nullable=True),
        sa.Column("trial_to", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_online_service_agency_id"),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_online_service_procedure_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_online_service"),
        sa.UniqueConstraint("procedure_id", "year", name="uq_online_service_procedure_id_year"),
    )
    with op.batch_alter_table("online_service", schema=None) as batch_op:
        batch_op.create_index("ix_online_service_agency_id", ["agency_id"], unique=False)
        batch_op.create_index("ix_online_service_procedure_id", ["procedure_id"], unique=False)
        batch_op.create_index("ix_online_service_state", ["state"], unique=False)

    op.create_table(
        "procedure_report",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("procedure_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sent_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("due_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", app.types.UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=255), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_procedure_report_agency_id"),
        sa.ForeignKeyConstraint(["author_id"], ["ab_user.id"], name="fk_procedure_report_author_id"),
        sa.ForeignKeyConstraint(
            ["procedure_id"], ["procedure.id"], name="fk_procedure_report_procedure_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_procedure_report"),
    )
    with op.batch_alter_table("procedure_report", schema=None) as batch_op:
        batch_op.create_index("ix_procedure_report_agency_id", ["agency_id"], unique=False)
        batch_op.create_index("ix_procedure_report_author_id", ["author_id"], unique=False)
        batch_op.create_index("ix_procedure_report_procedure_id", ["procedure_id"], unique=False)
        batch_op.create_index(
            "ix_procedure_report_search_text",
            ["search_text"],
            unique=False,
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        )
        batch_op.create_index("ix_procedure_report_state", ["state"], unique=False)

    op.create_table(
        "process_approval",
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("process_id", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("decision_number", sa.String(length=60), nullable=True),
        sa.Column("decision_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name="fk_process_approval_agency_id"),
        sa.ForeignKeyConstraint(["process_id"], ["process.id"], name="fk_process_approval_process_id"),
        sa.PrimaryKeyConstraint("id", name="pk_process_approval"),
        sa.UniqueConstraint("process_id", "title", name="uq_process_approval_process_id_title"),
    )
    with op.batch_alter_table("process_approval", schema=None) as batch_op:
        batch_op.create_index("ix_process_approval_agency_id", ["agency_id"], unique=False)
        batch_op.create_index("ix_process_approval_process_id", ["process_id"], unique=False)
        batch_op.create_index(
            "ix_process_approval_search_text",
            ["search_text"],
            unique=False,
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        )
        batch_op.create_index("ix_process_approval_state", ["state"], unique=False)

    op.create_table(
        "approval_stage",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("transition", sa.String(length=40), nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("at", app.types.UtcDateTime(), nullable=False),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("by_agency", sa.String(length=255), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["process_approval.id"], name="fk_approval_stage_approval_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_approval_stage"),
    )
    with op.batch_alter_table("approval_stage", schema=None) as batch_op:
        batch_op.create_index("ix_approval_stage_approval_id", ["approval_id"], unique=False)



def downgrade() -> None:
    """Take the change back."""
    op.drop_table("approval_stage")
    op.drop_table("process_approval")
    op.drop_table("procedure_report")
    op.drop_table("online_service")
