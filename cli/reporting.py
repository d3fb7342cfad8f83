"""What people tell the register: progress reports, activities and confirmations. Each says what it changed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import say, write_examples
from commitments.vocabulary import Completion, Rating

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cli.session import Register

PANEL = "Tell the register"


def add_commands(app: typer.Typer) -> None:
    app.command(
        "report-progress",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally report-progress harrowmere-songlan/tree-survey --rating off_track --note 'High water again'",
            "tally report-progress harrowmere-songlan/apprentices --contact songlan-fu --rating on_track --value 18",
            "tally report-progress harrowmere-songlan/tree-survey --rating on_track --completion complete --fulfilled",
        ),
    )(report_progress)
    app.command(
        "add-activity",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally add-activity harrowmere-songlan --title 'Music lesson' --kind exchange --on 2026-11-12"
            " --commitment school-exchange --participants 40",
            "tally add-activity gimcheon-chengdu --title 'Visit of the mayor' --kind visit --on 2026-09",
        ),
    )(add_activity)
    app.command(
        "confirm",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally confirm harrowmere-songlan/reading-room --party songlan",
            "tally confirm harrowmere-songlan/reading-room --party songlan --return --note 'The page does not open'",
        ),
    )(confirm)
    app.command(
        "withdraw-report",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally withdraw-report harrowmere-songlan/tree-survey/2026-11-23-songlan --why 'Meant for another one'"
        ),
    )(withdraw_report)
    app.command(
        "withdraw-measurement",
        rich_help_panel=PANEL,
        epilog=write_examples(
            "tally withdraw-measurement harrowmere-songlan/apprentices/2026-10 --why 'They were counted twice'"
        ),
    )(withdraw_measurement)


def report_progress(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The commitment: agreement/commitment.")],
    rating: Annotated[Rating, typer.Option(help="How it goes.")],
    note: Annotated[str | None, typer.Option(help="What was done, or what stands in the way.")] = None,
    party: Annotated[
        str | None, typer.Option(metavar="REF", help="For which party; not needed where one alone owes it.")
    ] = None,
    contact: Annotated[str | None, typer.Option(metavar="REF", help="Who says so.")] = None,
    completion: Annotated[Completion | None, typer.Option(help="How far it is, as a reviewer sees it.")] = None,
    value: Annotated[float | None, typer.Option(help="The value measured, for a target.")] = None,
    fulfilled: Annotated[
        bool, typer.Option("--fulfilled", help="It is done; the other parties are asked to confirm.")
    ] = False,
) -> None:
    """Record an owner's progress report on a commitment."""
    from cli.session import open_register
    from commitments import progress
    from commitments.references import find_commitment, find_contact, find_party

    def write(unit: "Connection", register: "Register") -> str:
        checks = [lambda: find_commitment(unit, reference)]
        checks += [lambda: find_party(unit, party)] if party else []
        checks += [lambda: find_contact(unit, contact)] if contact else []

        def report() -> str:
            return progress.report_progress(
                unit, register.name_author(contact), reference, party, contact, rating, register.today,
                note, completion, value, fulfilled,
            )  # fmt: skip

        return f"Recorded the report {reference}/{_try_all(*checks, last=report)}."

    with open_register() as register:
        _write_and_reconcile(register, reference, write)


def add_activity(
    agreement: Annotated[str, typer.Argument(metavar="AGREEMENT", help="The agreement under which it happened.")],
    title: Annotated[str, typer.Option(help="What happened.")],
    kind: Annotated[str, typer.Option(help="visit, exhibition, meeting, exchange, training, ...")],
    held_on: Annotated[str, typer.Option("--on", metavar="DATE", help="When: 2026, 2026-11 or 2026-11-12.")],
    commitment: Annotated[
        list[str] | None, typer.Option(metavar="REF", help="A commitment it counts for; may be given again.")
    ] = None,
    place: Annotated[str | None, typer.Option(help="Where.")] = None,
    participants: Annotated[int | None, typer.Option(help="How many took part.")] = None,
    number: Annotated[int, typer.Option("--count", help="How many occurrences it counts for.")] = 1,
    link: Annotated[str | None, typer.Option(help="A page about it.")] = None,
    note: Annotated[str | None, typer.Option(help="More about it.")] = None,
) -> None:
    """Record that something happened under an agreement: a visit, an exhibition, a meeting."""
    from cli.session import open_register
    from commitments import progress
    from commitments.references import find_agreement, find_commitment

    named = [name if "/" in name else f"{agreement}/{name}" for name in commitment or ()]

    def write(unit: "Connection", register: "Register") -> str:
        find_agreement(unit, agreement)
        known: list[str] = []

        def find(name: str) -> None:
            find_commitment(unit, name)
            known.append(name)

        checks = [partial(find, name) for name in named]

        def add() -> str:
            return progress.add_activity(
                unit, register.name_author(), agreement, title, kind, held_on, register.today,
                known, place, participants, number, link, note,
            )  # fmt: skip

        return f"Recorded the activity {agreement}/{_try_all(*checks, last=add)}."

    with open_register() as register:
        _write_and_reconcile(register, agreement, write, also=named)


