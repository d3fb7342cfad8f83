"""Who of another side added a person, until the person's own side has accepted them."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("contact", sa.Column("proposed_by", sa.String(length=80), nullable=True))
