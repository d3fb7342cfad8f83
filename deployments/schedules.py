"""When each flow runs, and after which events, as data: the one place to change a rhythm."""

from dataclasses import dataclass

from commitments.events import EVERYTHING_INBOUND, FOLLOWED
from notifications.moments import CHECK_HOUR, PLANNING_MINUTE

TAG = "tallystick"
"""On every deployment and run of ours."""
WATCHED = "tallystick-watched"
"""On what goes by itself, on a schedule or after events: that one of these fails is the operator's matter. A form that
somebody filled in wrongly is not."""
RUNS_AT_ONCE = 2
"""Runs of all flows together that one machine carries at the same time."""

FOLLOWER = "follow-changes"
"""The flow that takes up what people changed."""
TELL_OPERATOR = "tell-operator"
"""The flow that looks at the engine itself."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Events that start a run. Many within the window start one, at the window's end, which does the work of all."""

    name: str
    """The automation's lasting name."""
    events: tuple[str, ...]
    """Names of Prefect events; `tallystick.progress.*` stands for all that begin so."""
    window: int = 2
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One deployment: which flow, when, after which events, and what a person should know about it.

    One run at a time each. A run that finds another under way is cancelled, not kept for later: every flow finds by
    itself whatever is due, so the one that runs does the work of all that were missed. Where a run may have looked
    too early to see what another was started for, the plan `waits` instead.
    """

    flow: str
    """The flow's name and the deployment's; its function is `flows.<name>:<name>` with underscores."""
    rhythm: str
    purpose: str
    tags: tuple[str, ...]
    cron: str | None = None
    slug: str | None = None
    """The schedule's lasting name: without it each start would make a new schedule and double the runs near it."""
    triggers: tuple[Trigger, ...] = ()
    waits: bool = False
    """Whether a run that finds another under way waits for it instead of being cancelled."""
    beside_itself: bool = False
    """Whether several runs may go at once: for what must begin although an earlier run of it died unseen."""
    form: str = ""
    """How a person fills it in. Each run does work of its own, so that none is cancelled because of another."""
    at_once: bool = False
    """Whether a system on one machine runs it in the process that serves, without starting another: seconds sooner."""
    first_run: bool = True
    """Whether it runs at once when an embedded system starts."""
    first_parameters: tuple[tuple[str, bool], ...] = ()
    """With what that first run is called."""

    @property
    def module(self) -> str:
        return f"flows.{self.flow.replace('-', '_')}"

    @property
    def function(self) -> str:
        return self.flow.replace("-", "_")

    watched: bool = True
    """Whether the operator is told if a run of it fails, where it goes by itself."""

    @property
    def all_tags(self) -> tuple[str, ...]:
        goes_by_itself = self.cron is not None or bool(self.triggers)
        return (*self.tags, *((WATCHED,) if goes_by_itself and self.watched else ()))

    @property
    def has_one_place(self) -> bool:
        """Whether one run at a time is all that the server lets begin."""
        return not (self.form or self.beside_itself)

    def describe(self, zone: str) -> str:
        """What it does, when, and how to change that, as the Prefect UI shows it."""
        if self.form:
            return (
                f"{self.purpose}\n\n**How to fill it in:** choose **Run**, then **Custom run**. {self.form}\n\n"
                "**What happens:** the run tells in its artifact what was done. If something cannot be taken, nothing "
                "is written, the run fails, and its artifact *corrections* lists everything to put right at once; "
                "**Copy to new run** in the run's menu brings back what you entered."
            )
        when = self.rhythm if self.cron is None else f"{self.rhythm} (`{self.cron}`, {zone})"
        alone = "One run at a time; what" if self.has_one_place else "What"
        return (
            f"{self.purpose}\n\n**When:** {when}. {alone} was missed "
            f"while the system was off is caught up by one run.\n\n**To change it:** the rhythm stands in "
            f"`deployments/schedules.py` and the zone is `TALLY_TIME_ZONE`; start the system again afterwards, "
            f"or `tally deploy` where workers run it. To stop it for a while, switch its schedule off on this page. "
            f"Running it once more at any time is safe: it changes nothing that is right already."
        )


