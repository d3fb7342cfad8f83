"""What the answer pages show, every string ready."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from commitments.answers import ACTIVITY_KINDS, LONGEST_KEEPING, LONGEST_REST, NOTE_LIMIT, Fault, Said, check_said
from commitments.closing import TAKEN_BACK
from commitments.dates import add_months
from commitments.days import find_own_day
from commitments.facts import Person
from commitments.late_dates import Than, find_end, judge_date
from commitments.questions import Question, has_colleague
from commitments.reconcile import Rules
from commitments.vocabulary import (
    Answer,
    CommitmentKind,
    CommitmentState,
    ContactRole,
    FollowUpKind,
    FollowUpState,
    MatterKind,
)
from notifications.handing import find_day_told
from notifications.items import name_answer
from notifications.names import Names
from notifications.phrases import ACTIVITY_NAMES
from notifications.slots import choose_hour, choose_slot
from notifications.views import LinkView, clean_text, name_some
from notifications.wording import Words
from portal.forms import Sent
from portal.pages import FieldView, FormView, OptionView
from portal.roles import Permission, Viewer

USUAL_KEEPING_MONTHS = 12
_FIELD_OF = {
    Fault.NOTE_MISSING: "note",
    Fault.NOTE_TOO_LONG: "note",
    Fault.TITLE_MISSING: "title",
    Fault.TITLE_TOO_LONG: "title",
    Fault.KIND_UNKNOWN: "kind",
    Fault.VALUE_MISSING: "value",
    Fault.VALUE_BELOW_ZERO: "value",
    Fault.VALUE_TOO_LARGE: "value",
    Fault.PERSON_MISSING: "to",
}


_CLOSING = (Answer.DROP, Answer.NOT_HELD)


@dataclass(frozen=True, slots=True)
class ButtonView:
    """An answer: sent at once, or leading to a page where something is to be filled in."""

    text: str
    link: str
    at_once: bool
    about: str
    """What it is about, for who hears the button and does not see what stands above it."""


def list_buttons(
    words: Words, rules: Rules, viewer: Viewer, question: Question, link: str, today: date, about: str
) -> tuple[ButtonView, ...]:
    """The viewer's answers to a question, each behind `link`; nothing for who only looks."""
    if not viewer.may(Permission.ANSWER):
        return ()
    asked = FollowUpKind(question.follow_up.kind) if question.follow_up is not None else None
    return tuple(
        ButtonView(
            name_answer(words, answer, asked),
            f"{link}/{answer}",
            answer is not Answer.MAKE_FIRM and not check_said(answer, question.matter_kind, Said(), today),
            about,
        )
        for answer in question.list_answers()
        if answer is not Answer.NOT_ME or has_colleague(rules, question, today)
    )


def describe_forms(
    words: Words,
    question: Question,
    names: Names,
    colleagues: Sequence[Person],
    address: str,
    today: date,
    chosen: Answer | None,
    sent: Sent | None,
    faults: Sequence[Fault],
) -> list[FormView]:
    """A form for each answer; the chosen one is open and comes first."""
    answers = [one for one in question.list_answers() if one is not Answer.NOT_ME or colleagues]
    opened = chosen if chosen in answers else None
    if opened is not None:
        answers.sort(key=lambda one: one is not opened)
    kind = FollowUpKind(question.follow_up.kind) if question.follow_up is not None else None
    forms = []
    for answer in answers:
        own = sent if answer is opened else None
        fields = _list_fields(words, question, names, colleagues, answer, today, own or Sent([]))
        forms.append(
            FormView(
                f"{address}/{answer}",
                name_answer(words, answer, kind),
                _explain(words, question, names, answer),
                _name_button(words, question, answer),
                tuple(_add_faults(words, fields, faults if answer is opened else (), answer)),
                (("mark", question.mark),),
                answer is opened,
            )
        )
    return forms


