"""The form by which a coordinator adds a commitment to an agreement."""

from functools import partial
from typing import Any

from prefect import flow

from commitments.entries import Mistakes, PromiseEntry, read_entry, speak
from flows.artifacts import show_filed
from flows.filing import file_commitment
from flows.forms import answer_mistakes, do_form
from flows.runs import count_things, log_lines, name_run, open_register

NAME = "add commitment"


@flow(name="add-commitment", flow_run_name=NAME, validate_parameters=False)
async def add_commitment(agreement: str, commitment: PromiseEntry) -> Any:
    """Add a commitment. A mistake writes nothing and is answered with every correction to make.

    Args:
        agreement: The agreement's reference, for example `gimcheon-chengdu`.
        commitment: What was promised.
    """
    with open_register() as register:
        entry, faults = read_entry(PromiseEntry, commitment)
        name = str(agreement or "").strip()
        filed = await do_form("add the commitment", partial(file_commitment, register, name, entry, faults))
        if isinstance(filed, Mistakes):
            return await answer_mistakes(NAME, filed)
        link = register.link_to(filed.reference)
    facts = [
        ("What was promised", entry.summary),
        ("Kind", speak(entry.kind)),
        ("Due by", entry.due),
        ("Owed by", ", ".join(entry.owed_by) or "all parties"),
        ("Owners", ", ".join(entry.owners) or "nobody yet"),
        ("Reference", filed.reference),
    ]
    await show_filed("A commitment was added", facts, filed.rows, link)
    changed = count_things(len(filed.rows), "follow-up")
    log_lines([f"Added the commitment {filed.reference}.", f"{changed} changed because of it."])
    await name_run(f"{NAME} {filed.reference}")
    return {"commitment": filed.reference, "changed": len(filed.rows)}