PLANS: tuple[Plan, ...] = (
    Plan(
        flow=FOLLOWER,
        cron="2 * * * *",
        slug="follow-changes-hourly",
        rhythm="a second after somebody changed something, and two minutes past every hour: a day may have begun in a "
        "time zone, or an event been lost",
        purpose="Looks again at the agreements that people changed since the last run: judges how they stand, queues "
        "the messages that follow, and sends what may go at once. One run does the work of all events that came. "
        "Where a day has begun since the last check, it judges before their morning what is asked of the people there.",
        tags=("tallystick", "progress", "messages"),
        triggers=(Trigger("somebody changed something", tuple(sorted(map(str, FOLLOWED))), window=1),),
        waits=True,
        at_once=True,
        first_run=False,
    ),
    Plan(
        flow="take-in-events",
        cron="32 * * * *",
        slug="take-in-events-hourly",
        rhythm="a second after another system reported something, and at half past every hour for what came late",
        purpose="Takes in what other systems report by events named `tallystick.inbound.…`, each once, as if a person "
        "had said it. One that is wrong is answered with what was found and what is expected, and becomes a follow-up "
        "of the operator.",
        tags=("tallystick", "progress"),
        triggers=(Trigger("another system reported something", (EVERYTHING_INBOUND,), window=1),),
        waits=True,
        at_once=True,
        first_run=False,
    ),
    Plan(
        flow="check-progress",
        cron=f"0 {CHECK_HOUR} * * *",
        slug="check-progress-daily",
        rhythm=f"every day at {CHECK_HOUR:02}:00",
        purpose="Judges how every commitment stands today, opens the follow-ups that this calls for and closes those "
        "whose cause is gone. Leaves two tables: what needs attention, and what changed and why. What falls due as a "
        "day begins for somebody is judged before, within the hour, by follow-changes.",
        tags=("tallystick", "progress"),
    ),
    Plan(
        flow="send-reminders",
        cron=f"{PLANNING_MINUTE} * * * *",
        slug="send-reminders-hourly",
        rhythm="five minutes past every hour",
        purpose="Finds everybody for whom a date comes near, a follow-up was opened or an answer is overdue, and "
        "queues one message each for the hour that they chose, else 08:00, of their own morning. What comes up after "
        "that hour waits for the next morning.",
        tags=("tallystick", "messages"),
    ),
    Plan(
        flow="send-digests",
        cron="10 */4 * * *",
        slug="send-digests-four-hourly",
        rhythm="every four hours, so that in every time zone one run falls between midnight and 08:00",
        purpose="Queues the weekly digest of each coordinator who has not had this week's, and shows a preview of "
        "those that wait.",
        tags=("tallystick", "messages"),
    ),
    Plan(
        flow="send-summary",
        cron="15 */6 * * *",
        slug="send-summary-six-hourly",
        rhythm="every six hours, so that in every time zone one run falls between midnight and 08:00",
        purpose="Queues the monthly summary of each coordinator and leader who has not had this month's, and shows a "
        "preview of those that wait.",
        tags=("tallystick", "messages"),
    ),
    Plan(
        flow="deliver",
        cron="*/5 * * * *",
        slug="deliver-five-minutely",
        rhythm="every five minutes",
        purpose="Sends every message whose time has come. What the mail server does not take stays in the outbox "
        "and is tried again after 1, 5 and 30 minutes, then after hours.",
        tags=("tallystick", "messages", "mail"),
        first_parameters=(("early", True),),
    ),
    Plan(
        flow="read-bounces",
        cron="40 * * * *",
        slug="read-bounces-hourly",
        rhythm="forty minutes past every hour",
        purpose="Reads the mailbox of what came back: a message that did not arrive goes by its reader's next channel "
        "or is put before a coordinator, and an address that takes no letters is written to no more.",
        tags=("tallystick", "messages", "mail"),
        first_run=False,
    ),
    Plan(
        flow="housekeeping",
        cron="30 3 * * 0",
        slug="housekeeping-weekly",
        rhythm="on Sundays at 03:30",
        purpose="Lets the database check and tidy itself, takes back messages whose sender died, and counts. "
        "Nothing is ever deleted.",
        tags=("tallystick", "upkeep"),
        first_run=False,
    ),
    *(
        Plan(flow=flow, rhythm="when somebody fills it in", purpose=purpose, form=form, tags=tags, first_run=False)
        for flow, purpose, form, tags in (
            (
                "register-agreement",
                "**Register an agreement**. It is taken apart into parties, dates and commitments, shown as the "
                "artifact *decomposition*, and waits: **Resume** asks the coordinator to approve or reject it. On "
                "approval it is registered and watched from that day; a rejection registers nothing. Without an "
                "answer within `TALLY_APPROVAL_DAYS` (a week) the draft stays and its coordinator is asked.",
                "Three ways: the few fields that you know, a whole agreement file (YAML) pasted, or a draft that was "
                "kept. Parties and people that the register knows are named by reference or name.",
                ("tallystick", "form", "coordinator"),
            ),
            (
                "report-progress",
                "**Report progress** on a commitment: how it goes, what was done, whether it is done. Follow-ups that "
                "this answers are closed at once, and where it is done the other parties are asked to confirm.",
                "The commitment is named as every mail about it shows it, such as `leeds-hangzhou-2018/library-link`; "
                "how it goes is a choice; all else is as you like.",
                ("tallystick", "form", "owner"),
            ),
            (
                "add-activity",
                "**Add an activity**: a visit, a meeting, an exhibition. It counts for the commitments that you name "
                "and shows that the agreement is alive; follow-ups that it answers are closed at once.",
                "The agreement by its reference, what happened, and when, as precisely as you know.",
                ("tallystick", "form", "owner"),
            ),
            (
                "add-commitment",
                "**Add a commitment** to an agreement that the register holds.",
                "The agreement by its reference, the commitment in one sentence and its kind; the fields marked "
                "“Recurring” and “Target” are for those kinds alone.",
                ("tallystick", "form", "coordinator"),
            ),
            (
                "forecast",
                "**Forecast**: every message of the coming days if nothing else happened, to whom and why. Nothing is "
                "written or sent.",
                "How many days ahead, and for whom, if not for everybody.",
                ("tallystick", "form", "operator"),
            ),
            (
                "send-test-message",
                "**Send a test message** at once by the same road as every other, and see what the mail server says.",
                "A contact of the register or any one address.",
                ("tallystick", "form", "operator"),
            ),
        )
    ),
    Plan(
        flow="tell-operator",
        cron="25 * * * *",
        slug="tell-operator-hourly",
        rhythm="25 minutes past every hour, and at once when the server's automations see a run fail or hang",
        purpose="Looks for what keeps the engine from working: runs that failed, crashed or hang, a day without a "
        "finished check. Marks runs as crashed whose process is gone. Opens a follow-up for the operator and sends the "
        "alert, once for each matter; starts a crashed run again, once; closes what is right again.",
        tags=("tallystick", "operation"),
        beside_itself=True,
        first_run=False,
        watched=False,
    ),
)
