"""What hand-overs that wait for the end of a pause are found by, and how often people want digest and summary."""

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
