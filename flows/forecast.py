"""The form by which anybody sees which messages will go in the coming days, to whom and why."""

from functools import partial
from typing import Any

from prefect import flow

from commitments.entries import ForecastEntry, Mistakes, read_entry
from flows.artifacts import show_forecast
from flows.forms import answer_mistakes, do_form
from flows.runs import count_things, log_lines, name_run, open_register
from flows.views import foresee_messages

NAME = "forecast"


@flow(name="forecast", flow_run_name=NAME, validate_parameters=False)
async def forecast(ahead: ForecastEntry = ForecastEntry()) -> Any:  # noqa: B008 - frozen by being read anew
    """Play the coming days on a copy of the register and show every message. Nothing is written or sent."""
    with open_register() as register:
        entry, faults = read_entry(ForecastEntry, ahead)
        if faults:
            return await answer_mistakes(NAME, Mistakes(faults))
        look = partial(foresee_messages, register.engine, register.settings, register.now, entry.days, entry.to)
        found = await do_form("play the coming days", look)
        if isinstance(found, Mistakes):
            return await answer_mistakes(NAME, found)
    span = count_things(entry.days, "day")
    told = f"{count_things(found.messages, 'message')} to {count_things(found.people, 'person', 'people')}"
    await show_forecast(found, f"{told} in the next {span}{f', to {entry.to}' if entry.to else ''}")
    log_lines([f"Played {span} on a copy: {told}. Nothing was written or sent."])
    await name_run(f"{NAME} of {span}: {told}")
    return {"messages": found.messages, "people": found.people}
