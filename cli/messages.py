"""`tally messages`: every message with its reason, and with --why also what was not told."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import count, name_word, print_json, print_table, say, show_moment, style_of, write_examples
from commitments.vocabulary import NotificationState

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cli.session import Register
    from cli.speech import Speaker

SHOWN = 50


def add_commands(app: typer.Typer) -> None:
    app.command(
        "messages",
        rich_help_panel="Tell people",
        epilog=write_examples(
            "tally messages",
            "tally messages --why --to songlan-fu",
            "tally messages --failed --json",
        ),
    )(show_messages)


def show_messages(
    why: Annotated[
        bool, typer.Option("--why", help="Tell also what each message says and why, and what was not told and why.")
    ] = False,
    state: Annotated[NotificationState | None, typer.Option(help="Only those in this state.")] = None,
    to: Annotated[
        str | None, typer.Option(metavar="WHOM", help="Only to this contact: reference or address, or a part of one.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only those that failed; tally resend sends them anew.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help=f"The newest so many; {SHOWN} in a table.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the messages, the newest first: to whom, by which channel, in which state, and why."""
    from cli.session import open_register
    from cli.speech import Speaker
    from commitments.database import open_reading

    with open_register() as register, open_reading(register.engine) as reading:
        speaker = Speaker(reading)
        state = NotificationState.FAILED if failed else state
        most = limit or (None if as_json else SHOWN)
        found, total = _list_messages(reading, speaker, state, to, most)
        untold = _list_untold(reading, speaker, to, most) if why and state is None else []
    if as_json:
        if not why:
            for one in found:
                del one["notices"], one["left_out"], one["attempts_made"]
        print_json([*found, *untold])
        return
    if why:
        _print_why(register, found, untold)
    elif found:
        print_table(("When", "To", "State", "Why"), [_draw_row(register, one) for one in found])
    shown = f", the newest {len(found)} are shown" if len(found) < total else ""
    say(f"{count(total, 'message')}{shown}.")


def _draw_row(register: "Register", one: Mapping[str, Any]) -> tuple[Any, ...]:
    when = one["sent_at"] or one["next_at"]
    state = [(one["state"], style_of(one["state"]))]
    if one["attempts"] > 1 or one["state"] == "failed":
        state.append((count(one["attempts"], "attempt"), "dim"))
    from cli.outbox import list_told

    parts = list_told(one)
    more = [(f"and {len(parts) - 2} more", "dim")] if len(parts) > 2 else []
    told = [(name_word(one["kind"]), "bold"), *parts[:2], *more]
    return (
        show_moment(when, register.settings.time_zone),
        [one["name"], (one["to"], "dim")],
        state,
        told if one["state"] in ("sent", "queued", "sending") else [*told, (one["state_reason"], "red")],
    )


def _list_messages(
    reading: "Connection", speaker: "Speaker", state: NotificationState | None, to: str | None, most: int | None
) -> tuple[list[dict[str, Any]], int]:
    from sqlalchemy import func, or_, select

    from cli.outbox import load_notices
    from commitments.tables import contact
    from notifications.tables import notification

    query = select(notification, contact.c.reference, contact.c.name).join(
        contact, contact.c.id == notification.c.contact_id
    )
    if state is not None:
        query = query.where(notification.c.state == str(state))
    if to is not None:
        query = query.where(
            or_(
                notification.c.address.icontains(to, autoescape=True), contact.c.reference.contains(to, autoescape=True)
            )
        )
    total = reading.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    rows = reading.execute(query.order_by(notification.c.id.desc()).limit(most)).all()
    ids = [row.id for row in rows]
    notices, attempts = load_notices(reading, ids), _load_attempts(reading, ids)
    return [_describe_message(row, notices.get(row.id, ()), attempts.get(row.id, []), speaker) for row in rows], total


def _describe_message(
    row: Any, notices: Sequence[Mapping[str, Any]], attempts: list[dict[str, Any]], speaker: "Speaker"
) -> dict[str, Any]:
    return {
        "key": row.key,
        "to": row.address,
        "channel": row.channel,
        "kind": row.kind,
        "state": row.state,
        "reason": speaker.tell_notices(notices),
        "attempts": row.attempts,
        "message_id": row.message_id,
        "contact": row.reference,
        "name": row.name,
        "day": row.local_day.isoformat(),
        "subject": row.subject,
        "state_reason": speaker.tell_ground(row.reason),
        "repeated": row.repeated,
        "earlier": (row.earlier or {}).get("from", []),
        "queued_at": row.queued_at,
        "next_at": row.next_at,
        "sent_at": row.sent_at,
        "notices": speaker.tell_each(notices),
        "left_out": speaker.tell_left_out(notices),
        "attempts_made": attempts,
    }


