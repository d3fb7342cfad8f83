"""What is published of the log as events, what was followed up, and what was taken in from other systems.

What the log held before is not published: nobody waits for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("log_entry", sa.Column("once", sa.String(length=400), nullable=True))
    op.add_column("log_entry", sa.Column("event_id", sa.String(length=36), nullable=True))
    op.create_index(
        "uq_log_entry_once",
        "log_entry",
        ["once"],
        unique=True,
        sqlite_where=sa.text("once IS NOT NULL"),
        postgresql_where=sa.text("once IS NOT NULL"),
    )
    op.create_table(
        "publication",
        sa.Column("log_entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("emitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["log_entry_id"], ["log_entry.id"], name=op.f("fk_publication_log_entry_id")),
        sa.PrimaryKeyConstraint("log_entry_id", name=op.f("pk_publication")),
    )
    for name, column in (("unpublished", "published_at"), ("unfollowed", "followed_at")):
        op.create_index(
            f"ix_publication_{name}",
            "publication",
            ["log_entry_id"],
            unique=False,
            sqlite_where=sa.text(f"{column} IS NULL"),
            postgresql_where=sa.text(f"{column} IS NULL"),
        )
    op.create_table(
        "inbound",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("event_id", name=op.f("uq_inbound_event_id")),
    )
