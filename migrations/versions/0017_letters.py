"""What held hand-overs are found by, how often people want digest and summary, and up to when a digest told."""

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
    op.add_column("choices", sa.Column("digest_rhythm", sa.String(length=20), nullable=True))
    op.add_column("choices", sa.Column("summary_day", sa.Integer(), nullable=True))
    op.add_column("choices", sa.Column("summary_rhythm", sa.String(length=20), nullable=True))
    op.add_column("notification", sa.Column("told_until", sa.DateTime(timezone=True), nullable=True))
