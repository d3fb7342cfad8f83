"""The pages for registering an agreement step by step, as views: groups of fields, filled with what was typed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from commitments.sketch import Sketch, TypedParty, TypedPerson, TypedPromise, TypedSignatory
from commitments.sketching import LONGEST_LINE, LONGEST_TEXT, NOBODY, Drawing, Flaw, Known
from commitments.vocabulary import AgreementKind, ContactRole, RenewalRule
from notifications.names import choose_words
from notifications.views import clean_text, shorten_title
from notifications.wording import Words
from portal.labels import name_agreement_kind, name_renewal
from portal.pages import FieldView, OptionView
from portal.step_words import (
    list_comparators,
    list_contact_roles,
    list_countries,
    list_every,
    list_languages,
    list_party_kinds,
    list_source_kinds,
    tell_flaw,
)

DATE = 20
PARTIES_OFFERED = "parties-offered"


@dataclass(frozen=True, slots=True)
class GroupView:
    """Fields that belong together. What `asks` stands above the others, which matter unless its first option is chosen.

    A `folded` group is opened by who needs it; with `folded_fields` it is those alone, under the heading `more`.
    """

    title: str
    fields: tuple[FieldView, ...] = ()
    help: str = ""
    asks: FieldView | None = None
    folded: bool = False
    folded_fields: tuple[FieldView, ...] = ()
    more: str = ""


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

    def find_fault(self, name: str, label: str) -> str:
        told = " ".join(dict.fromkeys(tell_flaw(self.words, one) for one in self.flaws if one.field == name))
        if told:
            self.faults.append(FaultView(label, told, f"#f-{name}"))
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

    def check(self, name: str, label: str, text: str) -> FieldView:
        return FieldView(name, label, "checks", options=(OptionView("1", text),))

    def language(self, name: str, label: str, value: str) -> FieldView:
        return self.choose(name, label, value, list_languages(str(self.words.locale)), self.words.gettext("not said"))

    def finish(self) -> list[FaultView]:
        """All that is to be put right; what belongs to no field of the page stands first."""
        shown = {one.link for one in self.faults}
        rest = [FaultView("", tell_flaw(self.words, one), "") for one in self.flaws if f"#f-{one.field}" not in shown]
        return [*rest, *self.faults]


def is_filled(fields: Iterable[FieldView]) -> bool:
    """Whether something stands in one of the fields, or is wrong with it."""
    return any(one.value or one.fault for one in fields)


def _fold(title: str, help: str, fields: Sequence[FieldView]) -> GroupView:
    return GroupView(title, tuple(fields), help, folded=not is_filled(fields))


def describe_parties(page: Page, sketch: Sketch, known: Known) -> list[GroupView]:
    """The agreement's title and kind, and each party in a group of its own."""
    words = page.words
    kinds = [(str(one), name_agreement_kind(words, one)) for one in AgreementKind]
    about = [
        page.text(
            "title",
            words.gettext("Title"),
            sketch.title,
            words.gettext("As the agreement calls itself."),
            required=True,
        ),
        page.choose(
            "title_language",
            words.gettext("Language of the title"),
            sketch.title_language,
            list_languages(str(words.locale)),
        ),
        page.choose("kind", words.gettext("Kind of agreement"), sketch.kind, kinds, words.gettext("Choose")),
        page.text("other_title", words.gettext("Title in another language"), sketch.other_title),
        page.language("other_language", words.gettext("Which language"), sketch.other_language),
    ]
    groups = [GroupView(words.gettext("The agreement"), tuple(about))]
    groups += [_describe_party(page, at, one, known) for at, one in enumerate(sketch.parties)]
    return groups


