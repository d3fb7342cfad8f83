"""The fields of a page for registering: filled with what was typed, grouped, and each with what is wrong with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from commitments.filling import LONGEST_LINE
from commitments.sketch import TypedText
from commitments.sketch_flaws import Flaw
from notifications.wording import Words
from portal.pages import FieldView, OptionView
from portal.step_words import list_languages, tell_flaw

DATE = 20


@dataclass(frozen=True, slots=True)
class GroupView:
    """Fields that belong together. What `asks` stands above the others, which matter unless its first option is chosen.

    A `folded` group is opened by who needs it; with `folded_fields` it is those alone, under the heading `more`. The
    entries of a list are `parts`, and `room` is the button that makes room for further ones.
    """

    title: str
    fields: tuple[FieldView, ...] = ()
    help: str = ""
    asks: FieldView | None = None
    folded: bool = False
    is_open: bool = False
    folded_fields: tuple[FieldView, ...] = ()
    more: str = ""
    parts: tuple["GroupView", ...] = ()
    room: str = ""

    @property
    def stands_folded(self) -> bool:
        """Whether it is one line that is opened, and not a group with its own heading."""
        return self.folded and not self.folded_fields


@dataclass(frozen=True, slots=True)
class FaultView:
    """One line of the list of what is to be put right, leading to its field."""

    label: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One fault of a file: where it stands, what was found there, and what is expected."""

    file: str
    line: str
    field: str
    found: str
    expected: str


@dataclass
class Page:
    """Makes the fields of one page: each with its value and, if faults are to be shown, with its own."""

    words: Words
    flaws: Sequence[Flaw] = ()
    faults: list[FaultView] = field(default_factory=list)
    place: str = ""
    """Of which entry the fields are that are made now, where several have the same: it stands before their faults."""

    def find_fault(self, name: str, label: str) -> str:
        told = " ".join(dict.fromkeys(tell_flaw(self.words, one) for one in self.flaws if one.field == name))
        if told:
            said = self.words.gettext(" · ").join(part for part in (self.place, label) if part)
            self.faults.append(FaultView(said, told, f"#f-{name}"))
        return told

    def text(
        self,
        name: str,
        label: str,
        value: str,
        help: str = "",
        kind: str = "text",
        most: int = LONGEST_LINE,
        listed: str = "",
        required: bool = False,
    ) -> FieldView:
        fault = self.find_fault(name, label)
        return FieldView(
            name, label, kind, value, help, fault, most=str(most) if most else "", listed=listed, required=required
        )

    def texts(
        self, name: str, label: str, others: Sequence[TypedText], kind: str = "text", most: int = LONGEST_LINE
    ) -> list[FieldView]:
        """The same words in other languages, with room for two or one more."""
        fields: list[FieldView] = []
        for at, one in enumerate([*others, *[TypedText()] * (1 if others else 2)]):
            counted = self.words.gettext("%(field)s (%(number)s)") % {"field": label, "number": at + 1}
            spoken = self.words.gettext("Which language (%(number)s)") % {"number": at + 1}
            fields.append(self.text(f"{name}-{at}", counted, one.text, kind=kind, most=most))
            fields.append(self.language(f"{name}-{at}-language", spoken, one.language))
        return fields

    def reference(self, name: str, value: str) -> FieldView:
        help = self.words.gettext("Small letters, digits and hyphens; it stands in addresses. Empty: one is made.")
        return self.text(name, self.words.gettext("Short name in the register"), value, help, most=80)

    def day(self, name: str, label: str, value: str, help: str = "") -> FieldView:
        return self.text(name, label, value, help, most=DATE)

    def choose(
        self,
        name: str,
        label: str,
        value: str,
        options: Iterable[tuple[str, str]],
        nothing: str | None = None,
        help: str = "",
        kind: str = "select",
    ) -> FieldView:
        offered = [OptionView(one, text, one == value) for one, text in options]
        if nothing is not None:
            offered.insert(0, OptionView("", nothing, not any(one.chosen for one in offered)))
        elif kind == "radios" and not any(one.chosen for one in offered):
            offered[0] = OptionView(offered[0].value, offered[0].text, True)
        return FieldView(name, label, kind, value, help, self.find_fault(name, label), options=tuple(offered))

    def check(self, name: str, label: str, text: str, *, chosen: bool = False) -> FieldView:
        return FieldView(name, label, "checks", options=(OptionView("1", text, chosen),))

    def language(self, name: str, label: str, value: str) -> FieldView:
        return self.choose(name, label, value, offer_languages(self.words, value), self.words.gettext("not said"))

    def finish(self) -> list[FaultView]:
        """All that is to be put right; what belongs to no field of the page stands first."""
        shown = {one.link for one in self.faults}
        rest = [FaultView("", tell_flaw(self.words, one), "") for one in self.flaws if f"#f-{one.field}" not in shown]
        return [*rest, *self.faults]


def offer_languages(words: Words, chosen: str) -> list[tuple[str, str]]:
    """Languages to choose from; what is chosen is among them, also a variant that few write in."""
    offered = list(list_languages(str(words.locale)))
    if chosen and chosen not in dict(offered):
        offered.append((chosen, f"{words.locale.languages.get(chosen.partition('-')[0], chosen)} ({chosen})"))
    return offered


def is_filled(fields: Iterable[FieldView]) -> bool:
    """Whether something stands in one of the fields that is not usual, or something is wrong with it."""
    return any(one.fault or (one.value and one.value != _find_usual(one)) for one in fields)


def _find_usual(field: FieldView) -> str:
    return field.options[0].value if field.options else ""


def name_room(words: Words) -> str:
    """The button that makes room for further entries of a list."""
    return words.gettext("Save, and make room for more")


def fold(
    title: str, help: str, fields: Sequence[FieldView], parts: Sequence[GroupView] = (), room: str = ""
) -> GroupView:
    """A group that is opened by who needs it, and open where something stands in it."""
    inner = [field for part in parts for field in (*part.fields, *part.folded_fields)]
    filled = is_filled([*fields, *inner])
    return GroupView(title, tuple(fields), help, folded=True, is_open=filled, parts=tuple(parts), room=room)


def fold_rest(title: str, fields: Sequence[FieldView], rest: Sequence[FieldView], more: str) -> GroupView:
    """A group of which the rest is opened by who needs it."""
    return GroupView(title, tuple(fields), folded=not is_filled(rest), folded_fields=tuple(rest), more=more)
