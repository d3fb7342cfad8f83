"""The form of an agreement's rules in plain words, and what was filled in as the rules themselves."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.dates import get_day_names
from pydantic import ValidationError

from commitments.agreement_form import PolicyForm
from commitments.form_fields import DIGEST_RHYTHMS, SUMMARY_RHYTHMS
from commitments.policy import FINAL, Policy
from commitments.vocabulary import ChannelKind, ConfirmedBy, MatterKind
from notifications.phrases import N_
from notifications.wording import Words
from portal.forms import Sent
from portal.pages import FieldView, OptionView, list_languages
from portal.step_fields import FaultView

_ALWAYS = (
    MatterKind.NOTICE, MatterKind.EXPIRY, MatterKind.RENEWAL, MatterKind.REPORT, MatterKind.DORMANCY,
    MatterKind.COMMITMENT, MatterKind.MILESTONE, MatterKind.OCCURRENCE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule: what it is called, what it does, and whether it holds several numbers."""

    name: str
    label: str
    about: str
    is_list: bool = False


_GROUPS: tuple[tuple[str, tuple[_Rule, ...]], ...] = (
    (
        N_("Reminders before a date"),
        (
            _Rule(
                "lead_days", N_("Days before a promised date"), N_("Of a commitment, a milestone or a period."), True,
            ),
            _Rule(
                "agreement_lead_days", N_("Days before a date of the agreement"),
                N_("Of its expiry, notice, renewal and reports, once it shows as coming."), True,
            ),
            _Rule("expiry_lead_days", N_("Days before the expiry shows as coming"), ""),
            _Rule("notice_lead_days", N_("Days before the last day for notice, or a renewal, is asked about"), ""),
            _Rule("report_lead_days", N_("Days before a report due is asked about"), ""),
        ),
    ),
    (
        N_("Silence"),
        (
            _Rule("silence_amber_months", N_("Months after which an open-ended commitment counts as silent"), ""),
            _Rule("silence_red_months", N_("Months after which its silence is grave"), ""),
            _Rule("dormancy_months", N_("Months after which the agreement counts as dormant"), ""),
            _Rule("next_step_days", N_("Days after which a next step is asked for"), ""),
            _Rule("confirm_within_months", N_("Months within which a plan is to be confirmed"), ""),
        ),
    ),
    (
        N_("When nobody answers"),
        (
            _Rule("answer_working_days", N_("Working days to answer"), ""),
            _Rule(
                "escalation_working_days", N_("Working days until owner, deputy, coordinator and leaders are told"),
                N_("Four numbers at most, the smallest first: 0, 5, 10, 15."), True,
            ),
            _Rule("escalation_near_days", N_("Days before a date ahead at which leaders are told at the earliest"), ""),
            _Rule("quiet_after_answer_days", N_("Days of quiet after a report"), ""),
        ),
    ),
    (
        N_("Targets in numbers"),
        (_Rule("about_tolerance_percent", N_("Percent by which a target of about a number may fall short"), ""),),
    ),
)  # fmt: skip
CONFIRMED_BY = {
    ConfirmedBy.OTHER_PARTIES: N_("The other parties of the agreement: to whom it was promised, and who owes it too"),
    ConfirmedBy.THOSE_WHO_OWE: N_("Only the parties that owe it too"),
    ConfirmedBy.NOBODY: N_("Nobody: the word of one party is enough"),
}
_LAST_FIRST = frozenset({"lead_days", "agreement_lead_days"})
"""Days before a date, kept in the order in which they come: the greatest number first, however they were typed."""
_LIMITS = ("silence_amber_months", "silence_red_months")
_CHOSEN = ("send_at", "digest_weekday", "digest_rhythm", "summary_day", "summary_rhythm", "language")
_DAYS = ("digest_weekday", "summary_day")
_CHANNELS = ("channel_1", "channel_2", "channel_3")
"""The places of the kinds of channel in their order; the last kind needs none."""
_NUMBERS = {rule.name: rule for _, rules in _GROUPS for rule in rules}


@dataclass(frozen=True, slots=True)
class RulesView:
    title: str
    fields: tuple[FieldView, ...]


