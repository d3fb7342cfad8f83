"""Which changes become events, under which lasting names. Pure: knows no Prefect.

Other systems listen to these names: a name that was given is never changed, only added to (docs/reference/events.md).
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

from commitments.changes import Change
from commitments.vocabulary import CommitmentState, ConfirmationState, FollowUpState, MilestoneState

PREFIX = "tallystick."
EVERYTHING_INBOUND = "tallystick.inbound.*"


class EventName(StrEnum):
    AGREEMENT_SIGNED = "tallystick.agreement.signed"
    AGREEMENT_AMENDED = "tallystick.agreement.amended"
    AGREEMENT_EXPIRED = "tallystick.agreement.expired"
    COMMITMENT_REGISTERED = "tallystick.commitment.registered"
    COMMITMENT_FULFILLED = "tallystick.commitment.fulfilled"
    COMMITMENT_WITHDRAWN = "tallystick.commitment.withdrawn"
    PROGRESS_REPORTED = "tallystick.progress.reported"
    PROGRESS_CONFIRMED = "tallystick.progress.confirmed"
    PROGRESS_RETURNED = "tallystick.progress.returned"
    PROGRESS_WITHDRAWN = "tallystick.progress.withdrawn"
    ACTIVITY_HELD = "tallystick.activity.held"
    ACTIVITY_AMENDED = "tallystick.activity.amended"
    ACTIVITY_WITHDRAWN = "tallystick.activity.withdrawn"
    MEASUREMENT_TAKEN = "tallystick.measurement.taken"
    MEASUREMENT_WITHDRAWN = "tallystick.measurement.withdrawn"
    MILESTONE_MET = "tallystick.milestone.met"
    MILESTONE_OVERDUE = "tallystick.milestone.overdue"
    FOLLOW_UP_OPENED = "tallystick.follow-up.opened"
    FOLLOW_UP_DONE = "tallystick.follow-up.done"
    FOLLOW_UP_ESCALATED = "tallystick.follow-up.escalated"
    NOTIFICATION_FAILED = "tallystick.notification.failed"
    CONTACT_CHANGED = "tallystick.contact.changed"


MEANINGS: dict[EventName, str] = {
    EventName.AGREEMENT_SIGNED: "a party's signature was recorded; one event a party",
    EventName.AGREEMENT_AMENDED: "its terms, parties, commitments, owners or milestones changed; one event a change, "
    "however many of its rows that touched",
    EventName.AGREEMENT_EXPIRED: "its last day has passed and it does not renew itself; once for each last day",
    EventName.COMMITMENT_REGISTERED: "a commitment is new in the register",
    EventName.COMMITMENT_FULFILLED: "a commitment became fulfilled",
    EventName.COMMITMENT_WITHDRAWN: "a commitment was withdrawn",
    EventName.PROGRESS_REPORTED: "an owner reported progress",
    EventName.PROGRESS_CONFIRMED: "the other party confirmed a report",
    EventName.PROGRESS_RETURNED: "the other party sent a report back",
    EventName.PROGRESS_WITHDRAWN: "a report was taken back by those who had made it",
    EventName.ACTIVITY_HELD: "something happened: a visit, an exhibition, a meeting",
    EventName.ACTIVITY_AMENDED: "what was recorded of an activity, or what it counts for, was put right",
    EventName.ACTIVITY_WITHDRAWN: "an activity did not happen or was recorded twice: it counts no more",
    EventName.MEASUREMENT_TAKEN: "a target's value was measured",
    EventName.MEASUREMENT_WITHDRAWN: "a measured value was taken back",
    EventName.MILESTONE_MET: "a milestone was met",
    EventName.MILESTONE_OVERDUE: "a milestone's date has passed and it is not met; once for each date",
    EventName.FOLLOW_UP_OPENED: "a follow-up was opened, or opened again",
    EventName.FOLLOW_UP_DONE: "a follow-up is no longer open: done, superseded or withdrawn",
    EventName.FOLLOW_UP_ESCALATED: "a follow-up reached the next rung of its ladder; once a rung",
    EventName.NOTIFICATION_FAILED: "a message was refused for good, or given up",
    EventName.CONTACT_CHANGED: "a contact is new, or has another role, term of office, deputy or address",
}
"""What each says, as docs/reference/events.md shows it."""

FOLLOWED = frozenset(
    {
        EventName.AGREEMENT_SIGNED,
        EventName.AGREEMENT_AMENDED,
        EventName.COMMITMENT_REGISTERED,
        EventName.COMMITMENT_FULFILLED,
        EventName.COMMITMENT_WITHDRAWN,
        EventName.PROGRESS_REPORTED,
        EventName.PROGRESS_CONFIRMED,
        EventName.PROGRESS_RETURNED,
        EventName.PROGRESS_WITHDRAWN,
        EventName.ACTIVITY_HELD,
        EventName.ACTIVITY_AMENDED,
        EventName.ACTIVITY_WITHDRAWN,
        EventName.MEASUREMENT_TAKEN,
        EventName.MEASUREMENT_WITHDRAWN,
        EventName.MILESTONE_MET,
        EventName.CONTACT_CHANGED,
    }
)
"""What people do, after which the agreement is looked at again. What the engine itself finds is not followed: it would
follow its own steps for ever."""

_TERMS = frozenset(
    {
        "agreement",
        "agreement_party",
        "signatory",
        "submitted_report",
        "budget_line",
        "policy",
        "commitment",
        "commitment_owner",
        "milestone",
        "occurrence",
    }
)
"""The tables of what was agreed, as far as it can be amended."""

KEPT = "kept"
"""The action by which an agreement is left as it is: no amendment of it."""

OF_OFFICE = frozenset({"role", "valid_from", "valid_to", "deputy_id", "channels", "time_zone"})
"""What of a contact decides who is asked, and when."""

_WORDED: dict[tuple[str, str], EventName] = {
    ("expired", "agreement"): EventName.AGREEMENT_EXPIRED,
    ("overdue", "milestone"): EventName.MILESTONE_OVERDUE,
    ("escalated", "follow_up"): EventName.FOLLOW_UP_ESCALATED,
    ("failed", "notification"): EventName.NOTIFICATION_FAILED,
    ("registered", "commitment"): EventName.COMMITMENT_REGISTERED,
    ("registered", "progress_report"): EventName.PROGRESS_REPORTED,
    ("withdrawn", "progress_report"): EventName.PROGRESS_WITHDRAWN,
    ("registered", "activity"): EventName.ACTIVITY_HELD,
    ("amended", "activity"): EventName.ACTIVITY_AMENDED,
    ("withdrawn", "activity"): EventName.ACTIVITY_WITHDRAWN,
    ("registered", "measurement"): EventName.MEASUREMENT_TAKEN,
    ("withdrawn", "measurement"): EventName.MEASUREMENT_WITHDRAWN,
}


def name_changes(changes: Sequence[Change]) -> list[EventName | None]:
    """The event of each of the changes that were made together; most have none.

    What is registered together with its agreement is no amendment of it, nor news of its people, and an amendment is
    named once.
    """
    new = {change.row_id for change in changes if (change.action, change.subject) == ("registered", "agreement")}
    new_commitments = {
        change.reference for change in changes if (change.action, change.subject) == ("registered", "commitment")
    }
    amended: set[int | None] = set()
    names: list[EventName | None] = []
    for change in changes:
        name = _name_alone(change)
        if (change.action, change.subject) == ("registered", "contact") and not new:
            name = EventName.CONTACT_CHANGED
        is_term = change.subject in _TERMS and change.action != KEPT
        if name is None and is_term and change.agreement_id is not None:
            belongs_to_new = change.agreement_id in new or "/".join(change.reference.split("/")[:2]) in new_commitments
            if not belongs_to_new and change.agreement_id not in amended:
                amended.add(change.agreement_id)
                name = EventName.AGREEMENT_AMENDED
        names.append(name)
    return names


def _name_alone(change: Change) -> EventName | None:
    """The event that a change is by itself."""
    worded = _WORDED.get((change.action, change.subject))
    if worded is not None:
        return worded
    return next((name for holds, name in _BECOMING if holds(change)), None)


def _becomes(subject: str, column: str, *values: str) -> Callable[[Change], bool]:
    """Whether a row's column takes one of these values; any value if none is named."""

    def holds(change: Change) -> bool:
        if change.subject != subject or column not in change.changes:
            return False
        old, new = change.changes[column]
        return old != new and (str(new) in values if values else new is not None)

    return holds


