"""The tables of the portal: requests to sign in, who is signed in, feeds of dates, what is being registered, and
searches that somebody keeps.

None of it is of the register: a row is removed when it is old, or has become something there.
"""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from commitments.database import UtcTime
from commitments.tables import metadata

# Every request is kept as it comes, also one for an address that nobody has, and one that is too many: so all of them
# take the same time. Whose address it is, and whether it is too many, is looked for afterwards.
sign_in = Table(
    "sign_in",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(43), nullable=False, unique=True),  # what the signed link carries
    Column("address_hash", String(64), nullable=False),
    Column("contact_id", ForeignKey("contact.id"), index=True),  # none: nobody is known by this address
    Column("lead_to", String(300), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("answered_at", UtcTime),  # when it was looked for whose address it is; none: that is still to be done
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

# What one person has begun to register: written down step by step, or brought as a file and not applied yet.
registration = Table(
    "registration",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("contact_id", ForeignKey("contact.id"), nullable=False, index=True),
    Column("way", String(10), nullable=False),  # by_hand | by_file
    Column("title", String(300), nullable=False),
    Column("content", JSON, nullable=False),
    Column("shown", String(64)),  # the hash of the difference that was shown
    Column("began_at", UtcTime, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
)

feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key_hash", String(64), nullable=False, unique=True),  # of the secret part of its address
    Column("contact_id", ForeignKey("contact.id"), nullable=False, index=True),
    Column("made_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

# A search of the list of agreements, as it stands in the address.
saved_search = Table(
    "saved_search",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("contact_id", ForeignKey("contact.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("query", String(1000), nullable=False),
    UniqueConstraint("contact_id", "name"),
)
