"""Until when what has become due has been found: by the check, and by the planning of each kind of message."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "known_until",
        sa.Column("what", sa.String(length=30), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_known_until")),
    )
