"""The forms on which a coordinator amends a commitment, every string ready."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from commitments.deciding import StepTexts, Texts, Turn
from commitments.facts import Person
from commitments.filling import Flaw, Flawed, Flaws, check_text
from commitments.sentences import find_place
from commitments.vocabulary import CommitmentKind, ContactRole, MilestoneState
from notifications.names import Names
from notifications.views import clean_text
from notifications.wording import Words
from portal.acting import Acted
from portal.flaws import mark_fields
from portal.forms import Sent
from portal.pages import FactView, FieldView, FormView, OptionView
from portal.record_views import NOTE, TEXT, describe_why

SHORT = "10"


def _why(words: Words, sent: Sent) -> FieldView:
    return describe_why(words, sent.text("why") or "")


def _mark(acted: Acted) -> tuple[tuple[str, str], ...]:
    return (("mark", acted.mark),)


def name_language(words: Words, tag: str) -> str:
    return str(words.locale.languages.get(tag.partition("-")[0], tag))


def read_texts(row: Any, languages: Sequence[str], sent: Sent) -> Texts:
    """The words as the form has them."""
    return Texts(
        sent.text("summary"),
        {tag: sent.text(f"summary-{tag}") or "" for tag in list_spoken(row, languages)},
        {tag: sent.lines(f"quote-{tag}") or "" for tag in list_quoted(row, languages)},
        sent.text("theme"),
        sent.lines("note"),
        is_unplaced=sent.text("unplaced") == "1",
        is_same=sent.text("same") == "1",
    )


def as_texts(row: Any, languages: Sequence[str]) -> Texts:
    """The words as they are on record."""
    quote = {tag: row.quote.get(tag, "") for tag in list_quoted(row, languages)}
    summaries = {tag: row.summaries.get(tag, "") for tag in list_spoken(row, languages)}
    return Texts(row.summary, summaries, quote, row.theme, row.note)


def list_spoken(row: Any, languages: Sequence[str]) -> list[str]:
    """The languages in which the summary can be said besides its own: those on record, and the agreement's."""
    return list(dict.fromkeys([*row.summaries, *languages]))


def read_step_texts(row: Any, languages: Sequence[str], sent: Sent) -> StepTexts:
    """The words of a milestone as the form has them."""
    titles = {tag: sent.text(f"title-{tag}") or "" for tag in list_titled(row, languages)}
    return StepTexts(sent.text("title"), titles, is_same=sent.text("same") == "1")


def list_titled(row: Any, languages: Sequence[str]) -> list[str]:
    """The languages in which a milestone can be said besides its own: those on record, and the agreement's."""
    return [one for one in dict.fromkeys([*row.titles, *languages]) if one != "en" or one in row.titles]


def list_quoted(row: Any, languages: Sequence[str]) -> list[str]:
    """The languages in which the sentence can stand: those on record, and the agreement's."""
    return list(dict.fromkeys([*row.quote, *(languages or ["en"])]))


def read_due(sent: Sent) -> str | None:
    """The date as precise as it was given. Raises Flawed, with all else that can be known, where it was given twice."""
    exact, rough = sent.date_text("due"), sent.date_text("roughly")
    if exact and rough:
        raise Flawed([("roughly", Flaw.ONE_OF_TWO), *check_text("why", sent.text("why"), needed=True)])
    return rough or exact


