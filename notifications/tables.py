"""The tables of telling people: what is told, in which message, with which attempts, and what was not sent and why."""

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from commitments.database import UtcTime
from commitments.tables import metadata

notification = Table(
    "notification",
    metadata,
    Column("id", Integer, primary_key=True),
    # scheduled|CONTACT|DAY, or at-once|NOTICE KEY: at most one scheduled message a person a day is this constraint
    Column("key", String(400), nullable=False, unique=True),
    Column("contact_id", ForeignKey("contact.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),
    Column("address", String(254), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", JSON, nullable=False),
    Column("local_day", Date, nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("queued_at", UtcTime, nullable=False),
    Column("next_at", UtcTime, nullable=False),  # not before: 08:00 of the recipient's zone, or the next retry
    Column("lease_until", UtcTime),
    Column("worker", String(120)),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", UtcTime),
    Column(
        "told_until", UtcTime
    ),  # when it was first taken up to be sent: what it says ends there, tried however often
    Column("repeated", Boolean, nullable=False),  # sent again because nobody knows whether the first was taken
    Column("subject", String(1000)),
    # {"attempts": …, "from": [{channel, address, code, reply, at}]}: the channels on which it failed for good before,
    # and how many attempts do not count on this one: those made there, and those that found the mail server away
    Column("earlier", JSON(none_as_null=True)),
    Index("ix_notification_state_next", "state", "next_at"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(400), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("contact_id", ForeignKey("contact.id"), nullable=False, index=True),
    Column("notification_id", ForeignKey("notification.id"), index=True),
    Column("agreement_id", ForeignKey("agreement.id")),
    Column("commitment_id", ForeignKey("commitment.id")),
    Column("follow_up_id", ForeignKey("follow_up.id"), index=True),
    Column("party_id", ForeignKey("party.id")),
    Column("matter", String(250), nullable=False),
    Column("matter_kind", String(20), nullable=False),
    Column("standing", String(20), nullable=False),
    Column("rung", Integer, nullable=False),
    Column("due_on", Date),
    Column("reason", JSON, nullable=False),  # why it stands so: {"code": …, "numbers": {…}}
    Column("decision", String(20), nullable=False),  # told | passed_over | held
    Column(
        "decision_reason", JSON, nullable=False
    ),  # why it is told now, or why it is not: {"code": …, "numbers": {…}}
    Column("decided_on", Date, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Index("ix_notice_matter", "matter"),
    Index("ix_notice_agreement_id_due_on", "agreement_id", "due_on"),
    Index(
        "ix_notice_untold",
        "id",
        sqlite_where=text("decision <> 'told'"),
        postgresql_where=text("decision <> 'told'"),
    ),
    Index(
        "ix_notice_held",
        "contact_id",
        sqlite_where=text("kind = 'hand_over' AND decision = 'held'"),
        postgresql_where=text("kind = 'hand_over' AND decision = 'held'"),
    ),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("notification_id", ForeignKey("notification.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("worker", String(120), nullable=False),
    Column("outcome", String(20)),  # nothing while under way
    Column("code", Integer),
    Column("reply", String(300)),
    Column("run", String(36)),  # of Prefect; nothing if a command sent it
    UniqueConstraint("notification_id", "number"),
)

# What came back, or was refused at once: what a channel's state is judged by.
bounce = Table(
    "bounce",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(100), nullable=False, unique=True),  # of the report: reading it twice is reading it once
    Column("notification_id", ForeignKey("notification.id"), nullable=False),
    Column("contact_id", ForeignKey("contact.id"), nullable=False, index=True),
    Column("channel", String(20), nullable=False),
    Column("address", String(254), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("reply", String(300), nullable=False),
    Column("read_at", UtcTime, nullable=False),
)
