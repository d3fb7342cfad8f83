"""Taking back what a side said of a commitment: a number that was measured, a report that nobody has answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection, Table, or_, select

from commitments.asked_confirmations import find_asked
from commitments.database import open_reading
from commitments.log import Author
from commitments.reporting import take_back_measurement, take_back_report
from commitments.tables import confirmation, contact, log_entry, measurement, progress_report
from commitments.vocabulary import CommitmentState, ConfirmationState, ContactRole, Owed, Rating
from commitments.withdrawing import ANSWERED, find_measured_with
from notifications.links import read_signer
from notifications.names import Names, load_names
from notifications.views import LinkView, clean_text, name_some
from notifications.wording import Words
from portal.acting import Acted, AtPromise, at_promise
from portal.agreement_facts import Details
from portal.forms import Form
from portal.marks import put_under
from portal.refusals import NOT_REFUSED, Refusal
from portal.reporting import COMMITMENT
from portal.roles import Permission, Role, Viewer
from portal.spoken import speak_unit
from portal.telling import contacts_of
from portal.viewing import NotAllowed
from portal.withdrawals import Withdrawal, show_withdrawal, withdraw_or_show

router = APIRouter()
Reporting = Annotated[AtPromise, Depends(at_promise(Permission.REPORT))]
WITHDRAW = COMMITMENT + "/{said}/{entry}/withdraw"


class Said(StrEnum):
    """What a side says of a commitment and can take back, as it is called in an address."""

    MEASUREMENT = "measurements"
    REPORT = "reports"


_TABLES: Mapping[Said, Table] = {Said.MEASUREMENT: measurement, Said.REPORT: progress_report}


@dataclass(frozen=True, slots=True)
class Written:
    """By whom rows of the register were recorded: contact and party, by table and id, where the log names a contact."""

    by: Mapping[tuple[str, int], Any]

    def may_withdraw_measurement(self, viewer: Viewer, row: Any) -> bool:
        """A number is taken back by the side that recorded it; what came by a file, by any side that reports."""
        author = self.by.get((measurement.name, row.id))
        return author is None or viewer.speaks_for(author.party_id)

    def may_withdraw_report(self, viewer: Viewer, row: Any) -> bool:
        """A report is taken back by who made it, and by a coordinator of its side."""
        if viewer.role is Role.ADMINISTRATOR:
            return True
        author = self.by.get((progress_report.name, row.id))
        own = viewer.person.id in (row.contact_id, author.id if author is not None else None)
        return row.party_id in viewer.parties and (own or viewer.person.role is ContactRole.COORDINATOR)


def load_written(reading: Connection, rows: Mapping[Table, Iterable[Any]]) -> Written:
    """Who recorded these rows: two statements."""
    # By one table after another: pairs of both columns would be looked for in the whole log.
    of_tables = [
        (log_entry.c.subject == table.name) & log_entry.c.row_id.in_([row.id for row in found])
        for table, found in rows.items()
    ]
    entries = reading.execute(
        select(log_entry.c.subject, log_entry.c.row_id, log_entry.c.who).where(
            log_entry.c.action == "registered", or_(*of_tables)
        )
    ).all()
    named = {entry: read_signer(entry.who)[0] for entry in entries}
    query = select(contact.c.reference, contact.c.id, contact.c.party_id)
    people = {row.reference: row for row in reading.execute(query.where(contact.c.reference.in_(set(named.values()))))}
    return Written({(one.subject, one.row_id): people[who] for one, who in named.items() if who in people})


def is_answered(answers: Iterable[Any], report_id: int) -> bool:
    """Whether another side has confirmed a report or sent it back: then it stands."""
    return any(one.report_id == report_id and one.state in [str(state) for state in ANSWERED] for one in answers)


def _link(address: str, said: Said, row: Any) -> str:
    return f"{address}/{said}/{row.reference}/withdraw"


def link_reports(viewer: Viewer, written: Written, details: Details, address: str) -> dict[int, str]:
    """Where the reports are taken back that somebody may take back, by their ids."""
    return {
        row.id: _link(address, Said.REPORT, row)
        for row in details.reports
        if written.may_withdraw_report(viewer, row) and not is_answered(details.confirmations, row.id)
    }


def link_confirmations(row: Any, details: Details, sides: Mapping[int, str], address: str) -> dict[int, str]:
    """Where what these sides (the reference of each by its id) have confirmed is taken back, by the report."""
    if row.state != CommitmentState.FULFILLED:
        return {}
    counting = {one.id for one in details.reports if one.fulfilled}
    last = {one.party_id: one for one in details.confirmations if one.report_id in counting and one.party_id in sides}
    return {
        one.report_id: f"{address}/confirm/{sides[one.party_id]}/withdraw"
        for one in last.values()
        if one.state == ConfirmationState.CONFIRMED
    }


def link_measurements(words: Words, viewer: Viewer, written: Written, details: Details, address: str) -> list[LinkView]:
    """The way to take back each of the numbers that somebody may take back, the newest first."""
    return [
        LinkView(say_measured(words, details.row, row), _link(address, Said.MEASUREMENT, row), "")
        for row in reversed(details.measurements)
        if written.may_withdraw_measurement(viewer, row)
    ]


@router.api_route(WITHDRAW, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_taking_back(at: Reporting, said: Said, entry: str) -> Response:
    """What taking back a number or a report means, and the form for it."""
    return _show(at, said, entry)


@router.post(WITHDRAW, response_class=HTMLResponse)
def post_taking_back(at: Reporting, sent: Form, said: Said, entry: str) -> Response:
    """Take it back, with a reason; who is asked to confirm a report is asked no more, in the same unit."""
    acted = at.read()
    take_back = {Said.MEASUREMENT: take_back_measurement, Said.REPORT: take_back_report}[said]

    def write(unit: Connection, author: Author, today: date) -> None:
        _, row = _find(unit, at, said, entry)
        take_back(unit, author, acted.name, row.reference, today)

    return withdraw_or_show(
        at.viewer,
        at.house,
        sent,
        write,
        acted.address,
        {Said.MEASUREMENT: "measurement_withdrawn", Said.REPORT: "report_withdrawn"}[said],
        lambda refusal: _show(at, said, entry, refusal),
    )


def _find(reading: Connection, at: AtPromise, said: Said, name: str) -> tuple[Acted, Any]:
    """The commitment, and what was said of it, if it is the viewer's to take back."""
    acted, viewer = at.find(reading), at.viewer
    table = _TABLES[said]
    own = (table.c.commitment_id == acted.row.id) & (table.c.reference == name) & table.c.withdrawn_on.is_(None)
    row = reading.execute(select(table).where(own)).one_or_none()
    if row is None:
        raise HTTPException(404)
    written = load_written(reading, {table: [row]})
    if said is Said.REPORT:
        may = written.may_withdraw_report(viewer, row)
    else:
        may = bool(acted.sides(viewer)) and written.may_withdraw_measurement(viewer, row)
    if not may:
        raise NotAllowed(f"{acted.name}/{said}/{name} is for others to take back")
    return acted, row


