"""When it was looked for whose address it is that somebody asked with for a link to sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("sign_in", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    sign_in = sa.table("sign_in", sa.column("asked_at"), sa.column("answered_at"))
    op.execute(sa.update(sign_in).values(answered_at=sign_in.c.asked_at))  # they were, within a second