def confirm(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The commitment: agreement/commitment.")],
    party: Annotated[str, typer.Option(metavar="REF", help="The party that is asked to confirm.")],
    returned: Annotated[bool, typer.Option("--return", help="Send it back: it is not done.")] = False,
    note: Annotated[str | None, typer.Option(help="What is missing, or any other word.")] = None,
) -> None:
    """Confirm for a party that is asked that a commitment is fulfilled, or send the report back."""
    from cli.session import open_register
    from commitments.progress import confirm_report

    def write(unit: "Connection", register: "Register") -> str:
        confirm_report(unit, register.name_author(), reference, party, register.today, not returned, note)
        return f"{party} {'sent the report back' if returned else 'confirmed'}: {reference}."

    with open_register() as register:
        _write_and_reconcile(register, reference, write)


_Why = Annotated[str, typer.Option(help="Why it is taken back; it stands in the history.")]


def withdraw_report(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The report: agreement/commitment/report.")],
    why: _Why,
) -> None:
    """Take a progress report back that nobody has answered; who was asked to confirm it is asked no more."""
    from commitments import withdrawing

    _withdraw(reference, why, withdrawing.withdraw_report, "report")


def withdraw_measurement(
    reference: Annotated[str, typer.Argument(metavar="REF", help="The value: agreement/commitment/measurement.")],
    why: _Why,
) -> None:
    """Take a target's measured value back; the one before it holds again."""
    from commitments import withdrawing

    _withdraw(reference, why, withdrawing.withdraw_measurement, "measurement")


def _withdraw(reference: str, why: str, take_back: "Callable[..., None]", what: str) -> None:
    from cli.session import open_register
    from commitments.errors import NotFound

    promise, _, own = reference.rpartition("/")
    if "/" not in promise:
        raise NotFound(f"{reference} names no {what}; give agreement/commitment/{what}")

    def write(unit: "Connection", register: "Register") -> str:
        take_back(unit, replace(register.name_author(), why=why.strip()), promise, own, register.today)
        return f"Withdrew the {what} {reference}."

    with open_register() as register:
        _write_and_reconcile(register, promise, write)


def _write_and_reconcile(
    register: "Register", reference: str, write: "Callable[[Connection, Register], str]", also: list[str] | None = None
) -> None:
    """Write, reconcile every agreement it touches in the same unit, and only then say what changed."""
    from cli.changes import list_changes, say_changes
    from commitments.database import open_unit
    from commitments.reconcile import reconcile_agreement
    from commitments.references import find_agreement

    touched = dict.fromkeys(name.partition("/")[0] for name in (reference, *(also or ())))
    changes: list[dict[str, Any]] = []
    with open_unit(register.engine) as unit:
        said = write(unit, register)
        for name in touched:
            done = reconcile_agreement(unit, find_agreement(unit, name).id, register.now, register.today)
            changes += list_changes(unit, done, register.today)
    say(said)
    say_changes(changes)


def _try_all(*checks: Callable[[], object], last: Callable[[], str]) -> str:
    """Run the checks and then what is to be written; every fault is told at once, and the unit is rolled back."""
    from commitments.errors import NotFound, RefusedChange

    faults: list[str] = []
    made = ""
    for check in checks:
        try:
            check()
        except NotFound as unknown:
            faults.append(str(unknown))
    try:
        made = last()
    except (NotFound, RefusedChange) as refused:
        faults.append(str(refused))
    if faults:
        raise RefusedChange("\n".join(dict.fromkeys(faults)))
    return made
