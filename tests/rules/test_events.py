"""Which change becomes which event, one sentence a row."""

import re
from pathlib import Path

import pytest

from commitments.changes import Change
from commitments.events import FOLLOWED, MEANINGS, EventName, name_changes

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "events.md"


def change(action: str, subject: str, reference: str = "leeds-hangzhou/link", **columns: object) -> Change:
    changes = {name: pair if isinstance(pair, tuple) else (None, pair) for name, pair in columns.items()}
    return Change(action, subject, 1, reference, 7, changes)


@pytest.mark.parametrize(
    ("sentence", "made", "name"),
    [
        ("a party signs", change("registered", "agreement_party", signed="2018-09"), "agreement.signed"),
        ("a signature is added", change("amended", "agreement_party", signed=(None, "2018")), "agreement.signed"),
        ("a party joins unsigned", change("registered", "agreement_party", role="party"), "agreement.amended"),
        ("a date is amended", change("amended", "agreement", expires=("2026", "2030")), "agreement.amended"),
        ("an agreement is left as it is", change("kept", "agreement", kept_until=(None, "2027-03-02")), None),
        ("a milestone is moved", change("amended", "milestone", due=("2026", "2027")), "agreement.amended"),
        ("a milestone is added", change("registered", "milestone", due="2027"), "agreement.amended"),
        ("an owner changes", change("amended", "commitment_owner", contact_id=(1, 2)), "agreement.amended"),
        ("a commitment is put on hold", change("amended", "commitment", state=("active", "on_hold")),
         "agreement.amended"),
        ("its term ends", change("expired", "agreement"), "agreement.expired"),
        ("a commitment is new", change("registered", "commitment", state="active"), "commitment.registered"),
        ("a commitment that was fulfilled before is new all the same",
         change("registered", "commitment", state="fulfilled"), "commitment.registered"),
        ("it is fulfilled", change("amended", "commitment", state=("active", "fulfilled")), "commitment.fulfilled"),
        ("it is withdrawn", change("amended", "commitment", state=("active", "withdrawn")), "commitment.withdrawn"),
        ("an owner reports", change("registered", "progress_report", rating="on_track"), "progress.reported"),
        ("the other party confirms", change("amended", "confirmation", state=("asked", "confirmed")),
         "progress.confirmed"),
        ("the other party returns it", change("amended", "confirmation", state=("asked", "returned")),
         "progress.returned"),
        ("a side takes its report back", change("withdrawn", "progress_report", withdrawn_on="2026-03-02"),
         "progress.withdrawn"),
        ("a confirmation is only asked", change("registered", "confirmation", state="asked"), None),
        ("something happened", change("registered", "activity", title="Visit"), "activity.held"),
        ("what happened is put right", change("amended", "activity", held_on=("2026-02", "2026-03")),
         "activity.amended"),
        ("what was said to have happened is withdrawn", change("withdrawn", "activity", withdrawn_on="2026-03-02"),
         "activity.withdrawn"),
        ("what it counts for", change("registered", "activity_commitment", commitment_id=3), None),
        ("a value is measured", change("registered", "measurement", value=18.0), "measurement.taken"),
        ("a value is taken back", change("withdrawn", "measurement", withdrawn_on="2026-03-02"),
         "measurement.withdrawn"),
        ("a milestone is met", change("amended", "milestone", state=("scheduled", "met")), "milestone.met"),
        ("a day on which it was met is given", change("amended", "milestone", met_on=(None, "2026-03")),
         "milestone.met"),
        ("a milestone's date passes", change("overdue", "milestone"), "milestone.overdue"),
        ("a follow-up is opened", change("registered", "follow_up", state="open"), "follow-up.opened"),
        ("a follow-up is opened again", change("opened", "follow_up", state=("done", "open")), "follow-up.opened"),
        ("a follow-up is closed", change("closed", "follow_up", state=("open", "done")), "follow-up.done"),
        ("a newer one takes its place", change("superseded", "follow_up", state=("open", "superseded")),
         "follow-up.done"),
        ("a follow-up is passed on", change("reassigned", "follow_up", assignee_id=(1, 2)), None),
        ("a follow-up rests", change("snoozed", "follow_up", snoozed_until=(None, "2026-04-01")), None),
        ("the next rung is reached", change("escalated", "follow_up", rung=(0, 1)), "follow-up.escalated"),
        ("a message has failed", change("failed", "notification", state=("sending", "failed")),
         "notification.failed"),
        ("evidence is added", change("registered", "evidence", title="Photo"), None),
        ("a person is new", change("registered", "contact", name="Mei"), "contact.changed"),
        ("an office ends", change("amended", "contact", valid_to=(None, "2026-03-01")), "contact.changed"),
        ("a person has another role", change("amended", "contact", role=("owner", "coordinator")), "contact.changed"),
        ("a person has another address", change("amended", "contact", channels=({}, {"mail": "x"})), "contact.changed"),
        ("a person's office is called otherwise", change("amended", "contact", office=(None, "Roads")), None),
    ],
)  # fmt: skip
def test_a_change_is_this_event(sentence: str, made: Change, name: str | None) -> None:
    expected = EventName(f"tallystick.{name}") if name else None
    assert name_changes([made]) == [expected], sentence


def test_what_is_registered_with_its_agreement_is_no_amendment() -> None:
    together = [
        Change("registered", "agreement", 7, "leeds-hangzhou", 7),
        change("registered", "agreement_party", "leeds-hangzhou/leeds", role="party"),
        change("registered", "commitment"),
        change("registered", "contact", "mei", role="owner"),
        change("registered", "commitment_owner", "leeds-hangzhou/link/leeds", party_id=1),
        change("registered", "milestone", "leeds-hangzhou/link/first", due="2019"),
    ]
    assert name_changes(together) == [None, None, EventName.COMMITMENT_REGISTERED, None, None, None]


def test_what_is_registered_with_its_commitment_is_no_amendment() -> None:
    together = [
        change("registered", "commitment", "leeds-hangzhou/new"),
        change("registered", "milestone", "leeds-hangzhou/new/first", due="2019"),
        change("registered", "milestone", "leeds-hangzhou/link/second", due="2019"),
    ]
    assert name_changes(together) == [EventName.COMMITMENT_REGISTERED, None, EventName.AGREEMENT_AMENDED]


def test_an_amendment_of_many_rows_is_one_event() -> None:
    together = [change("amended", "milestone", due=("2026", "2027")) for _ in range(30)]
    assert [name for name in name_changes(together) if name] == [EventName.AGREEMENT_AMENDED]


def test_what_the_engine_finds_by_itself_is_not_followed_again() -> None:
    own = {EventName.AGREEMENT_EXPIRED, EventName.MILESTONE_OVERDUE, EventName.NOTIFICATION_FAILED}
    own |= {name for name in EventName if ".follow-up." in name}
    assert set(EventName) - own == FOLLOWED


def test_the_reference_lists_every_event_with_its_meaning_and_whether_it_starts_a_run() -> None:
    rows = re.findall(r"^\| `(tallystick\.[a-z.-]+)` \| (.+?) \| (yes|no) \|$", REFERENCE.read_text(), re.MULTILINE)
    expected = [(str(name), MEANINGS[name], "yes" if name in FOLLOWED else "no") for name in EventName]
    assert rows == expected
