"""A promise that waits for another side's word: since when, who is asked there, and what can be done meanwhile."""

from collections.abc import Collection
from datetime import date
from typing import Any

from commitments.vocabulary import CommitmentState, ConfirmationState, FollowUpKind
from notifications.names import Names
from notifications.views import clean_text
from notifications.wording import Words
from portal.agreement_facts import Details
from portal.roles import Permission, Role, Viewer


def tell_awaited(
    words: Words, names: Names, viewer: Viewer, row: Any, details: Details, sides: Collection[int], today: date
) -> list[str]:
    """Of each other side that was asked and has not answered, since when and whom; to a coordinator what they can do.

    Nothing is confirmed by silence (docs/decisions/0026): it stands as unconfirmed until somebody does something.
    """
    if row.state != CommitmentState.FULFILLED:
        return []
    asked = {
        one.party_id: one
        for one in details.confirmations
        if one.state == ConfirmationState.ASKED and one.party_id not in sides
    }
    told = [_tell_side(words, names, one, details, today) for one in asked.values()]
    if told and viewer.may(Permission.AMEND):
        told.append(
            words.gettext(
                "It stands as unconfirmed until there is an answer. To ask again at once, withdraw the report below "
                "and report it anew. Who else is to answer there is named by that party's coordinator, or by the "
                "administrator."
            )
        )
    if told and viewer.may(Permission.SET_POLICY):
        told.append(
            words.gettext(
                "If fewer are to confirm under this agreement, propose it to the other side on its rules: once they "
                "have accepted it, it holds for what is reported anew."
            )
            if viewer.role is not Role.ADMINISTRATOR
            else words.gettext(
                "If both sides want fewer to confirm under this agreement, set it on its rules: it holds for what is "
                "reported anew."
            )
        )
    return told


def _tell_side(words: Words, names: Names, asked: Any, details: Details, today: date) -> str:
    waiting = (
        one.assignee_id
        for one in details.open
        if one.kind == FollowUpKind.CONFIRMATION_ASKED and one.party_id == asked.party_id
    )
    person = names.contacts.get(next(waiting, None) or 0, (None, None))[0]
    said = {
        "party": clean_text(names.name_party(asked.party_id, words.tag)),
        "day": words.format_day(asked.asked_on),
        "ago": words.format_ago((today - asked.asked_on).days),
        "name": clean_text(person or ""),
    }
    if person is None:
        return words.gettext("%(party)s was asked on %(day)s to confirm it; nobody is asked there now.") % said
    return words.gettext("%(party)s was asked on %(day)s to confirm it, %(ago)s; %(name)s is asked there.") % said
