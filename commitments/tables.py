"""The register's tables. Partial dates are kept as written (`2018-09`); a row is ended, never deleted."""

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from commitments.database import UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


PARTIAL_DATE = String(10)


def _key() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _to(target: str, name: str | None = None, *, required: bool = True, index: bool = True) -> Column[int]:
    return Column(name or f"{target}_id", ForeignKey(f"{target}.id"), nullable=not required, index=index)


party = Table(
    "party",
    metadata,
    _key(),
    Column("reference", String(80), nullable=False, unique=True),
    Column("kind", String(30)),
    Column("names", JSON, nullable=False),
    Column("country", String(2)),
    Column("subdivision", String(300)),
    Column("time_zone", String(60)),
    Column("language", String(20)),
    _to("party", "parent_id", required=False),
)

contact = Table(
    "contact",
    metadata,
    _key(),
    Column("reference", String(80), nullable=False, unique=True),
    _to("party"),
    Column("name", String(300), nullable=False),
    Column("office", String(300)),
    Column("role", String(20), nullable=False),
    Column("filed_role", String(20)),  # the role that the agreement's file still says, where another was given since
    Column("language", String(20)),
    Column("time_zone", String(60)),
    Column("valid_from", PARTIAL_DATE),
    Column("valid_to", PARTIAL_DATE),
    _to("contact", "deputy_id", required=False),
    Column("channels", JSON, nullable=False),
    Column("proposed_by", String(80)),  # who of another side added them, until a coordinator of their own has accepted
)

# What a person chose about their messages; what is empty is as the house has it.
choices = Table(
    "choices",
    metadata,
    _key(),
    Column("contact_id", ForeignKey("contact.id"), nullable=False, unique=True),
    Column("days", JSON(none_as_null=True)),
    Column("digest_day", Integer),
    Column("digest_rhythm", String(20)),
    Column("summary_day", Integer),
    Column("summary_rhythm", String(20)),
    Column("hour", String(5)),
    Column("language", String(20)),
    Column("channel", String(20)),
    Column("quiet_from", String(5)),
    Column("quiet_to", String(5)),
    Column("paused_from", Date),
    Column("paused_to", Date),
    Column("unsubscribed", JSON, nullable=False),
)

relationship = Table(
    "relationship",
    metadata,
    _key(),
    Column("reference", String(80), nullable=False, unique=True),
    Column("title", JSON, nullable=False),
    Column("since", PARTIAL_DATE),
    Column("kind", String(30)),
)

agreement = Table(
    "agreement",
    metadata,
    _key(),
    Column("reference", String(80), nullable=False, unique=True),
    Column("title", JSON, nullable=False),
    Column("kind", String(30), nullable=False),
    _to("relationship", required=False),
    Column("effective", PARTIAL_DATE),
    Column("expires", PARTIAL_DATE),
    Column("open_ended", Boolean),
    Column("term", String(300)),
    Column("renewal_rule", String(20)),
    Column("renewal_months", Integer),
    Column("renew_by", PARTIAL_DATE),
    Column("notice_months", Integer),
    Column("notice_days", Integer),
    Column("binding", Boolean),
    Column("languages", JSON, nullable=False),
    Column("authentic", JSON, nullable=False),
    Column("parent", String(80)),
    Column("amends", String(80)),
    Column("replaces", String(80)),
    Column("network_name", String(300)),
    Column("network_field", String(300)),
    Column("designated", PARTIAL_DATE),
    Column("reporting_cycle_years", Integer),
    Column("sources", JSON, nullable=False),
    Column("ended", PARTIAL_DATE),
    Column("ended_reason", String(300)),
    Column("kept_on", Date),  # when it was said that it may be silent
    Column("kept_until", Date),  # the last day on which it may be
    Column("kept_why", String(300)),
    Column("note", Text),
    Column("registered_on", Date, nullable=False),
)

