"""What was said by mistake is ended, a silent agreement may be kept so until a day, and how each stands is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    for table in ("measurement", "progress_report"):
        op.add_column(table, sa.Column("withdrawn_on", sa.Date(), nullable=True))
    op.add_column("agreement", sa.Column("kept_on", sa.Date(), nullable=True))
    op.add_column("agreement", sa.Column("kept_until", sa.Date(), nullable=True))
    op.add_column("agreement", sa.Column("kept_why", sa.String(length=300), nullable=True))
    op.create_table(
        "agreement_standing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("worst", sa.String(length=20), nullable=False),
        sa.Column("states", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_agreement_standing_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_standing")),
        sa.UniqueConstraint("agreement_id", "since", name=op.f("uq_agreement_standing_agreement_id_since")),
    )