def _load_attempts(reading: "Connection", ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    from sqlalchemy import select

    from commitments.database import ROWS_A_STATEMENT
    from notifications.tables import attempt

    found: dict[int, list[dict[str, Any]]] = {}
    for start in range(0, len(ids), ROWS_A_STATEMENT):
        part = ids[start : start + ROWS_A_STATEMENT]
        rows = reading.execute(select(attempt).where(attempt.c.notification_id.in_(part)).order_by(attempt.c.id))
        for row in rows:
            kept = {name: getattr(row, name) for name in ("number", "started_at", "outcome", "code", "reply", "run")}
            found.setdefault(row.notification_id, []).append(kept)
    return found


def _list_untold(reading: "Connection", speaker: "Speaker", to: str | None, most: int | None) -> list[dict[str, Any]]:
    """What was passed over or held back: in the shape of a message that was not made."""
    from sqlalchemy import or_, select

    from commitments.tables import contact
    from notifications.reasons import Decision
    from notifications.tables import notice

    query = (
        select(notice, contact.c.reference, contact.c.name, contact.c.channels)
        .join(contact, contact.c.id == notice.c.contact_id)
        .where(notice.c.decision != str(Decision.TOLD))
        .order_by(notice.c.id.desc())
        .limit(most)
    )
    if to is not None:
        mail = contact.c.channels["mail"].as_string()
        query = query.where(or_(contact.c.reference.contains(to, autoescape=True), mail.icontains(to, autoescape=True)))
    return [
        {
            "key": row.key,
            "to": row.channels.get("mail"),
            "channel": None,
            "kind": row.kind,
            "state": row.decision,
            "reason": speaker.tell_ground(row.decision_reason),
            "attempts": 0,
            "message_id": None,
            "contact": row.reference,
            "name": row.name,
            "day": row.decided_on.isoformat(),
            "matter": row.matter,
            "standing": speaker.tell_reason(row.reason),
            "rung": _name_rung(row),
        }
        for row in reading.execute(query)
    ]


def _name_rung(row: Any) -> str:
    """Which reminder it was, or which rung of the ladder."""
    from commitments.vocabulary import NotificationKind
    from notifications.phrases import RUNGS

    if row.kind == NotificationKind.REMINDER:
        return f"{count(row.rung, 'day')} before"
    return RUNGS.get(row.rung, "") if row.follow_up_id is not None else ""


def _join_rungs(untold: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    """What differs by its rung alone, once, with all the rungs and how many there are."""
    joined: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for one in untold:
        place = tuple(one[name] for name in ("day", "matter", "kind", "name", "standing", "state", "reason"))
        joined.setdefault(place, []).append(one)
    return [
        (ones[0], ", ".join(dict.fromkeys(one["rung"] for one in ones if one["rung"])) or f"{len(ones)} times")
        if len(ones) > 1
        else (ones[0], ones[0]["rung"])
        for ones in joined.values()
    ]


def _print_why(register: "Register", found: Sequence[Mapping[str, Any]], untold: Sequence[Mapping[str, Any]]) -> None:
    from notifications.runs import link_run

    zone = register.settings.time_zone
    for one in found:
        say(f"{show_moment(one['sent_at'] or one['next_at'], zone)}  {one['name']} <{one['to']}>  {one['state']}")
        say(f"  {name_word(one['kind'])}" + (f": {one['subject']}" if one["subject"] else ""))
        if one["state"] != "sent":
            say(f"  {one['state']}: {one['state_reason']}")
        for notice in one["notices"]:
            say(f"  - {notice['words']}")
        for notice in one["left_out"]:
            say(f"  left out: {notice['words']} ({notice['why']})")
        for attempt in one["attempts_made"]:
            if attempt["outcome"] != "accepted":
                said = f"{attempt['outcome'] or 'under way'}: {attempt['code'] or ''} {attempt['reply'] or ''}"
                say(f"  attempt {attempt['number']} {said}")
        run = one["attempts_made"][-1]["run"] if one["attempts_made"] else None
        page = link_run(register.settings, run) if run is not None else None
        if page is not None:
            say(f"  by the run {page}")
        say()
    if untold:
        say("Not told:")
        print_table(
            ("Day", "What", "Why not"),
            [
                (one["day"], [(one["matter"], "bold"), f"{name_word(one['kind'])}" + (f", {rungs}" if rungs else ""),
                              one["name"], one["standing"]],
                 [name_word(one["state"]), one["reason"]])
                for one, rungs in _join_rungs(untold)
            ],
        )  # fmt: skip
