"""The English phrases for every code, which are also the keys of the catalogues.

Each code has variants: the first one whose numbers are all known is said. `notifications.wording` fills them in; the
forms of a date are `%(due)s` (3 March 2018), `%(due_at)s` (on 3 March 2018), `%(due_end)s` (the end of March 2018) and
`%(due_at_end)s` (at the end of March 2018).
"""

from enum import StrEnum

from commitments.vocabulary import (
    AgreementState,
    Answer,
    CommitmentKind,
    CommitmentState,
    FollowUpKind,
    FollowUpState,
    MatterKind,
    MilestoneState,
    NotificationKind,
    NotificationState,
    Rating,
    ReasonCode,
    Rhythm,
    StandingState,
)
from notifications.messages import Age
from notifications.reasons import ChangeKind, Decision, Why

Variants = tuple[str, ...]


def N_(text: str) -> str:
    """Mark a phrase for the catalogues; it is translated where it is said."""
    return text


REASONS: dict[ReasonCode, Variants] = {
    ReasonCode.SETTLED: (N_("%(state)s %(on_at)s"), "%(state)s"),
    ReasonCode.REPORTED_DONE: (
        N_("reported as done %(on_at)s, not yet confirmed by %(parties)s"),
        N_("reported as done, not yet confirmed by %(parties)s"),
    ),
    ReasonCode.HELD: (
        N_("put on hold %(on_at)s, until %(until_end)s"),
        N_("put on hold until %(until_end)s"),
        N_("put on hold %(on_at)s"),
        N_("put on hold"),
    ),
    ReasonCode.CONDITION_OPEN: (N_("waits for a condition that is not met yet"),),
    ReasonCode.AGREEMENT_ENDED: (N_("the agreement ended %(on_at)s"), N_("the agreement has ended")),
    ReasonCode.AGREEMENT_EXPIRED: (N_("the agreement expired %(on_at_end)s"), N_("the agreement has expired")),
    ReasonCode.NOT_YET: (N_("begins %(from_at)s"),),
    ReasonCode.DUE_LATER: (N_("due by %(due_end)s, %(ahead)s"),),
    ReasonCode.DUE_SOON: (N_("due by %(due_end)s, %(ahead)s"),),
    ReasonCode.PAST_DUE: (N_("was due by %(due_end)s, %(ago)s"),),
    ReasonCode.NO_DATE_ACTIVE: (N_("last activity %(since_at)s; no date is stated"),),
    ReasonCode.SILENT_SINCE: (N_("no activity since %(since)s: silent for %(span)s"),),
    ReasonCode.NOTHING_KNOWN: (N_("neither a date nor an activity is on record"),),
    ReasonCode.PERIOD_MET: (
        N_("%(held)s of %(expected)s %(what)s held in %(period)s"),
        N_("%(held)s of %(expected)s held in %(period)s"),
    ),
    ReasonCode.PERIOD_ON_PACE: (
        N_("%(held)s of %(expected)s %(what)s held in %(period)s, %(left)s"),
        N_("%(held)s of %(expected)s held in %(period)s, %(left)s"),
    ),
    ReasonCode.PERIOD_BEHIND: (
        N_("%(held)s of %(expected)s %(what)s held in %(period)s, %(left)s: behind an even pace"),
        N_("%(held)s of %(expected)s held in %(period)s, %(left)s: behind an even pace"),
    ),
    ReasonCode.PERIOD_MISSED: (
        N_("%(held)s of %(expected)s %(what)s held in %(period)s, which is over"),
        N_("%(held)s of %(expected)s held in %(period)s, which is over"),
    ),
    ReasonCode.TARGET_MET: (
        N_("%(value)s measured %(measured_on_at)s: the target of %(target)s is met"),
        N_("%(value)s measured: the target of %(target)s is met"),
    ),
    ReasonCode.TARGET_ON_PACE: (
        N_("%(value)s of %(target)s (%(measured_on)s), due by %(due_end)s, %(ahead)s"),
        N_("%(value)s of %(target)s (%(measured_on)s)"),
        N_("%(value)s of %(target)s"),
    ),
    ReasonCode.TARGET_BEHIND: (
        N_("%(value)s of %(target)s (%(measured_on)s), due by %(due_end)s, %(ahead)s: behind an even pace"),
        N_("%(value)s of %(target)s: behind an even pace"),
    ),
    ReasonCode.TARGET_MISSED: (
        N_("%(value)s of %(target)s (%(measured_on)s), was due by %(due_end)s, %(ago)s"),
        N_("no measurement on record; the target of %(target)s was due by %(due_end)s, %(ago)s"),
    ),
    ReasonCode.TARGET_UNMEASURED: (
        N_("no measurement on record; the target of %(target)s is due by %(due_end)s, %(ahead)s"),
        N_("no measurement on record; the target is %(target)s"),
    ),
    ReasonCode.TO_CONFIRM: (N_("a plan, to be confirmed by %(by_end)s, %(ahead)s"),),
    ReasonCode.CONFIRM_PASSED: (N_("a plan that was to be confirmed by %(by_end)s, %(ago)s"),),
    ReasonCode.NO_OWNER: (
        N_("nobody in office answers for it: %(parties)s (%(former)s until %(until_end)s)"),
        N_("nobody in office answers for it: %(parties)s (%(waiting)s waits to be accepted)"),
        N_("nobody in office answers for it: %(parties)s"),
        N_("nobody in office answers for it"),
    ),
    ReasonCode.NO_NEXT_STEP: (N_("no next step on record since %(since)s, %(ago)s"),),
    ReasonCode.EXPIRES: (N_("the agreement expires %(on_at_end)s, %(ahead)s"),),
    ReasonCode.EXPIRED: (N_("the agreement expired %(on_at_end)s, %(ago)s"),),
    ReasonCode.NOTICE_BY: (N_("notice can be given until %(by_end)s, %(ahead)s"),),
    ReasonCode.NOTICE_PASSED: (N_("the last day for notice was %(by)s, %(ago)s"),),
    ReasonCode.RENEW_BY: (N_("renewal is to be agreed by %(by_end)s, %(ahead)s"),),
    ReasonCode.RENEW_PASSED: (N_("renewal was to be agreed by %(by_end)s, %(ago)s"),),
    ReasonCode.RENEWS_ITSELF: (N_("renews itself %(on_at_end)s, %(ahead)s, unless notice is given"),),
    ReasonCode.REPORT_DUE: (N_("the %(cycle)s report is due by %(cycle_end)s, %(ahead)s"),),
    ReasonCode.REPORT_PASSED: (N_("the %(cycle)s report was due by %(cycle_end)s, %(ago)s"),),
    ReasonCode.DORMANT: (N_("nothing has happened under the agreement since %(since)s: dormant for %(span)s"),),
    ReasonCode.ALIVE: (N_("last activity under the agreement %(since_at)s"),),
    ReasonCode.KEPT: (
        N_("left as it is until %(until)s, though nothing has happened since %(since)s: %(note)s"),
        N_("left as it is until %(until)s, though nothing has happened since %(since)s"),
    ),
    ReasonCode.CONFIRMATION_ASKED: (N_("a report has waited for confirmation since %(asked_on)s"),),
    ReasonCode.MESSAGE_FAILED: (
        N_("a message to %(contact)s could not be sent: %(reply)s; the address on record is %(address)s"),
        N_("a message to %(contact)s could not be sent: %(reply)s"),
        N_("a message to %(contact)s could not be sent"),
        N_("a message could not be sent"),
    ),
    ReasonCode.CHECK_MISSED: (
        N_("no check of the commitments has finished since %(since)s, for %(hours)s hours"),
        N_("no check of the commitments has finished yet, %(hours)s hours after the first was due"),
        N_("no check of the commitments has finished in time"),
    ),
    ReasonCode.RUN_FAILED: (
        N_("the run “%(run)s” of %(flow)s ended as %(ended)s: %(fault)s"),
        N_("the run “%(run)s” of %(flow)s ended as %(ended)s"),
        N_("a run of %(flow)s failed: %(fault)s"),
        N_("a run of %(flow)s began %(hours)s hours ago and never finished"),
        N_("a run of %(flow)s did not finish"),
    ),
    ReasonCode.RUN_STUCK: (
        N_("the run “%(run)s” of %(flow)s has been %(ended)s for %(minutes)s minutes"),
        N_("a run of %(flow)s has not moved on for %(minutes)s minutes"),
        N_("a run of %(flow)s does not move on"),
    ),
    ReasonCode.NOTHING_RUNS: (N_("no flow has begun for %(hours)s hours"), N_("no flow runs any more")),
    ReasonCode.REPORTS_MISSING: (
        N_("no progress report on %(matter)s, asked for by %(since)s, nor on %(others)s more"),
        N_("no progress report on %(matter)s, asked for by %(since)s"),
        N_("no progress report on a commitment that was asked for one"),
    ),
    ReasonCode.EVENTS_REFUSED: (
        N_("the Prefect server takes no events: %(fault)s"),
        N_("the Prefect server takes no events"),
    ),
    ReasonCode.TEMPLATE_BROKEN: (
        N_("a file of the house could not be used: %(fault)s"),
        N_("a file of the house could not be used"),
    ),
    ReasonCode.INBOUND_REFUSED: (
        N_("the event %(event)s from elsewhere was refused: %(fault)s"),
        N_("an event from elsewhere was refused: %(fault)s"),
        N_("an event from elsewhere was refused"),
    ),
    ReasonCode.DRAFT_WAITING: (N_("the agreement “%(title)s” has waited for approval since %(since)s"),),
}

