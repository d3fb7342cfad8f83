"""The forms on which a side reports and answers, every string ready."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from commitments.filling import Flaws
from commitments.vocabulary import CommitmentKind, CommitmentState, Completion, Owed, Rating
from notifications.names import Names
from notifications.views import clean_text, name_some
from notifications.wording import Words
from portal.acting import Acted
from portal.flaws import mark_fields
from portal.forms import Sent
from portal.labels import name_completion
from portal.marks import put_beside
from portal.pages import FactView, FieldView, FormView, OptionView
from portal.record_views import NOTE, TEXT
from portal.roles import Viewer


def offer_side(words: Words, names: Names, sides: Sequence[Any], viewer: Viewer, sent: Sent) -> list[FieldView]:
    """For which side, where somebody speaks for several."""
    if len(sides) < 2:
        return []
    own = next((one.reference for one in sides if one.party_id == viewer.person.party_id), sides[0].reference)
    chosen = sent.text("side") or own
    options = tuple(
        OptionView(one.reference, clean_text(names.name_party(one.party_id, words.tag)), one.reference == chosen)
        for one in sides
    )
    return [FieldView("side", words.gettext("For which side"), "radios", options=options, required=True)]


def describe_report_fields(
    words: Words, names: Names, row: Any, sides: Sequence[Any], viewer: Viewer, sent: Sent
) -> list[FieldView]:
    """How it goes, in words, and the number of a target."""
    rating, completion = sent.text("rating") or "", sent.text("completion") or ""
    ratings = tuple(OptionView(str(one), words.name(one), str(one) == rating) for one in Rating)
    parts = [OptionView("", words.gettext("not said"), not completion)]
    parts += [OptionView(str(one), name_completion(words, one), str(one) == completion) for one in Completion]
    fields = [
        *offer_side(words, names, sides, viewer, sent),
        FieldView("rating", words.gettext("How it goes"), "radios", options=ratings),
        FieldView("note", words.gettext("What was done, or what stands in the way"), "note", sent.text("note") or "",
                  words.gettext("One or two sentences are enough."), most=NOTE),
        FieldView("completion", words.gettext("How far it is"), "select", options=tuple(parts)),
    ]  # fmt: skip
    if row.kind == CommitmentKind.TARGET:
        fields.append(_ask_value(words, row, sent))
    if row.state in (CommitmentState.ACTIVE, CommitmentState.ON_HOLD):
        done = OptionView("yes", words.gettext("Yes, our side has done it"), bool(sent.text("fulfilled")))
        fields.append(FieldView("fulfilled", words.gettext("Is it done?"), "checks", options=(done,)))
    return fields


def _ask_value(words: Words, row: Any, sent: Sent) -> FieldView:
    target = row.target or {}
    promised = words.format_amount(target.get("quantity", 0), target.get("unit", ""))
    hint = words.gettext("Promised: %(target)s") % {"target": promised}
    return FieldView("value", words.gettext("The number now"), "number", sent.text("value") or "", hint, most="30")


def tell_number(words: Words, row: Any, last: Any | None) -> str:
    """The last number of a target beside what was promised; nothing for a commitment that has no target."""
    if row.kind != CommitmentKind.TARGET or not row.target:
        return ""
    unit = row.target.get("unit", "")
    promised = words.format_amount(row.target.get("quantity", 0), unit)
    if last is None:
        return words.gettext("none on record; promised: %(target)s") % {"target": promised}
    return words.gettext("%(value)s (%(day)s); promised: %(target)s") % {
        "value": words.format_amount(last.value, unit if unit in ("%", "percent") else ""),
        "day": words.format_partial(last.measured_on),
        "target": promised,
    }


def explain_report(
    words: Words,
    names: Names,
    acted: Acted,
    confirmers: Sequence[int],
    last: Any | None = None,
    *,
    asker: int | None = None,
) -> list[str]:
    """What follows from a report, before it is made; `confirmers` are asked if it says that it is done, and read the
    `last` number of a target. What is done already nobody is asked about anew; the `asker` waits for this side to say
    so too."""
    if acted.row.state in (CommitmentState.WAIVED, CommitmentState.WITHDRAWN):
        return [words.gettext("It was waived or withdrawn, so nothing is to be reported unless it is taken up again.")]
    said = [words.gettext("You are not asked about it again for a while.")]
    is_done = acted.row.state == CommitmentState.FULFILLED
    if asker is not None:
        party = names.name_party(asker, words.tag)
        said.append(words.gettext("If you say that it is done, that confirms what %(party)s reported.")
                    % {"party": clean_text(party)})  # fmt: skip
    elif is_done:
        said.append(words.gettext("It counts as fulfilled already; nobody is asked to confirm it anew."))
    elif acted.row.owed == Owed.EACH and len(acted.owners) > 1:
        said.append(words.gettext("If you say that it is done, your side's part is; the commitment counts as fulfilled "
                                  "when all sides have said so."))  # fmt: skip
    else:
        said.append(words.gettext("If you say that it is done, the commitment counts as fulfilled."))
    number = tell_number(words, acted.row, last)
    if number:
        said.append(
            words.gettext(
                "The number on record: %(number)s. If it is done, give the number that was reached: the other side "
                "reads it."
            )
            % {"number": number}
        )
    if confirmers and not is_done:
        asked = [names.name_party(one, words.tag) for one in confirmers]
        said.append(words.gettext("Asked at once to confirm it: %(parties)s.") % {"parties": name_some(words, asked)})
    return said


def describe_measure_fields(words: Words, row: Any, today: date, sent: Sent) -> list[FieldView]:
    value = _ask_value(words, row, sent)
    day = sent.text("measured_on") or today.isoformat()
    return [
        FieldView(value.name, value.label, value.kind, value.value, value.help, required=True, most=value.most),
        FieldView("measured_on", words.gettext("Measured on"), "date", day, required=True, most=today.isoformat()),
        FieldView("note", words.gettext("A note, if you like"), "text", sent.text("note") or "", most=TEXT, prose=True),
    ]


def describe_met_fields(words: Words, today: date, sent: Sent) -> list[FieldView]:
    day = sent.text("met_on") or today.isoformat()
    return [
        FieldView("met_on", words.gettext("Met on"), "date", day, required=True, most=today.isoformat()),
        FieldView("note", words.gettext("A note, if you like"), "text", sent.text("note") or "", most=TEXT, prose=True),
    ]


def describe_asked(words: Words, names: Names, row: Any, asked: Any, last: Any | None = None) -> list[FactView]:
    """The report that is to be confirmed, by when it was promised, and the `last` number of a target."""
    report = asked.report
    person = names.contacts.get(report.contact_id or 0, (None, None))[0]
    party = names.name_party(report.reporter_id, words.tag)
    said = [
        (words.gettext("Reported as done by"), put_beside(words, person, party) if person else party),
        (words.gettext("On"), words.format_day(report.reported_on)),
        (words.gettext("Due"), words.format_end(row.due) if row.due else words.gettext("no date")),
        (words.gettext("How it goes"), words.name(Rating(report.rating))),
        (
            words.gettext("How far it is"),
            name_completion(words, Completion(report.completion)) if report.completion else words.gettext("not said"),
        ),
        (words.gettext("The number now"), tell_number(words, row, last)),
        (words.gettext("In their words"), report.told or words.gettext("nothing was added")),
        (words.gettext("Asked of"), names.name_party(report.party_id, words.tag)),
    ]
    return [FactView(label, clean_text(text)) for label, text in said if text]


def describe_answers(words: Words, names: Names, acted: Acted, asked: Any, sent: Sent, flaws: Flaws) -> list[FormView]:
    """To confirm, or to send back."""
    hidden = (("mark", acted.mark), ("side", asked.reference))
    note = FieldView("note", words.gettext("A note, if you like"), "text", most=TEXT, prose=True)
    missing = FieldView(
        "note", words.gettext("What is missing"), "text", sent.text("note") or "", required=True, most=TEXT, prose=True
    )
    ours = sent.text("side") in (None, asked.reference)
    return [
        FormView(
            f"{acted.address}/confirm",
            words.gettext("It was done"),
            words.gettext("You say for your side that it was done as reported."),
            words.gettext("Confirm it"),
            (note,),
            hidden,
        ),
        FormView(
            f"{acted.address}/send-back",
            words.gettext("Something is missing"),
            words.gettext(
                "The commitment is open again for the reason that you write, "
                "and the other side is asked again once it is due."
            ),
            words.gettext("Send it back"),
            mark_fields(words, (missing,), flaws if ours else ()),
            hidden,
            look="other",
        ),
    ]
