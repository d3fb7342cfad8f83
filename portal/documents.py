"""The documents of an agreement: handing in a signed text as a file, and getting it back."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import literal, or_, select

from commitments.database import open_reading, open_unit
from commitments.documents import SIGNED_TEXT, Described, add_document, check_described, withdraw_document
from commitments.evidence_files import keep_file
from commitments.filling import Flaw, Flawed
from commitments.tables import agreement, document
from notifications.views import clean_text
from notifications.wording import Words
from portal.acting import lead_to, show_act, sign, today_of
from portal.agreements import ADDRESS
from portal.evidence import hand_out
from portal.flaws import ask_for_file, mark_fields, name_types
from portal.forms import Form, Number, Sent
from portal.frame import find_words
from portal.history import find_head
from portal.house import Here, House
from portal.pages import FieldView, FormView, OptionView
from portal.record_views import ACCEPTED, TEXT, describe_why
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Permission, Viewer, select_visible_agreements
from portal.step_words import list_languages, list_source_kinds
from portal.viewing import require
from portal.withdrawals import Withdrawal, show_withdrawal, withdraw_or_show

router = APIRouter()
Amending = Annotated[Viewer, Depends(require(Permission.AMEND))]
Reader = Annotated[Viewer, Depends(require(Permission.READ_AGREEMENTS))]
DOCUMENTS = ADDRESS + "/{reference}/documents"
ONE = "/documents/{document_id}"


@router.api_route(DOCUMENTS, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_documents(request: Request, viewer: Amending, house: Here, reference: str) -> Response:
    """The form for a document."""
    return _show(request, viewer, house, reference, Sent([]))


@router.post(DOCUMENTS, response_class=HTMLResponse)
def post_document(request: Request, viewer: Amending, sent: Form, house: Here, reference: str) -> Response:
    """Keep the file by its hash, then the document that it is."""
    file = sent.file("file")
    said = Described(
        sent.text("title"),
        sent.text("kind"),
        sent.text("language"),
        sent.date_text("roughly") or sent.date_text("dated"),
        bool(sent.text("authentic")),
        sent.text("text_of"),
    )
    with open_reading(house.engine) as reading:
        find_head(reading, viewer, reference)

    def write() -> Response:
        author, today = sign(viewer, house, sent.text("why")), today_of(viewer, house)
        flaws = check_described(said, author.why, today)
        if file is None:
            raise Flawed([("file", Flaw.MISSING), *flaws])
        settings = house.settings
        most = settings.largest_evidence
        kept = keep_file(settings.evidence_folder, file.filename or "", file.file, most, flaws)
        with open_unit(house.engine) as unit:
            known = [one["document"] for one in find_head(unit, viewer, reference).sources]
            name = add_document(unit, author, reference, kept, said, today)
        matched = f"document_known-{known.index(name)}" if name in known and not said.text_of else "document"
        return lead_to(f"{ADDRESS}/{reference}", matched)

    return write_or_show(write, lambda refusal: _show(request, viewer, house, reference, sent, refusal))


@router.api_route(ONE, methods=["GET", "HEAD"])
def get_document(request: Request, document_id: Number, viewer: Reader, house: Here) -> Response:
    """The file, to be kept and not shown; for whoever sees the agreement."""
    row = _find(house, viewer, document_id)
    return hand_out(request, viewer, house, row.sha256, row.file)


@router.api_route(ONE + "/withdraw", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_document_withdrawal(request: Request, document_id: Number, viewer: Amending, house: Here) -> Response:
    """What withdrawing a document's file means, and the form for it."""
    return _show_withdrawal(request, viewer, house, _find(house, viewer, document_id))


@router.post(ONE + "/withdraw", response_class=HTMLResponse)
def post_document_withdrawal(
    request: Request, document_id: Number, viewer: Amending, sent: Form, house: Here
) -> Response:
    """Withdraw it, with a reason."""
    row = _find(house, viewer, document_id, withdrawn=True)
    return withdraw_or_show(
        viewer,
        house,
        sent,
        lambda unit, author, today: withdraw_document(unit, author, row.reference, document_id, today),
        f"{ADDRESS}/{row.reference}",
        "document_withdrawn",
        lambda refusal: _show_withdrawal(request, viewer, house, row, refusal),
    )


