"""What a run leaves to be read in the Prefect UI; each artifact has a key of its own, so that its history is kept."""

from collections.abc import Sequence
from datetime import date
from textwrap import wrap

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from commitments.entries import Correction
from commitments.inbound import Answer
from flows.runs import count_things, link_page
from flows.standings import embed_picture
from flows.views import PAGE, Attention, Outlook, Preview, Row
from notifications.trial import Trial

ATTENTION = "what-needs-attention"
CHANGES = "what-changed-and-why"
FOLLOWED = "what-followed-from-it"
TAKEN_IN = "events-taken-in"
REFUSED = "events-refused"
UPKEEP = "housekeeping"
MAIL_PROGRESS = "mail-going-out"
CHECK_PROGRESS = "promises-looked-at"
STANDINGS = "how-promises-stand"
CORRECTIONS = "corrections"
FILED = "what-was-filed"
FORECAST = "forecast"
DECOMPOSITION = "decomposition"
TRIAL = "test-message"
TROUBLES = "what-the-operator-must-see"


async def show_attention(attention: Attention, today: date, base_url: str | None = None) -> None:
    """The table of what waits for somebody."""
    shown = f", the first {len(attention.rows)} by the day of answer" if attention.total > len(attention.rows) else ""
    await _show_rows(
        ATTENTION,
        attention.rows or ({"standing": "nothing: every commitment stands as it should"},),
        f"## What needs attention\n{count_things(attention.total, 'open follow-up')} on {today}{shown}.",
        base_url,
    )


async def show_changes(rows: Sequence[Row], touched: int, today: date, base_url: str | None = None) -> None:
    """The table of what one run changed."""
    shown = f", the first {len(rows)} of them here" if touched > len(rows) else ""
    await _show_rows(
        CHANGES,
        rows or ({"change": "nothing", "why": "what should be open was open already"},),
        f"## What changed and why\n{count_things(touched, 'follow-up')} changed on {today}{shown}.",
        base_url,
    )


# Prefect shows a line of a cell as it is and cuts the table off at the right: what matters most stands first, in lines
# so short that they leave room for the next column.
_READ_FIRST = ("matter", "standing", "change", "follow-up", "why", "who")
_LETTERS = {"why": 38, "what": 38}


async def _show_rows(key: str, rows: Sequence[Row], description: str, base_url: str | None) -> None:
    """A table that can be sorted; where there are pages, one whose matters lead to them, which Prefect's cannot.

    What a row has under PAGE is not shown: it names the matter whose page there is.
    """
    shown = [{name: value for name, value in row.items() if name != PAGE} for row in rows]
    if base_url is None:
        await acreate_table_artifact(table=shown, key=key, description=description)
        return
    names = sorted(shown[0], key=lambda name: _READ_FIRST.index(name) if name in _READ_FIRST else len(_READ_FIRST))
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    for row, plain in zip(rows, shown, strict=True):
        cells = {name: fold_cell(value, _LETTERS.get(name, 18)) for name, value in plain.items()}
        if row.get(PAGE):
            cells["matter"] = _link_matter(plain["matter"], row[PAGE], base_url)
        lines.append(f"| {' | '.join(cells[name] for name in names)} |")
    table = "\n".join(lines)
    await acreate_markdown_artifact(
        markdown=f"{description}\n\n{table}\n", key=key, description=description.splitlines()[0].lstrip("# ")
    )


# Tables of Prefect do not wrap, so what has to be read to its end stands in lists.


async def show_corrections(corrections: Sequence[Correction]) -> None:
    """What is to be put right in a form, all of it at once."""
    lines = []
    for one in corrections:
        found = f" (found: {write_cell(one.found)})" if one.found else ""
        lines.append(f"- **{write_cell(one.field or 'The form')}**{found}: {write_cell(one.expected)}")
    listed = "\n".join(lines)
    markdown = (
        f"# Nothing was written\n\n{count_things(len(corrections), 'correction')} to make. Open the menu of this run "
        "(⋮), choose **Copy to new run**, put right what is listed here, and submit: all else stays as you "
        f"entered it.\n\n{listed}\n"
    )
    await acreate_markdown_artifact(markdown=markdown, key=CORRECTIONS, description="What to put right in the form")


async def show_filed(title: str, facts: Sequence[tuple[str, str]], rows: Sequence[Row], link: str | None) -> None:
    """What a form wrote, and the follow-ups that this opened or closed."""
    told = "\n".join(f"- {write_cell(name)}: **{write_cell(value)}**" for name, value in facts if value)
    parts = [f"# {write_plain(title)}", told]
    if link:
        parts.append(f"[Open it in the register]({link})")
    parts.append("## What that changed")
    changed = [
        f"- {row['change']}: **{write_cell(row['follow-up'])}** of {write_cell(row['who'])}, "
        f"{write_cell(row['matter'])} ({write_cell(row['why'])})"
        for row in rows
    ]
    parts.append("\n".join(changed) or "No follow-up was opened or closed by it.")
    await acreate_markdown_artifact(markdown="\n\n".join(parts), key=FILED, description=title)


async def show_decomposition(markdown: str, until: str) -> None:
    """An agreement taken apart, to be approved."""
    answer = (
        f"\n---\n\n**To answer:** press **Resume** at the top of this run, choose, and submit. Without an answer by "
        f"{until} the run ends, the draft is kept, and the coordinator is asked.\n"
    )
    await acreate_markdown_artifact(
        markdown=markdown + answer, key=DECOMPOSITION, description="The agreement taken apart"
    )