def read_rules(sent: Sent, house: Policy) -> tuple[dict[str, Any], frozenset[str]]:
    """The rules that were filled in, as an agreement's file has them, and the fields that cannot be taken."""
    rules: dict[str, Any] = {}
    wrong: set[str] = set()
    for name, rule in _NUMBERS.items():
        said = sent.text(name)
        if said is None:
            continue
        parts = [part for part in said.replace("，", ",").replace("、", ",").replace(" ", ",").split(",") if part]
        numbers = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 7]
        if len(numbers) != len(parts) or (not rule.is_list and len(numbers) != 1):
            wrong.add(name)
        else:
            rules[name] = numbers if rule.is_list else numbers[0]
    for name in _LAST_FIRST & rules.keys():
        rules[name] = sorted(set(rules[name]), reverse=True)
    days = sent.texts("send_days")
    chosen = sorted({int(day) for day in days if day.isascii() and day.isdigit() and len(day) < 3})
    if not chosen:
        wrong.add("send_days")
    if chosen != sorted(house.send_days):
        rules["send_days"] = chosen
    confirmed_by = sent.text("confirmed_by")
    if confirmed_by is not None and confirmed_by != house.confirmed_by:
        rules["confirmed_by"] = confirmed_by
    always = [kind for kind in sent.texts("always_sent") if kind in [*MatterKind, FINAL]]
    if set(always) != set(house.always_sent):
        rules["always_sent"] = always
    for name in _CHOSEN:
        said = sent.text(name)
        if said is not None:
            rules[name] = int(said) if name in _DAYS and said.isascii() and said.isdigit() and len(said) < 3 else said
    quiet = [sent.text(name) for name in ("quiet_from", "quiet_to")]
    if any(quiet):
        rules["quiet_from"], rules["quiet_to"] = (one or "" for one in quiet)
    rests = sent.text("quiet_rest_days")
    if rests not in ("yes", "no", None):
        wrong.add("quiet_rest_days")
    elif rests is not None and (rests == "yes") is not house.quiet_rest_days:
        rules["quiet_rest_days"] = rests == "yes"
    channels = [kind for name in _CHANNELS if (kind := sent.text(name)) is not None]
    if channels:
        rules["channels"] = channels
    try:
        PolicyForm.model_validate(rules)
    except ValidationError as invalid:
        wrong |= {str(fault["loc"][0]) for fault in invalid.errors()}
    escalation = rules.get("escalation_working_days", [])
    if escalation != sorted(escalation):
        wrong.add("escalation_working_days")
    amber, red = _find_limits(rules, house)
    if not wrong & {*_LIMITS} and red < amber:
        wrong.add("silence_red_months")
    return rules, frozenset(wrong)


def _find_limits(rules: Mapping[str, Any], house: Policy) -> tuple[int, int]:
    amber, red = (int(rules.get(name, getattr(house, name))) for name in _LIMITS)
    return amber, red


def say_faults(words: Words, house: Policy, rules: Mapping[str, Any], wrong: Collection[str]) -> dict[str, str]:
    """What is wrong with each of the fields that could not be taken, by its name."""
    return {name: _say_fault(words, house, name, rules) for name in wrong}


def _say_fault(words: Words, house: Policy, name: str, rules: Mapping[str, Any]) -> str:
    if name == "silence_red_months":
        amber, red = _find_limits(rules, house)
        if 0 < red < amber:
            text = words.gettext("It is grave before it counts as silent: at least %(months)s months are expected.")
            return text % {"months": amber}
    if name in _LAST_FIRST:
        return words.gettext("Whole numbers with commas between them are expected, not too large.")
    if name in _NUMBERS and _NUMBERS[name].is_list:
        return words.gettext("Whole numbers with commas between them are expected, in their order and not too large.")
    if name in _NUMBERS:
        return words.gettext("One whole number that is not too large is expected.")
    if name == "send_days":
        return words.gettext("Choose one day at least.")
    if name in ("quiet_from", "quiet_to"):
        if rules.get(name):
            return words.gettext("An hour of the day is expected, such as 20:00.")
        return words.gettext("Both hours are expected, or neither.")
    if name == "channels":
        return words.gettext("Each kind can stand in one place only.")
    return words.gettext("This cannot be chosen here; please choose again.")


def list_faults(groups: Sequence[RulesView]) -> list[FaultView]:
    """What is to be put right, each leading to its field."""
    return [
        FaultView(
            field.label, field.fault, f"#rule-{field.name}" + ("-options" if field.kind in ("radios", "checks") else "")
        )
        for group in groups
        for field in group.fields
        if field.fault
    ]


def fill_rules(rules: Mapping[str, Any]) -> dict[str, str]:
    """The rules as the form's texts."""
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        for name, value in rules.items()
        if name in _NUMBERS
    }


