"""Agreements as files to take along: as YAML, as a spreadsheet, and an empty spreadsheet to fill in."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from commitments.agreement_form import AgreementForm
from commitments.database import open_reading
from commitments.export import load_stamped, write_form
from commitments.sentences import Unlike
from commitments.sheet_columns import Plain, SheetName, write_sheets
from commitments.signed_places import list_unlike
from commitments.workbooks import NewSheet, write_csv, write_xlsx
from notifications.wording import Words
from portal.agreements import ADDRESS
from portal.beginning import ADDRESS as REGISTER
from portal.commitment_views import tell_unlike
from portal.frame import find_words
from portal.history import find_head
from portal.house import Here
from portal.roles import Permission, Viewer
from portal.sheet_words import REMARKS, name_head, name_sheet, name_word
from portal.viewing import require
from portal.withholding import withhold

router = APIRouter()
Registering = Annotated[Viewer, Depends(require(Permission.REGISTER))]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXAMPLE: Plain = {
    "agreement": "example-city-partner-city",
    "title": {
        "en": "Memorandum of understanding between Example City and Partner City", "zh": "示例市与伙伴市谅解备忘录",
    },
    "kind": "memorandum",
    "effective": "2026-09",
    "expires": "2031-08-31",
    "term": "Five years from its signature",
    "renewal": {"rule": "by_agreement"},
    "notice": {"months": 6},
    "parties": [
        {
            "reference": "example-city", "names": {"en": "Example City"}, "kind": "city", "country": "GB",
            "time_zone": "Europe/London", "language": "en",
            "contacts": [
                {"reference": "example-city-mei-lin", "name": "Mei Lin", "office": "International links",
                 "role": "coordinator", "channels": {"mail": "mei.lin@example-city.example"}},
            ],
        },
        {
            "reference": "partner-city", "names": {"en": "Partner City", "zh": "伙伴市"}, "kind": "city",
            "country": "CN", "time_zone": "Asia/Shanghai", "language": "zh",
        },
    ],
    "signatories": [{"party": "example-city", "name": "Anna Specimen", "office": "Lord Mayor"}],
    "signed": {"example-city": "2026-09-01"},
    "commitments": [
        {
            "reference": "library-link", "summary": "Link the library services of both cities", "kind": "deliverable",
            "owners": [{"party": "example-city", "contact": "example-city-mei-lin"}, {"party": "partner-city"}],
            "due": "2027-06",
            "quote": {"en": "The Parties shall link their library services by June 2027."}, "theme": "culture",
            "milestones": [{"reference": "first-meeting", "title": "The librarians have met", "due": "2026-12"}],
        },
        {
            "reference": "exchange-activities", "summary": "Hold at least four exchange activities every year",
            "kind": "recurring", "owners": [{"party": "example-city"}, {"party": "partner-city"}],
            "recurrence": {"every": "year", "count": 4, "what": "exchange activities"},
        },
        {
            "reference": "scholarships", "summary": "Award 50 scholarships by 2030", "kind": "target",
            "owners": [{"party": "partner-city"}], "due": "2030",
            "target": {"quantity": 50, "unit": "scholarships", "comparator": "at_least"},
        },
    ],
}  # fmt: skip


@router.api_route(REGISTER + "/template.xlsx", methods=["GET", "HEAD"])
def show_template(viewer: Registering) -> Response:
    """A workbook with the right headings and an example, to be written over."""
    return _hand_out(write_xlsx(_write(find_words(viewer), EXAMPLE)), _XLSX, "agreement.xlsx")


@router.api_route(REGISTER + "/template.csv", methods=["GET", "HEAD"])
def show_table(viewer: Registering) -> Response:
    """The commitments alone, for an agreement that the register holds."""
    words = find_words(viewer)
    sheets = dict(zip(SheetName, _write(words, EXAMPLE), strict=True))
    return _hand_out(write_csv(sheets[SheetName.COMMITMENTS]), "text/csv; charset=utf-8", "commitments.csv")


@router.api_route(ADDRESS + "/{reference}/file.yaml", methods=["GET", "HEAD"])
def show_yaml(reference: str, viewer: Registering, house: Here) -> Response:
    """The agreement as the file from which it can be imported."""
    with open_reading(house.engine) as reading:
        find_head(reading, viewer, reference)
        text = write_form(withhold(load_stamped(reading, reference), viewer))
    return _hand_out(text.encode(), "application/yaml; charset=utf-8", f"{reference}.yaml")


@router.api_route(ADDRESS + "/{reference}/file.xlsx", methods=["GET", "HEAD"])
def show_workbook(reference: str, viewer: Registering, house: Here) -> Response:
    """The agreement as a spreadsheet, which can be changed and brought again."""
    with open_reading(house.engine) as reading:
        find_head(reading, viewer, reference)
        form = withhold(load_stamped(reading, reference), viewer)
    words, plain = find_words(viewer), form.model_dump(mode="json", exclude_defaults=True)
    sheets = [*_write(words, plain), *_write_remarks(words, form)]
    return _hand_out(write_xlsx(sheets), _XLSX, f"{reference}.xlsx")


def _write(words: Words, plain: Plain) -> list[NewSheet]:
    return write_sheets(plain, name_head(words), name_sheet(words), name_word(words))


def _write_remarks(words: Words, form: AgreementForm) -> Iterator[NewSheet]:
    """A sheet that names the sentences that are not what stands at their place; none where all of them are."""
    rows = [
        (one.reference, language, tell_unlike(words, Unlike.FINGERPRINT, place))
        for one, language, place in list_unlike(form)
    ]
    if rows:
        heads = (name_head(words)("commitment"), name_head(words)("language"), words.gettext("Remark"))
        yield NewSheet(words.gettext(REMARKS), heads, rows)


def _hand_out(content: bytes, kind: str, name: str) -> Response:
    # References have no characters but small letters, digits, dots and hyphens.
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
