"""What the pages on which people act have in common: what they act on, who signs, and the page itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from commitments.database import open_reading, open_unit
from commitments.errors import NotFound, RefusedChange
from commitments.log import Author, find_caused
from commitments.tables import agreement_party, commitment, commitment_owner, log_entry, party
from notifications.names import name_promise
from notifications.views import LinkView, clean_text
from notifications.wording import Words
from portal.agreements import ADDRESS
from portal.flaws import say_flaws
from portal.forms import Sent
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here, House
from portal.pages import FormView
from portal.refusals import NOT_REFUSED, Refusal
from portal.roles import Permission, Viewer, select_own_commitments
from portal.telling import tell_title
from portal.viewing import NotAllowed, require


@dataclass(frozen=True, slots=True)
class Acted:
    """The commitment that somebody acts on; rows are those of the register."""

    head: Any
    row: Any
    owners: tuple[Any, ...]
    """Each owing party: party_id, contact_id, reference of the party."""
    mark: str
    """Another one as soon as anything is recorded of the commitment."""

    @property
    def name(self) -> str:
        return f"{self.head.reference}/{self.row.reference}"

    @property
    def address(self) -> str:
        return f"{ADDRESS}/{self.name.replace('/', '/commitments/', 1)}"

    @property
    def owing(self) -> tuple[int, ...]:
        """The parties that owe it."""
        return tuple(one.party_id for one in self.owners)

    def sides(self, viewer: Viewer) -> tuple[Any, ...]:
        """The owing parties in whose name somebody may speak."""
        return tuple(one for one in self.owners if viewer.speaks_for(one.party_id))


def find_acted(
    reading: Connection,
    viewer: Viewer,
    reference: str,
    promise: str,
    *,
    hold: bool = False,
    own: Callable[[Viewer], Select[int]] = select_own_commitments,
) -> Acted:
    """The commitment, if the viewer may act on it: 404 for one that they do not see, NotAllowed for one of others.

    `hold` keeps others from changing it until the unit ends; `own` are those on which the viewer may act.
    """
    head = find_head(reading, viewer, reference)
    query = select(commitment).where(commitment.c.agreement_id == head.id, commitment.c.reference == promise)
    row = reading.execute(query.with_for_update() if hold else query).one_or_none()
    if row is None:
        raise HTTPException(404)
    if not acts_on(reading, viewer, row.id, own):
        raise NotAllowed(f"{reference}/{promise} is for others to act on")
    owners = reading.execute(
        select(commitment_owner.c.party_id, commitment_owner.c.contact_id, party.c.reference)
        .join(party, party.c.id == commitment_owner.c.party_id)
        .where(commitment_owner.c.commitment_id == row.id)
        .order_by(commitment_owner.c.position)
    ).all()
    return Acted(head, row, tuple(owners), _read_mark(reading, head, row))


def acts_on(
    reading: Connection,
    viewer: Viewer,
    commitment_id: int,
    own: Callable[[Viewer], Select[int]] = select_own_commitments,
) -> bool:
    """Whether a commitment is among those on which the viewer may act."""
    found = select(commitment.c.id).where(commitment.c.id == commitment_id, commitment.c.id.in_(own(viewer)))
    return reading.execute(found).first() is not None


def _read_mark(reading: Connection, head: Any, row: Any) -> str:
    last = reading.execute(select(func.max(log_entry.c.id)).where(_tells_of(head, row))).scalar_one()
    return sha256(f"{row.id}:{last}".encode()).hexdigest()[:16]


def _tells_of(head: Any, row: Any) -> ColumnElement[bool]:
    """Whether an entry of the log is one of the commitment or of what hangs on it."""
    name, told = f"{head.reference}/{row.reference}", log_entry.c.reference
    return and_(
        log_entry.c.agreement_id == head.id,
        or_(told == name, told.startswith(f"{name}/", autoescape=True), told.startswith(f"{name}#", autoescape=True)),
    )


def list_parties(reading: Connection, agreement_id: int) -> Sequence[Any]:
    """The parties of an agreement in its order: id, reference."""
    return reading.execute(
        select(party.c.id, party.c.reference)
        .join(agreement_party, agreement_party.c.party_id == party.c.id)
        .where(agreement_party.c.agreement_id == agreement_id)
        .order_by(agreement_party.c.position)
    ).all()


def sign(viewer: Viewer, house: House, why: str | None = None, sent: Sent | None = None) -> Author:
    """Who acts, when and why, as the log has it, and by which form."""
    who = viewer.person.reference
    return Author(who, house.read_clock(), why, sent.name_press(who) if sent is not None else None)


def is_taken(reading: Connection, viewer: Viewer, sent: Sent) -> bool:
    """Whether what a form says was written by an earlier press of its button: the same words, signed with that form."""
    return bool(find_caused(reading, sent.name_press(viewer.person.reference)))


def is_new(reading: Connection, viewer: Viewer, sent: Sent, mark: str) -> bool:
    """Whether a form is still to be written: False where an earlier press of its button has done it.

    Raises RefusedChange if what it shows has changed since: `mark` is that of how it stands now.
    """
    if sent.text("mark") == mark:
        return True
    if is_taken(reading, viewer, sent):
        return False
    raise RefusedChange("it has changed since the page was opened")


def today_of(viewer: Viewer, house: House) -> date:
    return house.today_of(viewer.person, house.read_clock())


def title_of(words: Words, row: Any) -> str:
    return clean_text(name_promise(row, words.tag))


def show_act(
    request: Request,
    viewer: Viewer,
    title: str,
    *,
    agreement: Any,
    forms: Sequence[FormView],
    acted: Acted | None = None,
    facts: Sequence[Any] = (),
    follows: Sequence[str] = (),
    refusal: Refusal = NOT_REFUSED,
    state: str = "",
    status: int = 0,
    **view: Any,
) -> HTMLResponse:
    """A page with a form: what it acts on, how that stands, what will follow, and why nothing was written.

    `state` and `status` stand in place of what the refusal says.
    """
    words = find_words(viewer)
    address = f"{ADDRESS}/{agreement.reference}"
    promise = LinkView(title_of(words, acted.row), acted.address, "") if acted is not None else None
    faults = [one for form in forms for one in say_flaws(words, (*form.fields, *form.more))]
    view = {"template": "act.html", "quote": "", "evidence": (), **view}
    template = view.pop("template")
    return show_framed(
        request,
        template,
        viewer,
        title,
        status=status or refusal.status,
        agreement=LinkView(tell_title(agreement.title, words), address, ""),
        promise=promise,
        back=promise.link if promise is not None else address,
        forms=list(forms),
        facts=list(facts),
        follows=list(follows),
        faults=faults,
        faults_title=words.gettext("This stands otherwise by now:")
        if refusal.has_changed or status == 409
        else words.gettext("This could not be recorded yet:"),
        state=state or refusal.say(words),
        **view,
    )


def lead_to(address: str, done: str) -> RedirectResponse:
    """To the page that says what came of it."""
    return RedirectResponse(f"{address}?done={done}", 303)


@dataclass(frozen=True, slots=True)
class AtPromise:
    """Somebody at a page of one commitment, which its address names."""

    request: Request
    viewer: Viewer
    house: House
    reference: str
    promise: str

    @property
    def words(self) -> Words:
        return find_words(self.viewer)

    @property
    def today(self) -> date:
        return today_of(self.viewer, self.house)

    def find(
        self,
        reading: Connection,
        *,
        hold: bool = False,
        own: Callable[[Viewer], Select[int]] = select_own_commitments,
    ) -> Acted:
        return find_acted(reading, self.viewer, self.reference, self.promise, hold=hold, own=own)

    def read(self) -> Acted:
        with open_reading(self.house.engine) as reading:
            return self.find(reading)

    def sign(self, sent: Sent, why: str | None = None) -> Author:
        return sign(self.viewer, self.house, why, sent)

    def write(self, sent: Sent, write: Callable[[Connection, Author, Acted, date], object]) -> Acted:
        """Write something about the commitment, if it still is as the form showed it, once however often that is sent.

        Raises RefusedChange where it is not.
        """
        with open_unit(self.house.engine) as unit:
            acted = self.find(unit, hold=True)
            try:
                if is_new(unit, self.viewer, sent, acted.mark):
                    write(unit, self.sign(sent, sent.text("why")), acted, self.today)
            except NotFound:
                raise HTTPException(404) from None
        return acted

    def show(self, title: str, acted: Acted, **view: Any) -> HTMLResponse:
        return show_act(self.request, self.viewer, title, agreement=acted.head, acted=acted, **view)


def at_promise(permission: Permission) -> Callable[..., Awaitable[AtPromise]]:
    """A dependency that gives who is at the page of a commitment, and refuses who may not."""

    async def find(
        request: Request,
        viewer: Annotated[Viewer, Depends(require(permission))],
        house: Here,
        reference: str,
        promise: str,
    ) -> AtPromise:
        return AtPromise(request, viewer, house, reference, promise)

    return find
