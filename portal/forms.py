"""Reads what a form sent: plain text fields, trimmed; what cannot be read is None and found missing later."""

from datetime import date
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from commitments.handwriting import read_number, read_partial
from portal.form_reading import read_again
from portal.viewing import TOKEN

_MOST_FIELDS = 60
_MOST_FIELDS_OF_A_STEP = 15_000


class Sent:
    """The fields of a form as they were sent."""

    def __init__(
        self, fields: list[tuple[str, str]], files: dict[str, UploadFile] | None = None, address: str = ""
    ) -> None:
        self._fields, self._files, self._address = fields, files or {}, address
        self._first = dict(reversed(fields))

    def file(self, name: str) -> UploadFile | None:
        """The file that was chosen; None if none was."""
        return self._files.get(name)

    def text(self, name: str) -> str | None:
        """The field's text, in one piece and without what cannot be stored; None if it is empty."""
        found = self._first.get(name, "")
        cleaned = "".join(one for one in found.replace("\r\n", "\n") if one == "\n" or one.isprintable())
        return " ".join(cleaned.split()) or None

    def has(self, name: str) -> bool:
        """Whether the form had this field, filled in or not."""
        return name in self._first

    def lines(self, name: str) -> str | None:
        """The same with its line breaks, for what stands word for word; None if it is empty."""
        found = self._first.get(name, "").replace("\r\n", "\n")
        return "".join(one for one in found if one == "\n" or one.isprintable()).strip() or None

    def texts(self, name: str) -> list[str]:
        """Every value of a field that may come several times."""
        return [value for key, value in self._fields if key == name]

    def name_press(self, who: str) -> str:
        """A name for this form as it was filled in by somebody: a second press of its button has the same."""
        said = [who, self._address, *(one for one in self._fields if one[0] != TOKEN)]
        return f"form:{sha256(repr(said).encode()).hexdigest()[:40]}"

    def list_fields(self) -> list[tuple[str, str]]:
        """Every field but files, in the order in which they were sent."""
        return list(self._fields)

    def date_text(self, name: str) -> str | None:
        """A date as the register keeps it where it can be read, however it was written; else what was written."""
        said = self.text(name)
        return (read_partial(said) or said) if said else None

    def day(self, name: str) -> date | None:
        try:
            return date.fromisoformat(self.text(name) or "")
        except ValueError:
            return None

    def number(self, name: str) -> float | None:
        """A number as people write it: with a decimal comma or point, and with spaces."""
        return read_number(self.text(name) or "")


NOTHING_SENT = Sent([])
"""A form as it is shown at first."""


async def read_form(request: Request) -> Sent:
    """The form that was sent, as web pages send it."""
    return await _read(request, _MOST_FIELDS)


async def read_long_form(request: Request) -> Sent:
    """The form of a step for registering: some fields for each of many commitments, people or milestones."""
    return await _read(request, _MOST_FIELDS_OF_A_STEP)


async def _read(request: Request, most: int) -> Sent:
    try:
        form = await read_again(request, most)
    except HTTPException:
        raise
    except (ValueError, UnicodeError) as unreadable:
        raise HTTPException(400) from unreadable
    sent = form.multi_items()
    files = {name: value for name, value in sent if isinstance(value, UploadFile) and value.filename}
    return Sent([(name, value) for name, value in sent if isinstance(value, str)], files, request.url.path)


Number = Annotated[int, Path(le=2**31 - 1)]
"""The number of a row in an address: no database has a greater one."""
Form = Annotated[Sent, Depends(read_form)]
LongForm = Annotated[Sent, Depends(read_long_form)]
