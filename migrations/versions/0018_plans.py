"""What plans without a stated day to confirm them are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_index(
        "ix_commitment_planned",
        "commitment",
        ["agreement_id"],
        unique=False,
        sqlite_where=sa.text("kind = 'planned' AND confirm_by IS NULL"),
        postgresql_where=sa.text("kind = 'planned' AND confirm_by IS NULL"),
    )
