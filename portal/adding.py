"""Adding a commitment to an agreement of the register, by the same plain questions as in a new one."""

import re
from collections.abc import Mapping
from datetime import date
from secrets import token_hex
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from commitments.database import open_reading, open_unit
from commitments.drafting import add_drawn, find_drawn
from commitments.filling import LONGEST_LINE
from commitments.log import Author, find_caused
from commitments.reconcile import reconcile_agreement
from commitments.sketch import Sketch, TypedParty, TypedPromise
from commitments.sketch_flaws import Drawing, Flaw
from commitments.sketch_known import Known, load_known
from commitments.sketched_promises import draw_promise
from commitments.tables import agreement, agreement_party, commitment, log_entry, party
from notifications.views import LinkView, clean_text, fit_text
from portal.acting import title_of
from portal.agreements import ADDRESS
from portal.forms import LongForm, Sent
from portal.frame import find_words, show_framed
from portal.history import find_head
from portal.house import Here
from portal.promise_views import describe_promise
from portal.roles import Permission, Viewer
from portal.step_fields import GroupView, Page
from portal.step_reading import take_owners, take_promise
from portal.step_views import list_people, name_parties
from portal.telling import tell_title
from portal.viewing import require

router = APIRouter()
Registering = Annotated[Viewer, Depends(require(Permission.REGISTER))]
WHY = "added in the portal"
_MARK = re.compile(r"[0-9a-f]{16}")
_OWNERS_AFTER = 6
"""Who answers stands below who owes it."""