def describe_texts(words: Words, acted: Acted, texts: Texts, why: str, flaws: Flaws) -> FormView:
    """The words of a commitment, all languages of it."""
    fields = [FieldView("summary", words.gettext("What was promised, in one sentence"), "text", texts.summary or "",
                        required=True, most=TEXT)]  # fmt: skip
    for tag, text in texts.summaries.items():
        if tag == "en" and not text:  # the sentence itself is the English one
            continue
        label = words.gettext("The same in %(language)s") % {"language": name_language(words, tag)}
        fields.append(FieldView(f"summary-{tag}", label, "text", text, most=TEXT))
    for tag, text in texts.quote.items():
        label = words.gettext("The sentence itself, in %(language)s") % {"language": name_language(words, tag)}
        help_text = words.gettext("Word for word as it stands in the agreement.")
        if place := find_place(acted.row, acted.head.sources, tag):
            help_text = words.gettext(
                "Word for word as it stands at characters %(start)s to %(end)s of %(document)s."
            ) % {
                "start": place["start"],
                "end": place["end"],
                "document": clean_text(place["document"]),
            }
        fields.append(FieldView(f"quote-{tag}", label, "note", text, help_text, most=NOTE))
    if any(flaw in (Flaw.NOT_THERE, Flaw.EMPTIED) for _, flaw in flaws) or texts.is_unplaced:
        away = words.gettext("Do not show it any more as standing there")
        fields.append(
            FieldView("unplaced", words.gettext("If the document itself says something else"), "checks",
                      options=(OptionView("1", away, texts.is_unplaced),))
        )  # fmt: skip
    fields += _ask_whether_same(words, flaws, is_same=texts.is_same)
    fields += [
        FieldView("theme", words.gettext("Theme"), "text", texts.theme or "", most=TEXT),
        FieldView("note", words.gettext("Note"), "note", texts.note or "", most=NOTE),
        describe_why(words, why),
    ]
    return FormView(
        f"{acted.address}/edit",
        "",
        words.gettext("Both sides see the new words; the history keeps the old ones."),
        words.gettext("Save"),
        mark_fields(words, fields, flaws),
        _mark(acted),
    )


def _ask_whether_same(words: Words, flaws: Flaws, *, is_same: bool) -> list[FieldView]:
    """Where something was changed in one language alone: whether the others may stay."""
    if not is_same and all(flaw is not Flaw.LEFT_BEHIND for _, flaw in flaws):
        return []
    still = words.gettext("The other languages still say the same")
    label = words.gettext("If only one language was to be put right")
    return [FieldView("same", label, "checks", options=(OptionView("1", still, is_same),))]


def describe_owners(
    words: Words,
    names: Names,
    acted: Acted,
    people: Mapping[int, Sequence[tuple[Person, str]]],
    sent: Sent,
    flaws: Flaws,
) -> list[FormView]:
    """For each side that the viewer may name an owner for: who answers."""
    forms = []
    for owner in acted.owners:
        if owner.party_id not in people:
            continue
        chosen = sent.text("to") if sent.text("side") == owner.reference else None
        options = [OptionView("", words.gettext("Please choose"), not chosen)]
        options += [
            OptionView(one.reference, _name_person(words, one, name), one.reference == chosen)
            for one, name in people[owner.party_id]
        ]
        now = names.contacts.get(owner.contact_id or 0, (None, None))[0]
        party = clean_text(names.name_party(owner.party_id, words.tag))
        fields = [
            FieldView("to", words.gettext("Who answers for it from now on"), "select", options=tuple(options),
                      required=True),
            _why(words, sent if sent.text("side") == owner.reference else Sent([])),
        ]  # fmt: skip
        forms.append(
            FormView(
                f"{acted.address}/owners",
                words.gettext("%(party)s: until now %(name)s")
                % {"party": party, "name": clean_text(now or words.gettext("nobody named"))},
                words.gettext(
                    "The person answers for it from now on, and is told at once; at night or on a day of rest, the "
                    "next morning."
                ),
                words.gettext("Name as owner"),
                mark_fields(words, fields, flaws if sent.text("side") == owner.reference else ()),
                (*_mark(acted), ("side", owner.reference)),
            )
        )
    return forms


def _name_person(words: Words, person: Person, name: str) -> str:
    name = clean_text(name)
    if person.role is ContactRole.COORDINATOR:
        return words.gettext("%(name)s (coordinator)") % {"name": name}
    return name


def describe_dates(words: Words, row: Any, *, planned: bool = False) -> list[FactView]:
    """The date as it is, and as it was first promised."""
    due, first = (row.confirm_by, None) if planned else (row.due, row.first_due)
    label = words.gettext("To be confirmed by") if planned else words.gettext("Due")
    said = [FactView(label, words.format_end(due) if due else words.gettext("no date"))]
    if first and first != due:
        said.append(FactView(words.gettext("First promised for"), words.format_end(first)))
    return said