FROM_A_REPORT: dict[ReasonCode, Variants] = {
    ReasonCode.NO_DATE_ACTIVE: (N_("last heard of by a report %(since_at)s; no date is stated"),),
    ReasonCode.SILENT_SINCE: (N_("nothing heard since a report of %(since)s: silent for %(span)s"),),
    ReasonCode.DORMANT: (N_("nothing heard under the agreement since a report of %(since)s: dormant for %(span)s"),),
    ReasonCode.ALIVE: (N_("last heard of under the agreement by a report %(since_at)s"),),
}
FROM_THE_START: dict[ReasonCode, Variants] = {
    ReasonCode.NO_DATE_ACTIVE: (N_("no activity on record since the start %(since_at)s; no date is stated"),),
    ReasonCode.SILENT_SINCE: (N_("no activity on record since the start %(since_at)s: silent for %(span)s"),),
    ReasonCode.DORMANT: (N_("no activity under the agreement since its start %(since_at)s: dormant for %(span)s"),),
    ReasonCode.ALIVE: (N_("no activity under the agreement yet; it started %(since_at)s"),),
}
"""Said instead where silence is counted from the start, because no activity is known at all."""

NONE_EXPECTED: Variants = (N_("none expected in %(period)s"),)
MORE_THAN_EXPECTED: Variants = (
    N_("%(held)s %(what)s held in %(period)s, %(expected)s expected"),
    N_("%(held)s held in %(period)s, %(expected)s expected"),
)

