"""What other systems report by events is taken in as if a person had said it; what is wrong is answered."""

from collections.abc import Sequence
from functools import partial

from prefect import flow
from prefect.context import FlowRunContext

from commitments.database import open_reading
from commitments.inbound import Answer, Arrived, list_new, take_in
from flows.arrivals import read_arrivals
from flows.artifacts import show_refused, show_taken
from flows.runs import Register, cancel_runs, count_things, do_step, list_waiting_runs, name_run, open_register


@flow(name="take-in-events", flow_run_name="take in events")
async def take_in_events() -> dict[str, int]:
    """Take in every event `tallystick.inbound.*` that is new, each once, in the order in which they happened.

    One that cannot be taken is shown with what was found and what is expected, and becomes a follow-up of the operator.
    """
    waiting = await list_waiting_runs()
    with open_register("take-in-events") as register:
        arrived = await read_arrivals(partial(_find_new, register), whole=_is_on_schedule())
        answers = await do_step("take in what is new", partial(_take_all, register, arrived)) if arrived else []
        local_time = register.local_time
    await cancel_runs(waiting)
    refused = [one for one in answers if one.is_refused]
    taken = [one for one in answers if not one.is_refused]
    if taken:
        await show_taken(taken)
    if refused:
        await show_refused(refused)
    told = [f"{len(taken):,} taken in"] * bool(taken) + [f"{len(refused):,} refused"] * bool(refused)
    counted = f"{count_things(len(answers), 'event')}, {', '.join(told)}" if answers else "nothing new"
    await name_run(f"take in events {local_time}: {counted}")
    return {"taken": len(taken), "refused": len(refused)}


def _is_on_schedule() -> bool:
    """Whether nobody called for this run: then there is time to read all that the server keeps."""
    context = FlowRunContext.get()
    return context is None or context.flow_run is None or bool(context.flow_run.auto_scheduled)


def _find_new(register: Register, event_ids: list[str]) -> set[str]:
    with open_reading(register.engine) as reading:
        return list_new(reading, event_ids)


def _take_all(register: Register, arrived: Sequence[Arrived]) -> list[Answer]:
    answers = (take_in(register.engine, one, register.now, register.today) for one in arrived)
    return [one for one in answers if one is not None]
