"""The rules of an agreement in words, one by one: what each was, and what it is since."""

from collections.abc import Iterator, Mapping
from typing import Any

from babel.dates import get_day_names

from commitments.policy import FINAL
from commitments.vocabulary import ChannelKind, ConfirmedBy, MatterKind, Rhythm
from notifications.phrases import N_
from notifications.wording import Words
from portal.policy_views import CONFIRMED_BY, name_language, name_number

_LABELS = {
    "confirmed_by": N_("Who is asked to confirm it"),
    "send_days": N_("Days on which its matters are told"),
    "always_sent": N_("Told also to who is paused or has unsubscribed"),
    "send_at": N_("Hour of the day's message"),
    "digest_rhythm": N_("How often the digest comes"),
    "digest_weekday": N_("Day of the digest"),
    "summary_rhythm": N_("How often the summary comes"),
    "summary_day": N_("Day of the month from which the summary comes"),
    "quiet_from": N_("Quiet from"),
    "quiet_to": N_("Quiet until"),
    "quiet_rest_days": N_("On its reader's days of rest"),
    "language": N_("Language of its messages"),
    "channels": N_("Channels in the order in which they are tried"),
}
_CHANNELS = {
    ChannelKind.MAIL: N_("Mail"),
    ChannelKind.CHAT: N_("A chat, such as Slack or WeCom"),
    ChannelKind.SMS: N_("SMS"),
    ChannelKind.WEBHOOK: N_("A webhook"),
}


def list_rules(words: Words, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each rule that is another one now: what it is called, what it was and what it is."""
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            label = name_number(words, name) or words.gettext(_LABELS.get(name, name))
            yield label, _say(words, name, old.get(name)), _say(words, name, new.get(name))


def _say(words: Words, name: str, value: Any) -> str:
    if value is None:
        return words.gettext("as the house has it")
    if isinstance(value, list | tuple):
        parts = [_say_one(words, name, one) for one in value]
        return words.join(parts) if name in _LABELS else ", ".join(parts)
    return _say_one(words, name, value)


def _say_one(words: Words, name: str, value: Any) -> str:
    if name == "confirmed_by":
        return words.gettext(CONFIRMED_BY[ConfirmedBy(value)])
    if name in ("send_days", "digest_weekday"):
        return str(get_day_names("wide", locale=words.locale)[int(value)])
    if name in ("digest_rhythm", "summary_rhythm"):
        return words.name(Rhythm(value))
    if name == "always_sent":
        return words.gettext("The last rung of the ladder") if value == FINAL else words.name(MatterKind(value))
    if name == "channels":
        return words.gettext(_CHANNELS[ChannelKind(value)])
    if name == "quiet_rest_days":
        waits = words.gettext("It waits for the next working day")
        return waits if value else words.gettext("It goes all the same")
    return name_language(words, str(value)) if name == "language" else str(value)
