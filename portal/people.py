"""The pages of a party's people: who there is, who is added, amended, and whose office ends."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading, open_unit
from commitments.dates import parse_date
from commitments.filling import LONGEST_LINE
from commitments.handing_over import find_matters, reconcile_around
from commitments.log import Author, Change, record_changes
from commitments.people import ContactFault, ContactRefused, add_contact, amend_contact, end_office
from commitments.person_queries import load_people
from commitments.references import find_contact
from commitments.tables import contact, log_entry
from commitments.vocabulary import ContactRole
from notifications.views import LinkView, clean_text
from notifications.waiting import follow_people
from notifications.wording import Words
from portal.agreements import ADDRESS as AGREEMENTS
from portal.beginning import ADDRESS as REGISTER
from portal.doing import say_done
from portal.forms import Form
from portal.frame import find_words, show_framed
from portal.history import describe_changes
from portal.house import Here, House
from portal.labels import name_contact_role
from portal.others import describe_matter, load_asked_of
from portal.pages import REFUSED, FieldView, FormView
from portal.paging import describe_pages, offer, read_page, write_address
from portal.people_queries import (
    PAGE,
    begins,
    count_matters,
    find_addable_party,
    find_contact_of,
    find_last_agreement,
    is_known_elsewhere,
    is_over,
    load_contacts,
    load_managed_parties,
    load_namesakes,
    load_staff,
)
from portal.people_views import (
    ADDRESS,
    FIELDS,
    describe_contact,
    describe_contact_form,
    fill_form,
    name_role_of,
    read_written,
    tell_missing,
    tell_term,
)
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.rights import leaves_uncoordinated
from portal.roles import Permission, Role, Viewer
from portal.taking_back import describe_hand_over, say_refused
from portal.telling import tell_title
from portal.viewing import require
from portal.visits import end_visits, list_visits

router = APIRouter()
Managing = Annotated[Viewer, Depends(require(Permission.HAND_OVER))]
Administering = Annotated[Viewer, Depends(require(Permission.ADMINISTER))]
ADD = "/add-person"
SIGNED_OUT = "signed_out"
"""The action of the log entry that says it of the person."""
CHANGES_SHOWN = 20
ASKED_SHOWN = 20
_ROLES = (ContactRole.OWNER, ContactRole.COORDINATOR, ContactRole.LEADER)


@router.api_route(ADDRESS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_people(request: Request, viewer: Managing, house: Here, party: str = "", page: str = "") -> Response:
    """The contacts of a party: of the viewer's own; for an administrator of everybody, or of any party."""
    words, number = find_words(viewer), read_page(page)
    today = house.today_of(viewer.person, house.read_clock())
    with open_reading(house.engine) as reading:
        parties = load_managed_parties(reading, viewer)
        sees_all = viewer.role is Role.ADMINISTRATOR
        wanted = party if sees_all else party or viewer.party
        chosen = next((one for one in parties if one.reference == wanted), None)
        if chosen is None and (wanted or not sees_all):
            raise HTTPException(404)
        listed, total = load_contacts(reading, chosen.id if chosen is not None else None, number)
        deputies = _load_names(reading, [one.row.deputy_id for one in listed])
    called = {one.id: tell_title(one.names, words) for one in parties}
    offered = sorted(((one.reference, called[one.id]) for one in parties), key=lambda one: one[1])
    everybody = words.gettext("All parties") if sees_all else None
    return show_framed(
        request,
        "people.html",
        viewer,
        words.gettext("People"),
        about=tell_title(chosen.names, words) if chosen is not None else words.gettext("Everybody, of every party"),
        address=ADDRESS,
        fields=[offer("party", words.gettext("Party"), offered, wanted, everybody)]
        if len(parties) > (0 if sees_all else 1)
        else [],
        register=REGISTER if not parties else "",
        people=[
            describe_contact(
                words, one, deputies, today, house.settings.administrator_addresses,
                "" if chosen is not None else called.get(one.row.party_id, ""),
                may_change=viewer.speaks_for(one.row.party_id),
            )
            for one in listed
        ],
        add=write_address(ADD, {"party": wanted if wanted != viewer.party else None}) if chosen is not None else "",
        pages=describe_pages(words, number, PAGE, total, ADDRESS, {"party": party}),
    )  # fmt: skip