def _add_faults(words: Words, fields: Sequence[FieldView], faults: Sequence[Fault], answer: Answer) -> list[FieldView]:
    by_field = {_FIELD_OF.get(fault, "day"): _name_fault(words, fault, answer) for fault in faults}
    return [
        FieldView(
            one.name, one.label, one.kind, one.value, one.help, by_field.get(one.name, ""), one.required,
            one.least, one.most, one.options,
        )
        for one in fields
    ]  # fmt: skip


def _name_fault(words: Words, fault: Fault, answer: Answer) -> str:
    if fault is Fault.TITLE_MISSING and answer is Answer.NEXT_STEP:
        return words.gettext("Please say what is next.")
    said = {
        Fault.NOTE_MISSING: words.gettext("Please say why."),
        Fault.NOTE_TOO_LONG: words.gettext("Please keep it to 300 characters."),
        Fault.DAY_MISSING: words.gettext("Please give a day."),
        Fault.DAY_NOT_AHEAD: words.gettext("Please give a day after today."),
        Fault.DAY_AHEAD: words.gettext("Please give a day that is not ahead."),
        Fault.DAY_TOO_FAR: words.gettext("Please give a day that is not so far ahead."),
        Fault.DAY_TOO_EARLY: words.gettext("Please check the year."),
        Fault.TITLE_TOO_LONG: words.gettext("Please keep it to 300 characters."),
        Fault.TITLE_MISSING: words.gettext("Please say what happened."),
        Fault.KIND_UNKNOWN: words.gettext("Please choose one."),
        Fault.VALUE_MISSING: words.gettext("Please give a number."),
        Fault.VALUE_BELOW_ZERO: words.gettext("Please give a number of 0 or more."),
        Fault.VALUE_TOO_LARGE: words.gettext("Please check the number; it is too large."),
        Fault.PERSON_MISSING: words.gettext("Please choose one."),
    }
    return said[fault]


_BUTTONS: dict[Answer, Callable[[Words], str]] = {
    Answer.DONE: lambda words: words.gettext("Record that it is done"),
    Answer.HELD: lambda words: words.gettext("Record it"),
    Answer.MEASURED: lambda words: words.gettext("Record the number"),
    Answer.ON_TRACK: lambda words: words.gettext("Record that it is on its way"),
    Answer.MORE_TIME: lambda words: words.gettext("Record the new date"),
    Answer.SNOOZE: lambda words: words.gettext("Remind me then"),
    Answer.NOT_ME: lambda words: words.gettext("Hand over"),
    Answer.CONFIRM: lambda words: words.gettext("Confirm it"),
    Answer.SEND_BACK: lambda words: words.gettext("Send it back"),
    Answer.CONFIRM_BY: lambda words: words.gettext("Record the new date"),
    Answer.MAKE_FIRM: lambda words: words.name(Answer.MAKE_FIRM),
    Answer.DROP: lambda words: words.name(Answer.DROP),
    Answer.NEXT_STEP: lambda words: words.gettext("Record the next step"),
    Answer.NOT_HELD: lambda words: words.gettext("Record the reason"),
}


def _name_button(words: Words, question: Question, answer: Answer) -> str:
    if answer is Answer.DONE and question.matter_kind is MatterKind.DORMANCY:
        return words.gettext("Record that it stays as it is")
    return _BUTTONS[answer](words)


