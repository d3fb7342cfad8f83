"""The rules of an agreement in words, one by one: what each was, and what it is since."""

from collections.abc import Iterator, Mapping
from typing import Any

from babel.dates import get_day_names

from commitments.policy import FINAL
from commitments.vocabulary import ChannelKind, ConfirmedBy, MatterKind, Rhythm
from notifications.phrases import N_
from notifications.wording import Words
from portal.difference_words import name_column_of
from portal.policy_views import CONFIRMED_BY, name_language, name_number

_LABELS = {
    "language": N_("Language of its messages"),
    "channels": N_("Channels in the order in which they are tried"),
}
"""What a rule is called where the column of a row of the same name is something else."""
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
            own = words.gettext(_LABELS[name]) if name in _LABELS else name_column_of(words, name)
            label = name_number(words, name) or own
            yield label, _say(words, name, old.get(name)), _say(words, name, new.get(name))


def _say(words: Words, name: str, value: Any) -> str:
    if value is None:
        return words.gettext("as the house has it")
    if isinstance(value, list | tuple):
        parts = [_say_one(words, name, one) for one in value]
        return ", ".join(parts) if name_number(words, name) else words.join(parts)
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
