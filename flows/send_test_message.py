"""The form by which an operator sees that mail works."""

from functools import partial
from typing import Any

from prefect import flow
from prefect.states import Failed

from commitments.entries import Mistakes, ReceiverEntry, read_entry
from commitments.vocabulary import Outcome
from flows.artifacts import show_trial
from flows.forms import answer_mistakes, do_form
from flows.runs import log_lines, name_run, open_register
from notifications.trial import send_trial

NAME = "send test message"


@flow(name="send-test-message", flow_run_name=NAME, validate_parameters=False)
async def send_test_message(message: ReceiverEntry) -> Any:
    """Send one test message at once. If the mail server does not take it, the run fails with the server's words."""
    with open_register() as register:
        entry, faults = read_entry(ReceiverEntry, message)
        if faults:
            return await answer_mistakes(NAME, Mistakes(faults))
        send = partial(send_trial, register.engine, register.settings, register.now, entry.to, entry.note)
        trial = await do_form("send the test message", send)
        if isinstance(trial, Mistakes):
            return await answer_mistakes(NAME, trial)
    taken = trial.delivery.outcome is Outcome.ACCEPTED
    said = " ".join(filter(None, (str(trial.delivery.code or ""), trial.delivery.reply)))
    await show_trial(trial, said)
    told = "was taken by the mail server" if taken else "was not taken"
    log_lines([f"The test message to {trial.to} {told} ({trial.route}): {said}"])
    await name_run(f"{NAME} to {trial.to}: {'sent' if taken else 'not taken'}")
    if not taken:
        return Failed(message=f"The message to {trial.to} was not taken by {trial.route}, which said: {said}")
    return {"sent": 1}
