"""An agreement taken apart, as a coordinator reads it before approving: parties, dates, each commitment in words."""

from collections.abc import Mapping

from commitments.agreement_form import AgreementForm, CommitmentForm
from commitments.drafts import Draft
from commitments.vocabulary import AgreementKind, CommitmentKind
from flows.artifacts import write_cell, write_plain
from flows.runs import count_things
from notifications.languages import load_words
from notifications.names import choose_words
from notifications.wording import Words

LANGUAGE = "en"


def write_decomposition(draft: Draft, names: Mapping[str, str], people: Mapping[str, str]) -> str:
    """The draft in Markdown; `names` and `people` are what the register calls parties and contacts that it knows."""
    form, words = draft.file.form, load_words(LANGUAGE)
    called = dict(names) | {one.reference: choose_words(one.names, LANGUAGE) for one in form.parties if one.names}
    known = dict(people) | {one.reference: one.name for party in form.parties for one in party.contacts}
    parts = [
        f"# {write_plain(draft.title)}",
        f"{str(AgreementKind(form.kind)).replace('_', ' ').capitalize()}, kept as the draft "
        f"`{draft.reference}`. Nothing is registered yet.",
        "## Parties\n\n" + _list_parties(form, called, names),
        "## Dates\n\n" + _list_dates(form, words),
        f"## {count_things(len(form.commitments), 'commitment')}",
        _list_commitments(form, words, called, known),
    ]
    if form.note:
        parts.append(f"## Note\n\n{write_plain(form.note)}")
    return "\n\n".join(parts) + "\n"


def _list_parties(form: AgreementForm, called: Mapping[str, str], names: Mapping[str, str]) -> str:
    rows = ["| Party | | Contacts |", "| --- | --- | --- |"]
    for one in form.parties:
        state = (
            "in the register" if one.reference in names else f"new: {one.kind or ''}, {one.country or ''}".strip(", ")
        )
        contacts = ", ".join(f"{person.name} ({person.role})" for person in one.contacts)
        rows.append(
            f"| **{write_cell(called.get(one.reference, one.reference))}** | {write_cell(state)} "
            f"| {write_cell(contacts)} |"
        )
    return "\n".join(rows)


def _list_dates(form: AgreementForm, words: Words) -> str:
    signed = sorted(set(form.signed.values()))
    told = [
        ("Signed", ", ".join(map(words.format_partial, signed)) or "not said"),
        ("In force from", words.format_partial(form.effective) if form.effective else "the day it is signed"),
        ("Expires", words.format_partial(form.expires) if form.expires else "no end is stated"),
    ]
    if form.notice:
        length = (
            count_things(form.notice.months, "month")
            if form.notice.months is not None
            else count_things(form.notice.days or 0, "day")
        )
        told.append(("Notice", f"{length} before it expires"))
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {write_cell(value)} |" for name, value in told)])


def _list_commitments(form: AgreementForm, words: Words, called: Mapping[str, str], people: Mapping[str, str]) -> str:
    if not form.commitments:
        return "None yet: until one is added, only the agreement's own dates are watched."
    lines = []
    for at, one in enumerate(form.commitments, 1):
        owed = [called.get(owner.party, owner.party) for owner in one.owners]
        named = [people.get(owner.contact, owner.contact) for owner in one.owners if owner.contact]
        answers = f"{words.join(named)} answers for it" if named else "nobody answers for it yet"
        lines.append(
            f"{at}. **{write_plain(one.summary)}**\\\n{words.name_kind(CommitmentKind(one.kind))}: "
            f"{write_plain(describe_when(one, words))}. "
            f"Owed by {write_plain(words.join(owed))}; {write_plain(answers)}."
        )
    return "\n".join(lines)


def list_promises(form: AgreementForm) -> list[str]:
    """Each commitment in a line of a list."""
    words = load_words(LANGUAGE)
    return [
        f"{at}. {write_plain(one.summary)} ({words.name_kind(CommitmentKind(one.kind)).lower()}: "
        f"{write_plain(describe_when(one, words))})"
        for at, one in enumerate(form.commitments, 1)
    ]


def describe_when(one: CommitmentForm, words: Words) -> str:
    """When a commitment is to be kept, in words: 4 exchange activities every year."""
    if one.recurrence is not None:
        what = one.recurrence.what or "times"
        every = (
            one.recurrence.every
            if one.recurrence.interval == 1
            else f"{one.recurrence.interval} {one.recurrence.every}s"
        )
        return f"{one.recurrence.count} {what} every {every}"
    told = []
    if one.target is not None:
        comparator = str(one.target.comparator).replace("_", " ")
        told.append(f"{comparator} {words.format_amount(one.target.quantity, one.target.unit)}")
    if one.due:
        told.append(f"by {words.format_end(one.due)}")
    if one.confirm_by:
        told.append(f"to be confirmed by {words.format_end(one.confirm_by)}")
    return ", ".join(told) or "no date is stated"