def describe_date(
    words: Words,
    acted: Acted,
    address: str,
    sent: Sent,
    flaws: Flaws,
    title: str = "",
    *,
    planned: bool = False,
    over: str = "",
) -> FormView:
    """Another date; `planned` for the one by which a plan is to be confirmed, of which the first is no promise. `over`
    says what comes of a day that is over, where that is taken."""
    rough = sent.text("roughly") or ""
    named = tuple(("roughly" if name == "due" and rough else name, flaw) for name, flaw in flaws)
    fields = [
        FieldView("due", words.gettext("The new date"), "date", sent.text("due") or "", over),
        FieldView("roughly", words.gettext("Or only the month or the year"), "text", rough,
                  words.gettext("2027-06 or 2027; its last day counts."), most=SHORT),
        _why(words, sent),
    ]  # fmt: skip
    return FormView(
        address,
        title,
        words.gettext("The new date holds from now on; the history keeps the ones before.")
        if planned
        else words.gettext("The new date holds from now on; the date first promised stays on record."),
        words.gettext("Set the date"),
        mark_fields(words, fields, named),
        _mark(acted),
    )


_TURNS: Mapping[Turn, tuple[Callable[[Words], str], Callable[[Words], str], str]] = {
    Turn.WAIVE: (
        lambda words: words.gettext("Waive the commitment"),
        lambda words: words.gettext("Waive it"),
        "danger",
    ),
    Turn.HOLD: (
        lambda words: words.gettext("Put the commitment on hold"),
        lambda words: words.gettext("Put it on hold"),
        "",
    ),
    Turn.WITHDRAW: (
        lambda words: words.gettext("Withdraw the commitment"),
        lambda words: words.gettext("Withdraw it"),
        "danger",
    ),
    Turn.RESUME: (
        lambda words: words.gettext("Take the commitment up again"),
        lambda words: words.gettext("Take it up again"),
        "",
    ),
}


def name_turn(words: Words, turn: Turn) -> str:
    return _TURNS[turn][0](words)


def describe_turn(words: Words, acted: Acted, turn: Turn, sent: Sent, flaws: Flaws, tomorrow: str) -> FormView:
    """The decision with its reason, and for a hold until when."""
    _, button, look = _TURNS[turn]
    fields = [_why(words, sent)]
    if turn is Turn.HOLD:
        help_text = words.gettext("The last day of the hold. Left open, it rests until somebody takes it up again.")
        until = FieldView("until", words.gettext("Until"), "date", sent.text("until") or "", help_text, least=tomorrow)
        fields.insert(0, until)
    return FormView(
        f"{acted.address}/decide/{turn}",
        "",
        words.gettext("You decide this for the agreement, with a reason that both sides can read."),
        button(words),
        mark_fields(words, fields, flaws),
        _mark(acted),
        look=look,
    )


def explain_turn(words: Words, turn: Turn, opened: int) -> list[str]:
    """What follows from a decision, before it is taken."""
    closing = words.ngettext(
        "%(count)s open question about it closes by itself.",
        "%(count)s open questions about it close by themselves.",
        opened,
    ) % {"count": opened}
    quiet = [closing] if opened and turn is not Turn.RESUME else []
    said = {
        Turn.WAIVE: [
            words.gettext("It counts as settled: the sides do without it, though it was not kept."),
            *quiet,
            words.gettext("Nobody is reminded of it any more."),
        ],
        Turn.HOLD: [
            words.gettext("It rests: it stands as on hold, and nobody is reminded of it."),
            *quiet,
            words.gettext("If you give a last day, it is taken up again by itself on the day after."),
        ],
        Turn.WITHDRAW: [
            words.gettext("It counts as settled: it is no commitment any more, because the sides agreed so or it was "
                          "recorded by mistake."),
            *quiet,
            words.gettext("It stays on record, with its history."),
        ],
        Turn.RESUME: [
            words.gettext("It is active again and judged as of today."),
            words.gettext("What is late or missing is asked of its owners again."),
        ],
    }  # fmt: skip
    return said[turn]


