"""`tally forecast`: every message of the coming days, to whom and why; nothing is written."""

from typing import Annotated, Any

import typer

from cli.screen import count, print_json, print_table, say, show_moment, write_examples


def add_commands(app: typer.Typer) -> None:
    app.command(
        "forecast",
        rich_help_panel="Tell people",
        epilog=write_examples(
            "tally forecast",
            "tally forecast --days 30 --to songlan",
            "tally forecast --days 14 --json",
        ),
    )(show_forecast)


def show_forecast(
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days ahead.")] = 7,
    to: Annotated[
        str | None, typer.Option(metavar="WHOM", help="Only to this contact: reference or address, or a part of one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell every message that would be sent in the coming days if nothing else happened: day by day, to whom and why.

    The days are played on a throwaway copy by the same code that runs every day, so nothing is written or sent.
    """
    from cli.outbox import list_told
    from cli.session import open_register

    with open_register() as register:
        found, zone = _foresee(register, days, to), register.settings.time_zone
    if as_json:
        print_json(found)
        return
    day = None
    rows: list[tuple[Any, ...]] = []
    for one in found:
        if day is not None and one["date"] != day:
            rows.append(("", "", ""))
        parts = list_told(one)
        more = [(f"and {len(parts) - 3} more", "dim")] if len(parts) > 3 else []
        rows.append(
            (
                [(one["date"], "bold") if one["date"] != day else "", show_moment(one["at"], zone)[11:]],
                [one["name"], (one["to"], "dim")],
                [(one["subject"], "bold"), *parts[:3], *more],
            )
        )
        day = one["date"]
    if rows:
        print_table(("Day", "To", "What and why"), rows, widths={"Day": 10})
    people = len({one["contact"] for one in found})
    span = count(days, "day")
    say(f"{count(len(found), 'message')} to {count(people, 'person', 'people')} in the next {span}.")


def _foresee(register: Any, days: int, to: str | None) -> list[dict[str, Any]]:
    from cli.speech import Speaker
    from commitments.database import open_reading
    from notifications.forecast import forecast_messages
    from notifications.mime import message_id_for

    with open_reading(register.engine) as reading:
        speaker = Speaker(reading)
    return [
        {
            "date": one.day.isoformat(),
            "at": one.at,
            "key": one.key,
            "to": one.to,
            "channel": one.channel,
            "kind": one.kind,
            "state": "foreseen",
            "reason": speaker.tell_notices(one.reasons),
            "attempts": 0,
            "message_id": message_id_for(one.key, register.domain),
            "contact": one.contact,
            "name": one.name,
            "subject": one.subject,
            "notices": [{**reason, "words": speaker.tell_notice(reason)} for reason in one.reasons],
        }
        for one in forecast_messages(register.engine, register.settings, register.now, days)
        if to is None or to in one.contact or to.lower() in one.to.lower()
    ]