agreement_party = Table(
    "agreement_party",
    metadata,
    _key(),
    _to("agreement"),
    _to("party"),
    Column("role", String(20), nullable=False),
    Column("position", Integer, nullable=False),
    Column("signed", PARTIAL_DATE),
    Column("ended", PARTIAL_DATE),  # the last day on which it was a party, if that was before the agreement's end
    UniqueConstraint("agreement_id", "party_id"),
)

# Whether an agreement is shown to everybody; without a moment it is not, or no longer.
public_page = Table(
    "public_page",
    metadata,
    _key(),
    Column("agreement_id", ForeignKey("agreement.id"), nullable=False, unique=True),
    Column("published_at", UtcTime),
    Column("is_found_by_search", Boolean, nullable=False),
)

signatory = Table(
    "signatory",
    metadata,
    _key(),
    _to("agreement"),
    _to("party"),
    Column("name", String(300), nullable=False),
    Column("office", String(300)),
    UniqueConstraint("agreement_id", "party_id", "name"),
)

submitted_report = Table(
    "submitted_report",
    metadata,
    _key(),
    _to("agreement"),
    Column("cycle", Integer, nullable=False),
    Column("submitted", PARTIAL_DATE, nullable=False),
    UniqueConstraint("agreement_id", "cycle"),
)

policy = Table(
    "policy",
    metadata,
    _key(),
    Column("scope", String(80), nullable=False, unique=True),  # an agreement's reference, or "house"
    Column("rules", JSON, nullable=False),
)

