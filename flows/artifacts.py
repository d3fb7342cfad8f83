"""What a run leaves to be read in the Prefect UI; each artifact has a key of its own, so that its history is kept."""

from collections.abc import Sequence
from datetime import date

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from flows.runs import count_things
from flows.views import Attention, Preview, Row

ATTENTION = "what-needs-attention"
CHANGES = "what-changed-and-why"
UPKEEP = "housekeeping"
MAIL_PROGRESS = "mail-going-out"


async def show_attention(attention: Attention, today: date) -> None:
    """The table of what waits for somebody."""
    shown = f", the first {len(attention.rows)} by the day of answer" if attention.total > len(attention.rows) else ""
    await acreate_table_artifact(
        table=list(attention.rows) or [{"standing": "nothing: every promise stands as it should"}],
        key=ATTENTION,
        description=f"## What needs attention\n{count_things(attention.total, 'open follow-up')} on {today}{shown}.",
    )


async def show_changes(rows: Sequence[Row], touched: int, today: date) -> None:
    """The table of what one run changed."""
    shown = f", the first {len(rows)} of them here" if touched > len(rows) else ""
    await acreate_table_artifact(
        table=list(rows) or [{"change": "nothing", "why": "what should be open was open already"}],
        key=CHANGES,
        description=f"## What changed and why\n{count_things(touched, 'follow-up')} changed on {today}{shown}.",
    )


async def show_previews(previews: Sequence[Preview], name: str) -> None:
    """Each waiting digest or summary in the words that its reader will get."""
    parts = [f"# Waiting {name} messages", "As they would be sent now; each is written anew when it goes."]
    for one in previews:
        fence = "`" * max(3, _longest_run(one.text) + 1)
        parts += [
            f"## {_plain(one.to)}",
            f"goes {one.goes}",
            f"{fence}\n{one.text}\n{fence}",
        ]
    if not previews:
        parts.append("None is waiting: what was due this time has gone out.")
    await acreate_markdown_artifact(
        markdown="\n\n".join(parts), key=f"{name}-previews", description=f"The {name} messages that wait to be sent"
    )


async def show_table(key: str, rows: Sequence[Row], description: str) -> None:
    await acreate_table_artifact(table=list(rows), key=key, description=description)


async def start_progress(waiting: int) -> object:
    """A bar for a run that will take a while; give it to `move_progress`."""
    return await acreate_progress_artifact(
        progress=0.0, key=MAIL_PROGRESS, description=f"{count_things(waiting, 'message')} to send"
    )


async def move_progress(bar: object, done: int, waiting: int) -> None:
    await aupdate_progress_artifact(artifact_id=bar, progress=min(100.0, 100.0 * done / waiting))  # type: ignore[arg-type]


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!" else letter for letter in text)


def _longest_run(text: str) -> int:
    """The longest run of backquotes, so that a fence can be longer."""
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    return longest