GROUNDS: dict[Why, Variants] = {
    Why.LEAD_REACHED: (N_("reminder %(lead)s"), N_("reminder of a coming date")),
    Why.OPENED: (N_("follow-up opened %(on_at)s"), N_("new follow-up")),
    Why.ESCALATED: (
        N_("%(stand_in)s, asked in place of %(asked)s, has not answered for %(working_days)s"),
        N_("%(asked)s has not answered for %(working_days)s"),
        N_("unanswered for %(working_days)s"),
        N_("unanswered"),
    ),
    Why.WEEKLY: (N_("the digest for %(week)s"), N_("the week's digest")),
    Why.MONTHLY: (N_("the summary for %(month)s"), N_("the month's summary")),
    Why.ASKED: (N_("your confirmation has just been asked for"),),
    Why.SENT_BACK: (N_("your report was sent back %(on_at)s"), N_("your report was sent back")),
    Why.HANDED_OVER: (
        N_("handed over to you from %(contact)s by %(asked)s %(on_at)s"),
        N_("handed over to you by %(asked)s %(on_at)s"),
        N_("handed over to you"),
    ),
    Why.HANDED_ON: (
        N_("handed over to %(contact)s by %(asked)s %(on_at)s"),
        N_("handed over to somebody else"),
    ),
    Why.REGISTERED: (
        N_("registered by %(asked)s %(on_at)s; %(contact)s, named for your side, waits for your yes"),
        N_("registered by %(asked)s %(on_at)s; %(people)s people, named for your side, wait for your yes"),
        N_("registered by %(asked)s %(on_at)s, with your party as one of the parties"),
    ),
    Why.PROPOSED: (
        N_("%(contact)s was named for your side by %(asked)s %(on_at)s, and waits for your yes"),
        N_("%(people)s people were named for your side by %(asked)s %(on_at)s, and wait for your yes"),
    ),
    Why.PAUSED: (N_("paused until %(day)s"), N_("paused")),
    Why.QUIET: (N_("waits for the reader's morning"),),
    Why.CHOSEN_DAYS: (N_("goes %(day_at)s, on a day that the reader chose"), N_("goes on a day that the reader chose")),
    Why.UNSUBSCRIBED: (N_("the reader has unsubscribed from this kind"),),
    Why.CHOICES_CHANGED: (N_("the reader has chosen otherwise since"),),
    Why.RULES_CHANGED: (N_("the rules have been changed since"),),
    Why.LATER_RUNG: (N_("a later reminder is the right one today"),),
    Why.NOBODY_ON_RUNG: (N_("there is nobody to tell: %(rung)s"), N_("there is nobody to tell")),
    Why.SAME_PERSON: (N_("the same person has been told already"),),
    Why.REST_DAY: (
        N_("%(holiday)s is a day of rest; looked at again %(next_at)s"),
        N_("a day of rest; looked at again %(next_at)s"),
        N_("%(holiday)s is a day of rest; the message goes %(day_at)s"),
        N_("a day of rest; the message goes %(day_at)s"),
        N_("a day of rest"),
    ),
    Why.HAD_TODAYS_MESSAGE: (N_("today's message has gone to this person already"),),
    Why.CARRIED_OVER: (
        N_("its day passed before it could be sent; what it says goes %(day_at)s"),
        N_("its day passed before it could be sent; a later message says it"),
    ),
    Why.NEXT_SENDING_TIME: (N_("goes %(day_at)s, in the reader's morning"), N_("goes in the reader's morning")),
    Why.AT_ONCE: (N_("goes at once"),),
    Why.NO_ADDRESS: (N_("no mail address is on record"),),
    Why.OUT_OF_OFFICE: (N_("no longer, or not yet, in office"),),
    Why.ANSWERED_MEANWHILE: (N_("it was answered meanwhile"),),
    Why.PASSED_ON: (N_("passed on to %(contact)s"), N_("passed on to somebody else")),
    Why.NOTHING_TO_SAY: (N_("there was nothing to say"),),
    Why.UNCERTAIN_HELD: (N_("nobody knows whether it arrived, so it was set aside rather than sent twice"),),
    Why.REFUSED: (N_("refused by the mail server: %(code)s %(reply)s"), N_("refused by the mail server")),
    Why.BOUNCED: (N_("came back: %(reply)s"), N_("came back")),
    Why.OTHER_CHANNEL: (
        N_("failed by %(former)s, so it goes by %(channel)s: %(reply)s"),
        N_("failed by %(former)s, so it goes by %(channel)s"),
    ),
    Why.CHANNELS_OFF: (N_("too much came back, so nothing is sent until there is a new address"),),
    Why.SENT_AGAIN: (N_("sent again, as %(who)s asked"), N_("sent again")),
    Why.GIVEN_UP: (N_("given up after %(attempts)s: %(reply)s"), N_("given up after several attempts")),
}

