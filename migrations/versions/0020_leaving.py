"""When a party left an agreement that goes on without it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("agreement_party", sa.Column("ended", sa.String(length=10), nullable=True))
