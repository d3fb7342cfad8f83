"""Activities, what they count for, and evidence that were recorded by mistake are ended; a hold may have a last day."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0014"


def upgrade() -> None:
    for table in ("activity", "activity_commitment", "evidence"):
        op.add_column(table, sa.Column("withdrawn_on", sa.Date(), nullable=True))
    op.add_column("evidence", sa.Column("size", sa.Integer(), nullable=True))
    op.add_column("commitment", sa.Column("state_until", sa.String(length=10), nullable=True))
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"], unique=False)