def _explain(words: Words, question: Question, names: Names, answer: Answer) -> str:
    """What follows from an answer, before it is given."""
    if answer is Answer.DONE:
        if question.matter_kind is MatterKind.DORMANCY:
            return words.gettext(
                "Nobody is asked about it again before the day that you choose. Both sides read the day and why."
            )
        if question.commitment is None or question.matter_kind is MatterKind.MILESTONE:
            return words.gettext("The matter is closed, and nobody is reminded of it any more.")
        if question.is_owed_by_each:
            return _say_part(words)
        return _join(
            words.gettext("The commitment is recorded as fulfilled."), _name_confirmers(words, question, names)
        )
    said = {
        Answer.HELD: words.gettext("A visit, a meeting, an exhibition: it counts for this commitment."),
        Answer.MEASURED: words.gettext("The number reached so far, as it is today."),
        Answer.ON_TRACK: words.gettext("You are not asked again for a while."),
        Answer.MORE_TIME: words.gettext("The new date holds from now on; the date first promised stays on record."),
        Answer.SNOOZE: words.gettext("Nothing changes but the day on which you are asked again."),
        Answer.NOT_ME: words.gettext(
            "The person answers for it from now on, and is told at once; at night or on a day of rest, the next "
            "morning."
        ),
        Answer.CONFIRM: words.gettext("You say for your side that it was done as reported."),
        Answer.SEND_BACK: words.gettext(
            "The commitment is open again for the reason that you write, and the other side is asked again once it "
            "is due."
        ),
        Answer.CONFIRM_BY: words.gettext("It stays a plan, to be confirmed by that day."),
        Answer.MAKE_FIRM: words.gettext(
            "From now on it is a commitment to be fulfilled, and its owner is asked about it."
        ),
        Answer.DROP: words.gettext("The plan is withdrawn for the reason that you write; it stays on record."),
        Answer.NEXT_STEP: words.gettext(
            "It is recorded as a milestone of the commitment; you are reminded before its date."
        ),
        Answer.NOT_HELD: words.gettext("The reason is kept, and nobody is asked about this period any more."),
    }
    return said[answer]


def _name_confirmers(words: Words, question: Question, names: Names) -> str:
    """Who is asked to confirm what this side says is done; empty where nobody is."""
    if not question.confirmers:
        return ""
    asked = [names.name_party(one, words.tag) for one in question.confirmers]
    return words.gettext("Asked to confirm it: %(parties)s.") % {"parties": name_some(words, asked)}


def _say_part(words: Words) -> str:
    return words.gettext(
        "Your side's part is recorded as done; the commitment counts as fulfilled when all have said so."
    )


def _join(*sentences: str) -> str:
    return " ".join(one for one in sentences if one)


def _list_fields(
    words: Words,
    question: Question,
    names: Names,
    colleagues: Sequence[Person],
    answer: Answer,
    today: date,
    sent: Sent,
) -> list[FieldView]:
    fields: list[FieldView] = []
    tomorrow = (today + timedelta(days=1)).isoformat()
    if answer is Answer.HELD:
        label = words.gettext("What happened")
        fields.append(FieldView("title", label, "text", sent.text("title") or "", required=True, most=str(NOTE_LIMIT)))
        chosen = sent.text("kind") or "exchange"
        kinds = tuple(OptionView(one, words.gettext(ACTIVITY_NAMES[one]), one == chosen) for one in ACTIVITY_KINDS)
        fields.append(FieldView("kind", words.gettext("What kind of activity"), "select", options=kinds, required=True))
    if answer is Answer.HELD or (answer is Answer.DONE and question.matter_kind is MatterKind.MILESTONE):
        last = _find_last_day(question, today).isoformat()
        value = sent.text("day") or last
        fields.append(FieldView("day", words.gettext("When"), "date", value, required=True, most=last))
    if answer is Answer.MEASURED:
        unit = (question.commitment.target or {}).get("unit", "")
        target = words.format_amount((question.commitment.target or {}).get("quantity", 0), unit)
        hint = words.gettext("Promised: %(target)s") % {"target": target}
        label = words.gettext("The number now")
        fields.append(FieldView("value", label, "number", sent.text("value") or "", hint, required=True))
    if answer is Answer.MORE_TIME:
        due = (question.milestone if question.milestone is not None else question.commitment).due
        hint = words.gettext("Until now: %(day)s") % {"day": words.format_partial(due)}
        label = words.gettext("The new date")
        fields.append(FieldView("day", label, "date", sent.text("day") or "", hint, required=True, least=tomorrow))
    fields += _list_fields_of_decision(words, question, answer, sent, tomorrow)
    if answer is Answer.SNOOZE:
        value = sent.text("day") or (today + timedelta(days=7)).isoformat()
        last = (today + LONGEST_REST).isoformat()
        label = words.gettext("Remind me on")
        fields.append(FieldView("day", label, "date", value, required=True, least=tomorrow, most=last))
    if answer is Answer.NOT_ME:
        chosen = sent.text("to") or _propose(question, colleagues)
        people = tuple(
            OptionView(one.reference, _name_colleague(words, names, one), one.reference == chosen) for one in colleagues
        )
        fields.append(FieldView("to", words.gettext("To whom"), "radios", options=people, required=True))
    keeps = answer is Answer.DONE and question.matter_kind is MatterKind.DORMANCY
    labels = {
        Answer.SEND_BACK: words.gettext("What is missing"),
        Answer.DROP: words.gettext("Why it is dropped"),
        Answer.NOT_HELD: words.gettext("Why not"),
    }
    needed = keeps or answer in labels
    label = labels.get(answer, words.gettext("A note, if you like"))
    if keeps:
        value = sent.text("day") or add_months(today, USUAL_KEEPING_MONTHS).isoformat()
        last = (today + LONGEST_KEEPING).isoformat()
        hint = words.gettext("At most five years ahead: until %(day)s.") % {"day": words.format_partial(last)}
        until = words.gettext("Until when it stays as it is")
        fields.append(FieldView("day", until, "date", value, hint, required=True, least=tomorrow, most=last))
        label = words.gettext("Why it stays as it is")
    if answer not in (Answer.NOT_ME, Answer.MEASURED):
        note = sent.text("note") or ""
        fields.append(FieldView("note", label, "note", note, required=needed, most=str(NOTE_LIMIT)))
    return fields


