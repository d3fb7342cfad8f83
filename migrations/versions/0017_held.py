"""What hand-overs that wait for the end of a pause are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_index(
        "ix_notice_held",
        "notice",
        ["contact_id"],
        unique=False,
        sqlite_where=sa.text("kind = 'hand_over' AND decision = 'held'"),
        postgresql_where=sa.text("kind = 'hand_over' AND decision = 'held'"),
    )
