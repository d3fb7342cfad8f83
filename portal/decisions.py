"""What is asked, as its card in the frame has it: with the pages of what it is about, and of what is to be decided."""

from commitments.questions import Question
from commitments.vocabulary import Answer, CommitmentKind, MatterKind
from notifications.views import LinkView
from notifications.wording import Words
from portal.paging import write_address
from portal.roles import Permission, Viewer

_DATES_OF_AGREEMENTS = (MatterKind.DORMANCY, MatterKind.EXPIRY, MatterKind.NOTICE, MatterKind.RENEWAL)


def link_matter(question: Question) -> str:
    """The page of what a question is about; empty where that is no agreement."""
    if question.agreement is None:
        return ""
    link = f"/agreements/{question.agreement.reference}"
    return link if question.commitment is None else f"{link}/commitments/{question.commitment.reference}"


def list_decisions(words: Words, viewer: Viewer, question: Question, *, begins: bool = False) -> list[LinkView]:
    """The pages on which is decided what no answer decides: what becomes of a plan, or of an agreement that is dormant
    or near its end, or who there is to be named. `begins`: they may add the first people of the party asked about."""
    if question.is_open and question.lacks_owner and viewer.may(Permission.HAND_OVER):
        add = write_address("/add-person", {"party": question.party or ""})
        adds = begins or viewer.speaks_for(question.party_id)
        named = [LinkView(words.gettext("Add a person"), add, "")] if adds else []
    else:
        named = []
    if not question.is_open or question.agreement is None or question.party_id not in (None, *viewer.parties):
        return named
    address, decides = link_matter(question), viewer.may(Permission.AMEND)
    if question.commitment is None and question.matter_kind in _DATES_OF_AGREEMENTS:
        ways = []
        if question.matter_kind is MatterKind.DORMANCY and viewer.may(Permission.RECORD):
            record = write_address("/record", {"agreement": question.agreement.reference})
            ways.append(LinkView(words.gettext("Record what happened"), record, ""))
        return ways + (
            [LinkView(words.gettext("Change or end the agreement"), f"{address}/edit", "")] if decides else []
        )
    is_plan = question.commitment is not None and question.commitment.kind == CommitmentKind.PLANNED
    answers = question.list_answers()
    if not (is_plan and decides and question.matter_kind is MatterKind.COMMITMENT) or Answer.DROP in answers:
        return named
    return [
        *named,
        LinkView(words.gettext("Confirm it by another day"), f"{address}/date", ""),
        LinkView(words.gettext("Make it a firm commitment"), f"{address}/kind", ""),
        LinkView(words.gettext("Drop the plan"), f"{address}/decide/withdraw", ""),
    ]