_LOST = (N_("%(for)s, who is asked, cannot be reached: the message of %(lost)s did not arrive"),)
_NO_WAY = (N_("%(for)s, who is asked, cannot be reached: no address on record that works"),)

STOOD_IN_FOR: dict[Why, Variants] = {
    Why.OUT_OF_OFFICE: (N_("%(for)s, who was asked, is no longer in office"),),
    Why.NO_ADDRESS: _NO_WAY,
    Why.CHANNELS_OFF: _NO_WAY,
    Why.REFUSED: _LOST,
    Why.GIVEN_UP: _LOST,
    Why.BOUNCED: _LOST,
    Why.PAUSED: (N_("%(for)s, who is asked, is away until %(until)s"),),
    Why.UNSUBSCRIBED: (N_("%(for)s, who is asked, has chosen to get no such messages"),),
}

ESCALATIONS: dict[int, Variants] = {
    1: (
        N_("%(stand_in)s, asked in place of %(asked)s, has not answered for %(working_days)s; you are the deputy"),
        N_("%(asked)s has not answered for %(working_days)s; you are the deputy"),
        N_("unanswered for %(working_days)s; you are the deputy"),
    ),
    2: (
        N_("%(stand_in)s, asked in place of %(asked)s, has not answered for %(working_days)s; you are the coordinator"),
        N_("%(asked)s has not answered for %(working_days)s; you are the coordinator"),
        N_("unanswered for %(working_days)s; you are the coordinator"),
    ),
    3: (
        N_(
            "%(stand_in)s, asked in place of %(asked)s, has not answered for %(working_days)s; the leaders of"
            " both sides are told"
        ),
        N_("%(asked)s has not answered for %(working_days)s; the leaders of both sides are told"),
        N_("unanswered for %(working_days)s; the leaders of both sides are told"),
    ),
}