def _show(at: AtPromise, said: Said, name: str, refusal: Refusal = NOT_REFUSED) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted, row = _find(reading, at, said, name)
        describe = {Said.MEASUREMENT: _describe_measurement, Said.REPORT: _describe_report}[said]
        withdrawal = describe(reading, words, acted, row)
    return show_withdrawal(at.request, at.viewer, withdrawal, refusal)


def _describe_measurement(_: Connection, words: Words, acted: Acted, row: Any) -> Withdrawal:
    return Withdrawal(
        words.gettext("Withdraw a measurement"),
        _link(acted.address, Said.MEASUREMENT, row),
        say_measured(words, acted.row, row),
        words.gettext("It counts no more, and the number measured before it holds again. Nothing is deleted; the "
                      "history says what it was."),
        acted.head,
        acted,
    )  # fmt: skip


def say_measured(words: Words, promise: Any, row: Any) -> str:
    """A number and its day."""
    unit = (promise.target or {}).get("unit")
    said = speak_unit(clean_text(words.format_amount(row.value, unit)), unit, words)
    return put_under(words, words.format_partial(row.measured_on), said)


def _describe_report(reading: Connection, words: Words, acted: Acted, row: Any) -> Withdrawal:
    answers = reading.execute(select(confirmation).where(confirmation.c.report_id == row.id)).all()
    asked = [one.party_id for one in answers if one.state == ConfirmationState.ASKED]
    if row.fulfilled and acted.row.owed == Owed.EACH:
        asked = [one for one, (_, waits) in find_asked(reading, acted.row).items() if waits]
    measured = find_measured_with(reading, row)
    parties = [row.party_id, *asked]
    names = load_names(reading, contacts_of(parties, [row.contact_id]))
    answered = is_answered(answers, row.id)
    stands = words.gettext("Another side has answered this report, so it stands. Report anew how it is.")
    return Withdrawal(
        words.gettext("Withdraw a report"),
        _link(acted.address, Said.REPORT, row),
        say_reported(words, names, row),
        words.gettext("It counts no more, as if it had not been made. Nothing is deleted; the history says what it "
                      "was."),
        acted.head,
        acted,
        () if answered else tuple(_say_what_follows(words, names, acted, row, asked, measured)),
        not answered,
        stands if answered else "",
    )  # fmt: skip


def say_reported(words: Words, names: Names, row: Any) -> str:
    """A report in a few words: when, by whom, and how it goes."""
    person = names.contacts.get(row.contact_id or 0, (None, None))[0]
    said = [words.format_day(row.reported_on), person or names.name_party(row.party_id, words.tag)]
    said.append(words.gettext("reported as fulfilled") if row.fulfilled else words.name(Rating(row.rating)))
    return words.gettext(" · ").join(clean_text(one) for one in said)


def _say_what_follows(
    words: Words, names: Names, acted: Acted, row: Any, asked: Sequence[int], measured: Sequence[Any]
) -> Iterable[str]:
    if row.fulfilled and acted.row.state == CommitmentState.FULFILLED:
        yield words.gettext(
            "The commitment stands again as it stood before, unless another report says that it is done."
        )
    if asked:
        told = {"parties": name_some(words, [names.name_party(one, words.tag) for one in asked])}
        yield words.gettext("Not asked to confirm it any more: %(parties)s.") % told
    for one in measured:
        yield words.gettext("Withdrawn with it: %(value)s.") % {"value": say_measured(words, acted.row, one)}
