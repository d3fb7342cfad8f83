"""The words of the product, each with one meaning (docs/glossary.md)."""

from enum import StrEnum


class PartyKind(StrEnum):
    CITY = "city"
    REGION = "region"
    DISTRICT = "district"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    MINISTRY = "ministry"
    COMPANY = "company"
    ASSOCIATION = "association"
    ENTERPRISE_PARTNERSHIP = "enterprise_partnership"
    NETWORK = "network"
    GOVERNMENT = "government"
    OTHER = "other"


class PartyRole(StrEnum):
    """What a party is in one agreement."""

    PARTY = "party"
    MEMBER = "member"
    SECRETARIAT = "secretariat"
    WITNESS = "witness"


class ContactRole(StrEnum):
    COORDINATOR = "coordinator"
    OWNER = "owner"
    LEADER = "leader"
    OPERATOR = "operator"


class AgreementKind(StrEnum):
    MEMORANDUM = "memorandum"
    SISTER_CITY = "sister_city"
    FRIENDSHIP = "friendship"
    ECONOMIC_PARTNERSHIP = "economic_partnership"
    COOPERATION = "cooperation"
    IMPLEMENTING = "implementing"
    NETWORK_MEMBERSHIP = "network_membership"
    LETTER_OF_INTENT = "letter_of_intent"
    INTERGOVERNMENTAL = "intergovernmental"
    DECLARED_PLANS = "declared_plans"
    CONTRACT = "contract"
    OTHER = "other"


class AgreementState(StrEnum):
    """Derived from the agreement's dates, never stored."""

    PROPOSED = "proposed"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    ENDED = "ended"


class RenewalRule(StrEnum):
    NONE = "none"
    AUTOMATIC = "automatic"
    BY_AGREEMENT = "by_agreement"
    BY_VOTE = "by_vote"


class CommitmentKind(StrEnum):
    DELIVERABLE = "deliverable"
    RECURRING = "recurring"
    TARGET = "target"
    OPEN_ENDED = "open_ended"
    PLANNED = "planned"


class CommitmentState(StrEnum):
    """Facts that people decide."""

    ACTIVE = "active"
    FULFILLED = "fulfilled"
    WAIVED = "waived"
    WITHDRAWN = "withdrawn"
    ON_HOLD = "on_hold"


class MilestoneState(StrEnum):
    SCHEDULED = "scheduled"
    MET = "met"
    PARTIALLY_MET = "partially_met"
    NOT_MET = "not_met"
    WAIVED = "waived"


class OccurrenceState(StrEnum):
    EXPECTED = "expected"
    WAIVED = "waived"


class Owed(StrEnum):
    """How several owners owe one commitment."""

    JOINTLY = "jointly"
    EACH = "each"


