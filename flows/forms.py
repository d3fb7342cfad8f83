"""What the flows with a form share: mistakes become a run that says every correction, and writes nothing.

Such a flow takes its parameters as they were entered (`validate_parameters=False`): Prefect's own check would answer a
slip of the pen with a traceback.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Failed

from commitments.database import DatabaseBusy
from commitments.entries import Mistakes, list_corrections
from commitments.errors import TallyError
from flows.artifacts import show_corrections
from flows.runs import count_things, do_step, name_run

Result = TypeVar("Result")
MESSAGE_LIMIT = 600


def try_form(work: Callable[[], Result]) -> Result | Mistakes:
    """What the work gives, or the mistakes for which it was refused; anything else is a fault of ours."""
    try:
        return work()
    except DatabaseBusy:
        raise
    except TallyError as refused:
        return Mistakes(list_corrections(refused))


async def do_form(step: str, work: Callable[[], Result]) -> Result | Mistakes:
    """One step of a form's run. A mistake is a result, not an exception: no traceback comes before the corrections."""
    return await do_step(step, lambda: try_form(work))


async def answer_mistakes(name: str, mistakes: Mistakes) -> State[Any]:
    """The end of a run that could not take what was filled in."""
    corrections = mistakes.corrections
    needed = f"{count_things(len(corrections), 'correction')} to make"
    logger = get_run_logger()
    logger.warning("Nothing was written: %s.", needed)
    for correction in corrections:
        logger.warning("%s", correction)
    await show_corrections(corrections)
    await name_run(f"{name}: {needed}")
    return Failed(message=_fit(f"Nothing was written, {needed}. " + "; ".join(map(str, corrections))))


def _fit(message: str) -> str:
    return message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 1] + "…"
