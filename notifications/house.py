"""What a house puts in place of what the product brings: templates and catalogues in a folder of its own.

The operator owns the folder, so a sandbox that keeps a template from the program's insides is enough; it is no fence
against somebody who means harm.
"""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.utils import missing

from commitments.errors import TallyError
from notifications.languages import UnreadableCatalogue

TEMPLATES = Path(__file__).parent / "templates"
PARTS = ("message/subject.txt", "message/body.txt", "message/body.html")
CHAT = "message/chat.txt"
PAGE = "summary/page.typ"
BRIEF = "brief/page.typ"
POLICY = "policy.yaml"
_DRAWN = (".png", ".jpg", ".jpeg", ".svg")
"""What a page may show of what lies beside it: a coat of arms, a letterhead."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file of the house, where, and what would be right."""

    file: str
    line: int | None
    found: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.found}" if self.line else f"{self.file}: {self.found}"


class NamedUndefined(StrictUndefined):
    """A name that a template does not know, told with the names that there are."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        name = str(self._undefined_name)
        if self._undefined_obj is missing:
            known = ["view", "style", "_", "ngettext"]
            return f"found {name!r}, which is no name here{suggest(name, known)}; there are {', '.join(known)}"
        known = list_names(self._undefined_obj)
        what = type(self._undefined_obj).__name__
        there = f"; there are {', '.join(known)}" if known else ""
        return f"found .{name} of a {what}, which has no such name{suggest(name, known)}{there}"


def list_names(value: Any) -> list[str]:
    """What can be asked of a value that a template is shown."""
    if is_dataclass(value):
        return [field.name for field in fields(value)]
    if isinstance(value, dict):
        return [str(key) for key in value]
    return sorted(vars(value)) if hasattr(value, "__dict__") else []


def suggest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def sign_folder(folder: Path | None) -> tuple[tuple[str, int, int], ...]:
    """What changes when a file of the house changes, so that a running sender takes the new one."""
    if folder is None:
        return ()
    return tuple(
        (name, found.st_mtime_ns, found.st_size)
        for name, found in ((path.relative_to(folder).as_posix(), path.stat()) for path in list_files(folder))
    )


def list_files(folder: Path) -> list[Path]:
    """The files of the house that are read, and others beside them."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def find_strangers(folder: Path) -> Iterator[Fault]:
    """Files that nothing reads: a template with a slip in its name would be passed over in silence."""
    known = [*PARTS, CHAT, PAGE, BRIEF, POLICY]
    for path in list_files(folder):
        name = path.relative_to(folder).as_posix()
        is_shown = path.suffix.lower() in _DRAWN and path.with_name("page.typ").is_file()
        if name not in known and path.suffix != ".po" and not is_shown:
            yield Fault(
                name,
                None,
                f"nothing reads a file of this name{suggest(name, known)}; read are {', '.join(known)} and LANGUAGE.po",
            )


def explain_fault(fault: Exception, part: str) -> Fault:
    """Where in a template something is wrong, and what."""
    if isinstance(fault, TemplateSyntaxError):
        return Fault(fault.name or part, fault.lineno, f"found {_quote_line(fault)}: {fault.message}")
    if isinstance(fault, UnreadableCatalogue):
        return Fault(fault.file, fault.line, fault.found)
    line = None
    for frame in traceback.extract_tb(fault.__traceback__):
        if frame.filename.endswith(part):
            line = frame.lineno
    if isinstance(fault, UnicodeDecodeError):
        return Fault(part, None, "this is not UTF-8 text")
    if isinstance(fault, TallyError):
        return Fault(part, line, str(fault))
    words = fault.message if isinstance(fault, TemplateError) else f"{type(fault).__name__}: {fault}"
    return Fault(part, line, words or type(fault).__name__)


def _quote_line(fault: TemplateSyntaxError) -> str:
    lines = (fault.source or "").splitlines()
    return repr(lines[fault.lineno - 1].strip()[:80]) if 0 < fault.lineno <= len(lines) else "a mistake"


def find_part(fault: Exception) -> str:
    """Which of the house's files a fault came from, as far as it shows."""
    if isinstance(fault, UnreadableCatalogue):
        return fault.file
    if isinstance(fault, TemplateSyntaxError) and fault.name:
        return fault.name
    told = [frame.filename for frame in traceback.extract_tb(fault.__traceback__)]
    return next((part for name in reversed(told) for part in (*PARTS, CHAT) if name.endswith(part)), "templates")