def _describe_party(page: Page, at: int, one: TypedParty, known: Known) -> GroupView:
    words, key = page.words, one.key
    found = known.find(one.name) if one.name else None
    first = [
        page.text(
            f"{key}-name",
            words.gettext("Name of the party"),
            one.name,
            words.gettext("Its name or reference in the register, or the name of a new party."),
            listed=PARTIES_OFFERED,
        ),
    ]
    if at > 1 or one.name:
        leave = words.gettext("Leave this party out")
        first.append(page.check(f"{key}-remove", words.gettext("Not a party after all?"), leave))
    new = [
        page.choose(
            f"{key}-kind", words.gettext("What it is"), one.kind, list_party_kinds(words), words.gettext("Choose")
        ),
        page.choose(
            f"{key}-country",
            words.gettext("Country"),
            one.country,
            list_countries(str(words.locale)),
            words.gettext("Choose"),
            words.gettext("Its holidays and working days are kept."),
        ),
        page.text(
            f"{key}-time_zone",
            words.gettext("Time zone"),
            one.time_zone,
            words.gettext("For example Asia/Shanghai. Empty: that of the country, where it has one alone."),
        ),
        page.language(f"{key}-language", words.gettext("Language of its messages"), one.language),
        page.text(f"{key}-other_name", words.gettext("Name in another language"), one.other_name),
        page.language(f"{key}-other_language", words.gettext("Which language"), one.other_language),
    ]
    help = words.gettext("The register knows this party; nothing more is needed.") if found else ""
    faulty = any(view.fault for view in (*first, *new))
    unfolded = faulty or (not found and is_filled(new))
    return GroupView(
        words.gettext("Party %(number)s") % {"number": at + 1},
        tuple(first),
        help,
        folded=not unfolded,
        folded_fields=() if found and not faulty else tuple(new),
        more=words.gettext("A new party: what and where it is"),
    )


def offer_parties(words: Words, known: Known) -> list[str]:
    """Names to choose from while one types."""
    return sorted({clean_text(choose_words(names, words.tag)) for names in known.shown.values()})[:500]


def describe_dates(page: Page, sketch: Sketch, drawing: Drawing, known: Known) -> list[GroupView]:
    """When it was signed and by whom, from when and until when it holds, and how it goes on."""
    words = page.words
    help = words.gettext("A day, a month or a year, as precisely as it is known: 2026-11-20, 2026-11 or 2026.")
    names = name_parties(words, sketch, drawing, known)
    signed = [
        page.day(f"{one.key}-signed", words.gettext("Signed by %(party)s on") % {"party": names[one.key]}, one.signed)
        for one in sketch.parties
        if one.key in names
    ]
    ends = [
        ("unknown", words.gettext("it is not known")),
        ("none", words.gettext("it is stated to have no end")),
        ("date", words.gettext("it expires on a date")),
    ]
    rules = [(str(one), name_renewal(words, one)) for one in RenewalRule]
    term = [
        page.day("effective", words.gettext("In force from"), sketch.effective),
        page.choose("end", words.gettext("Its end"), sketch.end, ends, kind="radios"),
        page.day("expires", words.gettext("Expires on"), sketch.expires),
        page.text(
            "term",
            words.gettext("Term in words"),
            sketch.term,
            words.gettext("As the agreement says it, for example: five years from its signature."),
        ),
    ]
    goes_on = [
        page.choose("renewal", words.gettext("Renewal"), sketch.renewal, rules, words.gettext("not said")),
        page.text(
            "renewal_months", words.gettext("Renewed for how many months"), sketch.renewal_months, kind="number", most=6
        ),
        page.day("renew_by", words.gettext("To be renewed by"), sketch.renew_by),
        page.text(
            "notice",
            words.gettext("Notice period"),
            sketch.notice,
            words.gettext("How long before its end it can be given up."),
            kind="number",
            most=6,
        ),
        page.choose(
            "notice_unit",
            words.gettext("Months or days of notice"),
            sketch.notice_unit,
            [("months", words.gettext("months")), ("days", words.gettext("days"))],
        ),
    ]
    groups = [
        GroupView(words.gettext("Signed"), tuple(signed), help),
        GroupView(words.gettext("Term"), tuple(term), help),
        _fold(words.gettext("Renewal and notice"), "", [one for one in goes_on if one.name != "notice_unit"]),
    ]
    groups[-1] = GroupView(groups[-1].title, tuple(goes_on), "", folded=groups[-1].folded)
    places = [(key, name) for key, name in names.items()]
    for at, one in enumerate([*sketch.signatories, *[TypedSignatory()] * (2 if not sketch.signatories else 0)]):
        fields = [
            page.text(f"s{at}-name", words.gettext("Name"), one.name),
            page.text(f"s{at}-office", words.gettext("Office"), one.office),
            page.choose(f"s{at}-party", words.gettext("For which party"), one.party, places, words.gettext("Choose")),
        ]
        groups.append(GroupView(words.gettext("Who signed (%(number)s)") % {"number": at + 1}, tuple(fields)))
    source = [
        page.text(
            "source",
            words.gettext("Document"),
            sketch.source,
            words.gettext("Its file name or title, so that it can be found again."),
        ),
        page.choose(
            "source_kind", words.gettext("What kind of document"), sketch.source_kind, list_source_kinds(words)
        ),
        page.day("source_date", words.gettext("Date of the document"), sketch.source_date),
        page.language("source_language", words.gettext("Language of the document"), sketch.source_language),
    ]
    is_folded = not (sketch.source or sketch.source_date)
    groups.append(GroupView(words.gettext("Where this is taken from"), tuple(source), folded=is_folded))
    note = [page.text("note", words.gettext("Note"), sketch.note, kind="note", most=LONGEST_TEXT)]
    groups.append(_fold(words.gettext("More about it"), "", note))
    return groups


