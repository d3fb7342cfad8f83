"""`tally bounces`: read what came back, and show which channels fail. `tally resend`: send a failed message anew."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.screen import count, print_json, print_table, say, show_moment, style_of, write_examples

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from notifications.bounce_reading import BouncesRead


def add_commands(app: typer.Typer) -> None:
    app.command(
        "bounces",
        rich_help_panel="Tell people",
        epilog=write_examples("tally bounces", "tally bounces --from examples"),
    )(bounces)
    app.command(
        "resend",
        rich_help_panel="Tell people",
        epilog=write_examples("tally messages --failed", "tally resend --all"),
    )(resend)


def bounces(
    read: Annotated[bool, typer.Option("--read", help="Read the mailbox of the settings first.")] = False,
    place: Annotated[
        Path | None, typer.Option("--from", metavar="PATH", help="Read this letter, or folder of .eml files, first.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the channels that fail or have been turned off, and why; with --read, read what came back before that.

    Reading the same letters twice changes nothing. A channel turned off is used again once its address is changed.
    """
    from cli.session import open_register
    from commitments.database import open_reading
    from notifications.bounce_reading import read_bounces

    with open_register() as register:
        done = None
        if read or place is not None:
            found = f"folder:{place}" if place is not None else None
            done = read_bounces(register.engine, register.settings, register.now, register.today, place=found)
        with open_reading(register.engine) as reading:
            ailing = list_ailing(reading)
        zone = register.settings.time_zone
    if as_json:
        print_json({"read": _as_json(done) if done is not None else None, "channels": ailing})
        return
    if done is not None:
        _tell_reading(done)
    if ailing:
        print_table(
            ("Since", "Whose", "State", "What was said"),
            [
                (
                    show_moment(one["since"], zone),
                    [one["name"], (f"{one['channel']} {one['address']}", "dim")],
                    (one["state"], style_of("failed" if one["state"] == "off" else "queued")),
                    one["reply"],
                )
                for one in ailing
            ],
        )
    say(f"{count(len(ailing), 'channel fails or is off', 'channels fail or are off')}.")


def list_ailing(reading: "Connection") -> list[dict[str, Any]]:
    """The channels that fail or are off, the newest first."""
    from sqlalchemy import select

    from commitments.tables import channel_state, contact

    rows = reading.execute(
        select(channel_state, contact.c.reference, contact.c.name, contact.c.channels)
        .join(contact, contact.c.id == channel_state.c.contact_id)
        .where(channel_state.c.state != "working")
        .order_by(channel_state.c.since.desc(), channel_state.c.id)
    )
    return [
        {
            "contact": row.reference,
            "name": row.name,
            "channel": row.channel,
            "address": row.address,
            "state": row.state,
            "since": row.since,
            "reply": (row.reason.get("numbers") or {}).get("reply") or "",
            "count": (row.reason.get("numbers") or {}).get("count") or 0,
        }
        for row in rows
        if row.channels.get(row.channel) == row.address  # a former address troubles nobody
    ]


def _as_json(done: "BouncesRead") -> dict[str, Any]:
    return {
        "letters": done.letters,
        "reports": done.reports,
        "strange": done.strange,
        "did": dict(done.did),
        "taken": [
            {"contact": one.contact, "address": one.address, "kind": str(one.kind), "reply": one.reply, "did": one.did}
            for one in done.taken
        ],
    }


def _tell_reading(done: "BouncesRead") -> None:
    say(f"{count(done.letters, 'letter')} read, {count(done.reports, 'report')} among them.")
    for one in done.taken:
        if one.did != "known":
            say(f"  {one.contact} <{one.address}>: {one.kind}, {one.did}: {one.reply}")
    if done.strange:
        say(
            f"{count(done.strange, 'report')} changed nothing: of no message of this register, of another address than"
            " its letter went to, or not come back to the signed address of one."
        )


def resend(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY...", help="Messages by key, as tally messages --failed shows.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every message that has failed.")] = False,
    to: Annotated[str | None, typer.Option(metavar="CONTACT", help="With --all, only this contact's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Queue messages that have failed anew, by the channels their persons have now; tally send then sends them.

    Each keeps its name, so that a reader who got it after all can see that it is the same.
    """
    from cli.session import open_register
    from commitments.database import open_unit
    from commitments.errors import RefusedChange
    from notifications.fallback import list_failed, resend_message

    if bool(keys) == everything:
        raise RefusedChange("name the messages by key, or say --all")
    with open_register() as register, open_unit(register.engine) as unit:
        wanted = list(dict.fromkeys(keys or ())) if not everything else list_failed(unit, to)
        author = register.name_author()
        sent, refused = [], []
        for key in wanted:
            try:
                resend_message(unit, key, author)
                sent.append(key)
            except RefusedChange as why:
                if not everything:
                    raise
                refused.append({"key": key, "why": str(why)})
    if as_json:
        print_json({"queued": sent, "refused": refused})
        return
    say(f"{count(len(sent), 'message')} queued again.")
    for one in refused:
        say(f"  {one['key']}: {one['why']}")
