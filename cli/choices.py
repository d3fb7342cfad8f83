"""`tally choices`: what a person chose about their messages, shown and changed."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import check_language, count, print_json, read_day, say, write_examples

if TYPE_CHECKING:
    from commitments.choices import Choices
    from notifications.readers import Usual

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL = "usual"
"""What takes a choice back."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "choices",
        rich_help_panel="Tell people",
        epilog=write_examples(
            "tally choices harrowmere-pattern",
            "tally choices harrowmere-pattern --days mon,thu --hour 07:30 --quiet 18:00-07:30",
            "tally choices songlan-wei --pause 2026-12-21/2027-01-08",
            "tally choices songlan-he --unsubscribe summary --language en",
            "tally choices songlan-he --days usual --resume",
        ),
    )(show_choices)


def show_choices(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The contact's reference.")],
    days: Annotated[
        str | None, typer.Option(metavar="DAYS", help="The weekdays on which the message comes: mon,thu; or usual.")
    ] = None,
    digest_day: Annotated[
        str | None, typer.Option(metavar="DAY", help="A coordinator's day for the digest: fri; or usual.")
    ] = None,
    digest_rhythm: Annotated[
        str | None, typer.Option(metavar="RHYTHM", help="How often the digest comes: fortnightly; or usual.")
    ] = None,
    summary_day: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="The day of the month for the summary, 1 to 28; or usual."),
    ] = None,
    summary_rhythm: Annotated[
        str | None, typer.Option(metavar="RHYTHM", help="How often the summary comes: quarterly; or usual.")
    ] = None,
    hour: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="When it comes, in the person's own zone; or usual.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(metavar="TAG", help="The language of the messages: en, zh-Hans; or usual.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="By what it comes: mail; or usual.")] = None,
    quiet: Annotated[
        str | None, typer.Option(metavar="HH:MM-HH:MM", help="Hours in which nothing comes at all; or usual.")
    ] = None,
    pause: Annotated[
        str | None, typer.Option(metavar="DATE/DATE", help="The first and the last day on which nothing comes.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="End the pause.")] = False,
    unsubscribe: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Not this kind any more; may be given again.")
    ] = None,
    subscribe: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="This kind again; may be given again.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a person chose about their messages, or change it. What already waits goes by the new choice."""
    from cli.session import open_register
    from commitments.database import open_reading, open_unit
    from commitments.person_queries import load_choices, load_people
    from commitments.references import find_contact
    from commitments.tables import contact
    from notifications.choosing import Chosen, choose
    from notifications.readers import load_usual

    if pause and resume:
        raise typer.BadParameter("a pause is either set or ended; give one of the two", param_hint="--pause")
    changes: dict[str, Any] = {}
    changes |= {"days": _read_days(days)} if days else {}
    changes |= {"digest_day": next(iter(_read_days(digest_day) or ()), None)} if digest_day else {}
    changes |= {"digest_rhythm": _or_none(digest_rhythm)} if digest_rhythm else {}
    changes |= {"summary_day": _or_none(summary_day)} if summary_day else {}
    changes |= {"summary_rhythm": _or_none(summary_rhythm)} if summary_rhythm else {}
    changes |= {"hour": _or_none(hour)} if hour else {}
    changes |= {"language": _or_none(language)} if language else {}
    changes |= {"channel": _or_none(channel)} if channel else {}
    changes |= _read_quiet(quiet) if quiet else {}
    changes |= {"paused_from": None, "paused_to": None} if resume else _read_pause(pause) if pause else {}
    _check_kinds(unsubscribe or ())
    chosen: Chosen | None = None
    with open_register() as register:
        if changes.get("language"):
            check_language(changes["language"], register.settings.house_folder)
        if changes or unsubscribe or subscribe:
            with open_unit(register.engine) as unit:
                now = load_choices(unit, [find_contact(unit, person).id])
                kinds = {str(kind) for one in now.values() for kind in one.unsubscribed}
                if unsubscribe or subscribe:
                    changes["unsubscribed"] = sorted((kinds | set(unsubscribe or ())) - set(subscribe or ()))
                chosen = choose(unit, register.name_author(), person, changes, register.now)
        with open_reading(register.engine) as reading:
            row = find_contact(reading, person)
            found = list(load_choices(reading, [row.id]).values())
            usual = _describe_usual(load_usual(reading, load_people(reading, only=contact.c.id == row.id)[row.id]))
    shown = _describe(found[0] if found else None)
    if as_json:
        print_json({"person": person, **shown, "usual": usual})
        return
    say(f"{row.name} ({person})")
    for name, value in shown.items():
        say(f"  {name.replace('_', ' '):<15} {value if value is not None else _say_usual(usual.get(name))}")
    if chosen is not None and (chosen.moved or chosen.withdrawn):
        say(
            f"{count(chosen.moved, 'waiting message')} moved, {count(chosen.withdrawn, 'message')} taken back to be "
            "planned anew or not sent."
        )


def _or_none(text: str) -> str | None:
    return None if text == USUAL else text


def _read_days(text: str) -> list[int] | None:
    if text == USUAL:
        return None
    names = [name.strip().lower()[:3] for name in text.split(",")]
    unknown = [name for name in names if name not in WEEKDAYS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not a weekday; write {','.join(WEEKDAYS)}", param_hint="--days")
    return [WEEKDAYS.index(name) for name in names]


def _check_kinds(kinds: Sequence[str]) -> None:
    from commitments.choices import IN_ANY_CASE

    if forced := [kind for kind in kinds if kind in IN_ANY_CASE]:
        raise typer.BadParameter(
            f"{forced[0]!r} comes in any case; nobody can unsubscribe from it", param_hint="--unsubscribe"
        )


def _read_quiet(text: str) -> dict[str, str | None]:
    if text == USUAL:
        return {"quiet_from": None, "quiet_to": None}
    begin, dash, end = text.partition("-")
    if not dash:
        raise typer.BadParameter("quiet hours are written 18:00-07:30", param_hint="--quiet")
    return {"quiet_from": begin.strip(), "quiet_to": end.strip()}


def _read_pause(text: str) -> dict[str, date]:
    begin, slash, end = text.partition("/")
    if not slash:
        raise typer.BadParameter("a pause is written 2026-12-21/2027-01-08", param_hint="--pause")
    return {"paused_from": read_day(begin.strip()), "paused_to": read_day(end.strip())}


def _describe_usual(usual: "Usual") -> dict[str, dict[str, str | None]]:
    """What holds where nothing is chosen: each value and whose it is, an agreement's by its reference."""
    policy = usual.policy

    def told(rule: str, value: str | None, whose: str | None = None) -> dict[str, str | None]:
        named = usual.sources.get(rule)
        of_rules = f"agreement {named}" if named else "house" if rule in usual.of_house else "tallystick"
        return {"value": value, "by": whose or of_rules}

    begin, end, source = usual.quiet[0]
    channel = usual.channel
    return {
        "days": told("send_days", ",".join(WEEKDAYS[day] for day in sorted(policy.send_days))),
        "digest_day": told("digest_weekday", WEEKDAYS[policy.digest_weekday]),
        "digest_rhythm": told("digest_rhythm", str(policy.digest_rhythm)),
        "summary_day": told("summary_day", str(policy.summary_day)),
        "summary_rhythm": told("summary_rhythm", str(policy.summary_rhythm)),
        "hour": told("send_at", f"{policy.send_at:%H:%M}"),
        "language": told("language", usual.language, usual.language_from),
        "channel": told("channels", str(channel) if channel else None, None if usual.prefers_channels else "contact"),
        "quiet": told("quiet_from", f"{begin:%H:%M}-{end:%H:%M}", f"agreement {source}" if source else None),
    }


_WHOSE = {
    "house": "as the house has it",
    "tallystick": "as Tallystick has it",
    "contact": "as it was entered for this person",
    "party": "as their side has it",
}


def _say_usual(usual: dict[str, str | None] | None) -> str:
    if usual is None or usual["value"] is None:
        return "none"
    whose = usual["by"] or ""
    return f"{usual['value']}, {_WHOSE.get(whose) or f'as {whose} has it'}"


def _describe(found: "Choices | None") -> dict[str, str | None]:
    from commitments.choices import Choices

    one = found or Choices()
    quiet = f"{one.quiet_from:%H:%M}-{one.quiet_to:%H:%M}" if one.quiet_from and one.quiet_to else None
    return {
        "days": ",".join(WEEKDAYS[day] for day in one.days) if one.days is not None else None,
        "digest_day": WEEKDAYS[one.digest_day] if one.digest_day is not None else None,
        "digest_rhythm": str(one.digest_rhythm) if one.digest_rhythm else None,
        "summary_day": str(one.summary_day) if one.summary_day else None,
        "summary_rhythm": str(one.summary_rhythm) if one.summary_rhythm else None,
        "hour": f"{one.hour:%H:%M}" if one.hour else None,
        "language": one.language,
        "channel": str(one.channel) if one.channel else None,
        "quiet": quiet,
        "pause": f"{one.paused_from}/{one.paused_to}" if one.paused_from else None,
        "unsubscribed": ",".join(sorted(one.unsubscribed)) or None,
    }
