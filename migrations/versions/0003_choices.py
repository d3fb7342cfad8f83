"""What each person chose about their messages; the first date of what was moved; who handed a commitment over."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "choices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=True),
        sa.Column("digest_day", sa.Integer(), nullable=True),
        sa.Column("hour", sa.String(length=5), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("quiet_from", sa.String(length=5), nullable=True),
        sa.Column("quiet_to", sa.String(length=5), nullable=True),
        sa.Column("paused_from", sa.Date(), nullable=True),
        sa.Column("paused_to", sa.Date(), nullable=True),
        sa.Column("unsubscribed", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_choices_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choices")),
        sa.UniqueConstraint("contact_id", name=op.f("uq_choices_contact_id")),
    )
    op.add_column("commitment", sa.Column("first_due", sa.String(length=10), nullable=True))
    op.add_column("milestone", sa.Column("first_due", sa.String(length=10), nullable=True))
    # In one statement of the table's own, because SQLite adds no constraint afterwards.
    with op.batch_alter_table("commitment_owner") as owners:
        owners.add_column(
            sa.Column(
                "handed_from_id",
                sa.Integer(),
                sa.ForeignKey("contact.id", name=op.f("fk_commitment_owner_handed_from_id")),
                nullable=True,
            )
        )
