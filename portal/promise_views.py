"""The questions about one commitment, as views; what few commitments need is folded away."""

from collections.abc import Mapping, Sequence

from commitments.filling import LONGEST_TEXT
from commitments.sketch import TypedMilestone, TypedPromise
from commitments.vocabulary import Every, Owed
from notifications.wording import Words
from portal.pages import FieldView, OptionView
from portal.step_fields import GroupView, Page, fold, fold_rest, is_filled, name_room
from portal.step_words import list_comparators, list_every


def describe_promise(
    page: Page, one: TypedPromise, parties: Mapping[str, str], documents: Sequence[str]
) -> list[GroupView]:
    """One commitment by plain questions; `documents` are those that it can be taken from."""
    words = page.words
    return [
        _describe_what(page, one),
        *describe_kind(page, one),
        GroupView(words.gettext("Who owes it"), _describe_owing(page, one, parties)),
        _describe_sentence(page, one, documents),
        _describe_milestones(page, one, parties),
        _describe_rest(page, one),
    ]


def _describe_what(page: Page, one: TypedPromise) -> GroupView:
    words = page.words
    what = page.text(
        "summary",
        words.gettext("What was promised"),
        one.summary,
        words.gettext("In one sentence. For example: Hold at least four exchange activities every year."),
        kind="note",
        required=True,
    )
    others = page.texts("summaries", words.gettext("The same in another language"), one.summaries, kind="note")
    return fold_rest(words.gettext("The commitment"), [what], others, words.gettext("In other languages"))


def _ask_firmness(page: Page, one: TypedPromise) -> GroupView:
    words = page.words
    firm = [
        ("no", words.gettext("It is promised")),
        ("yes", words.gettext("It is only planned, and still to be confirmed")),
    ]
    by = page.day(
        "confirm_by",
        words.gettext("To be confirmed by"),
        one.confirm_by,
        words.gettext("Empty: by its date, or as the house has it."),
    )
    asks = page.choose("is_plan", words.gettext("Is it firm?"), one.is_plan, firm, kind="radios")
    return GroupView("", (by,), asks=asks)


def _ask_date(page: Page, one: TypedPromise) -> GroupView:
    words = page.words
    answers = [
        ("no", words.gettext("No, it goes on")),
        ("yes", words.gettext("Yes")),
        ("once", words.gettext("No, but it is done one day")),
    ]
    due = page.day("due", words.gettext("By when"), one.due, words.gettext("A month or a year means its last day."))
    return GroupView(
        "",
        (due,),
        asks=page.choose("has_date", words.gettext("Is there a date?"), one.has_date, answers, kind="radios"),
    )


def _ask_repetition(page: Page, one: TypedPromise) -> GroupView:
    words = page.words
    answers = [("no", words.gettext("No")), *list_every(words)]
    asks = page.choose("repeats", words.gettext("Does it repeat?"), one.repeats, answers, kind="radios")
    fields = [
        page.text("times", words.gettext("How many each time"), one.times, kind="number", most=6),
        page.text(
            "counted",
            words.gettext("What is counted"),
            one.counted,
            words.gettext("In the plural, for example: exchange activities."),
        ),
    ]
    rest = [
        page.text(
            "interval",
            words.gettext("Only every so many"),
            one.interval,
            words.gettext("2 with every year: every second year. Empty: each."),
            kind="number",
            most=3,
        ),
        page.text(
            "months",
            words.gettext("In which months"),
            one.months,
            words.gettext("If that is stated, by their numbers: 4, 10."),
            most=60,
        ),
        page.day(
            "starts",
            words.gettext("The first period begins"),
            one.starts,
            words.gettext("Empty: with the calendar year, quarter or month."),
        ),
        page.day("ends", words.gettext("Until when it repeats"), one.ends),
    ]
    more = words.gettext("Its periods more exactly")
    return GroupView("", tuple(fields), asks=asks, folded=not is_filled(rest), folded_fields=tuple(rest), more=more)


def _ask_number(page: Page, one: TypedPromise) -> GroupView:
    words = page.words
    answers = [("no", words.gettext("No")), ("yes", words.gettext("Yes"))]
    asks = page.choose(
        "has_number", words.gettext("Is there a number to reach?"), one.has_number, answers, kind="radios"
    )
    fields = [
        page.choose("comparator", words.gettext("At least, at most or about"), one.comparator, list_comparators(words)),
        page.text("quantity", words.gettext("The number"), one.quantity, kind="number", most=30),
        page.text(
            "unit",
            words.gettext("Its unit"),
            one.unit,
            words.gettext("A currency such as CNY, or a plain word such as scholarships."),
        ),
    ]
    rest = [
        page.text(
            "baseline", words.gettext("The number at the beginning"), one.baseline, words.gettext("Empty: 0."),
            kind="number", most=30,
        ),
        page.day("baseline_on", words.gettext("Counted on"), one.baseline_on),
    ]  # fmt: skip
    more = words.gettext("Where it started from")
    return GroupView("", tuple(fields), asks=asks, folded=not is_filled(rest), folded_fields=tuple(rest), more=more)


def _describe_owing(page: Page, one: TypedPromise, parties: Mapping[str, str]) -> tuple[FieldView, ...]:
    words = page.words
    owed_by = FieldView(
        "owed_by",
        words.gettext("Owed by"),
        "checks",
        help=words.gettext("None chosen: all parties owe it together."),
        options=tuple(OptionView(key, name, key in one.owed_by) for key, name in parties.items()),
    )
    return owed_by, _ask_owed(page, one)


