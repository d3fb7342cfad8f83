"""How each agreement stands as a whole, for lists to look for: worked out for the first time by the next check."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    table = op.create_table(
        "overall_standing",
        sa.Column("agreement_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("states", sa.Integer(), nullable=False),
        sa.Column("turns_on", sa.Date(), nullable=True),
        sa.Column("next_states", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreement.id"], name=op.f("fk_overall_standing_agreement_id")
        ),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_overall_standing")),
    )
    agreement = sa.table("agreement", sa.column("id"), sa.column("registered_on"))
    op.execute(
        sa.insert(table).from_select(
            ["agreement_id", "first_day", "states", "version"],
            sa.select(agreement.c.id, agreement.c.registered_on, sa.literal_column("0"), sa.literal_column("0")),
        )
    )