async def show_forecast(found: Outlook, title: str) -> None:
    """Every message of the coming days, to whom and why."""
    lines = [
        f"- **{row['when']}** to {write_cell(row['to'])}: {write_cell(row['subject'])} — {write_cell(row['why'])}"
        for row in found.rows
    ]
    if found.messages > len(found.rows):
        lines.append(f"\nThe first {len(found.rows)} are shown.")
    body = "\n".join(lines) or "No message would be sent."
    await acreate_markdown_artifact(
        markdown=f"# {write_plain(title)}\n\nIf nothing else happens. Nothing was written or sent.\n\n{body}\n",
        key=FORECAST,
        description="Every message of the coming days",
    )


async def show_trial(trial: Trial, said: str) -> None:
    """The test message, and what the mail server said."""
    markdown = (
        f"# {write_plain(trial.subject)}\n\n| | |\n| --- | --- |\n| To | {write_cell(trial.to)} |\n"
        f"| By | {write_cell(trial.route)} |\n| The server said | {write_cell(said)} |\n"
        f"| Verdict | {trial.delivery.outcome} |\n\n"
        f"```\n{trial.text.replace('```', '')}\n```\n"
    )
    await acreate_markdown_artifact(markdown=markdown, key=TRIAL, description="A test message and the server's answer")


async def show_followed(rows: Sequence[Row], changes: int, agreements: int, base_url: str | None = None) -> None:
    """The table of what people changed and of the follow-ups that this opened and closed."""
    description = (
        f"## What changed and what followed\n{count_things(changes, 'change')} by people in "
        f"{count_things(agreements, 'agreement')}, with the follow-ups that they opened and closed."
    )
    await _show_rows(FOLLOWED, rows, description, base_url)


async def show_taken(answers: Sequence[Answer], most: int = 100) -> None:
    """What events from elsewhere were written as."""
    rows = [
        {"event": one.arrived.name, "from": one.arrived.source, "written as": str(one.reference)}
        for one in answers[:most]
    ]
    await acreate_table_artifact(
        table=rows, key=TAKEN_IN, description=f"## Taken in\n{count_things(len(answers), 'event')} from other systems."
    )


async def show_refused(answers: Sequence[Answer], most: int = 50) -> None:
    """What is wrong with each event that could not be taken: what was found, and what is expected."""
    parts = [
        f"# {count_things(len(answers), 'event')} refused",
        "Nothing of them was written. Correct each and send it again under a new id; the operator has a follow-up for "
        "each.",
    ]
    for one in answers[:most]:
        rows = "\n".join(
            f"| {write_cell(fault.field or 'The event')} | {write_cell(fault.found)} | {write_cell(fault.expected)} |"
            for fault in one.corrections
        )
        parts.append(
            f"## {write_plain(one.arrived.name)}\n\n"
            f"from {write_plain(one.arrived.source)}, id `{one.arrived.event_id}`, "
            f"{one.arrived.occurred_at:%Y-%m-%d %H:%M} UTC\n\n| Field | Found | Expected |\n| --- | --- | --- |\n{rows}"
        )
    await acreate_markdown_artifact(
        markdown="\n\n".join(parts), key=REFUSED, description="Events from other systems that could not be taken"
    )


async def show_previews(previews: Sequence[Preview], name: str) -> None:
    """Each waiting digest or summary in the words that its reader will get."""
    parts = [f"# Waiting {name} messages", "As they would be sent now; each is written anew when it goes."]
    for one in previews:
        fence = "`" * max(3, _longest_run(one.text) + 1)
        parts += [
            f"## {write_plain(one.to)}",
            f"goes {one.goes}",
            f"{fence}\n{one.text}\n{fence}",
        ]
    if not previews:
        parts.append("None is waiting: what was due this time has gone out.")
    await acreate_markdown_artifact(
        markdown="\n\n".join(parts), key=f"{name}-previews", description=f"The {name} messages that wait to be sent"
    )


def _link_matter(matter: str, page: str, base_url: str) -> str:
    """The agreement, and below it what the row is about, which leads to its page."""
    mark = next((mark for mark in "/:" if mark in matter), None)
    if mark is None:
        return f"[{write_cell(matter)}]({link_page(base_url, page)})"
    agreement, rest = matter.split(mark, 1)
    return f"{write_cell(agreement)}<br>[{write_cell(rest)}]({link_page(base_url, page)})"


async def show_table(key: str, rows: Sequence[Row], description: str) -> None:
    await acreate_table_artifact(table=list(rows), key=key, description=description)


async def start_progress(description: str, key: str) -> object:
    """A bar for a run that will take a while; give it to `move_progress`."""
    return await acreate_progress_artifact(progress=0.0, key=key, description=description)


async def show_picture(svg: str, today: date) -> None:
    """How every commitment stands, as a picture that needs no other server."""
    await acreate_markdown_artifact(
        markdown=f"![How every commitment stands]({embed_picture(svg)})\n",
        key=STANDINGS,
        description=f"How every commitment stands on {today}",
    )


async def move_progress(bar: object, done: int, waiting: int) -> None:
    await aupdate_progress_artifact(artifact_id=bar, progress=min(100.0, 100.0 * done / waiting))  # type: ignore[arg-type]


def write_plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!" else letter for letter in text)


def write_cell(text: str) -> str:
    """Text that stays in one cell of a table."""
    return write_plain(" ".join(text.split()))


def fold_cell(text: str, letters: int) -> str:
    """The same in lines of about so many letters."""
    return "<br>".join(write_plain(line) for line in wrap(text, letters, break_long_words=False))


def _longest_run(text: str) -> int:
    """The longest run of backquotes, so that a fence can be longer."""
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    return longest
