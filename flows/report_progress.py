"""The form by which an owner says how a commitment goes."""

from functools import partial
from typing import Any

from prefect import flow

from commitments.entries import Mistakes, ProgressEntry, read_entry, speak
from flows.artifacts import show_filed
from flows.filing import file_progress
from flows.forms import answer_mistakes, do_form
from flows.runs import count_things, log_lines, name_run, open_register

NAME = "report progress"


@flow(name="report-progress", flow_run_name=NAME, validate_parameters=False)
async def report_progress(report: ProgressEntry) -> Any:
    """Record how a commitment goes. A mistake writes nothing and is answered with every correction to make."""
    with open_register() as register:
        entry, faults = read_entry(ProgressEntry, report)
        filed = await do_form("record the report", partial(file_progress, register, entry, faults))
        if isinstance(filed, Mistakes):
            return await answer_mistakes(NAME, filed)
        link = register.link_to(entry.commitment)
    facts = [
        ("Commitment", entry.commitment),
        ("How it goes", speak(entry.rating)),
        ("Done", "yes: settled as from today" if entry.fulfilled else ""),
        ("Value", "" if entry.value is None else f"{entry.value:,}"),
        ("Note", entry.note),
        ("Report", filed.reference),
    ]
    await show_filed("Progress was reported", facts, filed.rows, link)
    changed = count_things(len(filed.rows), "follow-up")
    log_lines([f"Recorded the report {filed.reference}: {speak(entry.rating)}.", f"{changed} changed because of it."])
    await name_run(f"{NAME} {entry.commitment}: {speak(entry.rating)}{', done' if entry.fulfilled else ''}")
    return {"report": filed.reference, "changed": len(filed.rows)}
