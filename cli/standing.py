"""`tally status`: every agreement in one table, or one of them with all that stands under it."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Any

import typer

from cli.screen import count, name_word, print_json, print_table, read_day, say, say_block, style_of, write_examples


def add_commands(app: typer.Typer) -> None:
    app.command(
        "status",
        rich_help_panel="See",
        epilog=write_examples(
            "tally status",
            "tally status harrowmere-songlan",
            "tally status harrowmere-songlan/tree-survey",
            "tally status leeds-hangzhou-2018 --as-of 2019-06-30",
            "tally status --json",
        ),
    )(show_status)


def show_status(
    reference: Annotated[
        str | None, typer.Argument(metavar="REF", help="An agreement, or agreement/commitment; all if left out.")
    ] = None,
    as_of: Annotated[
        date | None,
        typer.Option(parser=read_day, metavar="DATE", help="As it stood on that day: what is dated later is left out."),
    ] = None,
    known: Annotated[
        bool, typer.Option("--known", help="With --as-of: leave out also what was recorded after that day.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how every agreement stands, or one agreement or commitment with its reasons in words.

    Nothing is written: the standing is worked out anew for the day, so any past or coming day can be asked for.
    """
    from cli.agreements import Question, read_agreements
    from cli.session import open_register
    from commitments.database import open_reading
    from commitments.references import find_agreement, find_commitment

    if known and as_of is None:
        raise typer.BadParameter("give the day with --as-of", param_hint="--known")
    agreement_part, _, commitment_part = (reference or "").partition("/")
    with open_register() as register, open_reading(register.engine) as reading:
        day = as_of or register.today
        agreement_id = None
        if reference is not None and commitment_part:
            agreement_id = find_commitment(reading, reference).agreement_id
        elif reference is not None:
            agreement_id = find_agreement(reading, agreement_part).id
        known_at = register.find_end(day) if known else None
        question = Question(day, known_at, agreement_id, commitment_part or None)
        pictures = list(read_agreements(reading, question, register.settings.sources))
    if as_json:
        print_json({"as_of": day.isoformat(), "agreements": pictures})
    elif reference is None:
        _print_agreements(pictures, day)
    elif not pictures or (commitment_part and not pictures[0]["commitments"]):
        say(f"{reference} was not yet in the register on {day}.")
    elif commitment_part:
        _print_commitment(pictures[0], pictures[0]["commitments"][0], day)
    else:
        _print_agreement(pictures[0], day)


def _print_agreements(pictures: Sequence[dict[str, Any]], day: date) -> None:
    if not pictures:
        say("The register is empty. Take in agreement files: tally import FILES")
        return
    rows = [
        (
            [(one["reference"], "bold"), one["title"]],
            [", ".join(party["name"] for party in one["parties"]), (name_word(one["state"]), "dim")],
            [(f"{number} {name_word(state)}", style_of(state)) for state, number in one["standings"].items()] or "–",
            str(one["open_follow_ups"] or "–"),
        )
        for one in sorted(pictures, key=_rank)
    ]
    print_table(("Agreement", "Parties", "Commitments", "Open"), rows, widths={"Commitments": 14, "Open": 4})
    commitments = sum(len(one["commitments"]) for one in pictures)
    follow_ups = sum(one["open_follow_ups"] for one in pictures)
    say(
        f"\n{count(len(pictures), 'agreement')}, {count(commitments, 'commitment')}, "
        f"{count(follow_ups, 'open follow-up')} on {day}."
    )


def _rank(picture: dict[str, Any]) -> tuple[Any, ...]:
    """The worst first: by its worst standing, then by how many stand so."""
    from commitments.urgency import WORST_FIRST

    for state, number in picture["standings"].items():
        return WORST_FIRST.index(state), -number, picture["reference"]
    return len(WORST_FIRST), 0, picture["reference"]


def _print_agreement(picture: dict[str, Any], day: date) -> None:
    say_block(picture["title"])
    parties = ", ".join(f"{party['name']} ({party['role']})" for party in picture["parties"])
    say(f"{picture['reference']} · {name_word(picture['kind'])} · {name_word(picture['state'])} as of {day}")
    say_block(parties)
    say()
    if picture["deadlines"]:
        print_table(
            ("The agreement", "Date", "Standing"),
            [(name_word(one["kind"]), one["deadline"] or "–", _tell_standing(one)) for one in picture["deadlines"]],
        )
        say()
    if picture["commitments"]:
        rows = [row for one in picture["commitments"] for row in _list_rows(one)]
        print_table(("Commitment", "Due", "Standing"), rows, widths={"Due": 10})
    say(f"\n{count(len(picture['commitments']), 'commitment')}, {count(picture['open_follow_ups'], 'open follow-up')}.")


def _list_rows(commitment: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """A commitment, then its milestones and periods."""
    owners = ", ".join(owner["contact"] or f"{owner['party']}: nobody" for owner in commitment["owners"])
    yield (
        [
            (commitment["reference"], "bold"),
            commitment["summary"],
            (f"{name_word(commitment['kind'])} · {owners}", "dim"),
        ],
        _tell_due(commitment),
        _tell_standing(commitment),
    )
    yield from ((f"· {title}", due or "–", _tell_standing(one)) for title, due, one in _list_parts(commitment))


def _list_parts(commitment: dict[str, Any]) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    """Milestones, then periods; a period that says the same as its commitment is left out."""
    for one in commitment["milestones"]:
        yield one["title"], one["due"], one
    for one in commitment["occurrences"]:
        if one["numbers"] != commitment["numbers"]:
            yield one["name"], one["deadline"], one


def _print_commitment(picture: dict[str, Any], commitment: dict[str, Any], day: date) -> None:
    say_block(commitment["summary"])
    say(f"{commitment['matter']} · {name_word(commitment['kind'])} · {picture['title']}")
    for language, sentence in (commitment["quote"] or {}).items():
        say()
        say_block(f"[{language}] {sentence}", indent=2)
    source = commitment["source"]
    if source:
        say(f"\n  from {source['document']}, characters {source['start']} to {source['end']}")
    if commitment["quote_note"]:
        say(f"  ({commitment['quote_note']})")
    say()
    owners = [f"{one['party']}: {one['contact'] or 'nobody'}" for one in commitment["owners"]]
    rows: list[tuple[Any, ...]] = [
        ("Standing", _tell_standing(commitment)),
        ("Due", _tell_due(commitment)),
        (f"Owed {commitment['owed']} by" if len(owners) > 1 else "Owed by", owners or "nobody"),
    ]
    rows += [(f"· {title}", [due or "", *_tell_standing(one)]) for title, due, one in _list_parts(commitment)]
    rows += [("Follow-up", key) for key in commitment["follow_ups"]]
    print_table(("On " + day.isoformat(), ""), rows)


def _tell_standing(one: dict[str, Any]) -> list[Any]:
    state = one["standing"] or ""
    return [(name_word(state), style_of(state)), one["reason"]]


def _tell_due(commitment: dict[str, Any]) -> list[Any]:
    if not commitment["due"] and commitment["confirm_by"]:
        return [commitment["confirm_by"], ("to confirm", "dim")]
    return [commitment["due"] or commitment["deadline"] or "–"]