def _list_fields_of_decision(
    words: Words, question: Question, answer: Answer, sent: Sent, tomorrow: str
) -> list[FieldView]:
    """What is to be filled in of a plan that is decided, and of a next step."""
    day = sent.text("day") or ""
    if answer is Answer.CONFIRM_BY:
        by = question.standing.deadline if question.standing is not None else None
        hint = words.gettext("Until now: %(day)s") % {"day": words.format_day(by)} if by is not None else ""
        return [FieldView("day", words.gettext("The new date"), "date", day, hint, required=True, least=tomorrow)]
    if answer is Answer.MAKE_FIRM:
        label = words.gettext("To be done by, if a date is known")
        return [FieldView("day", label, "date", day, least=tomorrow)]
    if answer is Answer.NEXT_STEP:
        title, what = sent.text("title") or "", words.gettext("What is next")
        return [
            FieldView("title", what, "text", title, required=True, most=str(NOTE_LIMIT)),
            FieldView("day", words.gettext("Its date"), "date", day, required=True, least=tomorrow),
        ]
    return []


def _find_last_day(question: Question, today: date) -> date:
    """The last day on which what is asked about can have happened: of a period that is over, its own."""
    standing = question.standing
    if question.matter_kind is not MatterKind.OCCURRENCE or standing is None or standing.deadline is None:
        return today
    return min(standing.deadline, today) if standing.matter.reference == question.matter else today


def _propose(question: Question, colleagues: Sequence[Person]) -> str:
    """Of a plan decides the coordinator, who comes first."""
    first = colleagues[0] if question.follow_up is not None and colleagues else None
    if first is None or question.follow_up.kind != FollowUpKind.UNCONFIRMED:
        return ""
    return first.reference if first.role is ContactRole.COORDINATOR else ""


def _name_colleague(words: Words, names: Names, person: Person) -> str:
    name = clean_text(names.contacts[person.id][0])
    if person.role is ContactRole.COORDINATOR:
        return words.gettext("%(name)s (coordinator)") % {"name": name}
    return name