def _changes_office(change: Change) -> bool:
    return (change.action, change.subject) == ("amended", "contact") and not OF_OFFICE.isdisjoint(change.changes)


_BECOMING: tuple[tuple[Callable[[Change], bool], EventName], ...] = (
    (_becomes("agreement_party", "signed"), EventName.AGREEMENT_SIGNED),
    (_becomes("commitment", "state", CommitmentState.FULFILLED), EventName.COMMITMENT_FULFILLED),
    (_becomes("commitment", "state", CommitmentState.WITHDRAWN), EventName.COMMITMENT_WITHDRAWN),
    (_becomes("confirmation", "state", ConfirmationState.CONFIRMED), EventName.PROGRESS_CONFIRMED),
    (_becomes("confirmation", "state", ConfirmationState.RETURNED), EventName.PROGRESS_RETURNED),
    (_becomes("milestone", "state", MilestoneState.MET), EventName.MILESTONE_MET),
    (_becomes("milestone", "met_on"), EventName.MILESTONE_MET),
    (_changes_office, EventName.CONTACT_CHANGED),
    (_becomes("follow_up", "state", FollowUpState.OPEN), EventName.FOLLOW_UP_OPENED),
    (
        _becomes("follow_up", "state", FollowUpState.DONE, FollowUpState.SUPERSEDED, FollowUpState.WITHDRAWN),
        EventName.FOLLOW_UP_DONE,
    ),
)
