"""A question as it is shown to whom it is asked: the same view as in the message that brought it."""

from commitments.facts import Reason
from commitments.questions import Question
from commitments.sentences import Shelf, find_quote
from commitments.vocabulary import (
    STANDING_OF,
    CommitmentState,
    FollowUpKind,
    NotificationKind,
    ReasonCode,
    StandingState,
)
from notifications.items import describe_item
from notifications.messages import Ground, Item
from notifications.names import Names, choose_promise, choose_words, find_words, tell_report
from notifications.reasons import Why
from notifications.views import ItemView
from notifications.wording import Words

QUOTE_LIMIT = 2000


def describe_question(words: Words, question: Question, names: Names, shelf: Shelf | None = None) -> ItemView:
    """What was promised to whom, by when, how it stands today and why, and what is expected.

    With a `shelf`, also the sentence that the register does not keep and a document there does.
    """
    return describe_item(words, build_item(question, names, shelf), QUOTE_LIMIT, with_hints=False)


def build_item(question: Question, names: Names, shelf: Shelf | None = None) -> Item:
    """The question as an item of a message, as it stands today."""
    language = question.person.language
    asked, promise, step = question.follow_up, question.commitment, question.milestone
    title = choose_words(question.agreement.title, language) if question.agreement is not None else ""
    sentence, summary, is_quote = title, None, False
    if promise is not None:
        quoted = find_quote(shelf, promise, question.agreement.sources) if shelf is not None else None
        sentence, summary, is_quote = choose_promise(promise, language, quoted.genuine if quoted is not None else None)
    part = question.matter.partition("#")[2]
    turn = question.party_id
    kind = FollowUpKind(asked.kind) if asked is not None else None
    state, reason = _find_state(question, kind)
    return Item(
        NotificationKind.REMINDER if asked is None else NotificationKind.FOLLOW_UP,
        question.agreement.reference if question.agreement is not None else "",
        title,
        question.matter,
        question.matter_kind,
        sentence or title,
        is_quote,
        (find_words(step.titles, language) or step.title) if step is not None else part or None,
        tuple(names.name_party(other, language) for other in question.counterparts),
        state,
        Reason(reason.code, names.name_numbers(reason.numbers, language)),
        Ground(Why.OPENED, {}),
        kind,
        asked.key if asked is not None else None,
        question.standing.deadline if question.standing is not None else None,
        asked.due_on if asked is not None and question.is_open else None,
        party=names.name_party(turn, language) if turn is not None else None,
        summary=summary,
        jointly=tuple(names.name_party(one, language) for one, _ in question.owners)
        if len(question.owners) > 1
        else (),
        due=(step if step is not None else promise).due if promise is not None else None,
        report=tell_report(question.to_confirm, names, language) if _still_holds(question) else None,
        is_late=question.is_late,
    )


def _still_holds(question: Question) -> bool:
    """Whether what was reported is to be confirmed, or was; what was sent back is open again."""
    if question.to_confirm is None or question.is_open:
        return question.to_confirm is not None
    return bool(question.commitment.state != CommitmentState.ACTIVE)


def _find_state(question: Question, kind: FollowUpKind | None) -> tuple[StandingState, Reason]:
    """How it stands today; a matter without a standing stands as its follow-up found it."""
    asked = question.follow_up
    by_itself = kind in (FollowUpKind.CONFIRMATION_ASKED, FollowUpKind.MESSAGE_FAILED, FollowUpKind.UNOWNED)
    if question.standing is not None and not (by_itself and question.is_open):
        return question.standing.state, question.standing.reason
    if asked is None or kind is None:
        return StandingState.ON_TRACK, Reason(ReasonCode.ALIVE, {})
    return STANDING_OF[kind], Reason(ReasonCode(asked.reason["code"]), asked.reason["numbers"])
