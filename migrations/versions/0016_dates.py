"""What the calendar and the log of what was not sent are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("ix_commitment_due", "commitment", ["due"], unique=False)
    op.create_index("ix_commitment_confirm_by", "commitment", ["confirm_by"], unique=False)
    op.create_index("ix_milestone_due", "milestone", ["due"], unique=False)
    op.create_index(
        "ix_commitment_recurring",
        "commitment",
        ["agreement_id"],
        unique=False,
        sqlite_where=sa.text("recurrence IS NOT NULL"),
        postgresql_where=sa.text("recurrence IS NOT NULL"),
    )
    op.create_index(
        "ix_notice_untold",
        "notice",
        ["id"],
        unique=False,
        sqlite_where=sa.text("decision <> 'told'"),
        postgresql_where=sa.text("decision <> 'told'"),
    )