@router.api_route(ADD, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_adding(request: Request, viewer: Managing, house: Here, party: str = "", done: str = "") -> Response:
    """The form for a new contact; of a party that has no coordinator yet with that, and who is there already."""
    with open_reading(house.engine) as reading:
        chosen = _find_party(reading, viewer, party)
        is_first = begins(reading, viewer, chosen.id)
    role = ContactRole.COORDINATOR if is_first else ContactRole.OWNER
    return _show_adding(request, viewer, house, chosen, {name: "" for name in FIELDS} | {"role": str(role)}, done=done)


@router.post(ADD, response_class=HTMLResponse)
def post_adding(request: Request, viewer: Managing, sent: Form, house: Here) -> Response:
    """Add a contact; leads to their page, or of a party that is not one's own to the next of its first people."""
    now = house.read_clock()
    with open_reading(house.engine) as reading:
        chosen = _find_party(reading, viewer, sent.text("party") or "")
    written = read_written(sent, ContactRole.OWNER)

    def write() -> Response:
        if written.role not in _offer_roles(viewer, None):
            raise HTTPException(403)
        _check_address(viewer, house, written.mail)
        with open_unit(house.engine) as unit:
            _find_party(unit, viewer, chosen.reference)
            if not viewer.speaks_for(chosen.id) and is_known_elsewhere(unit, chosen.id, written.mail):
                raise ContactRefused([ContactFault.MAIL_OF_ANOTHER_SIDE])
            made = add_contact(unit, Author(viewer.person.reference, now), chosen.reference, written)
            reconcile_around(unit, find_contact(unit, made).id, now, house.today_of(viewer.person, now))
        if viewer.speaks_for(chosen.id):
            return RedirectResponse(f"{ADDRESS}/{made}?done=added", 303)
        if written.role is not ContactRole.COORDINATOR:
            return RedirectResponse(write_address(ADD, {"party": chosen.reference, "done": "added"}), 303)
        with open_reading(house.engine) as reading:
            joined = find_last_agreement(reading, viewer, chosen.id)
        address = f"{AGREEMENTS}/{joined.reference}?done=coordinated" if joined is not None else "/home"
        return RedirectResponse(address, 303)

    filled = {name: sent.text(name) or "" for name in FIELDS} | {"role": str(written.role)}
    return write_or_show(write, lambda refusal: _show_adding(request, viewer, house, chosen, filled, refusal))


@router.api_route(ADDRESS + "/{reference}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_person(request: Request, viewer: Managing, house: Here, reference: str, done: str = "") -> Response:
    """One contact: what is known of them, what names them, and what has changed."""
    return _show_person(request, viewer, house, reference, done=done)


@router.post(ADDRESS + "/{reference}", response_class=HTMLResponse)
def post_person(request: Request, viewer: Managing, sent: Form, house: Here, reference: str) -> Response:
    """Write the contact anew. Whoever was signed in as them by another address is signed out."""
    now = house.read_clock()
    with open_reading(house.engine) as reading:
        row = _find(reading, viewer, reference)
        was_in_office = load_people(reading, only=contact.c.id == row.id)[row.id].is_in_office(house.today(now))
    written = read_written(sent, ContactRole(row.role))

    def write() -> Response:
        if written.role not in _offer_roles(viewer, ContactRole(row.role)):
            raise HTTPException(403)
        if written.role is not ContactRole.COORDINATOR or _is_past(written.valid_to, house, viewer):
            _check_coordinated(viewer, house, row)
        if written.role is ContactRole.LEADER and row.role != ContactRole.LEADER:
            _check_handed_over(house, row)
        former = row.channels.get("mail")
        if written.mail != former:
            _check_address(viewer, house, written.mail)
            _check_address(viewer, house, former)
        with open_unit(house.engine) as unit:
            changed = amend_contact(unit, Author(viewer.person.reference, now), reference, written)
            if written.mail != former or not was_in_office:
                end_visits(unit, row.id, now)  # what began before the person left does not go on when they are back
            if changed:
                reconcile_around(unit, row.id, now, house.today_of(viewer.person, now))
                follow_people(unit, now, house.today(now), [row.id])
        steps_down = row.id == viewer.person.id and written.role is not ContactRole.COORDINATOR
        if steps_down and viewer.role is Role.COORDINATOR:
            return RedirectResponse("/home", 303)
        return RedirectResponse(f"{ADDRESS}/{reference}?done={'saved' if changed else 'same'}", 303)

    filled = {name: sent.text(name) or "" for name in FIELDS} | {"role": str(written.role)}
    return write_or_show(write, lambda refusal: _show_person(request, viewer, house, reference, refusal, filled=filled))


@router.post(ADDRESS + "/{reference}/end", response_class=HTMLResponse)
def post_end(request: Request, viewer: Managing, sent: Form, house: Here, reference: str) -> Response:
    """End a contact's office on a day, with a reason."""
    now = house.read_clock()
    day, why = sent.day("last_day"), sent.text("why")
    with open_reading(house.engine) as reading:
        row = _find(reading, viewer, reference)
        person = load_people(reading, only=contact.c.id == row.id)[row.id]
    crossed = day is not None and person.valid_from is not None and day < person.valid_from.first
    if day is None or not why or len(why) > LONGEST_LINE or crossed:
        return _show_person(request, viewer, house, reference, end_refused=True)

    def write() -> Response:
        if day < house.today_of(viewer.person, now):
            _check_coordinated(viewer, house, row)
        with open_unit(house.engine) as unit:
            change = end_office(unit, person, day)
            if change is not None:
                record_changes(unit, Author(viewer.person.reference, now, why), [change])
                reconcile_around(unit, row.id, now, house.today_of(viewer.person, now))
                follow_people(unit, now, house.today(now), [row.id])
        return RedirectResponse(f"{ADDRESS}/{reference}?done=ended", 303)

    return write_or_show(write, lambda refusal: _show_person(request, viewer, house, reference, refusal))


@router.post(ADDRESS + "/{reference}/sign-out", response_class=HTMLResponse)
def post_signing_out(viewer: Administering, house: Here, reference: str) -> Response:
    """Sign a person out wherever they are signed in, as when a device of theirs is lost."""
    now = house.read_clock()
    with open_unit(house.engine) as unit:
        row = _find(unit, viewer, reference)
        ended = end_visits(unit, row.id, now)
        if ended:
            told = Change(SIGNED_OUT, contact.name, row.id, reference, None, {"visits": (ended, 0)})
            record_changes(unit, Author(viewer.person.reference, now), [told])
    return RedirectResponse(f"{ADDRESS}/{reference}?done=signed_out", 303)


def _find(reading: Connection, viewer: Viewer, reference: str) -> Any:
    row = find_contact_of(reading, viewer, reference)
    if row is None:
        raise HTTPException(404)
    return row


def _find_party(reading: Connection, viewer: Viewer, reference: str) -> Any:
    """The party to whom somebody is added; as if there were none if it is not the viewer's to change."""
    row = find_addable_party(reading, viewer, reference or viewer.party)
    if row is None:
        raise HTTPException(404)
    return row


def _is_past(day: str | None, house: House, viewer: Viewer) -> bool:
    try:
        return bool(day) and parse_date(day or "").last < house.today_of(viewer.person, house.read_clock())
    except ValueError:
        return False


def _check_coordinated(viewer: Viewer, house: House, row: Any) -> None:
    """Who alone coordinates a party stays so until there is another."""
    today = house.today_of(viewer.person, house.read_clock())
    with open_reading(house.engine) as reading:
        if row.id == viewer.person.id and leaves_uncoordinated(reading, viewer, row.party_id, today, besides=row.id):
            raise ContactRefused([ContactFault.LAST_COORDINATOR])


def _check_handed_over(house: House, row: Any) -> None:
    """Who becomes a leader answers for nothing and stands in for nobody; what is asked of a coordinator passes on."""
    with open_reading(house.engine) as reading:
        person = load_people(reading, only=contact.c.id == row.id)[row.id]
        matters = find_matters(reading, person, row.name)
    if matters.commitments or matters.stands_in_for or matters.drafts:
        raise ContactRefused([ContactFault.STILL_ANSWERS])


def _check_address(viewer: Viewer, house: House, mail: str | None) -> None:
    """Who has an administrator's address is one: only an administrator gives or takes it."""
    if mail and mail.lower() in house.settings.administrator_addresses and viewer.role is not Role.ADMINISTRATOR:
        raise ContactRefused([ContactFault.MAIL_RESERVED])


def _offer_roles(viewer: Viewer, present: ContactRole | None) -> list[ContactRole]:
    """The roles that can be chosen: an operator is named by an administrator."""
    offered = list(_ROLES)
    if viewer.role is Role.ADMINISTRATOR or present is ContactRole.OPERATOR:
        offered.append(ContactRole.OPERATOR)
    return offered


def _load_names(reading: Connection, ids: Sequence[int | None]) -> dict[int, str]:
    wanted = {one for one in ids if one is not None}
    return dict(map(tuple, reading.execute(select(contact.c.id, contact.c.name).where(contact.c.id.in_(wanted))).all()))


def _load_colleagues(reading: Connection, party_id: int, besides: int | None) -> list[tuple[str, str]]:
    rows = reading.execute(
        select(contact.c.reference, contact.c.name)
        .where(
            contact.c.party_id == party_id, contact.c.id != (besides or 0), contact.c.role != str(ContactRole.LEADER)
        )
        .order_by(contact.c.name)
    )
    return [(row.reference, clean_text(row.name)) for row in rows]


def _show_adding(
    request: Request,
    viewer: Viewer,
    house: House,
    chosen: Any,
    filled: dict[str, str],
    refusal: Refusal = NOT_REFUSED,
    done: str = "",
) -> Response:
    words, name = find_words(viewer), tell_title(chosen.names, find_words(viewer))
    today = house.today_of(viewer.person, house.read_clock())
    with open_reading(house.engine) as reading:
        colleagues = _load_colleagues(reading, chosen.id, None)
        staff, is_first = load_staff(reading, chosen.id), begins(reading, viewer, chosen.id)
        joined = find_last_agreement(reading, viewer, chosen.id) if is_first else None
    explained = words.gettext(
        "You brought this party into the register: you can add its people until it has a coordinator, who adds the "
        "others from then on."
    )
    called = words.gettext("%(name)s (%(role)s)")
    form = describe_contact_form(
        words, filled, _offer_roles(viewer, None), colleagues, refusal.misfits, ADD, words.gettext("Add this person"),
        hidden=(("party", chosen.reference),),
    )  # fmt: skip
    return show_framed(
        request, "add_person.html", viewer, words.gettext("Add a person"), status=refusal.status, form=form,
        about=name, missing=tell_missing(words, name, staff, today), explained=explained if is_first else "",
        done=say_done(words, "agreement") if done == "joined" else _say_done(words, done),
        staff=[
            called % {"name": clean_text(one.name), "role": name_contact_role(words, ContactRole(one.role))}
            for one in staff
        ] if is_first else [],
        back=LinkView(
            words.gettext("To the agreement: %(title)s") % {"title": tell_title(joined.title, words)},
            f"{AGREEMENTS}/{joined.reference}", "",
        ) if joined is not None else None,
    )  # fmt: skip


def _remark_namesakes(words: Words, names: Sequence[str]) -> list[str]:
    """That others of the party are reached by the same address, as the check of a new agreement remarks it."""
    if not names:
        return []
    said = {"people": words.join([clean_text(name) for name in names])}
    return [
        words.gettext("The same mail address as %(people)s: each gets the messages and links of the others.") % said
    ]


def _show_person(
    request: Request,
    viewer: Viewer,
    house: House,
    reference: str,
    refusal: Refusal = NOT_REFUSED,
    *,
    filled: dict[str, str] | None = None,
    end_refused: bool = False,
    done: str = "",
) -> Response:
    words, now = find_words(viewer), house.read_clock()
    today = house.today_of(viewer.person, now)
    with open_reading(house.engine) as reading:
        row = _find(reading, viewer, reference)
        colleagues = _load_colleagues(reading, row.party_id, row.id)
        deputy = reading.execute(select(contact.c.reference).where(contact.c.id == row.deputy_id)).scalar_one_or_none()
        owned, asked = count_matters(reading, [row.id])
        namesakes = load_namesakes(reading, row)
        waiting = load_asked_of(reading, viewer, row.id, today, ASKED_SHOWN + 1)
        visits = list_visits(reading, row.id, now) if viewer.may(Permission.ADMINISTER) else []
        handed = describe_hand_over(reading, words, viewer, row, now)
        entries = list(
            reading.execute(
                select(log_entry)
                .where(
                    log_entry.c.subject == contact.name,
                    log_entry.c.row_id == row.id,
                    log_entry.c.action.not_in(("accepted", "refused")),  # what each agreement hears of it
                )
                .order_by(log_entry.c.id.desc())
                .limit(CHANGES_SHOWN)
            )
        )
        changes = describe_changes(reading, words, entries, viewer.person.time_zone)
    address = f"{ADDRESS}/{reference}"
    form = describe_contact_form(
        words, filled or fill_form(row, deputy or ""), _offer_roles(viewer, ContactRole(row.role)), colleagues,
        refusal.misfits, address, words.gettext("Save"),
    )  # fmt: skip
    return show_framed(
        request,
        "person.html",
        viewer,
        clean_text(row.name),
        status=REFUSED if end_refused else refusal.status,
        about=" · ".join(
            part
            for part in (
                clean_text(row.office or ""), name_role_of(words, row, house.settings.administrator_addresses),
                tell_term(words, row),
            )
            if part
        ),
        done=_say_done(words, done),
        handed=handed,
        refused=say_refused(words) if done == "refused" else "",
        matters=[
            words.ngettext("%(count)s commitment", "%(count)s commitments", owned.get(row.id, 0))
            % {"count": owned.get(row.id, 0)},
            words.ngettext("%(count)s open question", "%(count)s open questions", asked.get(row.id, 0))
            % {"count": asked.get(row.id, 0)},
            *_remark_namesakes(words, namesakes),
        ],
        asked=[describe_matter(words, one, named=False) for one in waiting[:ASKED_SHOWN]],
        more_asked=words.gettext("These are the most urgent.") if len(waiting) > ASKED_SHOWN else "",
        hand_over=f"{address}/hand-over",
        form=form,
        form_open=bool(refusal.misfits),
        end=None if is_over(row, today) else _describe_end(words, address, today.isoformat(), end_refused),
        end_open=end_refused,
        visits=_describe_visits(words, address, len(visits)) if visits else None,
        changes=changes,
        people=LinkView(words.gettext("People"), ADDRESS, ""),
    )  # fmt: skip


def _describe_end(words: Words, address: str, today: str, refused: bool) -> FormView:
    return FormView(
        f"{address}/end",
        words.gettext("End this office"),
        words.gettext(
            "The record stays. After the last day this person cannot sign in and is asked nothing; hand the matters "
            "over first."
        ),
        words.gettext("End the office"),
        (
            FieldView(
                "last_day", words.gettext("Last day in office"), "date", today, required=True,
                fault=words.gettext("Give a day that is not before the first, and a reason.") if refused else "",
            ),
            FieldView("why", words.gettext("Reason"), "text", required=True, most=str(LONGEST_LINE), prose=True),
        ),
    )  # fmt: skip


def _describe_visits(words: Words, address: str, number: int) -> FormView:
    return FormView(
        f"{address}/sign-out",
        words.gettext("Where this person is signed in"),
        words.ngettext(
            "In %(count)s browser. Who is signed out needs a new link by mail; what was typed and not sent is lost.",
            "In %(count)s browsers. Who is signed out needs a new link by mail; what was typed and not sent is lost.",
            number,
        ) % {"count": number},
        words.gettext("Sign this person out everywhere"),
        look="danger",
    )  # fmt: skip


def _say_done(words: Words, done: str) -> str:
    return {
        "added": words.gettext("Added."),
        "saved": words.gettext("Saved."),
        "same": words.gettext("Nothing had changed."),
        "ended": words.gettext("The end of the office is recorded."),
        "signed_out": words.gettext("This person is signed out everywhere."),
        "handed": words.gettext(
            "Everything was handed over. Both are told at once; at night or on a day of rest, the next morning."
        ),
        "taken_back": words.gettext("The hand-over was taken back, and whoever was told of it is told."),
    }.get(done, "")
