"""Who answers for a commitment once their own side has accepted them, while somebody else still does."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    # In one statement of the table's own, because SQLite adds no constraint afterwards.
    with op.batch_alter_table("commitment_owner") as owners:
        owners.add_column(
            sa.Column(
                "awaited_id",
                sa.Integer(),
                sa.ForeignKey("contact.id", name=op.f("fk_commitment_owner_awaited_id")),
                nullable=True,
            )
        )
