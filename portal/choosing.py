"""The page on which a person chooses what comes, when, and in which language."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from babel.core import Locale
from babel.dates import get_day_names
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from commitments.choices import IN_ANY_CASE, Choices
from commitments.database import open_reading, open_unit
from commitments.errors import RefusedChange
from commitments.facts import Person
from commitments.form_fields import DIGEST_RHYTHMS, SUMMARY_RHYTHMS
from commitments.log import Author
from commitments.people import is_language
from commitments.tables import contact
from commitments.vocabulary import Channel, ContactRole, NotificationKind, Rhythm
from notifications.choosing import choose
from notifications.languages import load_words
from notifications.links import LinkInvalid, Purpose, sign_by_link
from notifications.names import choose_words, load_names
from notifications.readers import Usual, load_reader, load_usual
from notifications.rhythm import gets_summary
from notifications.views import clean_text, fit_text
from notifications.wording import Words
from portal.forms import Form, Sent
from portal.house import Here, House
from portal.mailboxes import check_mailbox
from portal.own_settings import name_way_back
from portal.page_words import load_page_words
from portal.pages import FieldView, FormView, OptionView, list_languages, show_page

router = APIRouter()

TITLE_LIMIT = 60
_FOR_OWNERS = ("reminder", "follow_up", "escalation", "hand_over", "confirmation")
_FOR_COORDINATORS = ("digest", "summary")
_FOR_LEADERS = ("escalation", "summary")


@router.api_route("/c/{token}", methods=["GET", "HEAD"], response_class=HTMLResponse)
@router.api_route("/choices/{token}", methods=["GET", "HEAD"], response_class=HTMLResponse)
def show_choices(token: str, house: Here, saved: bool = False, back: bool = False) -> Response:
    """The person's choices as they are; `back` if they came from their settings."""
    return _show(house, token, saved=saved, back=back)


@router.post("/choices/{token}", response_class=HTMLResponse)
def post_choices(token: str, sent: Form, house: Here, back: bool = False) -> Response:
    """Keep the choices; what already waits goes by them."""
    person = _read(house, token)
    now = house.read_clock()
    try:
        with open_unit(house.engine) as unit:
            author = Author(sign_by_link(person.reference, token), now)
            choose(unit, author, person.reference, _read_changes(sent, person), now)
    except RefusedChange as refused:
        return _show(house, token, refused=refused, sent=sent, back=back, status=422)
    return RedirectResponse(f"/choices/{token}?saved=1" + ("&back=1" if back else ""), 303)


def _read(house: House, token: str) -> Person:
    contact_id = house.links.read_choices(token)
    with open_reading(house.engine) as reading:
        person = load_reader(reading, contact_id)
        if person is None:
            raise LinkInvalid("the person of this link is not known here")
        check_mailbox(reading, person, house.links.read_place(Purpose.CHOICES, token))
    return person


def list_kinds(person: Person) -> tuple[NotificationKind, ...]:
    """The kinds of message that a person in this role may get, and any other that they unsubscribed from."""
    names: tuple[str, ...] = _FOR_OWNERS
    if person.role is ContactRole.LEADER:
        names = _FOR_LEADERS
    elif person.role is ContactRole.COORDINATOR:
        names = _FOR_OWNERS + _FOR_COORDINATORS
    others = sorted(person.choices.unsubscribed - IN_ANY_CASE - set(names))
    return tuple(NotificationKind(name) for name in (*names, *others))


def _read_changes(sent: Sent, person: Person) -> dict[str, Any]:
    wanted = set(sent.texts("kinds"))
    shown = {str(kind) for kind in list_kinds(person)}
    others = {str(kind) for kind in person.choices.unsubscribed} - shown
    days = sorted({int(day) for day in sent.texts("days") if day in "0123456" and len(day) == 1})
    changes: dict[str, Any] = {
        "days": days if 0 < len(days) < 5 or (days and days != [0, 1, 2, 3, 4]) else None,
        "hour": sent.text("hour"),
        "language": sent.text("language"),
        "channel": sent.text("channel"),
        "quiet_from": sent.text("quiet_from"),
        "quiet_to": sent.text("quiet_to"),
        "paused_from": sent.text("paused_from"),
        "paused_to": sent.text("paused_to"),
        "unsubscribed": sorted((shown - wanted) | others),
    }
    if person.role is ContactRole.COORDINATOR:
        changes |= {name: sent.text(name) for name in ("digest_day", "digest_rhythm")}
    if gets_summary(person):
        changes |= {name: sent.text(name) for name in ("summary_day", "summary_rhythm")}
    past = (person.choices.paused_from, person.choices.paused_to)
    if (changes["paused_from"], changes["paused_to"]) == tuple(one.isoformat() if one else None for one in past):
        del changes["paused_from"], changes["paused_to"]  # a pause that is over may stay on the page as it is
    return changes