def describe_rules(
    words: Words, house: Policy, rules: Mapping[str, Any], filled: Mapping[str, str], faults: Mapping[str, str]
) -> list[RulesView]:
    """The form: what is empty is as the house has it, which is said beside each field."""
    views = [
        RulesView(
            words.gettext(title),
            tuple(_describe_rule(words, house, rule, filled.get(rule.name, ""), faults) for rule in group),
        )
        for title, group in _GROUPS
    ]
    days = rules.get("send_days", house.send_days)
    always = rules.get("always_sent", house.always_sent)
    names = {day: str(name) for day, name in get_day_names("wide", locale=words.locale).items()}
    views.append(
        RulesView(
            words.gettext("When a commitment is reported as fulfilled"),
            (
                FieldView(
                    "confirmed_by",
                    words.gettext("Who is asked to confirm it"),
                    "radios",
                    fault=faults.get("confirmed_by", ""),
                    help=words.gettext("Who is asked can also send it back; then the commitment is open again."),
                    options=tuple(
                        OptionView(str(one), words.gettext(label), one == rules.get("confirmed_by", house.confirmed_by))
                        for one, label in CONFIRMED_BY.items()
                    ),
                ),
            ),
        ),
    )
    views.append(
        RulesView(
            words.gettext("When it is told"),
            (
                FieldView(
                    "send_days", words.gettext("Days on which its matters are told"), "checks",
                    fault=faults.get("send_days", ""),
                    help=words.gettext("To those who have not chosen days of their own."),
                    options=tuple(OptionView(str(day), name, day in days) for day, name in sorted(names.items())),
                ),
                *_describe_hours(words, house, rules, faults, names),
                FieldView(
                    "always_sent", words.gettext("Told also to who is paused or has unsubscribed"), "checks",
                    help=words.gettext("What has an effect in law, such as the last day for notice."),
                    options=(
                        *(OptionView(str(kind), words.name(kind), str(kind) in always) for kind in _ALWAYS),
                        OptionView(FINAL, words.gettext("The last rung of the ladder"), FINAL in always),
                    ),
                ),
            ),
        )
    )  # fmt: skip
    told_by = tuple(_describe_ways(words, house, rules, faults))
    views.append(RulesView(words.gettext("In which language and by what it is told"), told_by))
    return views


def _describe_hours(
    words: Words, house: Policy, rules: Mapping[str, Any], faults: Mapping[str, str], weekdays: Mapping[int, str]
) -> Iterator[FieldView]:
    """When digest and summary go and at which hours; what a person has chosen comes before it."""

    def choose(name: str, label: str, usual: str, known: Mapping[str, str], about: str = "") -> FieldView:
        chosen = str(rules.get(name, ""))
        first = OptionView("", words.gettext("%(usual)s, as the house has it") % {"usual": usual}, not chosen)
        options = (first, *(OptionView(one, said, one == chosen) for one, said in known.items()))
        return FieldView(name, label, "select", help=about, fault=faults.get(name, ""), options=options)

    hours = {f"{hour:02}:{minute:02}": f"{hour:02}:{minute:02}" for hour in range(5, 18) for minute in (0, 30)}
    hours.pop("17:30")
    if rules.get("send_at") and "send_at" not in faults:
        hours |= {str(rules["send_at"]): str(rules["send_at"])}
    yield choose(
        "send_at", words.gettext("Hour of the day's message"), f"{house.send_at:%H:%M}", dict(sorted(hours.items())),
        words.gettext("In its reader's zone. Of several agreements in one message the earliest hour holds."),
    )  # fmt: skip
    digests = {str(one): words.name(one) for one in DIGEST_RHYTHMS}
    yield choose("digest_rhythm", words.gettext("How often the digest comes"), digests[house.digest_rhythm], digests)
    days = {str(day): name for day, name in sorted(weekdays.items())}
    yield choose("digest_weekday", words.gettext("Day of the digest"), weekdays[house.digest_weekday], days)
    summaries = {str(one): words.name(one) for one in SUMMARY_RHYTHMS}
    yield choose(
        "summary_rhythm", words.gettext("How often the summary comes"), summaries[house.summary_rhythm], summaries
    )
    dates = {str(day): str(day) for day in range(1, 29)}
    yield choose(
        "summary_day", words.gettext("Day of the month from which the summary comes"), str(house.summary_day), dates
    )
    usual = {"from": f"{house.quiet_from:%H:%M}", "to": f"{house.quiet_to:%H:%M}"}
    yield FieldView(
        "quiet_from", words.gettext("Quiet from"), "time", str(rules.get("quiet_from") or ""),
        fault=faults.get("quiet_from", ""),
        help=words.gettext("What another person has just caused, such as a hand-over, waits for the next morning."),
    )  # fmt: skip
    yield FieldView(
        "quiet_to", words.gettext("Quiet until"), "time", str(rules.get("quiet_to") or ""),
        fault=faults.get("quiet_to", ""),
        help=words.gettext("Empty: %(from)s to %(to)s, as the house has it. The same hour twice: never quiet.") % usual,
    )  # fmt: skip
    rests = {"yes": words.gettext("It waits for the next working day"), "no": words.gettext("It goes all the same")}
    chosen = {True: "yes", False: "no"}[rules.get("quiet_rest_days", house.quiet_rest_days)]
    yield FieldView(
        "quiet_rest_days", words.gettext("On its reader's days of rest"), "select",
        fault=faults.get("quiet_rest_days", ""),
        options=tuple(OptionView(one, said, one == chosen) for one, said in rests.items()),
    )  # fmt: skip