# What one side proposes of a rule that protects the others; it holds once each of them has accepted it.
rule_proposal = Table(
    "rule_proposal",
    metadata,
    _key(),
    _to("agreement"),
    Column("rule", String(40), nullable=False),
    Column("before", String(40), nullable=False),  # as it held for the agreement when it was proposed
    Column("after", String(40), nullable=False),
    _to("party", index=False),  # for which side it is proposed
    Column("proposed_by", String(80), nullable=False),
    Column("proposed_at", UtcTime, nullable=False),
    Column("why", String(300), nullable=False),
    Column("state", String(20), nullable=False),  # open | accepted | refused | withdrawn | overtaken
    Column("closed_at", UtcTime),
    Column("closed_by", String(80)),
    Index(  # of one rule one proposal waits at a time
        "uq_rule_proposal_open",
        "agreement_id",
        "rule",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

rule_proposal_side = Table(
    "rule_proposal_side",
    metadata,
    _key(),
    _to("rule_proposal", index=False),
    _to("party", index=False),
    Column("answer", String(20)),  # accepted | refused; none yet
    Column("answered_by", String(80)),
    Column("answered_at", UtcTime),
    Column("why", String(300)),
    UniqueConstraint("rule_proposal_id", "party_id"),
)

commitment = Table(
    "commitment",
    metadata,
    _key(),
    _to("agreement", index=False),
    Column("reference", String(80), nullable=False),
    Column("position", Integer, nullable=False),
    Column("summary", String(300), nullable=False),
    Column("summaries", JSON, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("quote", JSON, nullable=False),
    Column("source", JSON(none_as_null=True)),
    Column("quote_sources", JSON, nullable=False),
    Column("theme", String(300)),
    Column("tags", JSON, nullable=False),
    Column("owed", String(10), nullable=False),
    Column("implementers", JSON, nullable=False),
    Column("due", PARTIAL_DATE),
    Column("first_due", PARTIAL_DATE),  # the date as first promised, where it was moved since
    Column("filed_due", PARTIAL_DATE),  # the date that the agreement's file still says, where people moved it since
    Column("period_from", PARTIAL_DATE),
    Column("period_to", PARTIAL_DATE),
    Column("confirm_by", PARTIAL_DATE),
    Column("recurrence", JSON(none_as_null=True)),
    Column("target", JSON(none_as_null=True)),
    Column("condition", JSON(none_as_null=True)),
    Column("state", String(20), nullable=False),
    Column("state_on", PARTIAL_DATE),
    Column("state_reason", String(300)),
    Column("state_until", PARTIAL_DATE),  # the last day of a hold, if that was said
    Column("note", Text),
    Column("registered_on", Date, nullable=False),
    UniqueConstraint("agreement_id", "reference"),
    Index("ix_commitment_theme_agreement_id", "theme", "agreement_id"),
    Index("ix_commitment_due", "due", "state", "kind", "agreement_id"),
    Index("ix_commitment_confirm_by", "confirm_by"),
    Index(
        "ix_commitment_recurring",
        "agreement_id",
        sqlite_where=text("recurrence IS NOT NULL"),
        postgresql_where=text("recurrence IS NOT NULL"),
    ),
    Index(
        "ix_commitment_planned",
        "agreement_id",
        sqlite_where=text("kind = 'planned' AND confirm_by IS NULL"),
        postgresql_where=text("kind = 'planned' AND confirm_by IS NULL"),
    ),
)

commitment_owner = Table(
    "commitment_owner",
    metadata,
    _key(),
    _to("commitment", index=False),
    _to("party"),
    _to("contact", required=False),
    _to("contact", "handed_from_id", required=False, index=False),  # whom the agreement's file still names
    _to("contact", "awaited_id", required=False, index=False),  # who takes over once their own side has accepted them
    Column("position", Integer, nullable=False),
    UniqueConstraint("commitment_id", "party_id"),
)

milestone = Table(
    "milestone",
    metadata,
    _key(),
    _to("commitment", index=False),
    Column("reference", String(80), nullable=False),
    Column("title", String(300), nullable=False),
    Column("titles", JSON, nullable=False),
    Column("due", PARTIAL_DATE),
    Column("first_due", PARTIAL_DATE),
    Column("filed_due", PARTIAL_DATE),
    Column("met_on", PARTIAL_DATE),
    Column("state", String(20), nullable=False),
    _to("party", required=False),
    Column("source", JSON(none_as_null=True)),
    Column("registered_on", Date, nullable=False),
    UniqueConstraint("commitment_id", "reference"),
    Index("ix_milestone_due", "due"),
)

occurrence = Table(
    "occurrence",
    metadata,
    _key(),
    _to("commitment", index=False),
    Column("period", String(300), nullable=False),
    Column("state", String(20), nullable=False),
    Column("expected", Integer),
    Column("note", String(300)),
    UniqueConstraint("commitment_id", "period"),
)

activity = Table(
    "activity",
    metadata,
    _key(),
    _to("agreement", index=False),
    Column("reference", String(80), nullable=False),
    Column("title", String(300), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("held_on", PARTIAL_DATE, nullable=False),
    Column("until", PARTIAL_DATE),
    Column("place", String(300)),
    Column("participants", Integer),
    Column("count", Integer, nullable=False),
    Column("parties", JSON, nullable=False),
    Column("link", String(2000)),
    Column("note", Text),
    Column("source", JSON(none_as_null=True)),
    Column("withdrawn_on", Date),  # recorded by mistake, and no sign of life any more
    UniqueConstraint("agreement_id", "reference"),
)

activity_commitment = Table(
    "activity_commitment",
    metadata,
    _key(),
    _to("activity", index=False),
    _to("commitment"),
    Column("withdrawn_on", Date),
    UniqueConstraint("activity_id", "commitment_id"),
)

measurement = Table(
    "measurement",
    metadata,
    _key(),
    _to("commitment", index=False),
    Column("reference", String(80), nullable=False),
    Column("measured_on", PARTIAL_DATE, nullable=False),
    Column("value", Float, nullable=False),
    Column("note", String(300)),
    Column("withdrawn_on", Date),  # taken back; it was never so
    UniqueConstraint("commitment_id", "reference"),
)

progress_report = Table(
    "progress_report",
    metadata,
    _key(),
    _to("commitment", index=False),
    Column("reference", String(80), nullable=False),
    _to("party"),
    _to("contact", required=False),
    Column("reported_on", Date, nullable=False),
    Column("rating", String(20), nullable=False),
    Column("completion", String(20)),
    Column("note", Text),
    Column("fulfilled", Boolean, nullable=False),
    Column("withdrawn_on", Date),  # taken back; nothing was reported
    UniqueConstraint("commitment_id", "reference"),
)

confirmation = Table(
    "confirmation",
    metadata,
    _key(),
    _to("progress_report", "report_id", index=False),
    _to("party"),
    _to("contact", required=False),
    Column("state", String(20), nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("answered_on", Date),
    Column("note", String(300)),
    UniqueConstraint("report_id", "party_id"),
)

evidence = Table(
    "evidence",
    metadata,
    _key(),
    _to("commitment", index=False),
    Column("reference", String(80), nullable=False),
    Column("title", String(300), nullable=False),
    Column("link", String(2000)),
    Column("file", String(300)),
    Column("sha256", String(64), index=True),
    Column("size", Integer),  # in bytes; none: the file is not kept here
    Column("added_on", PARTIAL_DATE),
    Column("activity", String(80)),
    Column("withdrawn_on", Date),
    UniqueConstraint("commitment_id", "reference"),
)

# The files of an agreement's documents that were handed in here; what else is known of them stands in its sources.
document = Table(
    "document",
    metadata,
    _key(),
    _to("agreement", index=False),
    Column("file", String(300), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", Integer, nullable=False),  # in bytes
    Column("added_on", Date, nullable=False),
    Column("withdrawn_on", Date),
    UniqueConstraint("agreement_id", "sha256"),
)

budget_line = Table(
    "budget_line",
    metadata,
    _key(),
    _to("agreement", index=False),
    Column("reference", String(80), nullable=False),
    Column("period_from", PARTIAL_DATE, nullable=False),
    Column("period_to", PARTIAL_DATE),
    Column("amount", Float, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("approximate", Boolean, nullable=False),
    Column("source_of_funds", String(300)),
    Column("commitment", String(80)),
    Column("note", String(300)),
    Column("source", JSON(none_as_null=True)),
    UniqueConstraint("agreement_id", "reference"),
)

follow_up = Table(
    "follow_up",
    metadata,
    _key(),
    Column("key", String(300), nullable=False, unique=True),
    Column("kind", String(30), nullable=False),
    Column("matter", String(250), nullable=False),
    Column("matter_kind", String(20), nullable=False),
    _to("agreement", required=False, index=False),  # none: the operator's matter
    _to("commitment", required=False, index=False),
    _to("party", required=False, index=False),
    Column("period", String(40), nullable=False),
    _to("contact", "assignee_id", required=False),
    Column("due_on", Date, nullable=False),
    Column("reason", JSON, nullable=False),  # {"code": …, "numbers": {…}}
    Column("state", String(20), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
    Column("closed_by", String(80)),
    Column("closed_why", String(300)),
    Column("snoozed_until", Date),
    Index("ix_follow_up_agreement_state", "agreement_id", "state"),
    Index("ix_follow_up_state", "state"),
)

flow_record = Table(
    "flow_record",
    metadata,
    Column("flow", String(60), primary_key=True),
    Column("began_at", UtcTime),
    Column("finished_at", UtcTime),
)

known_until = Table(
    "known_until",
    metadata,
    Column("what", String(30), primary_key=True),  # the check, or a kind of message
    Column("moment", UtcTime, nullable=False),  # what had become due by then has been found
)

draft = Table(
    "draft",
    metadata,
    _key(),
    Column("reference", String(80), nullable=False),  # of the agreement that it would become
    Column("title", String(300), nullable=False),
    Column("content", Text, nullable=False),  # the agreement file
    Column("coordinator", String(80)),
    Column("state", String(20), nullable=False),
    Column("run", String(36), nullable=False, unique=True),  # the Prefect run that waits for the answer
    Column("submitted_at", UtcTime, nullable=False),
    Column("answer_by", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", String(120)),
    Column("decided_why", String(300)),
    Index("ix_draft_state", "state"),
)

channel_state = Table(
    "channel_state",
    metadata,
    _key(),
    _to("contact", index=False),
    Column("channel", String(20), nullable=False),
    Column("address", String(254), nullable=False),
    Column("state", String(20), nullable=False),  # working | failing | off
    Column("reason", JSON, nullable=False),
    Column("since", UtcTime, nullable=False),
    UniqueConstraint("contact_id", "channel", "address"),
)

overall_standing = Table(
    "overall_standing",
    metadata,
    Column("agreement_id", ForeignKey("agreement.id"), primary_key=True, autoincrement=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date),  # none where it was changed since
    Column("states", Integer, nullable=False),  # a bit for each state in which something stands (commitments.overall)
    Column("turns_on", Date),  # from this day on `next_states` hold
    Column("next_states", Integer),
    Column("version", Integer, nullable=False),  # how often it was written
)

log_entry = Table(
    "log_entry",
    metadata,
    _key(),
    Column("at", UtcTime, nullable=False),
    Column("who", String(120), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(40), nullable=False),  # the table's name
    Column("row_id", Integer, nullable=False),
    Column("reference", String(300), nullable=False),
    Column("agreement_id", Integer),
    Column("changes", JSON, nullable=False),  # {column: [from, to]}
    Column("why", String(300)),
    Column("once", String(400)),  # what the engine notes once, however often it finds it
    # Its own and not made of the number: a register put back from a copy counts on from there, and what is new then
    # must not bear the id of an event that was published before.
    Column("event_id", String(36)),
    Index("ix_log_entry_subject_row", "subject", "row_id"),
    Index("ix_log_entry_at", "at"),
    Index(  # what people changed, which most of the log is not
        "ix_log_entry_beside_follow_ups",
        "at",
        "id",
        "subject",
        sqlite_where=text("subject <> 'follow_up'"),
        postgresql_where=text("subject <> 'follow_up'"),
    ),
    Index("ix_log_entry_agreement", "agreement_id", "id"),
    Index(
        "uq_log_entry_once",
        "once",
        unique=True,
        sqlite_where=text("once IS NOT NULL"),
        postgresql_where=text("once IS NOT NULL"),
    ),
)

publication = Table(
    "publication",
    metadata,
    Column("log_entry_id", ForeignKey("log_entry.id"), primary_key=True, autoincrement=False),
    Column("name", String(60), nullable=False),
    Column("emitted_at", UtcTime),  # handed to the event server, which may have lost it since
    Column("published_at", UtcTime),  # seen there
    Column("followed_at", UtcTime),  # what follows from it was worked out
    Index(
        "ix_publication_unpublished",
        "log_entry_id",
        sqlite_where=text("published_at IS NULL"),
        postgresql_where=text("published_at IS NULL"),
    ),
    Index(
        "ix_publication_unfollowed",
        "log_entry_id",
        sqlite_where=text("followed_at IS NULL"),
        postgresql_where=text("followed_at IS NULL"),
    ),
)

inbound = Table(
    "inbound",
    metadata,
    _key(),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("taken_at", UtcTime, nullable=False),
    Column("outcome", String(20), nullable=False),  # taken | refused
    Column("answer", Text, nullable=False),  # what it became, or what was found and expected
)


def list_days() -> list[Column[Any]]:
    """The columns that hold a day, some of them known only as a year or a month."""
    return [one for one in _list_columns() if isinstance(one.type, Date) or one.type is PARTIAL_DATE]


def list_moments() -> list[Column[Any]]:
    """The columns that hold a moment."""
    return [one for one in _list_columns() if isinstance(one.type, UtcTime)]


def _list_columns() -> list[Column[Any]]:
    return [column for table in metadata.tables.values() for column in table.columns]
