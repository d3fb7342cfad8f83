"""What one side proposes of the rules that protect the others, and what each of them says to it."""

import sqlalchemy as sa
from alembic import op

from commitments.database import UtcTime

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "rule_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", UtcTime(), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_rule_proposal_agreement_id")),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_rule_proposal_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_proposal")),
    )
    op.create_index(op.f("ix_rule_proposal_agreement_id"), "rule_proposal", ["agreement_id"], unique=False)
    op.create_index(
        "uq_rule_proposal_open",
        "rule_proposal",
        ["agreement_id", "rule"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "rule_proposal_side",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_proposal_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("why", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["rule_proposal_id"], ["rule_proposal.id"], name=op.f("fk_rule_proposal_side_rule_proposal_id")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_rule_proposal_side_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_proposal_side")),
        sa.UniqueConstraint(
            "rule_proposal_id", "party_id", name=op.f("uq_rule_proposal_side_rule_proposal_id_party_id")
        ),
    )
