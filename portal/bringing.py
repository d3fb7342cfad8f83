"""Bringing a file: an agreement file or a spreadsheet, shown as the difference that it makes before it is applied.

What is applied is what was shown: the file is kept with the hash of its difference, read again over the register as it
is then, and refused if that has become another difference.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.datastructures import UploadFile

from commitments.agreement_file import ParsedFile, read_content, read_values
from commitments.database import open_reading, open_unit
from commitments.errors import InvalidFiles, NotFound, Problem, RefusedChange
from commitments.export import load_form, load_party
from commitments.file_checks import check_files
from commitments.file_reasons import LacksReason, list_unexplained, require_reasons
from commitments.file_slips import find_days
from commitments.filling import LONGEST_LINE
from commitments.log import Author
from commitments.plain_values import SIZE_LIMIT
from commitments.register import Imported, import_agreement, open_rehearsal
from commitments.sheet_columns import Plain
from commitments.sheet_rows import SheetDrawing
from commitments.spreadsheet import SpreadsheetTaken, draw_spreadsheet
from commitments.workbooks import read_csv, read_xlsx
from notifications.views import LinkView, clean_text, fit_text
from notifications.wording import Words
from portal.accepting import announce_imported, propose_people
from portal.beginning import ADDRESS, FILES
from portal.difference_names import load_references
from portal.difference_words import describe_difference, describe_kept, describe_vanished, hash_difference
from portal.effects import bring_effects
from portal.fault_words import describe_oversteps, list_fault_rows, list_overstep_rows
from portal.followed_words import tell_followed
from portal.form_reading import read_again
from portal.forms import Form, Number
from portal.frame import find_words, show_framed, show_framed_notice
from portal.history import load_called
from portal.house import Here, House
from portal.late_words import tell_late_dates
from portal.overstep_places import place_oversteps
from portal.oversteps import NotTheirs
from portal.registrations import (
    Registration,
    Way,
    begin_registration,
    find_registration,
    remove_registration,
    save_registration,
)
from portal.rights import check_rights, sees_agreement
from portal.roles import Permission, Viewer
from portal.sheet_words import list_headings
from portal.step_fields import FaultRow, FaultView
from portal.taking_back import send_all
from portal.viewing import require

router = APIRouter()
Registering = Annotated[Viewer, Depends(require(Permission.REGISTER))]
WHY = "a file brought in the portal"
_OLD_SPREADSHEET = b"\xd0\xcf\x11\xe0"
_AGREEMENT_FILES = (".yaml", ".yml")
_FAULTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Brought:
    """A file as it was sent."""

    name: str
    content: bytes


class HasChanged(RefusedChange):
    """The register has changed since the difference was shown, so that it is another one now."""


async def read_brought(request: Request) -> Brought | None:
    """The file of the form, which was read with it; None if none was chosen."""
    sent = (await read_again(request, 0)).get("file")
    if not isinstance(sent, UploadFile) or not sent.filename:
        return None
    name = clean_text(sent.filename.replace("\\", "/").rpartition("/")[2])[:120] or "file"
    return Brought(name, await sent.read())


@router.api_route(FILES, methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_form(request: Request, viewer: Registering) -> Response:
    """Where a file is chosen, and what it may be."""
    return _show_form(request, viewer)


@router.post(FILES, response_class=HTMLResponse)
def post_file(
    request: Request, viewer: Registering, house: Here, brought: Annotated[Brought | None, Depends(read_brought)]
) -> Response:
    """Keep the file with the difference that it makes, and lead to it; or say everything that is wrong with it."""
    words = find_words(viewer)
    if brought is None:
        return _show_form(request, viewer, said=words.gettext("Choose a file first."), status=422)
    try:
        imported = _rehearse(house, viewer, brought)
    except InvalidFiles as invalid:
        return _show_form(request, viewer, name=brought.name, rows=_list_rows(words, brought.name, invalid), status=422)
    except NotTheirs as refused:
        return _show_refused(request, viewer, brought.name, refused, 422)
    content = {"name": brought.name, "content": b64encode(brought.content).decode()}
    with open_unit(house.engine) as unit:
        number = begin_registration(
            unit, viewer.person.id, Way.BY_FILE, brought.name, content, house.read_clock(), hash_difference(imported)
        )
    return RedirectResponse(f"{FILES}/{number}", 303)


@router.api_route(FILES + "/{number}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_difference(number: Number, request: Request, viewer: Registering, house: Here) -> Response:
    """What would change, in words, as of now."""
    return _show_difference(request, viewer, house, number)


@router.post(FILES + "/{number}", response_class=HTMLResponse)
def post_apply(number: Number, request: Request, viewer: Registering, sent: Form, house: Here) -> Response:
    """Apply exactly what was shown; a difference that has become another one is shown again instead."""
    now = house.read_clock()
    why = fit_text(sent.text("why") or "", LONGEST_LINE)
    try:
        with open_unit(house.engine) as unit:
            kept = find_registration(unit, viewer.person.id, number, Way.BY_FILE, hold=True)
            if kept is None:
                return _show_gone(request, viewer)
            author = Author(viewer.person.reference, now, why=why)
            imported = _import(unit, house, viewer, _unpack(kept), replace(author, why=why or WHY))
            if hash_difference(imported) != (sent.text("shown") or kept.shown):
                raise HasChanged("the register has changed since this was shown")
            require_reasons([imported], author)
            bring_effects(unit, [imported], now, house.today(now))
            messages = announce_imported(unit, house, viewer, imported.reference, now, new=imported.new)
            remove_registration(unit, viewer.person.id, number)
    except LacksReason:
        return _show_difference(request, viewer, house, number, lacks_reason=True, status=422)
    except (HasChanged, InvalidFiles, NotTheirs):
        return _show_difference(request, viewer, house, number, has_changed=True, status=409)
    send_all(house, messages)
    if imported.new:
        return RedirectResponse(f"{ADDRESS}/done/{imported.reference}", 303)
    own = ("contact", "amended", viewer.person.id)
    if any((one.subject, one.action, one.row_id) == own and "role" in one.changes for one in imported.changes):
        return RedirectResponse("/home", 303)  # who has another role may not see the agreement any more
    return RedirectResponse(f"/agreements/{imported.reference}?done=applied-{len(imported.changes)}", 303)


def _rehearse(house: House, viewer: Viewer, brought: Brought) -> Imported:
    """The difference that a file makes today; nothing is left of the rehearsal."""
    with open_rehearsal(house.engine) as unit:
        return _import(unit, house, viewer, brought, Author(viewer.person.reference, house.read_clock()))


def _import(unit: Connection, house: House, viewer: Viewer, brought: Brought, author: Author) -> Imported:
    file, drawing = read_file(unit, viewer, brought)
    try:
        if sees_agreement(unit, viewer, file.form.agreement) is False:
            expected = "another reference: this one is taken by an agreement that you do not see"
            raise InvalidFiles((file.fault(("agreement",), repr(file.form.agreement), expected),))
        check_files(unit, [file], find_days(author.at, house.today(author.at)))
    except InvalidFiles as invalid:
        raise _place(invalid, drawing) from None
    if drawing is not None and drawing.problems:
        raise InvalidFiles(tuple(drawing.problems))
    try:
        imported = import_agreement(unit, file.form, author, house.today(author.at))
    except (NotFound, RefusedChange) as refused:
        raise InvalidFiles((Problem(brought.name, 0, "file", "something else", str(refused)),)) from None
    try:
        check_rights(unit, viewer, house.settings.administrator_addresses, imported, house.today(author.at))
    except NotTheirs as refused:
        raise place_oversteps(refused, file, drawing) from None
    propose_people(unit, viewer, author, imported, house.today(author.at))
    return imported


def read_file(reading: Connection, viewer: Viewer, brought: Brought) -> tuple[ParsedFile, SheetDrawing | None]:
    """One agreement from a file of any of the three forms. InvalidFiles with every fault, where the file has it.

    A spreadsheet's own problems, if it makes an agreement all the same, are left with its drawing.
    """
    name, content = brought.name, brought.content
    ending = name.casefold().rpartition(".")[2]
    if len(content) > SIZE_LIMIT:
        found, most = f"{len(content):,} bytes", f"at most {SIZE_LIMIT:,} bytes"
        raise InvalidFiles((Problem(name, 0, "file", found, most),))
    if content.startswith(_OLD_SPREADSHEET):
        expected = "a spreadsheet saved as .xlsx, in the new form"
        raise InvalidFiles((Problem(name, 0, "file", "something else", expected),))
    if content.startswith(b"PK"):
        sheets = read_xlsx(content, name)
    elif ending in ("csv", "tsv", "txt"):
        sheets = read_csv(content, name)
    elif name.casefold().endswith(_AGREEMENT_FILES):
        return read_content(content, name), None
    else:
        expected = "an agreement file (.yaml), a spreadsheet (.xlsx) or a table (.csv)"
        raise InvalidFiles((Problem(name, 0, "file", "something else", expected),))
    drawing = draw_spreadsheet(
        sheets,
        name,
        list_headings(),
        lambda one: _find_base(reading, viewer, one),
        lambda one: _find_party(reading, one),
    )
    if drawing.problems and not drawing.plain.get("parties"):
        raise InvalidFiles(tuple(drawing.problems))
    try:
        file = read_values(drawing.plain, name)
    except InvalidFiles as invalid:
        raise _place(invalid, drawing) from None
    return file, drawing


def _place(invalid: InvalidFiles, drawing: SheetDrawing | None) -> InvalidFiles:
    """The faults by sheet, row and heading; those that the spreadsheet itself has, first."""
    if drawing is None:
        return invalid
    own = {(one.file, one.line, one.field) for one in drawing.problems}
    placed = [drawing.place(one) for one in invalid.problems]
    others = [one for one in dict.fromkeys(placed) if (one.file, one.line, one.field) not in own]
    return InvalidFiles((*drawing.problems, *others))


def _find_base(reading: Connection, viewer: Viewer, reference: str) -> Plain | None:
    seen = sees_agreement(reading, viewer, reference)
    if seen is False:
        raise SpreadsheetTaken
    return load_plain(reading, reference) if seen else None


def _find_party(reading: Connection, reference: str) -> Plain | None:
    known = load_party(reading, reference)
    return known.model_dump(mode="json", exclude_defaults=True) if known is not None else None


def load_plain(reading: Connection, reference: str) -> Plain:
    """An agreement of the register as the plain values of its file."""
    plain: Plain = load_form(reading, reference).model_dump(mode="json", exclude_defaults=True)
    return plain


def _unpack(kept: Registration) -> Brought:
    return Brought(str(kept.content["name"]), b64decode(kept.content["content"]))


def _show_form(
    request: Request,
    viewer: Viewer,
    *,
    name: str = "",
    said: str = "",
    rows: Sequence[FaultRow] = (),
    faults: Sequence[FaultView] = (),
    status: int = 200,
) -> Response:
    words = find_words(viewer)
    return show_framed(
        request, "files.html", viewer, words.gettext("Bring a file"), status=status,
        name=name, said=said, rows=rows[:_FAULTS_SHOWN], faults=faults, unshown=_count_more(words, rows),
        address=FILES, templates=f"{ADDRESS}/template", most=SIZE_LIMIT // 1024,
    )  # fmt: skip


def _show_refused(request: Request, viewer: Viewer, name: str, refused: NotTheirs, status: int) -> Response:
    words = find_words(viewer)
    rows, faults = list_overstep_rows(words, refused.oversteps), describe_oversteps(words, refused.oversteps)
    return _show_form(request, viewer, name=name, rows=rows, faults=faults, status=status)


def _list_rows(words: Words, name: str, invalid: InvalidFiles) -> list[FaultRow]:
    return list_fault_rows(words, invalid.problems, of_sheet=not name.casefold().endswith(_AGREEMENT_FILES))


def _count_more(words: Words, rows: Sequence[FaultRow]) -> str:
    more = len(rows) - _FAULTS_SHOWN
    return words.ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more} if more > 0 else ""


def _show_gone(request: Request, viewer: Viewer) -> Response:
    words = find_words(viewer)
    text = words.gettext("It was applied or deleted meanwhile, perhaps by yourself in another window.")
    link = LinkView(words.gettext("Bring a file"), FILES, "first")
    return show_framed_notice(
        request, viewer, words.gettext("This file is not there any more"), text, status=404, link=link
    )


def _show_difference(
    request: Request,
    viewer: Viewer,
    house: House,
    number: int,
    *,
    has_changed: bool = False,
    lacks_reason: bool = False,
    status: int = 200,
) -> Response:
    words = find_words(viewer)
    with open_reading(house.engine) as reading:
        kept = find_registration(reading, viewer.person.id, number, Way.BY_FILE)
    if kept is None:
        return _show_gone(request, viewer)
    try:
        imported = _rehearse(house, viewer, _unpack(kept))
    except InvalidFiles as invalid:
        return _show_form(request, viewer, name=kept.title, rows=_list_rows(words, kept.title, invalid), status=409)
    except NotTheirs as refused:
        return _show_refused(request, viewer, kept.title, refused, 409)
    shown = hash_difference(imported)
    if shown != kept.shown:
        has_changed = True
        with open_unit(house.engine) as unit:
            save_registration(unit, kept.id, kept.title, kept.content, house.read_clock(), shown)
    with open_reading(house.engine) as reading:
        concerned = [*imported.changes, *imported.kept]
        called = load_called(reading, words, [one for one in concerned if one.action != "registered"])
        references = load_references(reading, words, imported)
    return show_framed(
        request, "difference.html", viewer, words.gettext("What would change"), status=status,
        name=clean_text(kept.title), reference=clean_text(imported.reference), new=imported.new,
        changes=describe_difference(words, imported, called, references), vanished=describe_vanished(words, imported),
        kept=describe_kept(words, imported, called, references),
        late=[*tell_followed(words, imported.followed), *tell_late_dates(words, imported.late)],
        asks_reason=bool(list_unexplained(imported)), lacks_reason=lacks_reason,
        has_changed=has_changed, shown=shown, action=f"{FILES}/{number}", delete=f"{ADDRESS}/drafts/{number}/delete",
    )  # fmt: skip