def describe_kind(page: Page, one: TypedPromise) -> list[GroupView]:
    """The plain questions from whose answers the kind follows."""
    return [_ask_firmness(page, one), _ask_date(page, one), _ask_repetition(page, one), _ask_number(page, one)]


def describe_terms(page: Page, one: TypedPromise, *, is_shared: bool) -> list[FieldView]:
    """The terms of a commitment whose kind is settled; `is_shared` if several owe it."""
    words = page.words
    fields: list[FieldView] = []
    if one.repeats in list(Every):
        asked = _ask_repetition(page, one)
        every = page.choose("repeats", words.gettext("How often"), one.repeats, list_every(words))
        fields += [every, *asked.fields, *asked.folded_fields]
    if one.has_number == "yes":
        asked = _ask_number(page, one)
        fields += [*asked.fields, *asked.folded_fields]
    if is_shared:
        fields.append(_ask_owed(page, one))
    named = {field.name: field for field in _describe_rest(page, one).fields}
    wanted = ("implementers", "condition", "condition_met_on", "period_from", "period_to", "tags")
    return [*fields, *(named[name] for name in wanted)]


def _ask_owed(page: Page, one: TypedPromise) -> FieldView:
    words = page.words
    ways = [(str(way), name_owed(words, way)) for way in Owed]
    return page.choose("owed", words.gettext("If several owe it"), one.owed, ways)


def name_owed(words: Words, owed: Owed) -> str:
    """Whether several owe one thing or each its own."""
    if owed is Owed.EACH:
        return words.gettext("each owes its own")
    return words.gettext("they owe it together")


def _describe_sentence(page: Page, one: TypedPromise, documents: Sequence[str]) -> GroupView:
    words = page.words
    fields = [
        page.text(
            "quote",
            words.gettext("The sentence itself"),
            one.quote,
            words.gettext("As it stands in the agreement. It is shown to whoever is asked."),
            kind="note",
            most=LONGEST_TEXT,
        ),
        page.language("quote_language", words.gettext("Language of the sentence"), one.quote_language),
        *page.texts("quotes", words.gettext("The same in another language version"), one.quotes, "note", LONGEST_TEXT),
    ]
    parts = [describe_place(page, one, documents)] if documents else []
    return fold(words.gettext("The sentence in the agreement"), "", fields, parts)


def describe_place(page: Page, one: TypedPromise, documents: Sequence[str]) -> GroupView:
    """Where the sentence stands in one of the documents."""
    words, place = page.words, one.place
    fields = [
        page.choose(
            "place-document",
            words.gettext("Document"),
            place.document,
            [(document, document) for document in documents],
            words.gettext("not said"),
        ),
        page.text(
            "place-start",
            words.gettext("Its first character"),
            place.start,
            words.gettext("Counted from 0 in the document's text."),
            kind="number",
            most=12,
        ),
        page.text(
            "place-end",
            words.gettext("The character after its last"),
            place.end,
            words.gettext("Empty: it follows from the sentence above."),
            kind="number",
            most=12,
        ),
        page.text(
            "place-sha256",
            words.gettext("Fingerprint (SHA-256)"),
            place.sha256,
            words.gettext("Empty: that of the sentence above."),
            most=64,
        ),
    ]
    return GroupView(words.gettext("Where it stands in a document, if it is to be proved"), tuple(fields))


def _describe_milestones(page: Page, one: TypedPromise, parties: Mapping[str, str]) -> GroupView:
    words = page.words
    parts = [
        _describe_milestone(page, at, step, parties)
        for at, step in enumerate([*one.milestones, TypedMilestone(), TypedMilestone()])
    ]
    return fold(words.gettext("Milestones on the way"), "", (), parts, name_room(words))


def _describe_milestone(page: Page, at: int, one: TypedMilestone, parties: Mapping[str, str]) -> GroupView:
    words, name = page.words, f"m{at}"
    fields = [
        page.text(f"{name}-title", words.gettext("What is to be reached"), one.title),
        page.day(f"{name}-due", words.gettext("By when"), one.due),
        page.choose(
            f"{name}-party", words.gettext("Which party"), one.party, parties.items(), words.gettext("whoever owes it")
        ),
    ]
    rest = [
        *page.texts(f"{name}-titles", words.gettext("The same in another language"), one.titles),
        page.reference(f"{name}-reference", one.reference),
    ]
    title = words.gettext("Milestone %(number)s") % {"number": at + 1}
    return fold_rest(title, fields, rest, words.gettext("In other languages"))


def _describe_rest(page: Page, one: TypedPromise) -> GroupView:
    words = page.words
    fields = [
        page.text(
            "implementers",
            words.gettext("Who does the work"),
            one.implementers,
            words.gettext("Bodies besides the parties, several with a semicolon between them."),
            most=LONGEST_TEXT,
        ),
        page.text(
            "condition",
            words.gettext("Only if"),
            one.condition,
            words.gettext("What has to come first, for example: Both councils have granted the money."),
        ),
        page.day("condition_met_on", words.gettext("That came about on"), one.condition_met_on),
        page.day("period_from", words.gettext("It counts from"), one.period_from),
        page.day("period_to", words.gettext("It counts until"), one.period_to),
        page.text("theme", words.gettext("Theme"), one.theme, words.gettext("For example: education.")),
        page.text(
            "tags",
            words.gettext("Tags"),
            one.tags,
            words.gettext("Short words to find it by, with commas between them: money, reporting."),
        ),
        page.text("note", words.gettext("Note"), one.note, kind="note", most=LONGEST_TEXT),
        page.reference("reference", one.reference),
    ]
    return fold(words.gettext("More about it"), "", fields)
