"""The form by which an agreement comes into the register, once its coordinator has approved how it was taken apart.

The run is suspended while it waits, not paused: a paused run would keep its process, and two of them would hold both
places in which all flows run. A suspended one costs nothing, outlives a restart, and begins anew when it is answered.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from prefect import flow
from prefect.context import FlowRunContext
from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.states import Completed
from pydantic import Field, WithJsonSchema

from commitments.database import open_reading, open_unit
from commitments.drafts import Draft, approve_draft, keep_draft, reject_draft
from commitments.entries import (
    AgreementEntry,
    AgreementFileEntry,
    Correction,
    KeptDraftEntry,
    Mistakes,
    read_entry,
)
from commitments.errors import NotFound
from commitments.log import Author
from commitments.reach import reconcile_reached
from flows.artifacts import show_decomposition, show_filed, write_plain
from flows.decomposition import list_promises, write_decomposition
from flows.forms import answer_mistakes, do_form
from flows.runs import Register, count_things, log_lines, name_run, open_register
from flows.views import Row, describe_moment, list_changes, name_register

NAME = "register agreement"
PROMISES_ASKED = 12
APPROVE, REJECT = "approve: register it", "reject: register nothing"


class Approval(RunInput):
    """What the coordinator answers."""

    decision: Annotated[str, WithJsonSchema({"type": "string", "enum": [APPROVE, REJECT]})] = Field(
        title="Your decision", description="Once you have read the artifact *decomposition* of this run."
    )
    name: str = Field(title="Your name", description="Stands in the log as who decided.", min_length=1, max_length=80)
    note: str = Field("", title="Why, or what is to change", max_length=300)


@flow(name="register-agreement", flow_run_name=NAME, validate_parameters=False, persist_result=True)
async def register_agreement(agreement: AgreementEntry | AgreementFileEntry | KeptDraftEntry) -> Any:
    """Take an agreement apart, wait for the coordinator's approval, and register it. A mistake writes nothing."""
    run = _name_this_run()
    with open_register() as register:
        draft = await do_form("take the agreement apart", partial(_keep, register, run, agreement))
        if isinstance(draft, Mistakes):
            return await answer_mistakes(NAME, draft)
        until = describe_moment(draft.answer_by, register.settings.time_zone)
        if draft.fresh:
            await _show(register, draft, until)
        left = max(int((draft.answer_by - register.now).total_seconds()), 1)
    answer = await asuspend_flow_run(
        wait_for_input=Approval.with_initial_data(description=_describe(draft, until)), timeout=left, key="approval"
    )
    with open_register() as register:
        return await _settle(register, run, draft, answer)


async def _show(register: Register, draft: Draft, until: str) -> None:
    with open_reading(register.engine) as reading:
        names, people = name_register(reading)
    await show_decomposition(write_decomposition(draft, names, people), until)
    await name_run(f"{NAME} {draft.reference}: waits for approval")
    form = draft.file.form
    log_lines(
        [
            f"Took “{draft.title}” apart: {count_things(len(form.parties), 'party', 'parties')}, "
            f"{count_things(len(form.commitments), 'commitment')}. Nothing is registered yet.",
            f"It waits for approval until {until}: read the artifact “decomposition”, then press Resume.",
        ]
    )


async def _settle(register: Register, run: str, draft: Draft, answer: Approval) -> Any:
    author = Author(answer.name, register.now, why="an agreement registered by form")
    if answer.decision != APPROVE:
        done = await do_form("keep the rejection", partial(_reject, register, author, run, answer.note))
        if isinstance(done, Mistakes):
            return await answer_mistakes(NAME, done)
        told = f"Rejected by {answer.name}{f': {answer.note}' if answer.note else ''}. Nothing was registered."
        log_lines([told, f"The draft {draft.reference} is kept and can be taken up again by this form."])
        await name_run(f"{NAME} {draft.reference}: rejected")
        return Completed(name="Rejected", message=told)
    rows = await do_form("register the agreement", partial(_approve, register, author, run, answer.note))
    if isinstance(rows, Mistakes):
        return await answer_mistakes(NAME, rows)
    facts = [
        ("Agreement", draft.reference),
        ("Commitments", str(len(draft.file.form.commitments))),
        ("Approved by", answer.name),
        ("Note", answer.note),
    ]
    await show_filed(f"{draft.title} is registered", facts, rows, register.link_to(draft.reference))
    log_lines(
        [
            f"Approved by {answer.name} and registered as {draft.reference}.",
            f"{count_things(len(rows), 'follow-up')} opened because of it.",
        ]
    )
    await name_run(f"{NAME} {draft.reference}: registered")
    return {"agreement": draft.reference, "commitments": len(draft.file.form.commitments), "opened": len(rows)}


def _keep(register: Register, run: str, filled: Any) -> Draft:
    entry, faults = _read(filled)
    answer_by: datetime = register.now + timedelta(days=register.settings.approval_days)
    with open_unit(register.engine) as unit:
        try:
            return keep_draft(unit, Author("form", register.now), run, entry, answer_by, faults)
        except NotFound as unknown:
            raise Mistakes([Correction("The draft", "", str(unknown))]) from None


def _read(filled: Any) -> tuple[AgreementEntry | AgreementFileEntry | KeptDraftEntry, list[Correction]]:
    """Which of the three ways was taken is seen by the fields."""
    named = filled if isinstance(filled, dict) else {}
    if "file" in named:
        return read_entry(AgreementFileEntry, filled)
    if "draft" in named:
        return read_entry(KeptDraftEntry, filled)
    return read_entry(AgreementEntry, filled)


def _approve(register: Register, author: Author, run: str, note: str) -> tuple[Row, ...]:
    with open_unit(register.engine) as unit:
        imported = approve_draft(unit, author, run, register.today, note or None)
        done = reconcile_reached(unit, [imported], register.now, register.today)
        return list_changes(unit, done.changes)


def _reject(register: Register, author: Author, run: str, note: str) -> str:
    with open_unit(register.engine) as unit:
        return reject_draft(unit, author, run, note or None)


def _describe(draft: Draft, until: str) -> str:
    promises = list_promises(draft.file.form)
    more = len(promises) - PROMISES_ASKED
    told = "\n".join(promises[:PROMISES_ASKED]) + (f"\n\nand {more} more." if more > 0 else "")
    return (
        f"**{write_plain(draft.title)}**, kept as the draft `{draft.reference}`. The artifact *decomposition* of this "
        f"run shows it in full.\n\n{told or 'It has no commitments yet.'}\n\nWithout an answer by {until} the run "
        "ends, the draft stays, and its coordinator is asked."
    )


def _name_this_run() -> str:
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None
    return str(context.flow_run.id)