@router.api_route(ADDRESS + "/{reference}/add-commitment", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_questions(reference: str, request: Request, viewer: Registering, house: Here, added: str = "") -> Response:
    """The questions, with the parties and people of this agreement; `added` is the commitment before this one."""
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
        sketch, known, drawing = _load(reading, head.id, house.today(house.read_clock()))
        before = commitment.c.reference == added
        row = reading.execute(select(commitment).where(commitment.c.agreement_id == head.id, before)).one_or_none()
    return _show(request, viewer, head, sketch, known, drawing, added=row)


@router.post(ADDRESS + "/{reference}/add-commitment", response_class=HTMLResponse)
def post_promise(reference: str, request: Request, viewer: Registering, sent: LongForm, house: Here) -> Response:
    """Add it, judge the agreement at once, and lead to the new commitment; what is wrong is said by its field.

    The same once more, by a second press, is the one that was added before; other words of the same form are no second
    commitment before it is said that there is one.
    """
    now, who, once = house.read_clock(), viewer.person.reference, _name_form(viewer, reference, sent)
    with open_unit(house.engine) as unit:
        head = find_head(unit, viewer, reference)
        sketch, known, drawing = _load(unit, head.id, house.today(now))
        promise = _take(sketch, sent)
        taken = unit.execute(select(commitment.c.reference).where(commitment.c.agreement_id == head.id)).scalars()
        drawn = draw_promise(promise, drawing, set(taken), {}, known)
        if sent.text("do") == "stay":
            drawing.flaws.clear()
            return _show(request, viewer, head, sketch, known, drawing, sent)
        if drawing.flaws:
            return _show(request, viewer, head, sketch, known, drawing, sent, status=422)
        today, why = house.today(now), fit_text(sent.text("why") or "", LONGEST_LINE)
        name = find_drawn(unit, reference, drawn)
        if name is None and (before := _find_made(unit, once)) is not None:
            return _show(request, viewer, head, sketch, known, drawing, sent, status=409, made=before)
        if name is None:
            made = add_drawn(unit, Author(who, now, why=why or WHY, once=once), reference, drawn, today)
            name = made.rpartition("/")[2]
            reconcile_agreement(unit, head.id, now, today)
    if sent.text("do") == "more":
        return RedirectResponse(f"{ADDRESS}/{reference}/add-commitment?added={name}", 303)
    return RedirectResponse(f"{ADDRESS}/{reference}/commitments/{name}?done=added", 303)


def _name_form(viewer: Viewer, reference: str, sent: Sent) -> str | None:
    """The key of what a form adds, whatever was typed in it; None where it has no mark of its own."""
    mark = sent.text("mark") or ""
    return f"form:{viewer.person.reference}:{reference}:{mark}" if _MARK.fullmatch(mark) else None


def _find_made(reading: Connection, once: str | None) -> Any | None:
    """The commitment that a form has added already."""
    entries = find_caused(reading, once) if once is not None else ()
    made = select(log_entry.c.row_id).where(
        log_entry.c.id.in_(entries), log_entry.c.subject == commitment.name, log_entry.c.action == "registered"
    )
    return reading.execute(select(commitment).where(commitment.c.id.in_(made))).first()


def _load(reading: Any, agreement_id: int, today: date) -> tuple[Sketch, Known, Drawing]:
    """The agreement's parties as a sketch of it would have them, by their references."""
    rows = reading.execute(
        select(party.c.reference)
        .join(agreement_party, agreement_party.c.party_id == party.c.id)
        .where(agreement_party.c.agreement_id == agreement_id)
        .order_by(agreement_party.c.position)
    ).scalars()
    parties = [TypedParty(key=one, name=one) for one in rows]
    sketch = Sketch(parties=parties, promises=[TypedPromise(key="new")])
    sources = reading.execute(select(agreement.c.sources).where(agreement.c.id == agreement_id)).scalar_one()
    drawing = Drawing(
        parties={one.key: one.name for one in parties}, documents=[one["document"] for one in sources or []]
    )
    return sketch, load_known(reading, sketch, today), drawing


def _take(sketch: Sketch, sent: Sent) -> TypedPromise:
    (promise,) = sketch.promises
    take_promise(promise, sent)
    take_owners(sketch, sent)
    return promise


def _show(
    request: Request,
    viewer: Viewer,
    head: Any,
    sketch: Sketch,
    known: Known,
    drawing: Drawing,
    sent: Sent | None = None,
    *,
    status: int = 200,
    added: Any = None,
    made: Any = None,
) -> Response:
    """The questions; `made` is what this form has added already, before other words were typed in it."""
    words, lead = find_words(viewer), None
    state = words.gettext("Added: %(what)s") % {"what": title_of(words, added)} if added is not None else ""
    if made is not None:
        state = words.gettext(
            "This form has added a commitment already: %(what)s. What you typed since is still here and was not added. "
            "Change what was added, or press the button once more for another commitment."
        ) % {"what": words.quote(title_of(words, made))}
        address = f"{ADDRESS}/{head.reference}/commitments/{made.reference}"
        lead = LinkView(words.gettext("Change what was added"), address, "")
    mark = sent.text("mark") if sent is not None and made is None else None
    (promise,) = sketch.promises
    flaws: list[Flaw] = drawing.flaws
    page, names = Page(words, flaws), name_parties(words, sketch, drawing, known)
    groups = describe_promise(page, promise, names, drawing.documents)
    groups.insert(_OWNERS_AFTER, _describe_owners(page, promise, names, sketch, known, drawing))
    reason = (sent.text("why") or "") if sent is not None else ""
    why = page.text("why", words.gettext("Why, if it should stand in the log"), reason)
    groups.append(GroupView(words.gettext("For the log"), (why,)))
    return show_framed(
        request, "step.html", viewer, words.gettext("Add a commitment"), status=status,
        groups=groups, faults=page.finish(), action=f"{ADDRESS}/{head.reference}/add-commitment", offered=[], remove="",
        more=words.gettext("Save, and add another commitment"), button=words.gettext("Add it to the agreement"),
        steps=[], about=clean_text(tell_title(head.title, words)), saved="", drafts="", agreements=[], explained="",
        back=f"{ADDRESS}/{head.reference}", mark=mark or token_hex(8), state=state, lead=lead,
    )  # fmt: skip


def _describe_owners(
    page: Page, promise: TypedPromise, names: Mapping[str, str], sketch: Sketch, known: Known, drawing: Drawing
) -> GroupView:
    words = page.words
    fields = tuple(
        page.choose(
            f"{promise.key}-{key}", name, promise.owners.get(key, ""),
            list_people(words, key, sketch, drawing, known, promise.owners.values()),
            words.gettext("nobody yet"),
        )
        for key, name in names.items()
    )  # fmt: skip
    return GroupView(words.gettext("Who answers for it"), fields, words.gettext("At each party that owes it."))