def _find(house: House, viewer: Viewer, document_id: int, *, withdrawn: bool = False) -> Any:
    """A document of an agreement that the viewer sees, a `withdrawn` one as well; else as if there were none."""
    with open_reading(house.engine) as reading:
        row = reading.execute(
            select(document, agreement.c.reference, agreement.c.title)
            .join(agreement, agreement.c.id == document.c.agreement_id)
            .where(
                document.c.id == document_id,
                or_(document.c.withdrawn_on.is_(None), literal(withdrawn)),
                agreement.c.id.in_(select_visible_agreements(viewer)),
            )
        ).one_or_none()
    if row is None:
        raise HTTPException(404)
    return row


def say_matched(words: Words, sources: Sequence[Any], done: str) -> str:
    """Under which title a document stands whose text was handed in as if it were another; nothing for what is no such
    word of an address."""
    word, _, number = done.partition("-")
    if word != "document_known" or not number.isdecimal() or len(number) > 4 or int(number) >= len(sources):
        return ""
    known = sources[int(number)]
    return words.gettext(
        "This file is known already by its hash, as %(title)s: it is kept as the text of that document, whose title "
        "and kind stay as they were."
    ) % {"title": words.quote(clean_text(known.get("title") or known["document"]))}


def _show(
    request: Request,
    viewer: Viewer,
    house: House,
    reference: str,
    sent: Sent,
    refusal: Refusal = NOT_REFUSED,
) -> Response:
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, reference)
    megabytes = house.settings.evidence_megabytes
    fields = _list_fields(words, head, sent, megabytes, today_of(viewer, house).isoformat())
    marked = mark_fields(words, fields, refusal.flaws, megabytes)
    form = FormView(
        f"{ADDRESS}/{reference}/documents",
        "",
        words.gettext("Whoever sees the agreement can download it, the other side too. Its hash is worked out from the "
                      "file: by it everybody can tell whether a copy is the same."),
        words.gettext("Keep the document"),
        ask_for_file(words, marked, sent) if refusal.flaws else marked,
    )  # fmt: skip
    return show_act(
        request,
        viewer,
        words.gettext("Add a document"),
        agreement=head,
        forms=[form],
        refusal=refusal,
    )


def _list_fields(words: Words, head: Any, sent: Sent, megabytes: int, today: str) -> list[FieldView]:
    types = words.gettext("%(types)s; at most %(size)s MB.") % {"types": name_types(words), "size": megabytes}
    chosen, kind, language = sent.text("text_of") or "", sent.text("kind") or SIGNED_TEXT, sent.text("language") or ""
    known = [OptionView("", words.gettext("a document that is not on record yet"), not chosen)]
    known += [
        OptionView(one["document"], clean_text(one.get("title") or one["document"]), one["document"] == chosen)
        for one in head.sources
    ]
    kinds = tuple(OptionView(name, said, name == kind) for name, said in list_source_kinds(words))
    spoken = [OptionView("", words.gettext("not said"), not language)]
    offered = dict(list_languages(str(words.locale)))
    offered |= {tag: tag for tag in head.languages if tag not in offered}
    spoken += [OptionView(tag, name, tag == language) for tag, name in offered.items()]
    authentic = OptionView(
        "yes", words.gettext("Yes, what it says in this language counts"), bool(sent.text("authentic"))
    )
    fields = [
        FieldView("file", words.gettext("File"), "file", help=types, required=True, most=ACCEPTED),
        FieldView("text_of", words.gettext("It is the text of"), "select", "",
                  words.gettext("One whose hash is on record already is found by it."), options=tuple(known)),
        FieldView("title", words.gettext("What the document is called"), "text", sent.text("title") or "", most=TEXT),
        FieldView("kind", words.gettext("What kind of document"), "select", options=kinds),
        FieldView("dated", words.gettext("Date of the document"), "date", sent.text("dated") or "", most=today),
        FieldView("language", words.gettext("Language of the document"), "select", options=tuple(spoken)),
        FieldView("authentic", words.gettext("Is it an authentic text?"), "checks", options=(authentic,)),
        describe_why(words, sent.text("why") or ""),
    ]  # fmt: skip
    return fields if head.sources else [one for one in fields if one.name != "text_of"]


def _show_withdrawal(
    request: Request, viewer: Viewer, house: House, row: Any, refusal: Refusal = NOT_REFUSED
) -> Response:
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        head = find_head(reading, viewer, row.reference)
    withdrawal = Withdrawal(
        words.gettext("Withdraw a document's file"),
        f"/documents/{row.id}/withdraw",
        row.file,
        words.gettext("It can no longer be downloaded; the document and its hash stay on record. Nothing is deleted."),
        head,
    )
    return show_withdrawal(request, viewer, withdrawal, refusal)