def _show(
    house: House,
    token: str,
    *,
    saved: bool = False,
    refused: RefusedChange | None = None,
    sent: Sent | None = None,
    back: bool = False,
    status: int = 200,
) -> Response:
    person = _read(house, token)
    with open_reading(house.engine) as reading:
        names = load_names(reading, contact.c.id == person.id)
        usual = load_usual(reading, person)
    words = load_words(person.language)
    faults = _find_faults(words, refused)
    fields = _list_fields(words, person, person.choices, usual, house.read_clock())
    form = FormView(
        f"/choices/{token}" + ("?back=1" if back else ""),
        words.gettext("What you get, and when"),
        words.gettext(
            "What you leave open stays as it says there. What you choose holds at once, also for what waits already."
        ),
        words.gettext("Save"),
        tuple(_mark(one, sent, faults) for one in fields),
    )
    return show_page(
        "choices.html",
        words,
        words.gettext("Your choices"),
        status=status,
        name=names.contacts[person.id][0],
        form=form,
        back=name_way_back(load_page_words(person.language)) if back else None,
        saved=words.gettext("Saved.") if saved else "",
        faults=list(faults.values()),
    )


def _find_faults(words: Words, refused: RefusedChange | None) -> dict[str, str]:
    """What could not be chosen, by the field that it is about; an empty name where it is about none."""
    if refused is None:
        return {}
    said = {
        "quiet_from": words.gettext(
            "Quiet hours have a beginning and an end, and leave room for the hour of your message."
        ),
        "paused_from": words.gettext("A pause has a first and a last day, is not over yet, and lasts a year at most."),
        "hour": words.gettext("The hour of your message is between midnight and five in the afternoon."),
    }
    told = {"quiet_from": r"quiet", "paused_from": r"pause", "hour": r"(?m)^hour\b"}
    found = {name: text for name, text in said.items() if re.search(told[name], str(refused))}
    return found or {"": words.gettext("Something could not be chosen like this. Nothing was changed.")}


def _mark(field: FieldView, sent: Sent | None, faults: Mapping[str, str]) -> FieldView:
    """The field as it was filled in where its span was refused, with what is wrong at the first of the two."""
    first = field.name.replace("_to", "_from")
    if sent is None or first not in faults or field.kind not in ("time", "date"):
        return replace(field, fault=faults.get(field.name, ""))
    return replace(field, value=sent.text(field.name) or "", fault=faults.get(field.name, ""))


