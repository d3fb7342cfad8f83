"""The form by which anybody says that something happened."""

from functools import partial
from typing import Any

from prefect import flow

from commitments.entries import ActivityEntry, Mistakes, read_entry, speak
from flows.artifacts import show_filed
from flows.filing import file_activity
from flows.forms import answer_mistakes, do_form
from flows.runs import count_things, log_lines, name_run, open_register

NAME = "add activity"


@flow(name="add-activity", flow_run_name=NAME, validate_parameters=False)
async def add_activity(activity: ActivityEntry) -> Any:
    """Record a visit, a meeting or anything else. A mistake writes nothing and is answered with every correction."""
    with open_register() as register:
        entry, faults = read_entry(ActivityEntry, activity)
        filed = await do_form("record the activity", partial(file_activity, register, entry, faults))
        if isinstance(filed, Mistakes):
            return await answer_mistakes(NAME, filed)
        link = register.link_to(entry.agreement)
    facts = [
        ("Agreement", entry.agreement),
        ("What happened", entry.title),
        ("Kind", speak(entry.kind)),
        ("When", entry.held_on),
        ("Where", entry.place),
        ("Counts for", ", ".join(entry.commitments)),
        ("Activity", filed.reference),
    ]
    await show_filed("An activity was recorded", facts, filed.rows, link)
    changed = count_things(len(filed.rows), "follow-up")
    log_lines([f"Recorded the activity {filed.reference}.", f"{changed} changed because of it."])
    await name_run(f"{NAME} {entry.agreement}: {entry.title[:60]}, {entry.held_on}")
    return {"activity": filed.reference, "changed": len(filed.rows)}
