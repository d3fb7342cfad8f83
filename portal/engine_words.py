"""The reasons that the engine gives are stored in English; here they come in the words of the reader."""

import re
from collections.abc import Collection
from datetime import date

from commitments.vocabulary import CommitmentState
from notifications.names import Names
from notifications.phrases import N_
from notifications.views import clean_text
from notifications.wording import Words

_SAID = {
    "taken back": N_("taken back"),
    "the examples": N_("the examples"),
    "registered in the portal": N_("registered in the portal"),
    "added in the portal": N_("added in the portal"),
    "its cause is gone": N_("its cause is gone"),
    "the report was taken back": N_("the report was taken back"),
    "it is settled": N_("it is settled"),
    "it is on hold": N_("it is on hold"),
    "a newer one stands in its place": N_("a newer one stands in its place"),
    "a later message reached the person": N_("a later message reached the person"),
    "the draft was answered or taken up": N_("the draft was answered or taken up"),
    "a file brought in the portal": N_("a file brought in the portal"),
    "not accepted by their own side": N_("not accepted by their own side"),
    "accepted by their own side": N_("accepted by their own side"),
    "waits to be accepted by their own side": N_("waits to be accepted by their own side"),
    "named in TALLY_ADMINISTRATORS": N_("named among the administrators of this installation"),
    "complained of a message as spam": N_("complained of a message as spam"),
    "an agreement registered by form": N_("an agreement registered by form"),
    "named when it was asked for": N_("named when it was asked for"),
}
_STATE = re.compile(r"it is (\w+)")
_ASKED_AGAIN = re.compile(r"answered; asked again after (\d{4}-\d\d-\d\d)")
_LAST_DAY = re.compile(r"its last day was (\d{4}-\d\d-\d\d)")
_WAS_ON_HOLD = re.compile(r"it was on hold until (\d{4}(-\d\d){0,2})")
_KEPT = re.compile(r"kept as it is until (\d{4}-\d\d-\d\d)")
_AGREED = re.compile(r"proposed by (\S+), accepted by (.+)")
_RETURNED = re.compile(r"returned by ([\w.-]+)(?:: (.*))?", re.S)


def list_people_of(why: str) -> Collection[str]:
    """The references of the people whom a reason names."""
    agreed = _AGREED.fullmatch(why)
    return (agreed[1], *agreed[2].split()) if agreed else ()


def tell_why(words: Words, names: Names, why: str) -> str:
    """A reason as it is stored, in words: of the engine's own in the reader's language, with the party's name."""
    if why in _SAID:
        return words.gettext(_SAID[why])
    if (state := _STATE.fullmatch(why)) and state[1] in list(CommitmentState):
        return words.gettext("it stands as: %(state)s") % {"state": words.name(CommitmentState(state[1]))}
    if again := _ASKED_AGAIN.fullmatch(why):
        return words.gettext("answered; asked again after %(day)s") % {
            "day": words.format_day(date.fromisoformat(again[1]))
        }
    if kept := _KEPT.fullmatch(why):
        return words.gettext("left as it is until %(day)s") % {"day": words.format_day(date.fromisoformat(kept[1]))}
    if last := _LAST_DAY.fullmatch(why):
        return words.gettext("its last day was %(day)s") % {"day": words.format_day(date.fromisoformat(last[1]))}
    if held := _WAS_ON_HOLD.fullmatch(why):
        return words.gettext("it was on hold until %(day)s") % {"day": words.format_partial(held[1])}
    if agreed := _AGREED.fullmatch(why):
        proposer, *accepters = (clean_text(names.people.get(one, one)) for one in (agreed[1], *agreed[2].split()))
        return words.gettext("proposed by %(name)s, accepted by %(accepters)s") % {
            "name": proposer,
            "accepters": words.join(accepters),
        }
    returned = _RETURNED.fullmatch(why)
    if returned is None or returned[1] not in names.party_ids:
        return clean_text(why)
    party = clean_text(names.name_party(names.party_ids[returned[1]], words.tag))
    if not returned[2]:
        return words.gettext("sent back by %(party)s") % {"party": party}
    return words.gettext("sent back by %(party)s: %(note)s") % {"party": party, "note": clean_text(returned[2])}