def _list_fields(words: Words, person: Person, chosen: Choices, usual: Usual, now: datetime) -> list[FieldView]:
    locale = words.locale
    weekdays = {day: str(name) for day, name in get_day_names("wide", locale=locale).items()}
    policy = usual.policy
    days = chosen.days if chosen.days is not None else range(5)
    fields = [
        FieldView(
            "days", words.gettext("Days on which your message comes"), "checks",
            help=words.gettext("Choose fewer days for bundles: each looks ahead to the next.")
            + _say_usual_days(words, usual, chosen, weekdays),
            options=tuple(OptionView(str(day), name, day in days) for day, name in sorted(weekdays.items())),
        ),
    ]  # fmt: skip
    if person.role is ContactRole.COORDINATOR:
        name_usual = _say_usual(words, usual, "digest_weekday", weekdays[policy.digest_weekday])
        options = [OptionView("", name_usual, chosen.digest_day is None)]
        options += [OptionView(str(day), name, day == chosen.digest_day) for day, name in sorted(weekdays.items())]
        fields.append(FieldView("digest_day", words.gettext("Day of your digest"), "select", options=tuple(options)))
        fields.append(
            _ask_rhythm(
                words,
                usual,
                "digest_rhythm",
                words.gettext("How often your digest comes"),
                DIGEST_RHYTHMS,
                chosen.digest_rhythm,
            )
        )
    if gets_summary(person):
        name_usual = _say_usual(words, usual, "summary_day", str(policy.summary_day))
        options = [OptionView("", name_usual, chosen.summary_day is None)]
        options += [OptionView(str(day), str(day), day == chosen.summary_day) for day in range(1, 29)]
        label = words.gettext("Day of the month from which your summary comes")
        fields.append(FieldView("summary_day", label, "select", options=tuple(options)))
        fields.append(
            _ask_rhythm(
                words,
                usual,
                "summary_rhythm",
                words.gettext("How often your summary comes"),
                SUMMARY_RHYTHMS,
                chosen.summary_rhythm,
            )
        )
    hours = [OptionView("", _say_usual(words, usual, "send_at", f"{policy.send_at:%H:%M}"), chosen.hour is None)]
    slots = {time(hour, minute) for hour in range(5, 18) for minute in (0, 30) if (hour, minute) <= (17, 0)}
    hours += [OptionView(f"{one:%H:%M}", f"{one:%H:%M}", one == chosen.hour) for one in sorted(slots | _own(chosen))]
    zone = words.gettext("In your own zone, %(zone)s") % {"zone": person.time_zone}
    fields.append(FieldView("hour", words.gettext("Hour"), "select", help=zone, options=tuple(hours)))
    languages = [OptionView("", _say_usual_language(words, usual), chosen.language is None)]
    tags = ["en", *(one.replace("_", "-") for one in list_languages())]
    languages += [OptionView(tag, name_language(tag), tag == chosen.language) for tag in tags]
    fields.append(FieldView("language", words.gettext("Language"), "select", options=tuple(languages)))
    ways = list(dict.fromkeys([one for one, _ in person.ways] + ([chosen.channel] if chosen.channel else [])))
    channels = [OptionView("", _say_usual_channel(words, usual), chosen.channel is None)]
    channels += [OptionView(str(one), name_channel(words, one), one == chosen.channel) for one in ways]
    others = words.gettext("Other ways to reach you are entered by your coordinator.")
    if person.role is ContactRole.COORDINATOR:
        others = words.gettext(
            "Other ways to reach you stand on your own page among the people in the portal; if you cannot change it, "
            "ask the administrator."
        )
    channel = words.gettext("By which channel")
    fields.append(FieldView("channel", channel, "select", help=others, options=tuple(channels)))
    today = now.date().isoformat()
    fields += [
        FieldView("quiet_from", words.gettext("Quiet from"), "time", _show_hour(chosen.quiet_from)),
        FieldView(
            "quiet_to", words.gettext("Quiet until"), "time", _show_hour(chosen.quiet_to),
            help=words.gettext("In these hours nothing comes, not even what was just asked of you.")
            + " "
            + words.gettext(
                "Left open, what was just asked of you waits from %(from)s until %(to)s and over days of rest; "
                "the same hour twice is to have no quiet hours."
            )
            % {"from": f"{usual.quiet[0][0]:%H:%M}", "to": f"{usual.quiet[0][1]:%H:%M}"}
            + _say_whose_hours(words, usual)
            + "".join(_say_other_hours(words, usual)),
        ),
        FieldView("paused_from", words.gettext("Pause from"), "date", str(chosen.paused_from or "")),
        FieldView(
            "paused_to", words.gettext("Pause until, this day included"), "date", str(chosen.paused_to or ""),
            help=words.gettext("Afterwards you get one message with what is right then."), least=today,
        ),
        FieldView(
            "kinds", words.gettext("What you want to get"), "checks",
            help=words.gettext("What has an effect in law, such as the last day for notice, comes in any case."),
            options=tuple(
                OptionView(str(kind), words.name(kind), kind not in chosen.unsubscribed) for kind in list_kinds(person)
            ),
        ),
    ]  # fmt: skip
    return fields