class Comparator(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ABOUT = "about"


class Rating(StrEnum):
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"


class Completion(StrEnum):
    NO_EVIDENCE = "no_evidence"
    NOT_STARTED = "not_started"
    LIMITED = "limited"
    SUBSTANTIAL = "substantial"
    COMPLETE = "complete"


class ConfirmationState(StrEnum):
    ASKED = "asked"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"  # asked no more, since the commitment itself was decided otherwise


class ConfirmedBy(StrEnum):
    """Who is asked to confirm what one party reports as done."""

    OTHER_PARTIES = "other_parties"  # who was promised it, and who owes it jointly too
    THOSE_WHO_OWE = "those_who_owe"  # who owes it jointly too
    NOBODY = "nobody"


class ProposalState(StrEnum):
    """What has become of a proposal of one side to the others."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"  # what it was to change was changed otherwise meanwhile


class Consent(StrEnum):
    """What a side says to a proposal."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class Every(StrEnum):
    """The length of one period of a recurring commitment."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class MatterKind(StrEnum):
    """What a standing, a follow-up or a notice is about."""

    COMMITMENT = "commitment"
    MILESTONE = "milestone"
    OCCURRENCE = "occurrence"
    EXPIRY = "expiry"
    NOTICE = "notice"
    RENEWAL = "renewal"
    REPORT = "report"
    DORMANCY = "dormancy"
    OPERATION = "operation"
    DRAFT = "draft"


class StandingState(StrEnum):
    ON_TRACK = "on_track"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    BEHIND = "behind"
    SILENT = "silent"
    UNCONFIRMED = "unconfirmed"
    UNOWNED = "unowned"
    SETTLED = "settled"
    ON_HOLD = "on_hold"


class ReasonCode(StrEnum):
    """Why a matter stands as it does; the numbers stand beside it."""

    SETTLED = "settled"
    REPORTED_DONE = "reported_done"
    HELD = "held"
    CONDITION_OPEN = "condition_open"
    AGREEMENT_ENDED = "agreement_ended"
    AGREEMENT_EXPIRED = "agreement_expired"
    NOT_YET = "not_yet"
    DUE_LATER = "due_later"
    DUE_SOON = "due_soon"
    PAST_DUE = "past_due"
    NO_DATE_ACTIVE = "no_date_active"
    SILENT_SINCE = "silent_since"
    NOTHING_KNOWN = "nothing_known"
    PERIOD_MET = "period_met"
    PERIOD_ON_PACE = "period_on_pace"
    PERIOD_BEHIND = "period_behind"
    PERIOD_MISSED = "period_missed"
    TARGET_MET = "target_met"
    TARGET_ON_PACE = "target_on_pace"
    TARGET_BEHIND = "target_behind"
    TARGET_MISSED = "target_missed"
    TARGET_UNMEASURED = "target_unmeasured"
    TO_CONFIRM = "to_confirm"
    CONFIRM_PASSED = "confirm_passed"
    NO_OWNER = "no_owner"
    NO_NEXT_STEP = "no_next_step"
    EXPIRES = "expires"
    EXPIRED = "expired"
    NOTICE_BY = "notice_by"
    NOTICE_PASSED = "notice_passed"
    RENEW_BY = "renew_by"
    RENEW_PASSED = "renew_passed"
    RENEWS_ITSELF = "renews_itself"
    REPORT_DUE = "report_due"
    REPORT_PASSED = "report_passed"
    DORMANT = "dormant"
    ALIVE = "alive"
    KEPT = "kept"
    CONFIRMATION_ASKED = "confirmation_asked"
    MESSAGE_FAILED = "message_failed"
    CHECK_MISSED = "check_missed"
    RUN_FAILED = "run_failed"
    RUN_STUCK = "run_stuck"
    NOTHING_RUNS = "nothing_runs"
    REPORTS_MISSING = "reports_missing"
    EVENTS_REFUSED = "events_refused"
    INBOUND_REFUSED = "inbound_refused"
    TEMPLATE_BROKEN = "template_broken"
    DRAFT_WAITING = "draft_waiting"


class FollowUpKind(StrEnum):
    OVERDUE = "overdue"
    BEHIND = "behind"
    SILENT = "silent"
    UNCONFIRMED = "unconfirmed"
    UNOWNED = "unowned"
    NEXT_STEP_MISSING = "next_step_missing"
    REPORT_DUE = "report_due"
    NOTICE_DEADLINE = "notice_deadline"
    RENEWAL_DUE = "renewal_due"
    EXPIRED = "expired"
    DORMANT = "dormant"
    CONFIRMATION_ASKED = "confirmation_asked"
    MESSAGE_FAILED = "message_failed"
    CHECK_MISSED = "check_missed"
    RUN_FAILED = "run_failed"
    RUN_STUCK = "run_stuck"
    NOTHING_RUNS = "nothing_runs"
    REPORTS_MISSING = "reports_missing"
    EVENTS_REFUSED = "events_refused"
    INBOUND_REFUSED = "inbound_refused"
    TEMPLATE_BROKEN = "template_broken"
    DRAFT_WAITING = "draft_waiting"


OPERATOR_KINDS = frozenset(
    {
        FollowUpKind.CHECK_MISSED,
        FollowUpKind.RUN_FAILED,
        FollowUpKind.RUN_STUCK,
        FollowUpKind.NOTHING_RUNS,
        FollowUpKind.REPORTS_MISSING,
        FollowUpKind.EVENTS_REFUSED,
        FollowUpKind.INBOUND_REFUSED,
        FollowUpKind.TEMPLATE_BROKEN,
    }
)
"""What is wrong with the engine itself, or with the answers that it waits for: the operator's, under no agreement."""
STANDING_OF = dict.fromkeys(FollowUpKind, StandingState.DUE_SOON) | {
    FollowUpKind.OVERDUE: StandingState.OVERDUE,
    FollowUpKind.BEHIND: StandingState.BEHIND,
    FollowUpKind.SILENT: StandingState.SILENT,
    FollowUpKind.UNCONFIRMED: StandingState.UNCONFIRMED,
    FollowUpKind.UNOWNED: StandingState.UNOWNED,
    FollowUpKind.EXPIRED: StandingState.OVERDUE,
    FollowUpKind.DORMANT: StandingState.SILENT,
    FollowUpKind.NEXT_STEP_MISSING: StandingState.ON_TRACK,
    FollowUpKind.DRAFT_WAITING: StandingState.OVERDUE,
    **dict.fromkeys(OPERATOR_KINDS, StandingState.OVERDUE),
}
"""How what a follow-up asks about stands, as far as the follow-up says."""


class DraftState(StrEnum):
    """What has become of an agreement that somebody filled in."""

    WAITING = "waiting"
    REGISTERED = "registered"
    REJECTED = "rejected"


class FollowUpState(StrEnum):
    OPEN = "open"
    DONE = "done"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class NotificationKind(StrEnum):
    """What a message mainly is; one message may carry several sorts of notice."""

    REMINDER = "reminder"
    FOLLOW_UP = "follow_up"
    ESCALATION = "escalation"
    CONFIRMATION = "confirmation"
    HAND_OVER = "hand_over"
    DIGEST = "digest"
    SUMMARY = "summary"
    ALERT = "alert"
    SIGN_IN = "sign_in"


class Answer(StrEnum):
    """What a person can say to what is asked of them."""

    DONE = "done"
    HELD = "held"
    MEASURED = "measured"
    ON_TRACK = "on_track"
    MORE_TIME = "more_time"
    SNOOZE = "snooze"
    NOT_ME = "not_me"
    CONFIRM = "confirm"
    SEND_BACK = "send_back"
    CONFIRM_BY = "confirm_by"
    MAKE_FIRM = "make_firm"
    DROP = "drop"
    NEXT_STEP = "next_step"
    NOT_HELD = "not_held"


class Channel(StrEnum):
    """By what a message reaches a person."""

    MAIL = "mail"
    SLACK = "slack"
    TEAMS = "teams"
    TELEGRAM = "telegram"
    NTFY = "ntfy"
    MATRIX = "matrix"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    LARK = "lark"
    SMS = "sms"
    WEBHOOK = "webhook"


class ChannelKind(StrEnum):
    """What kind of channel something comes by, where it does not matter which service it is."""

    MAIL = "mail"
    CHAT = "chat"
    SMS = "sms"
    WEBHOOK = "webhook"


class Rhythm(StrEnum):
    """How often a digest or a summary comes."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class NotificationState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What became of one attempt to send."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNCERTAIN = "uncertain"
