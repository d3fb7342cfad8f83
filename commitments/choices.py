"""What a person chose about the messages they get: when, how often, in which language, and what not. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from commitments.vocabulary import Channel, NotificationKind, Rhythm

IN_ANY_CASE = frozenset({NotificationKind.ALERT, NotificationKind.SIGN_IN})
"""The kinds that nobody can unsubscribe from: what somebody waits for, and what keeps all others from coming."""


@dataclass(frozen=True, slots=True)
class Choices:
    """One person's choices; what is not chosen is as the house has it."""

    days: tuple[int, ...] | None = None
    """The weekdays on which the person's message comes, 0 for Monday; every working day if not chosen."""
    digest_day: int | None = None
    hour: time | None = None
    """When the day's message comes, in the person's own zone."""
    language: str | None = None
    channel: Channel | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    """Between the two nothing comes, not even what another person's action just caused; they may span midnight."""
    paused_from: date | None = None
    paused_to: date | None = None
    """The first and the last day on which nothing comes."""
    unsubscribed: frozenset[NotificationKind] = frozenset()
    digest_rhythm: Rhythm | None = None
    summary_rhythm: Rhythm | None = None
    summary_day: int | None = None
    """From this day of its month on the summary comes."""

    def declines(self, kind: NotificationKind) -> bool:
        """Whether a message of this kind does not come: unsubscribed, where that is possible."""
        return kind in self.unsubscribed and kind not in IN_ANY_CASE

    def is_paused(self, day: date) -> bool:
        """Whether nothing comes on this day of the person's."""
        return self.paused_from is not None and self.paused_to is not None and self.paused_from <= day <= self.paused_to

    @property
    def has_quiet_hours(self) -> bool:
        """Whether the person chose quiet hours; the same hour twice is to have none."""
        return self.quiet_from is not None and self.quiet_to is not None

    def is_quiet(self, at: time) -> bool:
        """Whether nothing comes at this hour of the person's."""
        return (
            self.quiet_from is not None and self.quiet_to is not None and is_quiet(self.quiet_from, self.quiet_to, at)
        )

    def end_quiet(self, moment: datetime) -> datetime:
        """This moment of the person's, or the end of the quiet hours that it falls into."""
        if self.quiet_from is None or self.quiet_to is None:
            return moment
        return end_quiet(self.quiet_from, self.quiet_to, moment)


def is_quiet(begin: time, end: time, at: time) -> bool:
    """Whether an hour lies between the two, which may span midnight; never if they are the same."""
    if begin == end:
        return False
    return begin <= at < end if begin < end else at >= begin or at < end


def end_quiet(begin: time, end: time, moment: datetime) -> datetime:
    """This moment, or the end of the quiet hours that it falls into."""
    if not is_quiet(begin, end, moment.timetz().replace(tzinfo=None)):
        return moment
    day = moment.date() if moment.time() < end else moment.date() + timedelta(days=1)
    return datetime.combine(day, end, moment.tzinfo)


USUAL = Choices()
"""Of a person who chose nothing."""
