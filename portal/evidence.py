"""Evidence: handing in a file or a link for a commitment, and getting the file back."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from sqlalchemy import literal, or_, select

from commitments.database import open_reading, open_unit
from commitments.evidence_files import clean_name, find_file, keep_file, name_media_type
from commitments.filling import refuse_flaws
from commitments.recording import add_evidence, check_evidence, withdraw_evidence
from commitments.tables import activity, activity_commitment, agreement, commitment, evidence
from notifications.views import clean_text
from portal.acting import Acted, AtPromise, acts_on, at_promise, find_acted, lead_to, sign
from portal.agreements import ADDRESS
from portal.flaws import ask_for_file, mark_fields, name_types
from portal.forms import NOTHING_SENT, Form, Number, Sent
from portal.frame import find_words, show_framed_notice
from portal.house import Here, House
from portal.pages import FieldView, FormView, OptionView
from portal.record_views import ACCEPTED, LINK, TEXT
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Permission, Viewer, select_visible_agreements
from portal.viewing import NotAllowed, require
from portal.withdrawals import Withdrawal, show_withdrawal, withdraw_or_show

router = APIRouter()
Recording = Annotated[Viewer, Depends(require(Permission.RECORD))]
HandingIn = Annotated[AtPromise, Depends(at_promise(Permission.RECORD))]
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
EVIDENCE = ADDRESS + "/{reference}/commitments/{promise}/evidence"
ONE = "/evidence/{evidence_id}"
SAFE_TO_KEEP = {
    # Even a browser that shows it all the same runs nothing of it.
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


@router.api_route(EVIDENCE, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_evidence(at: HandingIn) -> Response:
    """The form for a file or a link."""
    return _show(at)


@router.post(EVIDENCE, response_class=HTMLResponse)
def post_evidence(at: HandingIn, sent: Form) -> Response:
    """Keep the file by its hash, then the row that speaks of it."""
    title, link, shows, file = sent.text("title"), sent.text("link"), sent.text("activity"), sent.file("file")
    with open_reading(at.house.engine) as reading:
        acted = at.find(reading)
        known = {row.reference for row in reading.execute(_select_activities(acted))}

    def write() -> Response:
        flaws = check_evidence(title, link, has_file=file is not None)
        settings, kept = at.house.settings, None
        if file is not None:
            most = settings.largest_evidence
            kept = keep_file(settings.evidence_folder, file.filename or "", file.file, most, flaws)
        refuse_flaws(flaws)
        with open_unit(at.house.engine) as unit:
            add_evidence(
                unit, sign(at.viewer, at.house), at.reference, at.promise, title, at.today,
                file=kept, link=link, shows=shows if shows in known else None,
            )  # fmt: skip
        return lead_to(acted.address, "evidence")

    return write_or_show(write, lambda refusal: _show(at, sent, refusal))


@router.api_route(ONE, methods=["GET", "HEAD"])
def get_file(request: Request, evidence_id: Number, viewer: Reader, house: Here) -> Response:
    """The file, to be kept and not shown; for whoever sees the agreement."""
    row = _find(house, viewer, evidence_id)
    if row.sha256 is None or row.file is None:
        raise HTTPException(404)
    # A hash that a file of an agreement names is no key to content that was handed in elsewhere, or was withdrawn.
    return hand_out(request, viewer, house, row.sha256 if row.size is not None else None, row.file)


def hand_out(request: Request, viewer: Viewer, house: House, digest: str | None, name: str) -> Response:
    """The file that is kept by this hash, as a download only and under its own name."""
    path = find_file(house.settings.evidence_folder, digest) if digest is not None else None
    if path is None:
        words = find_words(viewer)
        text = words.gettext("The register speaks of this file, but it is not kept here, or no longer as it was. "
                             "Please tell whoever runs the system.")  # fmt: skip
        return show_framed_notice(request, viewer, words.gettext("This file is not here"), text, status=404)
    safe = clean_name(name)
    plain = "".join(one if one.isascii() and one not in '"\\' else "_" for one in safe)
    # Both forms: an old browser takes the first, and no name can end the header.
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
    headers = {**SAFE_TO_KEEP, "Content-Disposition": disposition}
    return FileResponse(path, media_type=name_media_type(safe), headers=headers)


@router.api_route(ONE + "/withdraw", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_evidence_withdrawal(request: Request, evidence_id: Number, viewer: Recording, house: Here) -> Response:
    """What withdrawing evidence means, and the form for it."""
    return _show_withdrawal(request, viewer, house, _find(house, viewer, evidence_id))


@router.post(ONE + "/withdraw", response_class=HTMLResponse)
def post_evidence_withdrawal(
    request: Request, evidence_id: Number, viewer: Recording, sent: Form, house: Here
) -> Response:
    """Withdraw it, with a reason."""
    row = _find(house, viewer, evidence_id, withdrawn=True)
    _require_own(house, viewer, row)
    return withdraw_or_show(
        viewer,
        house,
        sent,
        lambda unit, author, today: withdraw_evidence(unit, author, row.agreement, evidence_id, today),
        f"{ADDRESS}/{row.agreement}/commitments/{row.promise}",
        "evidence_withdrawn",
        lambda refusal: _show_withdrawal(request, viewer, house, row, refusal),
    )


def _find(house: House, viewer: Viewer, evidence_id: int, *, withdrawn: bool = False) -> Any:
    """Evidence of an agreement that the viewer sees, `withdrawn` as well; else as if there were none."""
    with open_reading(house.engine) as reading:
        row = reading.execute(
            select(
                evidence,
                commitment.c.reference.label("promise"),
                agreement.c.reference.label("agreement"),
                agreement.c.title.label("agreement_title"),
            )
            .join(commitment, commitment.c.id == evidence.c.commitment_id)
            .join(agreement, agreement.c.id == commitment.c.agreement_id)
            .where(
                evidence.c.id == evidence_id,
                or_(evidence.c.withdrawn_on.is_(None), literal(withdrawn)),
                agreement.c.id.in_(select_visible_agreements(viewer)),
            )
        ).one_or_none()
    if row is None:
        raise HTTPException(404)
    return row


def _require_own(house: House, viewer: Viewer, row: Any) -> None:
    with open_reading(house.engine) as reading:
        if not acts_on(reading, viewer, row.commitment_id):
            raise NotAllowed("the evidence is for others to withdraw")


def _select_activities(acted: Acted) -> Any:
    return (
        select(activity.c.reference, activity.c.title, activity.c.held_on)
        .join(activity_commitment, activity_commitment.c.activity_id == activity.c.id)
        .where(activity_commitment.c.commitment_id == acted.row.id, activity_commitment.c.withdrawn_on.is_(None))
        .order_by(activity.c.held_on.desc())
        .limit(50)
    )


def _show(at: AtPromise, sent: Sent = NOTHING_SENT, refusal: Refusal = NOT_REFUSED) -> Response:
    words = at.words
    with open_reading(at.house.engine) as reading:
        acted = at.find(reading)
        held = reading.execute(_select_activities(acted)).all()
    megabytes, chosen = at.house.settings.evidence_megabytes, sent.text("activity") or ""
    help_text = words.gettext("%(types)s; at most %(size)s MB.") % {"types": name_types(words), "size": megabytes}
    shows = [OptionView("", words.gettext("the commitment itself"), not chosen)]
    shows += [
        OptionView(
            one.reference, clean_text(f"{words.format_partial(one.held_on)} {one.title}"), one.reference == chosen
        )
        for one in held
    ]
    fields = [
        FieldView("file", words.gettext("File"), "file", help=help_text, most=ACCEPTED),
        FieldView("link", words.gettext("or a link"), "text", sent.text("link") or "",
                  words.gettext("It is shown as a link; nothing is fetched from there."), most=LINK),
        FieldView("title", words.gettext("What it shows"), "text", sent.text("title") or "",
                  words.gettext("If left open: the name of the file."), most=TEXT),
        FieldView("activity", words.gettext("It belongs to"), "select", options=tuple(shows)),
    ]  # fmt: skip
    marked = mark_fields(words, [one for one in fields if one.name != "activity" or held], refusal.flaws, megabytes)
    form = FormView(
        f"{acted.address}/evidence",
        "",
        words.gettext("Whoever sees the agreement can download it, the other side too."),
        words.gettext("Hand it in"),
        ask_for_file(words, marked, sent) if refusal.flaws else marked,
    )
    return at.show(
        words.gettext("Hand in evidence"),
        acted,
        forms=[form],
        refusal=refusal,
    )


def _show_withdrawal(
    request: Request, viewer: Viewer, house: House, row: Any, refusal: Refusal = NOT_REFUSED
) -> Response:
    _require_own(house, viewer, row)
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        acted = find_acted(reading, viewer, row.agreement, row.promise)
    withdrawal = Withdrawal(
        words.gettext("Withdraw evidence"),
        f"/evidence/{row.id}/withdraw",
        row.title,
        words.gettext("It is no longer shown, and can no longer be downloaded. Nothing is deleted."),
        acted.head,
        acted,
    )
    return show_withdrawal(request, viewer, withdrawal, refusal)
