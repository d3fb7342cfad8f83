"""The signed texts of an agreement and what else it is known from: kept as files, each known by its hash.

A document stands in the agreement's own list of sources, as its file has them; beside that the register keeps which of
them were handed in here. One that was on record by its hash alone is matched by it.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from commitments.dates import parse_date
from commitments.errors import NotFound
from commitments.evidence_files import FIELD, KeptFile
from commitments.filling import Flaw, Flaws, check_choice, check_past, check_text, refuse_flaws
from commitments.log import Author
from commitments.reconcile import reconcile_agreement
from commitments.rows import amend_row, register_row
from commitments.sketching import SOURCE_KINDS
from commitments.tables import agreement, document

SIGNED_TEXT = "signed_text"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Described:
    """What somebody says of a document that they hand in."""

    title: str | None
    kind: str | None = SIGNED_TEXT
    language: str | None = None
    dated: str | None = None
    is_authentic: bool = False
    text_of: str | None = None
    """The name of the document on record of which this is the text; nothing for one that is new."""


def check_described(said: Described, why: str | None, today: date) -> Flaws:
    """Every flaw of it. Pure. What a document on record is called and of what kind it is stays as it is."""
    flaws = [*check_text("title", said.title, needed=not said.text_of), *check_text("why", why, needed=True)]
    if not said.text_of:
        flaws += [*check_choice("kind", said.kind, SOURCE_KINDS), *check_past("dated", said.dated, today, needed=False)]
    if said.is_authentic and not said.language:
        flaws.append(("language", Flaw.MISSING))
    if said.language and not _LANGUAGE.fullmatch(said.language):
        flaws.append(("language", Flaw.UNKNOWN))
    return tuple(flaws)


def add_document(unit: Connection, author: Author, name: str, file: KeptFile, said: Described, today: date) -> str:
    """Put a kept file to an agreement as a document with its hash; returns the document's name.

    The text of a document on record, named by `text_of` or found by its hash, is put to that one, and everything that
    points into it keeps pointing there. Raises Flawed with every flaw: also for a file that is not the document whose
    hash is on record, or that is there already.
    """
    refuse_flaws(check_described(said, author.why, today))
    row = _hold(unit, name)
    kept = unit.execute(
        select(document).where(document.c.agreement_id == row.id, document.c.sha256 == file.sha256)
    ).one_or_none()
    sources = [dict(one) for one in row.sources]
    found = next((one for one in sources if one.get("sha256") == file.sha256), None)
    if said.text_of:
        named = next((one for one in sources if one["document"] == said.text_of), None)
        if named is None:
            refuse_flaws([("text_of", Flaw.UNKNOWN)])
        elif named.get("sha256") not in (None, file.sha256) or found not in (None, named):
            refuse_flaws([(FIELD, Flaw.FILE_OTHER)])
        else:
            found = named
    if found is not None and kept is not None and kept.withdrawn_on is None:
        refuse_flaws([(FIELD, Flaw.FILE_KNOWN)])
    if found is None:
        found = _describe_new(sources, said)
        sources.append(found)
    found["sha256"] = file.sha256
    if said.language:
        found.setdefault("language", said.language)
    values: dict[str, Any] = {"sources": sources}
    if said.is_authentic and said.language:
        for column in ("languages", "authentic"):
            values[column] = list(dict.fromkeys([*getattr(row, column), said.language]))
    amend_row(unit, author, agreement, row, values, name, row.id)
    _keep_row(unit, author, name, row, kept, file, today)
    reconcile_agreement(unit, row.id, author.at, today)
    return str(found["document"])


def withdraw_document(unit: Connection, author: Author, name: str, document_id: int, today: date) -> None:
    """Hand a document's file out no more, with a reason; that it is on record, and its hash, stay.

    Raises Flawed without a reason, and NotFound for one that is not there or was withdrawn before.
    """
    refuse_flaws(check_text("why", author.why, needed=True))
    row = _hold(unit, name)
    kept = unit.execute(
        select(document)
        .where(document.c.id == document_id, document.c.agreement_id == row.id, document.c.withdrawn_on.is_(None))
        .with_for_update()
    ).one_or_none()
    if kept is None:
        raise NotFound(f"the agreement {name} has no such document")
    amend_row(unit, author, document, kept, {"withdrawn_on": today}, f"{name}/{kept.file}", row.id)


def _hold(unit: Connection, name: str) -> Row[Any]:
    row = unit.execute(select(agreement).where(agreement.c.reference == name).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"the register knows no agreement {name!r}")
    return row


def _describe_new(sources: list[dict[str, Any]], said: Described) -> dict[str, Any]:
    """A document as the agreement's file has it, under a name that no other one has."""
    taken = {one["document"] for one in sources}
    title = str(said.title)
    name, number = title, 2
    while name in taken:
        name, number = f"{title[:290]} ({number})", number + 1
    made: dict[str, Any] = {"document": name, "kind": said.kind}
    if said.dated:
        made["date"] = str(parse_date(said.dated))
    if said.language:
        made["language"] = said.language
    if name != title:
        made["title"] = title
    return made


def _keep_row(
    unit: Connection, author: Author, name: str, row: Row[Any], kept: Row[Any] | None, file: KeptFile, today: date
) -> None:
    if kept is not None:
        again = {"file": file.name, "size": file.size, "added_on": today, "withdrawn_on": None}
        amend_row(unit, author, document, kept, again, f"{name}/{file.name}", row.id)
        return
    values = {
        "agreement_id": row.id,
        "file": file.name,
        "sha256": file.sha256,
        "size": file.size,
        "added_on": today,
    }
    register_row(unit, author, document, values, f"{name}/{file.name}", row.id)