def describe_new_step(words: Words, acted: Acted, sent: Sent, flaws: Flaws) -> FormView:
    """A step of the commitment with its date."""
    fields = [
        FieldView("title", words.gettext("What is to be reached"), "text", sent.text("title") or "", required=True,
                  most=TEXT),
        FieldView("due", words.gettext("Due"), "date", sent.text("due") or ""),
        _why(words, sent),
    ]  # fmt: skip
    return FormView(
        f"{acted.address}/milestones",
        "",
        words.gettext("The owners are reminded before its date, and asked when it has passed."),
        words.gettext("Add the milestone"),
        mark_fields(words, fields, flaws),
        _mark(acted),
    )


def describe_step(
    words: Words,
    acted: Acted,
    row: Any,
    ends: Sequence[MilestoneState],
    today: date,
    part: str,
    sent: Sent,
    flaws: Flaws,
    *,
    says: bool,
) -> list[FormView]:
    """The words, the date and the end of a step; `part` is the form that was sent. With `says` it is for the viewer's
    side to say how it went."""
    address = f"{acted.address}/milestones/{row.reference}"

    def own(name: str) -> tuple[Sent, Flaws]:
        return (sent, flaws) if part == name else (Sent([]), ())

    said, wrong = own("title")
    fields = [
        FieldView("title", words.gettext("What is to be reached"), "text", said.text("title") or row.title,
                  required=True, most=TEXT),
    ]  # fmt: skip
    for tag in list_titled(row, acted.head.languages):
        label = words.gettext("The same in %(language)s") % {"language": name_language(words, tag)}
        text = row.titles.get(tag, "") if said.text("title") is None else said.text(f"title-{tag}") or ""
        fields.append(FieldView(f"title-{tag}", label, "text", text, most=TEXT))
    fields += _ask_whether_same(words, wrong, is_same=said.text("same") == "1")
    fields.append(_why(words, said))
    forms = [
        FormView(
            f"{address}/title",
            words.gettext("Its words"),
            "",
            words.gettext("Save"),
            mark_fields(words, fields, wrong),
            _mark(acted),
        )
    ]
    is_met = row.state == MilestoneState.MET
    if is_met and says:
        forms.append(describe_met_day(words, acted, row, today, *own("day")))
    if not ends:
        return forms
    if row.state == MilestoneState.SCHEDULED:
        forms.insert(0, describe_date(words, acted, f"{address}/date", *own("date"), words.gettext("Another date")))
    said, wrong = own("state")
    chosen = said.text("state") or ""
    options = tuple(OptionView(str(one), words.name(one), str(one) == chosen) for one in ends)
    fields = [
        FieldView("state", words.gettext("How it ended"), "radios", options=options, required=True),
        _why(words, said),
    ]
    forms.append(
        FormView(
            f"{address}/state",
            words.gettext("It was not met after all") if is_met else words.gettext("It was not met as promised"),
            words.gettext("Nobody is reminded of a milestone that is settled."),
            words.gettext("Settle it"),
            mark_fields(words, fields, wrong),
            _mark(acted),
        )
    )
    return forms


def describe_met_day(words: Words, acted: Acted, row: Any, today: date, sent: Sent, flaws: Flaws) -> FormView:
    """The day on which a step was met, to be put right; what is known by its month or year is typed as that."""
    met_on = sent.text("met_on") or row.met_on or ""
    fields = [
        FieldView("met_on", words.gettext("Met on"), "date", met_on, required=True, most=today.isoformat())
        if len(met_on) in (0, len("2026-11-30"))
        else FieldView("met_on", words.gettext("Met on"), "text", met_on,
                       words.gettext("As precisely as it is known: 2026-11-30, 2026-11 or 2026."), required=True),
        _why(words, sent),
    ]  # fmt: skip
    return FormView(
        f"{acted.address}/milestones/{row.reference}/met/day",
        words.gettext("It was met on another day"),
        words.gettext("The history keeps what stood there before."),
        words.gettext("Save"),
        mark_fields(words, fields, flaws),
        _mark(acted),
    )


def is_planned(row: Any) -> bool:
    return bool(row.kind == CommitmentKind.PLANNED)
