"""Channels that fail: what came back, which of a person's channels is failing or off, and where a message went first."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("notification", sa.Column("earlier", sa.JSON(), nullable=True))
    op.create_table(
        "channel_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_channel_state_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_state")),
        sa.UniqueConstraint(
            "contact_id", "channel", "address", name=op.f("uq_channel_state_contact_id_channel_address")
        ),
    )
    op.create_table(
        "bounce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reply", sa.String(length=300), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_bounce_contact_id")),
        sa.ForeignKeyConstraint(["notification_id"], ["notification.id"], name=op.f("fk_bounce_notification_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce")),
        sa.UniqueConstraint("key", name=op.f("uq_bounce_key")),
    )
    op.create_index(op.f("ix_bounce_contact_id"), "bounce", ["contact_id"])
