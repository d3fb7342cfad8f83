"""Reads what a form sends, once a request, and of its files no more than is needed to see that they are too large.

So a form comes back with everything that was typed in it, however large the file that was chosen with it.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from portal.guards import LARGEST_FIELDS, TooLarge

MOST_FILES = 5
_MOST_FIELDS = 15_000  # a form of many rows; what it holds is bounded by its size
_MULTIPART = "multipart/form-data"


async def read_first(request: Request, largest_file: int) -> FormData:
    """The fields and files of a form; of a file one byte more is kept than the largest may have.

    Raises TooLarge where the fields that come with files are together larger than LARGEST_FIELDS, and HTTPException
    for what is no form.
    """
    if not request.headers.get("content-type", "").lower().startswith(_MULTIPART):
        return await request.form(max_files=0, max_fields=_MOST_FIELDS)
    try:
        async with aclosing(request.stream()) as stream:
            fields = await _Reader(request.headers, stream, largest_file).parse()
    except MultiPartException as broken:
        raise HTTPException(400) from broken
    request.state.fields = fields
    return fields


async def read_again(request: Request, most: int) -> FormData:
    """The form as it was read with the visit's token; else now, with at most so many fields and no file."""
    kept: FormData | None = getattr(request.state, "fields", None)
    return kept if kept is not None else await request.form(max_files=0, max_fields=most)


class _Reader(MultiPartParser):
    """Lets go what is more of a file than is kept of it."""

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None], largest_file: int) -> None:
        super().__init__(headers, stream, max_files=MOST_FILES, max_fields=_MOST_FIELDS)
        self._room, self._typed = largest_file + 1, 0
        self._left = self._room

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._left = self._room

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is None:
            self._typed += end - start
            if self._typed > LARGEST_FIELDS:
                raise TooLarge
        else:
            end = min(end, start + self._left)
            self._left -= end - start
        super().on_part_data(data, start, end)
