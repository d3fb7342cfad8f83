"""The subject line: the most urgent thing, and how many there are."""

from collections.abc import Sequence

from commitments.vocabulary import OPERATOR_KINDS, FollowUpKind, NotificationKind
from notifications.items import is_about_promise, title_item
from notifications.messages import Item, Message
from notifications.overviews import count_agreements
from notifications.reasons import Why
from notifications.views import SUBJECT_LIMIT, clean_text, shorten_text, shorten_title
from notifications.wording import Words

_REASON_LIMIT = 120
"""Of what an operator is told: its end, as a number of hours, matters as much as its beginning."""


def write_subject(words: Words, message: Message) -> str:
    """The most urgent thing, and how many there are."""
    if message.sign_in is not None:
        return words.gettext("Your link to sign in")
    overview = message.digest or message.summary
    if not message.items:
        if overview is None:
            return words.gettext("Nothing waits for you")
        agreements, attention = count_agreements(words, overview.agreements)
        name = _begin(words, _name_overview(words, message))
        subject = words.gettext("%(name)s: %(agreements)s, %(attention)s") % {
            "name": name, "agreements": agreements, "attention": attention,
        }  # fmt: skip
        return clean_text(shorten_text(subject, SUBJECT_LIMIT))
    lead, told = _write_lead(words, message)
    rest = len(message.items) + message.more - told
    if rest:
        lead = words.ngettext("%(lead)s — and %(count)s more", "%(lead)s — and %(count)s more", rest) % {
            "lead": lead,
            "count": rest,
        }
    if overview is not None:
        lead = words.gettext("%(lead)s · %(name)s") % {"lead": lead, "name": _name_overview(words, message)}
    return clean_text(shorten_text(lead, SUBJECT_LIMIT))


def _name_overview(words: Words, message: Message) -> str:
    if message.digest is not None:
        return words.gettext("Your overview") if message.digest.is_long else words.gettext("Your week")
    return words.format_month(message.summary.month if message.summary is not None else message.day)


def _begin(words: Words, said: str) -> str:
    """Words of ours with a capital letter, as a line begins: many languages write their months small."""
    first = "İ" if words.locale.language == "tr" and said[:1] == "i" else said[:1].upper()
    return first + said[1:]


def _write_lead(words: Words, message: Message) -> tuple[str, int]:
    """What the subject begins with, and how many items that tells of."""
    first = message.items[0]
    if first.kind is NotificationKind.FOLLOW_UP:
        asked = [item for item in message.items if item.kind is NotificationKind.FOLLOW_UP]
        if len(asked) > 1:
            return _count_questions(words, asked), len(asked)
    if first.follow_up_kind in OPERATOR_KINDS or first.follow_up_kind is FollowUpKind.DRAFT_WAITING:
        reason = shorten_text(clean_text(words.describe_reason(first.reason)), _REASON_LIMIT)
        return words.gettext("%(name)s: %(title)s") % {"name": title_item(words, first), "title": reason}, 1
    title = _name_matter(words, first)
    if first.ground.code is Why.SENT_BACK:
        return words.gettext("Your report was sent back: %(title)s") % {"title": title}, 1
    if first.kind is NotificationKind.CONFIRMATION:
        return words.gettext("Please confirm: %(title)s") % {"title": title}, 1
    if first.ground.code is Why.HANDED_ON:
        return words.gettext("Handed over to somebody else: %(title)s") % {"title": title}, 1
    if first.ground.code is Why.REGISTERED:
        agreement = shorten_title(clean_text(first.agreement_title)).rstrip(".。")
        return words.gettext("Registered with your party: %(title)s") % {"title": agreement}, len(message.items)
    if first.ground.code is Why.PROPOSED:
        agreement = shorten_title(clean_text(first.agreement_title)).rstrip(".。")
        return words.gettext("Named for your side, waiting for your yes: %(title)s") % {"title": agreement}, len(
            message.items
        )
    if first.kind is NotificationKind.HAND_OVER:
        return words.gettext("Handed over to you: %(title)s") % {"title": title}, 1
    if first.kind is NotificationKind.ESCALATION:
        return words.gettext("Still unanswered: %(title)s") % {"title": title}, 1
    if first.follow_up_kind is not None and first.kind is not NotificationKind.REMINDER:
        if first.follow_up_kind is FollowUpKind.MESSAGE_FAILED:
            return title, 1
        name, title = words.name_follow_up(first.follow_up_kind), _name_agreement_or_promise(words, first)
        return words.gettext("%(name)s: %(title)s") % {"name": name, "title": title}, 1
    title = _name_agreement_or_promise(words, first)
    if first.due_on is None:
        return words.gettext("Coming up: %(title)s") % {"title": title}, 1
    if first.due_on < message.day:
        name = words.name_standing(first.standing) if is_about_promise(first) else words.name(first.matter_kind)
        return words.gettext("%(name)s: %(title)s") % {"name": name, "title": title}, 1
    ahead = words.format_ahead((first.due_on - message.day).days)
    if not is_about_promise(first):
        matter = words.name(first.matter_kind)
        return words.gettext("%(matter)s %(ahead)s: %(title)s") % {"matter": matter, "ahead": ahead, "title": title}, 1
    return words.gettext("Due %(ahead)s: %(title)s") % {"ahead": ahead, "title": title}, 1


def _name_agreement_or_promise(words: Words, item: Item) -> str:
    """What it is about, where the kind of question or date is said already."""
    title = title_item(words, item) if is_about_promise(item) else clean_text(item.agreement_title)
    return shorten_title(title).rstrip(".。")


def _name_matter(words: Words, item: Item) -> str:
    """What it is about, by itself: of an agreement's own date or silence with the name of the agreement."""
    agreement = _name_agreement_or_promise(words, item)
    if is_about_promise(item):
        return agreement
    if item.follow_up_kind is FollowUpKind.MESSAGE_FAILED:
        return shorten_title(title_item(words, item))
    return words.gettext("%(name)s (%(party)s)") % {"name": title_item(words, item), "party": agreement}


def _count_questions(words: Words, asked: Sequence[Item]) -> str:
    if all(is_about_promise(item) for item in asked):
        return words.ngettext(
            "%(count)s commitment needs an answer from you", "%(count)s commitments need an answer from you", len(asked)
        ) % {"count": len(asked)}
    return words.ngettext(
        "%(count)s matter needs an answer from you", "%(count)s matters need an answer from you", len(asked)
    ) % {"count": len(asked)}
