"""Searches that somebody keeps under a name, and the themes of the register at hand."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "saved_search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_saved_search_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
        sa.UniqueConstraint("contact_id", "name", name=op.f("uq_saved_search_contact_id_name")),
    )
    op.create_index("ix_commitment_theme_agreement_id", "commitment", ["theme", "agreement_id"], unique=False)
