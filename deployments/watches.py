"""What the Prefect server watches by itself, as data: automations that wake a flow.

An automation tells nobody anything and ends no run by itself: it starts the flow, which looks up the truth. A busy
server may come to an event only after it has judged its absence. Every hour the flow looks anyway, so a lost event
costs an hour at most.
"""

from dataclasses import dataclass
from datetime import timedelta

from commitments.events import EventName
from commitments.operations import CHECK, CHECK_WITHIN
from deployments.schedules import FOLLOWER, TAG, TELL_OPERATOR, WATCHED

PREFIX = "Tallystick: "
"""By which our automations are known on a server."""
HEARTBEAT = timedelta(seconds=30)
"""How often a run of ours says that it lives."""
RUN_EVENTS = "prefect.flow-run.*"
"""Whatever happens to a run, so that one that is suspended, paused or waiting is not taken for dead."""


TIME_TO_ANSWER = timedelta(days=15)
"""Ten working days and a day: before that no question of the house's own policy is past its date."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One automation: which events it waits for, or which must follow others within a time."""

    title: str
    purpose: str
    expect: tuple[str, ...]
    within: timedelta
    tag: str | None = None
    """Of runs with this tag; if none is given, of what happens to commitments, each by itself."""
    after: tuple[str, ...] = ()
    """If given, the watch strikes when nothing of `expect` comes within the time after one of these."""
    flow: str | None = None
    """Of runs of this flow alone, and of all of them together; else of each run by itself."""
    starts: str = TELL_OPERATOR
    """The flow that looks."""

    @property
    def name(self) -> str:
        return PREFIX + self.title


WATCHES: tuple[Watch, ...] = (
    Watch(
        title="a run failed",
        purpose="A run that goes by itself failed or crashed. Ten seconds of such events start one look.",
        tag=WATCHED,
        expect=("prefect.flow-run.Crashed", "prefect.flow-run.Failed"),
        within=timedelta(seconds=10),
    ),
    Watch(
        title="a run went silent",
        purpose="A run gave no sign of life for five heartbeats: its process died and nobody was there to see it. If "
        "that is so, the flow marks it as crashed, or it would hold its deployment's only place for ever.",
        # A form may wait for a person for days without a process; `tell-operator` ends those that were forgotten.
        tag=WATCHED,
        # Also after its beginning: that event may arrive later than the first sign of life, and would answer it.
        after=("prefect.flow-run.heartbeat", "prefect.flow-run.Running"),
        expect=(RUN_EVENTS,),
        within=5 * HEARTBEAT,
    ),
    Watch(
        title="a run never began",
        purpose="A run was taken by somebody who then did not start its process within ten minutes. If that is so, "
        "the flow marks it as crashed, or it would hold its deployment's only place for ever.",
        tag=WATCHED,
        after=("prefect.flow-run.Pending",),
        expect=(RUN_EVENTS,),
        within=timedelta(minutes=10),
    ),
    Watch(
        title="no check for 26 hours",
        purpose="No check of the commitments was completed for a day and two hours after the last one.",
        tag=TAG,
        after=("prefect.flow-run.Completed",),
        expect=("prefect.flow-run.Completed",),
        within=CHECK_WITHIN,
        flow=CHECK,
    ),
    Watch(
        title="no progress report where one was asked for",
        purpose="Something was asked about a commitment, and for two weeks nobody reported progress on it. The flow "
        "sees in the register which questions are past their date: those become one follow-up of the operator. A "
        "question that was answered, put off or withdrawn starts a look that finds nothing.",
        after=(str(EventName.FOLLOW_UP_OPENED),),
        expect=(str(EventName.PROGRESS_REPORTED),),
        within=TIME_TO_ANSWER,
        starts=FOLLOWER,  # which one run of does for any number of commitments at once
    ),
)