def _say_usual(words: Words, usual: Usual, name: str, value: str) -> str:
    """What holds where nothing is chosen, and by whose rules."""
    source = usual.sources.get(name)
    if source is None and name in usual.of_house:
        return words.gettext("%(usual)s, as your house has it") % {"usual": value}
    if source is None:
        return words.gettext("%(usual)s, as Tallystick has it") % {"usual": value}
    return words.gettext("%(usual)s, as %(agreement)s has it") % {
        "usual": value,
        "agreement": _name_agreement(words, usual, source),
    }


def _say_usual_language(words: Words, usual: Usual) -> str:
    named = {"usual": name_language(usual.language)}
    if usual.language_from == "contact":
        return words.gettext("%(usual)s, as it was entered for you") % named
    if usual.language_from == "party":
        return words.gettext("%(usual)s, as your side has it") % named
    return _say_usual(words, usual, "language", named["usual"])


def _say_usual_channel(words: Words, usual: Usual) -> str:
    if usual.channel is None:
        return words.gettext("as usual")
    named = {"usual": name_channel(words, usual.channel)}
    if not usual.prefers_channels:
        return words.gettext("%(usual)s, as it was entered for you") % named
    return _say_usual(words, usual, "channels", named["usual"])


def _say_usual_days(words: Words, usual: Usual, chosen: Choices, weekdays: Mapping[int, str]) -> str:
    """The days on which messages go by somebody's rules, where the person chose none."""
    days = usual.policy.send_days
    if chosen.days is not None or len(days) == len(weekdays):
        return ""
    said = _say_usual(words, usual, "send_days", words.join([weekdays[day] for day in sorted(days)]))
    return " " + words.gettext("Left as they are: %(days)s.") % {"days": said}


def _say_whose_hours(words: Words, usual: Usual) -> str:
    source = usual.quiet[0][2]
    whose = words.gettext("your house") if {"quiet_from", "quiet_to"} & usual.of_house else "Tallystick"
    named = _name_agreement(words, usual, source) if source else whose
    return " " + words.gettext("These hours are by the rules of %(whose)s.") % {"whose": named}


def _say_other_hours(words: Words, usual: Usual) -> Iterator[str]:
    """The quiet hours of agreements that have others: all hold for what tells of several."""
    for begin, end, source in usual.quiet[1:]:
        said = {"from": f"{begin:%H:%M}", "to": f"{end:%H:%M}"}
        whose = _name_agreement(words, usual, source) if source else words.gettext("your house")
        yield " " + words.gettext("By the rules of %(whose)s: from %(from)s until %(to)s.") % {**said, "whose": whose}


def _name_agreement(words: Words, usual: Usual, reference: str) -> str:
    title = choose_words(usual.titles[reference], words.tag)
    return words.quote(fit_text(clean_text(title), TITLE_LIMIT))


def _ask_rhythm(
    words: Words, usual: Usual, name: str, label: str, rhythms: Sequence[Rhythm], chosen: Rhythm | None
) -> FieldView:
    as_usual = _say_usual(words, usual, name, words.name(getattr(usual.policy, name)))
    options = [OptionView("", as_usual, chosen is None)]
    options += [OptionView(str(one), words.name(one), one == chosen) for one in rhythms]
    return FieldView(name, label, "select", options=tuple(options))


def _own(chosen: Choices) -> set[time]:
    return {chosen.hour} if chosen.hour is not None else set()


def _show_hour(hour: time | None) -> str:
    return f"{hour:%H:%M}" if hour is not None else ""


def name_channel(words: Words, channel: str) -> str:
    """By what a message comes: services by their own names."""
    said: dict[str, str] = {
        Channel.MAIL: words.gettext("Mail"),
        Channel.SMS: words.gettext("SMS"),
        Channel.NTFY: "ntfy",
        Channel.WECOM: "WeCom",
        Channel.DINGTALK: "DingTalk",
    }
    return said.get(channel) or channel.title()


def name_language(tag: str) -> str:
    """A language as it calls itself."""
    name = (Locale.parse(tag, sep="-").get_display_name() if is_language(tag) else None) or tag
    return name[:1].upper() + name[1:]
