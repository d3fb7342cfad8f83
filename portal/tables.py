"""The tables of the portal: requests to sign in, and who is signed in. A row is ended, and removed when it is old."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from commitments.database import UtcTime
from commitments.tables import metadata

# Every request is kept, also one for an address that nobody has: so both take the same time, and are counted alike.
sign_in = Table(
    "sign_in",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(43), nullable=False, unique=True),  # what the signed link carries
    Column("address_hash", String(64), nullable=False),
    Column("contact_id", ForeignKey("contact.id"), index=True),  # none: nobody is known by this address
    Column("lead_to", String(300), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Index("ix_sign_in_address_hash_asked_at", "address_hash", "asked_at"),
    Index("ix_sign_in_asked_at", "asked_at"),
)

visit = Table(
    "visit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key_hash", String(64), nullable=False, unique=True),  # of what the cookie holds, which is kept nowhere
    Column("contact_id", ForeignKey("contact.id"), nullable=False, index=True),
    Column("device", String(120), nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("ended_at", UtcTime),
)