RUNGS: dict[int, str] = {
    0: N_("the owner"),
    1: N_("the deputy"),
    2: N_("the coordinator"),
    3: N_("the leaders of both sides"),
}

EXPECTED_BY_FOLLOW_UP: dict[FollowUpKind, str] = {
    FollowUpKind.OVERDUE: N_("Say where it stands: done, a new date, or what stands in the way."),
    FollowUpKind.BEHIND: N_("Record what has been done, or say what is planned for the time left."),
    FollowUpKind.SILENT: N_("Say what has happened since, or name the next step."),
    FollowUpKind.UNCONFIRMED: N_("Confirm the plan, make it a firm commitment, or drop it."),
    FollowUpKind.UNOWNED: N_("Name the person who answers for it."),
    FollowUpKind.NEXT_STEP_MISSING: N_("Name the next step and its date."),
    FollowUpKind.REPORT_DUE: N_("Prepare the report and record when it is submitted."),
    FollowUpKind.NOTICE_DEADLINE: N_("Decide whether the agreement goes on: after this day, notice comes too late."),
    FollowUpKind.RENEWAL_DUE: N_("Agree on the renewal with the other side, or let the agreement end."),
    FollowUpKind.EXPIRED: N_("Renew the agreement, or record that it has ended."),
    FollowUpKind.DORMANT: N_("Agree on a next activity with the other side, or decide what becomes of the agreement."),
    FollowUpKind.CONFIRMATION_ASKED: N_("Read the report, then confirm it or send it back with a note."),
    FollowUpKind.MESSAGE_FAILED: N_(
        "Check the address on the person's page and enter the one that works. While none works, what is asked of them "
        "goes to who stands in for them."
    ),
    FollowUpKind.CHECK_MISSED: N_(
        "See in the Prefect UI why check-progress does not finish, and run it once by hand; this closes by itself then."
    ),
    FollowUpKind.RUN_FAILED: N_(
        "Read the run's log in the Prefect UI; once the cause is put right, the next good run closes this by itself."
    ),
    FollowUpKind.RUN_STUCK: N_(
        "See whether something serves the deployments; cancel the run if its process is gone. The next good run closes "
        "this by itself."
    ),
    FollowUpKind.NOTHING_RUNS: N_(
        "See whether tally up runs, or a worker and its Prefect server, and start it again; the next run closes this "
        "by itself."
    ),
    FollowUpKind.REPORTS_MISSING: N_(
        "Ask those who are to answer, or see why they cannot: tally follow-ups lists them. Once all have answered, "
        "this closes by itself."
    ),
    FollowUpKind.EVENTS_REFUSED: N_(
        "Set PREFECT_API_AUTH_STRING or PREFECT_API_KEY to what the server asks for. Nothing is lost; this closes by "
        "itself when it takes them."
    ),
    FollowUpKind.DRAFT_WAITING: N_(
        "Look through the draft and approve or reject it: run register-agreement in the Prefect UI and name the draft."
    ),
    FollowUpKind.TEMPLATE_BROKEN: N_(
        "Mend the file; tally preview says what is wrong. Until then the usual one is used."
    ),
    FollowUpKind.INBOUND_REFUSED: N_("Have the event corrected and sent again, or close this if it is not needed."),
}