def name_parties(words: Words, sketch: Sketch, drawing: Drawing, known: Known) -> dict[str, str]:
    """Each party of the sketch by its key, named in the reader's language."""
    return {
        one.key: clean_text(choose_words(known.shown.get(drawing.parties[one.key], {}), words.tag) or one.name)
        for one in sketch.parties
        if one.key in drawing.parties
    }


def describe_promise(page: Page, one: TypedPromise, parties: Mapping[str, str]) -> list[GroupView]:
    """One commitment by plain questions."""
    words = page.words
    no, yes = words.gettext("No"), words.gettext("Yes")
    yes_or_no = [("no", no), ("yes", yes)]
    firm = [
        ("no", words.gettext("It is promised")),
        ("yes", words.gettext("It is only planned, and still to be confirmed")),
    ]
    what = [
        page.text(
            "summary",
            words.gettext("What was promised"),
            one.summary,
            words.gettext("In one sentence. For example: Hold at least four exchange activities every year."),
            kind="note",
            required=True,
        ),
        page.choose("is_plan", words.gettext("Is it firm?"), one.is_plan, firm, kind="radios"),
    ]
    dated = page.choose("has_date", words.gettext("Is there a date?"), one.has_date, yes_or_no, kind="radios")
    due = page.day(
        "due",
        words.gettext("By when"),
        one.due,
        words.gettext("A month or a year means its last day. For a plan: by when it is to be confirmed."),
    )
    repeats = page.choose(
        "repeats", words.gettext("Does it repeat?"), one.repeats, [("no", no), *list_every(words)], kind="radios"
    )
    periods = [
        page.text("times", words.gettext("How many each time"), one.times, kind="number", most=6),
        page.text(
            "counted",
            words.gettext("What is counted"),
            one.counted,
            words.gettext("In the plural, for example: exchange activities."),
        ),
    ]
    numbered = page.choose(
        "has_number", words.gettext("Is there a number to reach?"), one.has_number, yes_or_no, kind="radios"
    )
    number = [
        page.choose("comparator", words.gettext("At least, at most or about"), one.comparator, list_comparators(words)),
        page.text("quantity", words.gettext("The number"), one.quantity, kind="number", most=30),
        page.text(
            "unit",
            words.gettext("Its unit"),
            one.unit,
            words.gettext("A currency such as CNY, or a plain word such as scholarships."),
        ),
    ]
    owed = FieldView(
        "owed_by",
        words.gettext("Owed by"),
        "checks",
        help=words.gettext("None chosen: all parties owe it together."),
        options=tuple(OptionView(key, name, key in one.owed_by) for key, name in parties.items()),
    )
    quote = [
        page.text(
            "quote",
            words.gettext("The sentence itself"),
            one.quote,
            words.gettext("As it stands in the agreement. It is shown to whoever is asked."),
            kind="note",
            most=LONGEST_TEXT,
        ),
        page.language("quote_language", words.gettext("Language of the sentence"), one.quote_language),
        page.text(
            "other_quote",
            words.gettext("The same in another language version"),
            one.other_quote,
            kind="note",
            most=LONGEST_TEXT,
        ),
        page.language("other_language", words.gettext("Which language"), one.other_language),
    ]
    more = [
        page.text(
            "implementers",
            words.gettext("Who does the work"),
            one.implementers,
            words.gettext("Bodies besides the parties, several with a semicolon between them."),
        ),
        page.text("theme", words.gettext("Theme"), one.theme, words.gettext("For example: education.")),
        page.text("note", words.gettext("Note"), one.note, kind="note", most=LONGEST_TEXT),
    ]
    return [
        GroupView(words.gettext("The commitment"), tuple(what)),
        GroupView("", (due,), asks=dated),
        GroupView("", tuple(periods), asks=repeats),
        GroupView("", tuple(number), asks=numbered),
        GroupView(words.gettext("Who owes it"), (owed,)),
        GroupView(
            words.gettext("The sentence in the agreement"),
            tuple(quote),
            folded=not (one.quote or one.other_quote or any(view.fault for view in quote)),
        ),
        _fold(words.gettext("More about it"), "", more),
    ]


