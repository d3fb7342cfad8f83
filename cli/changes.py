"""What reconciling changed, follow-up by follow-up, in words."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from cli.screen import count, name_word, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from commitments.reconcile import Reconciled


def list_changes(reading: "Connection", done: "Reconciled", today: date) -> list[dict[str, Any]]:
    """The first changes of a run, each with the follow-up that changed and why."""
    from sqlalchemy import select

    from cli.speech import Speaker
    from commitments.renewing import load_reasons
    from commitments.tables import follow_up

    keys = [change.reference for change in done.changes]
    speaker = Speaker(reading)
    found = reading.execute(select(follow_up).where(follow_up.c.key.in_(keys))).all()
    reasons = load_reasons(reading, found, today)
    rows = {row.key: speaker.tell_follow_up(row, reasons[row.id]) for row in found}
    return [
        {"change": _name_change(change.action), **rows[change.reference], "why": _tell_why(rows[change.reference])}
        for change in done.changes
        if change.reference in rows
    ]


def name_asked(row: Mapping[str, Any]) -> str:
    """Whom a follow-up asks, and for which party: two sides may have one and the same contact."""
    return f"asks {row['assignee'] or 'nobody'}" + (f" for {row['party']}" if row["party"] else "")


def _name_change(action: str) -> str:
    return "opened" if action == "registered" else action


def _tell_why(row: dict[str, Any]) -> str:
    return str(row["closed_why"] if row["state"] != "open" and row["closed_why"] else row["reason"])


def say_changes(changes: list[dict[str, Any]]) -> None:
    """A line a sort of change: `1 follow-up closed: overdue, leeds/library-link of leeds (its cause is gone)`."""
    by_change: dict[str, list[str]] = {}
    for one in changes:
        side = f" of {one['party']}" if one["party"] else ""
        line = f"{name_word(one['kind'])}, {one['matter']}{side} ({one['why']})"
        by_change.setdefault(one["change"], []).append(line)
    for change, lines in by_change.items():
        if len(lines) == 1:
            say(f"1 follow-up {change}: {lines[0]}")
            continue
        say(f"{count(len(lines), 'follow-up')} {change}:")
        for line in lines:
            say(f"  {line}")
    if not by_change:
        say("No follow-up changed.")