EXPECTED_ELSEWHERE = N_("Ask %(party)s who answers for it, and name that person.")
EXPECTED_AFTER_PERIOD = N_("Record what was held, or say why it was not.")
EXPECTED_BY_MATTER: dict[MatterKind, str] = {
    MatterKind.COMMITMENT: N_("Report when it is done, or say in time if the date cannot be kept."),
    MatterKind.MILESTONE: N_("Report when this milestone is met, or say in time if the date cannot be kept."),
    MatterKind.OCCURRENCE: N_("Hold what is still missing, and record each activity."),
    MatterKind.EXPIRY: N_("Decide in time whether the agreement is to go on."),
    MatterKind.NOTICE: EXPECTED_BY_FOLLOW_UP[FollowUpKind.NOTICE_DEADLINE],
    MatterKind.RENEWAL: EXPECTED_BY_FOLLOW_UP[FollowUpKind.RENEWAL_DUE],
    MatterKind.REPORT: EXPECTED_BY_FOLLOW_UP[FollowUpKind.REPORT_DUE],
    MatterKind.DORMANCY: EXPECTED_BY_FOLLOW_UP[FollowUpKind.DORMANT],
    MatterKind.DRAFT: EXPECTED_BY_FOLLOW_UP[FollowUpKind.DRAFT_WAITING],
    MatterKind.OPERATION: EXPECTED_BY_FOLLOW_UP[FollowUpKind.RUN_FAILED],
}

NEWS: dict[ChangeKind, str] = {
    ChangeKind.REPORTED: N_("%(party)s reported: %(rating)s"),
    ChangeKind.CONFIRMED: N_("%(party)s confirmed the report"),
    ChangeKind.RETURNED: N_("%(party)s sent the report back"),
    ChangeKind.HELD: N_("activity recorded"),
    ChangeKind.MEASURED: N_("%(value)s measured"),
    ChangeKind.MILESTONE: N_("milestone: %(state)s"),
    ChangeKind.SETTLED: N_("commitment: %(state)s"),
    ChangeKind.REPORTED_DONE: N_("reported as done, not yet confirmed"),
    ChangeKind.REGISTERED: N_("new in the register"),
    ChangeKind.ADDED: N_("a new commitment"),
    ChangeKind.MOVED: N_("now due %(after)s, before: %(before)s"),
    ChangeKind.ENDS: N_("end of the agreement: %(after)s, before: %(before)s"),
    ChangeKind.TERMS: N_("the terms of the agreement were changed"),
    ChangeKind.RULES: N_("the rules for reminders and confirmations were changed"),
    ChangeKind.PROPOSED: N_(
        "%(party)s proposes that fewer are asked to confirm reports; the other side answers on Home"
    ),
    ChangeKind.REFUSED: N_("%(party)s refused that fewer are asked to confirm reports"),
    ChangeKind.LEFT: N_("%(party)s is a party to it until %(after)s"),
    ChangeKind.ANSWERED_BY: N_("%(name)s (%(party)s) answers for it now"),
    ChangeKind.RESUMED: N_("taken up again"),
}

