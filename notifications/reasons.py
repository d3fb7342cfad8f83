"""Why something is told, and why something is not."""

from enum import StrEnum


class Why(StrEnum):
    """Each is stored with its numbers beside the notice or the message it explains."""

    # told
    LEAD_REACHED = "lead_reached"  # days: that are left; due: the date
    # Where another is told in the stead of who is asked: for: them, because: a reason not to tell, lost or until: a day
    OPENED = "opened"  # on
    # rung: 1 deputy, 2 coordinator, 3 leaders; on: opened; days: working days unanswered; asked; stand_in: who was
    # told in their stead, and has not answered for so long
    ESCALATED = "escalated"
    WEEKLY = "weekly"  # week: 2026-W48
    MONTHLY = "monthly"  # month: 2026-11
    ASKED = "asked"  # a confirmation, just asked for
    SENT_BACK = "sent_back"  # party: by which the report was sent back; on; note: what was said with it
    HANDED_OVER = "handed_over"  # asked: by whom; on; contact: from whom, if that is another
    HANDED_ON = "handed_on"  # contact: to whom; asked: by whom; on
    REGISTERED = "registered"  # asked: by whom; on; contact: who waits for the reader's yes, or people: how many
    PROPOSED = "proposed"  # the same, of an agreement that was there
    NEXT_SENDING_TIME = "next_sending_time"  # day: why a message goes when it goes
    AT_ONCE = "at_once"  # day: why a message waits for nobody's morning
    # not told
    LATER_RUNG = "later_rung"  # a later rung is right today; this one was missed
    NOBODY_ON_RUNG = "nobody_on_rung"  # rung
    SAME_PERSON = "same_person"  # rung: the person on it has been told already
    REST_DAY = "rest_day"  # holiday: its name, or nothing on a weekend; next: the day it is looked at again
    HAD_TODAYS_MESSAGE = "had_todays_message"
    CARRIED_OVER = "carried_over"  # day: of the later message that took its notices in
    PAUSED = "paused"  # until: the last day of the person's pause
    QUIET = "quiet"  # day: on which it is told; in quiet hours and on days of rest nothing goes at once
    CHOSEN_DAYS = "chosen_days"  # the person's messages come on other days
    UNSUBSCRIBED = "unsubscribed"  # the person does not want this kind
    CHOICES_CHANGED = "choices_changed"  # queued before the person chose otherwise
    RULES_CHANGED = "rules_changed"  # queued before the rules of an agreement or of the house were changed
    NO_ADDRESS = "no_address"
    OUT_OF_OFFICE = "out_of_office"
    ANSWERED_MEANWHILE = "answered_meanwhile"
    PASSED_ON = "passed_on"  # contact: who is asked by now
    NOTHING_TO_SAY = "nothing_to_say"
    UNCERTAIN_HELD = "uncertain_held"
    REFUSED = "refused"  # code, reply
    GIVEN_UP = "given_up"  # attempts, reply
    BOUNCED = "bounced"  # code: the status, reply; it came back after the server had taken it
    OTHER_CHANNEL = "other_channel"  # channel, former, code, reply: it failed for good by one and goes by the next
    CHANNELS_OFF = "channels_off"  # every channel of the person has been turned off
    SENT_AGAIN = "sent_again"  # who: asked for it after it had failed


TAKEN_OUT = frozenset({Why.CHOICES_CHANGED, Why.RULES_CHANGED, Why.OUT_OF_OFFICE, Why.NO_ADDRESS, Why.CHANNELS_OFF})
"""Why something was taken out of a message that waited, to be planned anew: as if it had not been told."""

FOR_KNOWLEDGE = frozenset({Why.HANDED_ON, Why.REGISTERED, Why.PROPOSED})
"""Why something is told of which the message itself asks no answer."""

LOST = frozenset({Why.REFUSED, Why.GIVEN_UP, Why.BOUNCED})
"""Why something did not arrive with its message, which failed for good: it is found again for who can be reached."""


class Decision(StrEnum):
    """What was decided about one notice."""

    TOLD = "told"
    PASSED_OVER = "passed_over"
    HELD = "held"


class ChangeKind(StrEnum):
    """What a digest tells as news."""

    REPORTED = "reported"  # party, rating
    CONFIRMED = "confirmed"  # party
    RETURNED = "returned"  # party
    HELD = "held"  # an activity
    MEASURED = "measured"  # value, unit
    MILESTONE = "milestone"  # state
    SETTLED = "settled"  # state
    REPORTED_DONE = "reported_done"  # and somebody is still asked whether it is so
    REGISTERED = "registered"  # the agreement is new
    ADDED = "added"  # the promise is new
    MOVED = "moved"  # a date, before and after
    ENDS = "ends"  # the agreement's end, before and after
    TERMS = "terms"  # another term of the agreement
    RULES = "rules"  # the rules for reminders
    PROPOSED = "proposed"  # party: that fewer confirm what is reported
    REFUSED = "refused"  # party: what another has proposed so
    LEFT = "left"  # party, after
    ANSWERED_BY = "answered_by"  # name, party, number
    RESUMED = "resumed"