def describe_state(
    words: Words, question: Question, names: Names, colleagues: Sequence[Person], newer: int | None = None
) -> str:
    """Why nothing is asked, or no longer, or cannot be answered yet; empty where something is. `newer` is the follow-up
    by which the same is asked by now."""
    asked, owner = question.follow_up, question.owner_id
    if question.is_open:
        if question.lacks_owner and question.may_answer and not colleagues and question.party_id is not None:
            return words.gettext(
                "Nobody of %(party)s who could be named is on record. Its people are added by an administrator, or by "
                "whoever brought this party into the register."
            ) % {"party": clean_text(names.name_party(question.party_id, words.tag))}
        is_anothers = owner is not None and owner != question.person.id and asked is None
        is_passed_on = (is_anothers or _is_passed_on(question)) and not question.stands_in
        if not question.may_answer and not (is_passed_on and question.person.party_id == question.party_id):
            return words.gettext("This is for you to know; others are asked.")
        if is_passed_on:
            name = clean_text(names.contacts[owner or asked.assignee_id][0])
            return words.gettext("%(name)s answers for it now.") % {"name": name}
        if asked is not None and asked.snoozed_until is not None:
            return words.gettext("It rests until %(day)s.") % {"day": words.format_day(asked.snoozed_until)}
        return _say_shared(words, question)
    if newer is not None:
        return _say_newer(words, question)
    if asked is not None and asked.closed_why == TAKEN_BACK:
        return words.gettext(
            "Those who had reported this have taken their report back, so there is nothing to confirm. "
            "Nothing is asked of you any more."
        )
    if asked is not None and asked.state == FollowUpState.DONE and asked.closed_on is not None:
        return words.gettext("This was answered or settled on %(day)s. Nothing is asked of you any more.") % {
            "day": words.format_day(asked.closed_on)
        }
    if asked is None and question.commitment is None and question.standing is not None:
        return words.gettext("This is for you to know; nothing is asked of you now.")
    return words.gettext(
        "Nothing is asked of you any more: this has been settled, or something newer stands in its place."
    )


def _say_newer(words: Words, question: Question) -> str:
    if question.follow_up.closed_why == TAKEN_BACK and question.commitment.state != CommitmentState.ACTIVE:
        return words.gettext(
            "What this asks about was taken back. It has been reported anew since, and you are asked about that now."
        )
    return words.gettext("What this asks is over. Something newer is asked of you about it by now.")


def link_newer(words: Words, link: str) -> LinkView:
    """The way to what is asked about the same by now."""
    return LinkView(words.gettext("To what is asked now"), link, "")


def _say_shared(words: Words, question: Question) -> str:
    """To whom what others owe too is not theirs to change: who does, and how they are heard all the same."""
    is_plan = question.commitment is not None and question.commitment.kind == CommitmentKind.PLANNED
    reports = Answer.ON_TRACK in question.list_answers()
    if question.decides or not question.is_others_too or not (reports and (is_plan or _has_date(question))):
        return ""
    return words.gettext(
        "Others owe this too, so that its date, and whether it holds, is for a coordinator to change. Propose it in a "
        "report with a note: the coordinators of all sides read it."
    )


def _has_date(question: Question) -> bool:
    row = question.milestone or question.commitment
    return row is not None and row.due is not None and question.matter_kind is not MatterKind.OCCURRENCE


def _is_passed_on(question: Question) -> bool:
    """Whether a follow-up is somebody else's by now, not only told to this person as well."""
    asked = question.follow_up
    if asked is None or asked.assignee_id is None or asked.assignee_id == question.person.id:
        return False
    return question.person.role is ContactRole.OWNER and question.owner_id not in (None, question.person.id)


def _find_day_asked(question: Question, rules: Rules, rests_until: date) -> date:
    """The day on which the letter goes: not on a day of rest, nor in a pause."""
    person = question.person
    policy = rules.policy_of(question.agreement) if question.agreement is not None else rules.house
    begin = datetime.combine(rests_until, time(0), ZoneInfo(person.time_zone))
    return choose_slot(person, choose_hour(person, [policy]), begin).day


