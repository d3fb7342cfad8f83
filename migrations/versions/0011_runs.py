"""Which run of Prefect made an attempt to send."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("run", sa.String(length=36), nullable=True))
