"""Indexes that answer by themselves: what is due when, and what the log has besides follow-ups."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0026"


def upgrade() -> None:
    op.drop_index("ix_commitment_due", table_name="commitment")
    op.create_index("ix_commitment_due", "commitment", ["due", "state", "kind", "agreement_id"], unique=False)
    beside = sa.text("subject <> 'follow_up'")
    op.create_index(
        "ix_log_entry_beside_follow_ups",
        "log_entry",
        ["at", "id", "subject"],
        unique=False,
        sqlite_where=beside,
        postgresql_where=beside,
    )
