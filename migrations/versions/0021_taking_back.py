"""What was said by mistake is ended, and a silent agreement may be left so until a day."""

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