def _describe_ways(
    words: Words, house: Policy, rules: Mapping[str, Any], faults: Mapping[str, str]
) -> Iterator[FieldView]:
    """In which language and by which kind of channel it is told to who has chosen none."""
    chosen = str(rules.get("language") or "")
    first = words.gettext("%(usual)s, as the house has it") % {"usual": name_language(words, house.language)}
    languages = {tag: name_language(words, tag) for tag in ("en", *(one.replace("_", "-") for one in list_languages()))}
    if chosen and "language" not in faults:
        languages |= {chosen: name_language(words, chosen)}
    yield FieldView(
        "language", words.gettext("Language of its messages"), "select", fault=faults.get("language", ""),
        help=words.gettext(
            "For people who state none, and whose party states none. Of several agreements in one message that of most."
        ),
        options=(
            OptionView("", first, not chosen),
            *(OptionView(tag, said, tag == chosen) for tag, said in languages.items()),
        ),
    )  # fmt: skip
    kinds = {
        ChannelKind.MAIL: words.gettext("Mail"),
        ChannelKind.CHAT: words.gettext("A chat, such as Slack or WeCom"),
        ChannelKind.SMS: words.gettext("SMS"),
        ChannelKind.WEBHOOK: words.gettext("A webhook"),
    }
    usual = words.join([kinds[one] for one in house.channels])
    as_usual = (
        words.gettext("%(usual)s, as the house has it") % {"usual": usual}
        if usual
        else words.gettext("As it was entered for each person")
    )
    labels = (
        words.gettext("Channel that is tried first"),
        words.gettext("Channel that is tried next"),
        words.gettext("Channel that is tried after that"),
    )
    own = [str(one) for one in rules.get("channels", ())]
    for place, (name, label) in enumerate(zip(_CHANNELS, labels, strict=True)):
        said = own[place] if place < len(own) else ""
        yield FieldView(
            name, label, "select", fault=faults.get("channels", "") if place == 0 else "",
            help=words.gettext("For people who have several and have chosen none.")
            if place == 0
            else "",
            options=(
                OptionView("", as_usual if place == 0 else words.gettext("no other in particular"), not said),
                *(OptionView(str(kind), text, kind == said) for kind, text in kinds.items()),
            ),
        )  # fmt: skip


def name_number(words: Words, name: str) -> str:
    """What a rule that is a number, or several, is called; empty for any other."""
    return words.gettext(_NUMBERS[name].label) if name in _NUMBERS else ""


def name_language(words: Words, tag: str) -> str:
    """What a language is called in that of the page."""
    return str(words.locale.languages.get(tag.replace("-", "_")) or words.locale.languages.get(tag[:2]) or tag)


def _describe_rule(words: Words, house: Policy, rule: _Rule, value: str, faults: Mapping[str, str]) -> FieldView:
    usual = getattr(house, rule.name)
    said = ", ".join(map(str, usual)) if rule.is_list else str(usual)
    as_usual = words.gettext("Empty: %(usual)s, as the house has it.") % {"usual": said}
    about = words.gettext(rule.about) + " " if rule.about else ""
    return FieldView(
        rule.name, words.gettext(rule.label), "text", value,
        f"{about}{as_usual}", faults.get(rule.name, ""), most="100",
    )  # fmt: skip