AGES: dict[Age, str] = {
    Age.HALF_YEAR: N_("Less than 6 months"),
    Age.YEAR: N_("6 to 12 months"),
    Age.TWO_YEARS: N_("1 to 2 years"),
    Age.LONGER: N_("2 years and more"),
    Age.UNKNOWN: N_("Nothing on record"),
}

SETTLED_STATES: dict[str, str] = {
    "fulfilled": N_("fulfilled"),
    "waived": N_("waived"),
    "withdrawn": N_("withdrawn"),
    "ended": N_("ended"),
    "met": N_("met"),
    "partially_met": N_("partly met"),
    "not_met": N_("not met"),
}

NAMES: dict[type[StrEnum], dict[StrEnum, str]] = {
    Rhythm: {
        Rhythm.WEEKLY: N_("every week"),
        Rhythm.FORTNIGHTLY: N_("every two weeks"),
        Rhythm.MONTHLY: N_("every month"),
        Rhythm.QUARTERLY: N_("every three months"),
    },
    StandingState: {
        StandingState.ON_TRACK: N_("On track"),
        StandingState.DUE_SOON: N_("Due soon"),
        StandingState.OVERDUE: N_("Overdue"),
        StandingState.BEHIND: N_("Behind"),
        StandingState.SILENT: N_("Silent"),
        StandingState.UNCONFIRMED: N_("Unconfirmed"),
        StandingState.UNOWNED: N_("No owner"),
        StandingState.SETTLED: N_("Settled"),
        StandingState.ON_HOLD: N_("On hold"),
    },
    CommitmentKind: {
        CommitmentKind.DELIVERABLE: N_("Deliverable"),
        CommitmentKind.RECURRING: N_("Recurring"),
        CommitmentKind.TARGET: N_("Target"),
        CommitmentKind.OPEN_ENDED: N_("Open-ended"),
        CommitmentKind.PLANNED: N_("Planned"),
    },
    AgreementState: {
        AgreementState.PROPOSED: N_("Proposed"),
        AgreementState.SIGNED: N_("Signed"),
        AgreementState.IN_FORCE: N_("In force"),
        AgreementState.EXPIRED: N_("Expired"),
        AgreementState.ENDED: N_("Ended"),
    },
    FollowUpKind: {
        FollowUpKind.OVERDUE: N_("Overdue"),
        FollowUpKind.BEHIND: N_("Behind"),
        FollowUpKind.SILENT: N_("Silent"),
        FollowUpKind.UNCONFIRMED: N_("Plan to confirm"),
        FollowUpKind.UNOWNED: N_("Owner missing"),
        FollowUpKind.NEXT_STEP_MISSING: N_("Next step missing"),
        FollowUpKind.REPORT_DUE: N_("Report due"),
        FollowUpKind.NOTICE_DEADLINE: N_("Notice deadline"),
        FollowUpKind.RENEWAL_DUE: N_("Renewal due"),
        FollowUpKind.EXPIRED: N_("Expired"),
        FollowUpKind.DORMANT: N_("No activity for a long time"),
        FollowUpKind.CONFIRMATION_ASKED: N_("Confirmation asked for"),
        FollowUpKind.MESSAGE_FAILED: N_("Message not sent"),
        FollowUpKind.CHECK_MISSED: N_("Daily check missed"),
        FollowUpKind.RUN_FAILED: N_("Run failed"),
        FollowUpKind.RUN_STUCK: N_("Run stuck"),
        FollowUpKind.NOTHING_RUNS: N_("Nothing runs"),
        FollowUpKind.REPORTS_MISSING: N_("Reports not given"),
        FollowUpKind.EVENTS_REFUSED: N_("Events not taken"),
        FollowUpKind.INBOUND_REFUSED: N_("Event refused"),
        FollowUpKind.TEMPLATE_BROKEN: N_("Template broken"),
        FollowUpKind.DRAFT_WAITING: N_("Draft not approved"),
    },
    MatterKind: {
        MatterKind.COMMITMENT: N_("Commitment"),
        MatterKind.MILESTONE: N_("Milestone"),
        MatterKind.OCCURRENCE: N_("Period"),
        MatterKind.EXPIRY: N_("Expiry"),
        MatterKind.NOTICE: N_("Notice deadline"),
        MatterKind.RENEWAL: N_("Renewal"),
        MatterKind.REPORT: N_("Report"),
        MatterKind.DORMANCY: N_("No activity for a long time"),
        MatterKind.OPERATION: N_("Operation"),
        MatterKind.DRAFT: N_("Draft of an agreement"),
    },
    CommitmentState: {
        CommitmentState.ACTIVE: N_("Active"),
        CommitmentState.FULFILLED: N_("Fulfilled"),
        CommitmentState.WAIVED: N_("Waived"),
        CommitmentState.WITHDRAWN: N_("Withdrawn"),
        CommitmentState.ON_HOLD: N_("On hold"),
    },
    MilestoneState: {
        MilestoneState.SCHEDULED: N_("Scheduled"),
        MilestoneState.MET: N_("Met"),
        MilestoneState.PARTIALLY_MET: N_("Partly met"),
        MilestoneState.NOT_MET: N_("Not met"),
        MilestoneState.WAIVED: N_("Waived"),
    },
    Rating: {
        Rating.ON_TRACK: N_("On track"),
        Rating.AT_RISK: N_("At risk"),
        Rating.OFF_TRACK: N_("Off track"),
    },
    FollowUpState: {
        FollowUpState.OPEN: N_("Open"),
        FollowUpState.DONE: N_("Done"),
        FollowUpState.SUPERSEDED: N_("Superseded"),
        FollowUpState.WITHDRAWN: N_("Withdrawn"),
    },
    NotificationKind: {
        NotificationKind.REMINDER: N_("Reminder"),
        NotificationKind.FOLLOW_UP: N_("Follow-up"),
        NotificationKind.ESCALATION: N_("Escalation"),
        NotificationKind.CONFIRMATION: N_("Confirmation"),
        NotificationKind.HAND_OVER: N_("Hand-over"),
        NotificationKind.DIGEST: N_("Digest"),
        NotificationKind.SUMMARY: N_("Summary"),
        NotificationKind.ALERT: N_("Alert"),
        NotificationKind.SIGN_IN: N_("Sign-in"),
    },
    Answer: {
        Answer.DONE: N_("It is done"),
        Answer.HELD: N_("Something happened"),
        Answer.MEASURED: N_("Tell the number"),
        Answer.ON_TRACK: N_("On its way"),
        Answer.MORE_TIME: N_("More time"),
        Answer.SNOOZE: N_("Remind me later"),
        Answer.NOT_ME: N_("Somebody else"),
        Answer.CONFIRM: N_("Confirm"),
        Answer.SEND_BACK: N_("Send back"),
        Answer.CONFIRM_BY: N_("Confirm it by another day"),
        Answer.MAKE_FIRM: N_("Make it a firm commitment"),
        Answer.DROP: N_("Drop the plan"),
        Answer.NEXT_STEP: N_("Name the next step"),
        Answer.NOT_HELD: N_("It was not held"),
    },
    NotificationState: {
        NotificationState.QUEUED: N_("Queued"),
        NotificationState.SENDING: N_("Sending"),
        NotificationState.SENT: N_("Sent"),
        NotificationState.FAILED: N_("Failed"),
        NotificationState.CANCELLED: N_("Cancelled"),
    },
    Decision: {
        Decision.TOLD: N_("Told"),
        Decision.PASSED_OVER: N_("Passed over"),
        Decision.HELD: N_("Held back"),
    },
}

ACTIVITY_NAMES: dict[str, str] = {
    "visit": N_("Visit"),
    "exhibition": N_("Exhibition"),
    "exchange": N_("Exchange"),
    "meeting": N_("Meeting"),
    "training": N_("Training"),
    "performance": N_("Performance"),
    "event": N_("Event"),
    "publication": N_("Publication"),
    "signing": N_("Signing"),
    "other": N_("Something else"),
}