def describe_owners(page: Page, sketch: Sketch, drawing: Drawing, known: Known) -> list[GroupView]:
    """New people, who usually answers at each party, and who answers for each commitment."""
    words = page.words
    names = name_parties(words, sketch, drawing, known)
    groups = [_describe_person(page, at, one, names) for at, one in enumerate(sketch.people)]
    people = {key: list_people(key, sketch, drawing, known) for key in names}
    usual = [
        page.choose(
            f"usual-{key}",
            words.gettext("Usually answers for %(party)s") % {"party": name},
            sketch.usual_owners.get(key, ""),
            people[key],
            words.gettext("nobody yet"),
        )
        for key, name in names.items()
    ]
    groups.append(
        GroupView(
            words.gettext("Who usually answers"),
            tuple(usual),
            words.gettext("They answer for all that their party owes, unless you say otherwise below."),
        )
    )
    for promise in sketch.promises:
        owing = [key for key in promise.owed_by if key in names] or list(names)
        fields = tuple(
            page.choose(
                f"{promise.key}-{key}",
                names[key],
                promise.owners.get(key, ""),
                [*people[key], (NOBODY, words.gettext("nobody yet"))],
                words.gettext("as usual"),
            )
            for key in owing
        )
        groups.append(GroupView(shorten_title(clean_text(promise.summary)), fields))
    return groups


def list_people(key: str, sketch: Sketch, drawing: Drawing, known: Known) -> list[tuple[str, str]]:
    """Who can be chosen at a party: those of the register, and the new ones."""
    there = known.contacts.get(drawing.parties[key], ())
    new = [(one.key, clean_text(one.name)) for one in sketch.people if one.party == key and one.name]
    return [*((one.reference, _name_person(one)) for one in there), *new]


def _name_person(one: Any) -> str:
    name = clean_text(one.name)
    return f"{name}, {clean_text(one.office)}" if one.office else name


def _describe_person(page: Page, at: int, one: TypedPerson, parties: Mapping[str, str]) -> GroupView:
    words, key = page.words, one.key
    roles = [(role, text) for role, text in list_contact_roles(words) if role != ContactRole.OPERATOR]
    fields = [
        page.text(f"{key}-name", words.gettext("Name"), one.name),
        page.choose(f"{key}-party", words.gettext("Speaks for"), one.party, parties.items(), words.gettext("Choose")),
        page.text(f"{key}-mail", words.gettext("Mail address"), one.mail, most=254),
        page.text(f"{key}-office", words.gettext("Office"), one.office),
        page.choose(f"{key}-role", words.gettext("Role"), one.role, roles),
        page.language(f"{key}-language", words.gettext("Language of their messages"), one.language),
        page.check(f"{key}-remove", words.gettext("Not needed after all?"), words.gettext("Leave this person out")),
    ]
    return GroupView(words.gettext("New person %(number)s") % {"number": at + 1}, tuple(fields))
