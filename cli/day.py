"""`tally check`: compare what should be with what is stored, write the difference, and queue what is due."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import count, name_word, print_error, print_json, print_table, read_day, say, write_examples

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cli.session import Register

SHOWN = 40
_STYLES = {"closed": "green", "superseded": "dim"}


def add_commands(app: typer.Typer) -> None:
    app.command(
        "check",
        rich_help_panel="See",
        epilog=write_examples(
            "tally check",
            "tally check --dry-run",
            "tally check --as-of 2027-04-01 --dry-run --json",
        ),
    )(check)


def _adopt_rules(register: "Register") -> None:
    """Take over the house's rules; a file with faults is told of, and the rules that held go on."""
    from commitments.database import open_unit
    from commitments.house_rules import adopt_house_rules
    from notifications.waiting import follow_rules

    with open_unit(register.engine) as unit:
        adopted = adopt_house_rules(unit, register.settings.house_folder, register.now)
        if adopted.changed:
            follow_rules(unit, register.now)
    if adopted.problems:
        print_error("\n".join(map(str, adopted.problems)))
    if adopted.changed:
        say(f"Rules of the house taken over: {', '.join(adopted.changed)}.")


def check(
    as_of: Annotated[
        date | None, typer.Option(parser=read_day, metavar="DATE", help="As on that day; only with --dry-run.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Work out how everything stands, open and close follow-ups, and queue the messages that are due.

    Run twice, the second run changes nothing. Nothing is sent: that is done by tally send.
    """
    from cli.session import open_register
    from commitments.errors import RefusedChange

    with open_register() as register:
        day = as_of or register.today
        if day != register.today and not dry_run:
            when = "past" if day < register.today else "to come"
            raise RefusedChange(
                f"{day} is {when}: follow-ups would be opened and closed under a date that is not today's, and people "
                "would be told of it; add --dry-run to see what that day would change"
            )
        if not dry_run:
            _adopt_rules(register)
        if dry_run:
            with register.open_rehearsal() as copy:
                report = _check_register(copy, register, day)
        else:
            report = _check_register(register.engine, register, day)
    report = {"as_of": day.isoformat(), "dry_run": dry_run, **report}
    if as_json:
        print_json({name: value for name, value in report.items() if name != "outbox_words"})
    else:
        _print_report(report)


def _check_register(engine: "Engine", register: "Register", day: date) -> dict[str, Any]:
    from cli.changes import list_changes
    from cli.outbox import read_outbox
    from commitments.database import open_reading, open_unit
    from commitments.drafts import watch_drafts
    from commitments.reconcile import reconcile_register
    from notifications.planning import plan_messages

    now = _move_moment(register.now, day - register.today)
    done = reconcile_register(engine, now, day)
    with open_unit(engine) as unit:
        watch_drafts(unit, now)
    planned = plan_messages(engine, now, day, domain=register.domain)
    with open_reading(engine) as reading:
        changes = list_changes(reading, done, day)
        outbox = read_outbox(reading, now)
    names = ("agreements", "commitments", "opened", "closed", "superseded", "reassigned", "unchanged")
    return {
        **{name: getattr(done, name) for name in names},
        "changes": changes,
        "messages": {"queued": planned.messages, "joined": planned.joined, "held": planned.held, **outbox.as_json()},
        "outbox_words": outbox.describe(register.settings.time_zone),
    }


def _move_moment(now: datetime, by: timedelta) -> datetime:
    from datetime import UTC

    try:
        return now + by
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if by > timedelta() else datetime.min.replace(tzinfo=UTC)


def _print_report(report: dict[str, Any]) -> None:
    from cli.changes import name_asked

    rows = [
        (
            [
                (one["matter"], "bold"),
                (f"{one['change']}: {name_word(one['kind'])}", _STYLES.get(one["change"], "yellow")),
                name_asked(one),
            ],
            one["why"],
        )
        for one in report["changes"][:SHOWN]
    ]
    if rows:
        print_table(("Follow-up", "Why"), rows)
        touched = report["opened"] + report["closed"] + report["superseded"] + report["reassigned"]
        if touched > len(rows):
            say(f"and {touched - len(rows)} more.")
        say()
    would = "would be " if report["dry_run"] else ""
    say(f"{count(report['agreements'], 'agreement')} and {count(report['commitments'], 'commitment')} looked at.")
    say(
        f"Follow-ups: {would}opened {report['opened']}, closed {report['closed']}, superseded {report['superseded']}, "
        f"passed on {report['reassigned']}; {report['unchanged']} unchanged."
    )
    messages = report["messages"]
    say(f"Messages: {would}queued {messages['queued']}; {report['outbox_words']}.")
    if messages["outstanding"] and not report["dry_run"]:
        say(f"{count(messages['outstanding'], 'message is', 'messages are')} due now: tally send")
    if report["dry_run"]:
        say("This was a dry run: nothing was written.")
