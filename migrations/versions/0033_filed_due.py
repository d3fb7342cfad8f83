"""The date that an agreement's file still says, where it was moved by people since."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0031"


def upgrade() -> None:
    for name in ("commitment", "milestone"):
        op.add_column(name, sa.Column("filed_due", sa.String(length=10), nullable=True))
        row = sa.table(name, sa.column("first_due"), sa.column("filed_due"))
        op.execute(row.update().where(row.c.first_due.is_not(None)).values(filed_due=row.c.first_due))
