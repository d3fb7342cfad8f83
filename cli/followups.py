"""`tally follow-ups`: the tasks the engine opened for people, and the answers to them."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import count, name_word, print_json, print_table, read_day, say, style_of, write_examples

if TYPE_CHECKING:
    from cli.session import Register


def add_commands(app: typer.Typer) -> None:
    app.command(
        "follow-ups",
        rich_help_panel="See",
        epilog=write_examples(
            "tally follow-ups",
            "tally follow-ups --agreement harrowmere-songlan --json",
            "tally follow-ups --assignee songlan-fu --all",
            "tally follow-ups --done 'overdue:harrowmere-songlan/tree-survey@songlan:2026-09-30' --note 'Handed over'",
            "tally follow-ups --snooze 1 --until 2027-01-15",
        ),
    )(show_follow_ups)


def show_follow_ups(
    agreement: Annotated[str | None, typer.Option(metavar="REF", help="Only of this agreement.")] = None,
    assignee: Annotated[str | None, typer.Option(metavar="REF", help="Only those of this contact.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    done: Annotated[
        str | None, typer.Option(metavar="KEY", help="Close this one, by its key or number: it has been dealt with.")
    ] = None,
    snooze: Annotated[
        str | None, typer.Option(metavar="KEY", help="Let this one, by its key or number, rest until a day to come.")
    ] = None,
    until: Annotated[
        date | None, typer.Option(parser=read_day, metavar="DATE", help="With --snooze: the day it comes back.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="With --done or --snooze: why, for the log.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the open follow-ups with who is asked and why, or answer one of them by its key."""
    from cli.changes import name_asked
    from cli.session import open_register

    if done and snooze:
        raise typer.BadParameter("a follow-up is either done or snoozed; give one of the two", param_hint="--done")
    if (snooze is None) != (until is None):
        raise typer.BadParameter("--snooze KEY and --until DATE go together", param_hint="--snooze")
    if note is not None and not (done or snooze):
        raise typer.BadParameter("a note goes with --done or --snooze", param_hint="--note")
    with open_register() as register:
        key = done or snooze
        if key is not None:
            _answer(register, key, until, note)
            return
        found = _list_follow_ups(register, agreement, assignee, everything)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one["due"] if one["state"] == "open" else [one["due"], (one["state"], "dim")],
            str(one["number"]),
            [
                (one["matter"], "bold"),
                (name_word(one["kind"]), style_of(one["kind"])),
                name_asked(one),
            ],
            [one["reason"], *([f"snoozed until {one['snoozed_until']}"] if one["snoozed_until"] else [])],
        )
        for one in found
    ]
    if rows:
        print_table(("Due", "No.", "Follow-up", "Why"), rows, widths={"Due": 10})
        say()
    kind = "follow-up" if everything else "open follow-up"
    say(f"{count(len(found), kind)}." + (" To answer one: tally follow-ups --done NO" if found else ""))


def _answer(register: "Register", key: str, until: date | None, note: str | None) -> None:
    from sqlalchemy import select

    from cli.changes import list_changes, say_changes
    from commitments.database import open_unit
    from commitments.progress import answer_follow_up
    from commitments.reconcile import reconcile_agreement
    from commitments.tables import follow_up

    with open_unit(register.engine) as unit:
        if key.isdecimal():
            found = unit.execute(select(follow_up.c.key).where(follow_up.c.id == int(key))).scalar_one_or_none()
            key = found or key
        answer_follow_up(unit, register.name_author(), key, register.today, until is None, until, note)
        agreement_id = unit.execute(select(follow_up.c.agreement_id).where(follow_up.c.key == key)).scalar_one()
        changes = []
        if agreement_id is not None:
            done = reconcile_agreement(unit, agreement_id, register.now, register.today)
            changes = [one for one in list_changes(unit, done, register.today) if one["key"] != key]
    say(f"{key} is closed." if until is None else f"{key} rests until {until}.")
    if changes:
        say_changes(changes)


def _list_follow_ups(
    register: "Register", agreement: str | None, assignee: str | None, everything: bool
) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from cli.speech import Speaker
    from commitments.database import open_reading
    from commitments.references import find_agreement, find_contact
    from commitments.renewing import load_reasons
    from commitments.tables import follow_up
    from commitments.vocabulary import FollowUpState

    query = select(follow_up).order_by(follow_up.c.due_on, follow_up.c.id)
    if not everything:
        query = query.where(follow_up.c.state == str(FollowUpState.OPEN))
    with open_reading(register.engine) as reading:
        if agreement is not None:
            query = query.where(follow_up.c.agreement_id == find_agreement(reading, agreement).id)
        if assignee is not None:
            query = query.where(follow_up.c.assignee_id == find_contact(reading, assignee).id)
        speaker = Speaker(reading)
        rows = reading.execute(query).all()
        reasons = load_reasons(reading, rows, register.today)
        return [speaker.tell_follow_up(row, reasons[row.id]) for row in rows]
