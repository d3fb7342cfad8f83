"""What somebody types in of a new agreement, as it is kept from step to step, with what it comes to today."""

from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex
from typing import Any

from commitments.database import open_reading
from commitments.sketch import Sketch, Step, read_sketch
from commitments.sketch_flaws import Drawing
from commitments.sketch_known import Known, load_known
from commitments.sketching import draw_sketch
from portal.forms import Sent
from portal.house import House
from portal.registrations import Registration, Way, find_registration, save_registration
from portal.roles import Role, Viewer, select_visible_agreements
from portal.twins import find_twins

ADDRESS = "/register"
_NAME = 8


@dataclass(frozen=True, slots=True)
class Drawn:
    """A person's sketch with what it comes to today."""

    kept: Registration
    sketch: Sketch
    known: Known
    drawing: Drawing
    twins: tuple[str, ...] = ()
    own: str | None = None
    """The party of who writes it; an administrator writes for none."""


def find_sketch(house: House, viewer: Viewer, number: int) -> Drawn | None:
    with open_reading(house.engine) as reading:
        return load_sketch(reading, house, viewer, number)


def load_sketch(reading: Any, house: House, viewer: Viewer, number: int, *, hold: bool = False) -> Drawn | None:
    kept = find_registration(reading, viewer.person.id, number, Way.BY_HAND, hold=hold)
    return draw_anew(reading, house, viewer, kept, read_sketch(kept.content)) if kept is not None else None


def draw_anew(reading: Any, house: House, viewer: Viewer, kept: Registration, sketch: Sketch) -> Drawn:
    today = house.today_of(viewer.person, house.read_clock())
    known = load_known(reading, sketch, today, select_visible_agreements(viewer))
    own = None if viewer.role is Role.ADMINISTRATOR else viewer.party
    drawing = draw_sketch(sketch, known, own)
    return Drawn(kept, sketch, known, drawing, find_twins(reading, drawing, select_visible_agreements(viewer)), own)


def save_sketch(unit: Any, house: House, drawn: Drawn) -> None:
    content = drawn.sketch.model_dump(mode="json")
    save_registration(unit, drawn.kept.id, drawn.sketch.title, content, house.read_clock())


def link_step(number: int, step: Step) -> str:
    return f"{ADDRESS}/drafts/{number}/{step}"


def make_mark(sketch: Sketch, place: str) -> str:
    """The name of a form of its own, and that of the form that wrote before it what it shows."""
    return token_hex(_NAME // 2) + sketch.written.get(place, "")


def mark_shown(sketch: Sketch) -> str:
    """The name of a draft as it stands: another once anything of it has changed but the reason for registering it."""
    said = sketch.model_dump_json(exclude={"why", "written", "keys"})
    return sha256(said.encode()).hexdigest()[:40]


def is_overtaken(sketch: Sketch, place: str, sent: Sent) -> bool:
    """Whether another form has written here since this one was shown; what this one has written itself is its own."""
    mark, last = sent.text("mark") or "", sketch.written.get(place, "")
    return bool(mark) and last not in (mark[:_NAME], mark[_NAME:])


def sign_place(sketch: Sketch, place: str, sent: Sent) -> None:
    if mark := sent.text("mark"):
        sketch.written[str(place)] = mark[:_NAME]
