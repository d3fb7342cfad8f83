"""The operator: follow-ups that belong to no agreement, and what the engine knows of its own runs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "flow_record",
        sa.Column("flow", sa.String(length=60), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("flow", name=op.f("pk_flow_record")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _drop_not_null()
    else:
        op.alter_column("follow_up", "agreement_id", existing_type=sa.Integer(), nullable=True)


def _drop_not_null() -> None:
    """The way that SQLite documents where a change touches no row; copying the table would break what refers to it."""
    run = op.get_bind().exec_driver_sql
    version = run("PRAGMA schema_version").scalar_one()
    run("PRAGMA writable_schema=ON")
    changed = run(
        "UPDATE sqlite_master SET sql = replace(sql, 'agreement_id INTEGER NOT NULL', 'agreement_id INTEGER') "
        "WHERE type = 'table' AND name = 'follow_up'"
    ).rowcount
    assert changed == 1
    run(f"PRAGMA schema_version={version + 1}")
    run("PRAGMA writable_schema=RESET")