def _remark_late(words: Words, question: Question, due: str | None) -> str:
    """That a date that was just set lies later than what it belongs to, as a further sentence; empty if it does not."""
    head, promised = question.agreement, question.commitment.due if question.milestone is not None else None
    late = judge_date("", due, promised, find_end(head.expires, head.renewal_rule, head.ended))
    if late is None:
        return ""
    pattern = words.gettext("It is after the commitment itself is due: %(day)s.")
    if late.than is Than.AGREEMENT:
        pattern = words.gettext(
            "It is after the agreement ends: %(day)s. Nobody is asked about it then, unless the agreement is renewed."
        )
    return " " + pattern % {"day": words.format_end(late.end)}


def say_overtaken(words: Words) -> str:
    """In place of what happens next, where it was answered or changed since."""
    return words.gettext("Your answer was recorded. It has been answered or changed by somebody since.")


def describe_outcome(
    words: Words,
    question: Question,
    answer: Answer,
    rules: Rules,
    names: Names,
    today: date,
    new_owner: int | None,
    now: datetime,
) -> str:
    """What happens next."""
    if answer is Answer.SNOOZE and question.follow_up is not None and question.follow_up.snoozed_until is not None:
        day = _find_day_asked(question, rules, question.follow_up.snoozed_until)
        return words.gettext("You will be asked again on %(day)s.") % {"day": words.format_day(day)}
    if answer is Answer.NOT_ME and new_owner == question.person.id:
        return words.gettext("You answer for it from here on.")
    if answer is Answer.NOT_ME and new_owner is not None:
        name = clean_text(names.contacts[new_owner][0])
        person = rules.people[new_owner]
        told_on = find_day_told(person, [rules.own.get(question.agreement.reference, rules.house)], now)
        if told_on is None:
            return words.gettext("%(name)s answers for it from here on.") % {"name": name}
        if told_on == find_own_day(person, now):
            return words.gettext("%(name)s is told now and answers for it from here on.") % {"name": name}
        return words.gettext("%(name)s answers for it from here on, and is told on %(day)s.") % {
            "name": name,
            "day": words.format_day(told_on),
        }
    if answer is Answer.MORE_TIME:
        row = question.milestone if question.milestone is not None else question.commitment
        said = words.gettext("The date is now %(day)s; first promised was %(first)s.") % {
            "day": words.format_partial(row.due),
            "first": words.format_partial(row.first_due or row.due),
        }
        return said + _remark_late(words, question, row.due)
    if answer is Answer.CONFIRM_BY:
        said = words.gettext("The plan is now to be confirmed by %(day)s.") % {
            "day": words.format_end(question.commitment.confirm_by)
        }
        return said + _remark_late(words, question, question.commitment.confirm_by)
    if answer is Answer.MAKE_FIRM:
        said = words.gettext("It is a firm commitment now, and watched like any other.")
        return said + _remark_late(words, question, question.commitment.due)
    if answer is Answer.NEXT_STEP:
        return words.gettext("The next step is recorded, and you are reminded before its date.")
    if answer in (Answer.ON_TRACK, Answer.HELD, Answer.MEASURED):
        policy = rules.own.get(question.agreement.reference, rules.house)
        until = today + timedelta(days=policy.quiet_after_answer_days)
        return words.gettext("Unless a date comes first, you will not be asked about it before %(day)s.") % {
            "day": words.format_day(until)
        }
    if answer is Answer.SEND_BACK:
        return words.gettext("The commitment is open again, and its owner sees what you wrote.")
    if answer is Answer.CONFIRM:
        return words.gettext("Your side has said so too, and the commitment counts as fulfilled.")
    if question.matter_kind is MatterKind.DORMANCY:
        return words.gettext("Nobody is asked about it again before %(day)s.") % {
            "day": words.format_day(question.agreement.kept_until + timedelta(days=1))
            if question.agreement.kept_until is not None
            else words.format_day(today)
        }
    closed = words.gettext("Nobody is reminded of it any more.")
    if question.commitment is None or question.matter_kind is MatterKind.MILESTONE or answer in _CLOSING:
        return closed
    if question.is_owed_by_each and question.commitment.state == CommitmentState.ACTIVE:
        return _say_part(words)
    return _join(closed, _name_confirmers(words, question, names))
