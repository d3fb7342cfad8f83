"""The ways from a page that is read to those on which somebody acts, and what is said when they come back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from commitments.deciding import Turn, list_turns
from commitments.vocabulary import CommitmentKind, CommitmentState, MilestoneState
from notifications.views import LinkView
from notifications.wording import Words
from portal.amend_views import name_turn
from portal.paging import write_address
from portal.roles import GIVEN_UP, Permission, Viewer
from portal.sides import says_how_step_went, speaks_for_any

OTHER = "other"

_DONE: Mapping[str, Callable[[Words], str]] = {
    "added": lambda words: words.gettext("The commitment is added, and watched from now on."),
    "evidence": lambda words: words.gettext("The evidence is kept; both sides can see it."),
    "evidence_withdrawn": lambda words: words.gettext("The evidence is withdrawn; the history says what it was."),
    "document": lambda words: words.gettext("The document is kept; whoever sees the agreement can download it."),
    "document_withdrawn": lambda words: words.gettext("The file is withdrawn; the history says what it was."),
    "corrected": lambda words: words.gettext("Corrected; the history keeps what stood there before."),
    "activity_withdrawn": lambda words: words.gettext("The activity is withdrawn and counts no more."),
    "reported": lambda words: words.gettext("Reported. You are not asked about it again for a while."),
    "done": lambda words: words.gettext("Reported as done; nobody is reminded of it any more."),
    "done_shared": lambda words: words.gettext("Reported as done. The other side sees it, and is asked to confirm."),
    "done_confirms": lambda words: words.gettext(
        "Reported as done. It counts as your side's confirmation of what the other side reported."
    ),
    "done_part": lambda words: words.gettext(
        "Your side's part is reported as done. The commitment counts as fulfilled when all sides have said so."
    ),
    "measurement_withdrawn": lambda words: words.gettext("The number is withdrawn and counts no more."),
    "report_withdrawn": lambda words: words.gettext("The report is withdrawn and counts no more."),
    "measured": lambda words: words.gettext("The number is recorded."),
    "met": lambda words: words.gettext("The milestone is recorded as met."),
    "met_before": lambda words: words.gettext("The milestone was met already; nothing was changed."),
    "confirmed": lambda words: words.gettext(
        "Confirmed: your side says so too, and the commitment counts as fulfilled."
    ),
    "unconfirmed": lambda words: words.gettext("The confirmation is taken back; your side is asked again."),
    "sent_back": lambda words: words.gettext(
        "Sent back: the commitment is open again, and the other side is asked again once it is due."
    ),
    "terms": lambda words: words.gettext(
        "The new terms are saved, and it is judged by them; the history keeps the old ones."
    ),
    "agreement": lambda words: words.gettext(
        "The agreement is changed, and judged by it; the history keeps what stood there before."
    ),
    "coordinated": lambda words: words.gettext("Added: the party has a coordinator now, who adds its other people."),
    "kind": lambda words: words.gettext("Its kind is changed, and it is judged by it; the history keeps the old one."),
    "changed": lambda words: words.gettext("The new words are saved; the history keeps the old ones."),
    "owner": lambda words: words.gettext(
        "The new owner answers for it from here on, and is told at once; at night or on a day of rest, the next "
        "morning."
    ),
    "date": lambda words: words.gettext("The new date holds; the date first promised stays on record."),
    "past_date": lambda words: words.gettext(
        "The new date holds. It is over, so this is judged overdue at once; the date first promised stays on record."
    ),
    "plan_date": lambda words: words.gettext("The new date holds; the history keeps the ones before."),
    "step": lambda words: words.gettext("The milestone is changed; the history keeps what it was."),
    "step_added": lambda words: words.gettext("The milestone is added."),
    "waive": lambda words: words.gettext("Waived: nobody is reminded of it any more."),
    "hold": lambda words: words.gettext("On hold: nobody is reminded of it while it rests."),
    "withdraw": lambda words: words.gettext("Withdrawn: it is no commitment any more and stays on record."),
    "resume": lambda words: words.gettext("Taken up again: it is judged as of today."),
}


def say_done(words: Words, done: str) -> str:
    """What has just been done, as it stands in the address; nothing for what is no such word."""
    word, _, number = done.partition("-")
    if word == "applied" and number.isdecimal() and len(number) < 7:
        count = int(number)
        return words.ngettext(
            "The file was applied: %(count)s change.", "The file was applied: %(count)s changes.", count
        ) % {"count": words.format_number(count)}  # fmt: skip
    said = _DONE.get(done)
    return said(words) if said is not None else ""


def list_record(words: Words, viewer: Viewer, agreement: str = "", promise: str = "") -> list[LinkView]:
    """The way to record what happened, for who may."""
    if not viewer.may(Permission.RECORD):
        return []
    link = write_address("/record", {"agreement": agreement, "commitment": promise})
    return [LinkView(words.gettext("Record what happened"), link, "")]


def list_ways(words: Words, viewer: Viewer, address: str, agreement: str, row: Any, *, speaks: bool) -> list[LinkView]:
    """What somebody may do about a commitment that is theirs to act on, nothing once it was given up; `speaks` if their
    side owes it."""
    if row.state in GIVEN_UP:
        return []
    ways = list_record(words, viewer, agreement, row.reference)
    if viewer.may(Permission.REPORT) and speaks:
        ways.append(LinkView(words.gettext("Report progress"), f"{address}/report", OTHER if ways else ""))
        if row.kind == CommitmentKind.TARGET:
            ways.append(LinkView(words.gettext("Record a measurement"), f"{address}/measure", OTHER))
    if viewer.may(Permission.RECORD):
        ways.append(LinkView(words.gettext("Hand in evidence"), f"{address}/evidence", OTHER))
    return ways


def list_pages(words: Words, viewer: Viewer, address: str) -> list[LinkView]:
    """The pages beside that of an agreement."""
    pages = [LinkView(words.gettext("Brief"), f"{address}/brief", OTHER)]
    if viewer.may(Permission.AMEND):
        pages.append(LinkView(words.gettext("Change this agreement"), f"{address}/edit", OTHER))
    if viewer.may(Permission.SET_POLICY):
        pages.append(LinkView(words.gettext("Rules for reminders"), f"{address}/policy", OTHER))
    if viewer.may(Permission.PUBLISH):
        pages.append(LinkView(words.gettext("Public page"), f"{address}/public", OTHER))
    return pages


def list_amendments(words: Words, viewer: Viewer, address: str, row: Any) -> list[LinkView]:
    """What a coordinator may decide about it."""
    if not viewer.may(Permission.AMEND):
        return []
    state = CommitmentState(row.state)
    links = [
        LinkView(words.gettext("Change the words"), f"{address}/edit", ""),
        LinkView(words.gettext("Change the terms"), f"{address}/terms", ""),
        LinkView(words.gettext("Change the kind"), f"{address}/kind", ""),
    ]
    if row.state not in GIVEN_UP:
        links.append(LinkView(words.gettext("Name an owner"), f"{address}/owners", ""))
        links.append(LinkView(words.gettext("Add a milestone"), f"{address}/milestones", ""))
    if Turn.WAIVE in list_turns(state):
        links.insert(3, LinkView(words.gettext("Set another date"), f"{address}/date", ""))
    return links + [LinkView(name_turn(words, turn), f"{address}/decide/{turn}", "") for turn in list_turns(state)]


def list_step_ways(
    words: Words, viewer: Viewer, address: str, row: Any, milestones: Sequence[Any], owing: Sequence[int]
) -> list[tuple[LinkView, ...]]:
    """What somebody may do about each step of a commitment, in their order: nothing once that was given up."""
    if row.state in GIVEN_UP:
        return []
    ways, speaks = [], speaks_for_any(viewer, owing)
    for one in milestones:
        links = []
        step = f"{address}/milestones/{one.reference}"
        says = speaks and says_how_step_went(viewer, one.party_id, owing)
        if says and viewer.may(Permission.REPORT) and one.state == MilestoneState.SCHEDULED:
            links.append(LinkView(words.gettext("It was met"), f"{step}/met", ""))
        if says and viewer.may(Permission.REPORT) and one.state == MilestoneState.MET:
            links.append(LinkView(words.gettext("Put it right"), f"{step}/met", ""))
        if viewer.may(Permission.AMEND):
            links.append(LinkView(words.gettext("Amend it"), step, ""))
        ways.append(tuple(links))
    return ways


def ask_to_confirm(words: Words, address: str, asked: Sequence[Any]) -> list[LinkView]:
    """The way to what waits for one's own side's confirmation."""
    return [LinkView(words.gettext("Confirm it or send it back"), f"{address}/confirm", "")] if asked else []
