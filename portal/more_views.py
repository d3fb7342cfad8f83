"""What few agreements say, as views: each part folded away until somebody needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from commitments.policy import Policy
from commitments.sketch import Sketch, TypedBudgetLine, TypedLanguage, TypedPromise, TypedReport
from commitments.sketch_flaws import Drawing
from commitments.sketch_known import Known
from commitments.sketched_more import BUDGET_KINDS, NEW_TIE
from commitments.vocabulary import AgreementKind
from notifications.names import choose_words, find_words
from notifications.phrases import N_
from notifications.views import clean_text, shorten_apart
from portal.labels import name_agreement_kind
from portal.policy_views import describe_rules, fill_rules, say_faults
from portal.step_fields import GroupView, Page, fold, name_room
from portal.step_words import list_languages

AGREEMENTS_OFFERED = "agreements-offered"
_BUDGET_KINDS: Mapping[str, str] = {"planned": N_("planned"), "spent": N_("spent")}


def describe_more(page: Page, sketch: Sketch, drawing: Drawing, known: Known, usual: Policy) -> list[GroupView]:
    """The lasting tie, a network, money, the text, other agreements, an end before its time, rules of its own."""
    return [
        _describe_tie(page, sketch, known),
        _describe_network(page, sketch),
        _describe_budget(page, sketch, drawing),
        _describe_text(page, sketch),
        _describe_others(page, sketch),
        describe_end(page, sketch),
        _describe_rules(page, sketch, usual),
    ]


def describe_amended_more(
    page: Page, sketch: Sketch, drawing: Drawing, known: Known, *, is_filling: bool
) -> list[GroupView]:
    """The same of an agreement that is on record, folded away but where something is to be put right, or somebody has
    asked for more room."""
    groups = [
        _describe_tie(page, sketch, known),
        _describe_network(page, sketch),
        _describe_budget(page, sketch, drawing),
        _describe_text(page, sketch),
        _describe_others(page, sketch),
    ]
    room = page.words.gettext("Make room for more")  # nothing is saved by it here
    return [
        replace(one, is_open=_has_fault(one) or (one.is_open and is_filling), room=room if one.room else "")
        for one in groups
    ]


def _has_fault(group: GroupView) -> bool:
    return any(one.fault for one in (*group.fields, *(field for part in group.parts for field in part.fields)))


def _describe_tie(page: Page, sketch: Sketch, known: Known) -> GroupView:
    words, tie = page.words, sketch.tie
    there = [(one, clean_text(choose_words(plain["title"], words.tag) or one)) for one, plain in known.ties.items()]
    kinds = [(str(one), name_agreement_kind(words, one)) for one in AgreementKind]
    fields = [
        page.choose(
            "tie-chosen",
            words.gettext("The tie"),
            tie.chosen,
            [*there, (NEW_TIE, words.gettext("a new one, as below"))],
            words.gettext("not said"),
        ),
        page.text(
            "tie-title",
            words.gettext("What the tie is called"),
            tie.title,
            words.gettext("For example: Leeds and Hangzhou."),
        ),
        page.choose(
            "tie-language",
            words.gettext("Language of its name"),
            tie.language or sketch.title_language,
            list_languages(str(words.locale)),
        ),
        *page.texts("tie-titles", words.gettext("The same in another language"), tie.titles),
        page.day("tie-since", words.gettext("Since when"), tie.since),
        page.choose("tie-kind", words.gettext("Kind of tie"), tie.kind, kinds, words.gettext("not said")),
        page.reference("tie-reference", tie.reference),
    ]
    help = words.gettext("What lasts between the parties, and may hold several agreements.")
    said = tie.model_copy(update={"language": ""}).model_dump()
    group = fold(words.gettext("The lasting tie"), help, fields)
    is_open = any(said.values()) or any(one.fault for one in fields)
    return GroupView(group.title, group.fields, help, folded=True, is_open=is_open)


def _describe_network(page: Page, sketch: Sketch) -> GroupView:
    words, network = page.words, sketch.network
    fields = [
        page.text(
            "network-name",
            words.gettext("Name of the network"),
            network.name,
            words.gettext("For example: UNESCO Creative Cities Network."),
        ),
        page.text("network-field", words.gettext("Field"), network.field, words.gettext("For example: Crafts.")),
        page.day("network-designated", words.gettext("Member since"), network.designated),
        page.text(
            "network-cycle",
            words.gettext("A report is due every so many years"),
            network.cycle,
            words.gettext("Counted from the year of joining. Empty: no report is due."),
            kind="number",
            most=2,
        ),
    ]
    parts = [
        GroupView(
            words.gettext("Report handed in (%(number)s)") % {"number": at + 1},
            (
                page.text(f"r{at}-cycle", words.gettext("For the year"), one.cycle, kind="number", most=4),
                page.day(f"r{at}-submitted", words.gettext("Handed in on"), one.submitted),
            ),
        )
        for at, one in enumerate([*network.reports, TypedReport()])
    ]
    return fold(words.gettext("Membership of a network"), "", fields, parts, name_room(words))


def _choose_summary(promise: TypedPromise, language: str) -> str:
    """Its words in the reader's language, where they are on record."""
    return find_words({one.language: one.text for one in promise.summaries}, language) or promise.summary


def _describe_budget(page: Page, sketch: Sketch, drawing: Drawing) -> GroupView:
    words = page.words
    owed = [one for one in sketch.promises if one.key in drawing.named]
    titles = shorten_apart([clean_text(_choose_summary(one, words.tag)) for one in owed])
    promises = [(one.key, title or one.key) for one, title in zip(owed, titles, strict=True)]
    parts = [_describe_line(page, at, one, promises) for at, one in enumerate([*sketch.budget, TypedBudgetLine()])]
    return fold(words.gettext("Budget"), "", (), parts, name_room(words))


def _describe_line(page: Page, at: int, one: TypedBudgetLine, promises: Sequence[tuple[str, str]]) -> GroupView:
    words, name = page.words, f"b{at}"
    kinds = [(kind, words.gettext(_BUDGET_KINDS[kind])) for kind in BUDGET_KINDS]
    fields = (
        page.text(f"{name}-amount", words.gettext("Amount"), one.amount, kind="number", most=30),
        page.text(f"{name}-currency", words.gettext("Currency"), one.currency,
                  words.gettext("Its code, such as EUR."), most=3),
        page.check(
            f"{name}-approximate",
            words.gettext("Is it exact?"),
            words.gettext("It is about so much"),
            chosen=bool(one.approximate),
        ),
        page.choose(f"{name}-kind", words.gettext("Planned or spent"), one.kind, kinds),
        page.day(f"{name}-period_from", words.gettext("From"), one.period_from),
        page.day(f"{name}-period_to", words.gettext("Until"), one.period_to),
        page.text(f"{name}-source_of_funds", words.gettext("Who gives it"), one.source_of_funds),
        page.choose(
            f"{name}-commitment",
            words.gettext("For which commitment"),
            one.commitment,
            promises,
            words.gettext("the agreement as a whole"),
        ),
        page.text(f"{name}-note", words.gettext("Note"), one.note),
        page.reference(f"{name}-reference", one.reference),
    )  # fmt: skip
    return GroupView(words.gettext("Budget line %(number)s") % {"number": at + 1}, fields)


def _describe_text(page: Page, sketch: Sketch) -> GroupView:
    words = page.words
    counts = [("yes", words.gettext("it counts")), ("no", words.gettext("it is a translation"))]
    parts = [
        GroupView(
            words.gettext("Language version %(number)s") % {"number": at + 1},
            (
                page.language(f"l{at}-language", words.gettext("Language"), one.language),
                page.choose(
                    f"l{at}-authentic",
                    words.gettext("Does this version count?"),
                    one.authentic,
                    counts,
                    words.gettext("not said"),
                ),
            ),
        )
        for at, one in enumerate([*sketch.languages, *[TypedLanguage()] * (1 if sketch.languages else 2)])
    ]
    binds = [("yes", words.gettext("Yes")), ("no", words.gettext("No"))]
    binding = page.choose(
        "binding", words.gettext("Is it binding in law?"), sketch.binding, binds, words.gettext("not said")
    )
    return fold(words.gettext("The text"), "", [binding], parts, name_room(words))


def _describe_others(page: Page, sketch: Sketch) -> GroupView:
    words = page.words
    labels = {
        "parent": words.gettext("It carries out"),
        "amends": words.gettext("It amends"),
        "replaces": words.gettext("It replaces"),
    }
    fields = [
        page.text(name, label, getattr(sketch, name), listed=AGREEMENTS_OFFERED, most=80)
        for name, label in labels.items()
    ]
    return fold(
        words.gettext("Other agreements"), words.gettext("By their short names; they are offered as you type."), fields
    )


def describe_end(page: Page, sketch: Sketch) -> GroupView:
    """When and why it ended, if that was before its term."""
    words = page.words
    fields = [
        page.day("ended", words.gettext("Ended on"), sketch.ended),
        page.text("ended_reason", words.gettext("Why it ended"), sketch.ended_reason),
    ]
    return fold(words.gettext("It has ended before its time"), "", fields)


def _describe_rules(page: Page, sketch: Sketch, usual: Policy) -> GroupView:
    words = page.words
    filled = {**fill_rules(sketch.rules), **sketch.unread_rules}
    faults = say_faults(words, usual, sketch.rules, sketch.unread_rules)
    rules = describe_rules(words, usual, sketch.rules, filled, faults)
    parts = tuple(GroupView(one.title, one.fields) for one in rules)
    for part in parts:
        for field in part.fields:
            page.find_fault(field.name, field.label)
    return GroupView(
        words.gettext("Rules for reminders"),
        (),
        words.gettext("Only where they differ from those of the house; they can be changed and tried later, too."),
        folded=True,
        is_open=bool(filled or sketch.rules),
        parts=parts,
    )
