"""Taking back what was recorded by mistake: one page for whatever it is, what follows from it, and the reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from commitments.database import open_reading, open_unit
from commitments.errors import NotFound
from commitments.log import Author
from notifications.views import clean_text
from portal.acting import Acted, is_taken, lead_to, show_act, sign, today_of
from portal.flaws import mark_fields
from portal.forms import Sent
from portal.frame import find_words
from portal.house import House
from portal.pages import FormView
from portal.record_views import describe_why
from portal.refusals import NOT_REFUSED, Refusal, write_or_show
from portal.roles import Viewer


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What may be taken back, as its page says it."""

    title: str
    action: str
    """Where the form goes."""
    name: str
    explained: str
    agreement: Any
    acted: Acted | None = None
    follows: tuple[str, ...] = ()
    ready: bool = True
    """Whether it can be taken back; else `state` says why not."""
    state: str = ""


def show_withdrawal(
    request: Request, viewer: Viewer, withdrawal: Withdrawal, refusal: Refusal = NOT_REFUSED
) -> Response:
    """What taking it back means, and the form for it."""
    words = find_words(viewer)
    reason = describe_why(words, "", label=words.gettext("Why it is withdrawn"))
    form = FormView(
        withdrawal.action,
        clean_text(withdrawal.name),
        withdrawal.explained,
        words.gettext("Withdraw"),
        mark_fields(words, (reason,), refusal.flaws),
        look="danger",
    )
    forms: Sequence[FormView] = [form] if withdrawal.ready else []
    return show_act(
        request,
        viewer,
        withdrawal.title,
        agreement=withdrawal.agreement,
        acted=withdrawal.acted,
        forms=forms,
        follows=withdrawal.follows,
        state=refusal.say(words) or withdrawal.state,
        refusal=refusal,
    )


def withdraw_or_show(
    viewer: Viewer,
    house: House,
    sent: Sent,
    write: Callable[[Connection, Author, date], object],
    address: str,
    done: str,
    show: Callable[[Refusal], Response],
) -> Response:
    """Take it back with the reason in the form, and lead to the page that says so; what is gone is not found, unless an
    earlier press of the button of this very form has taken it back."""

    def withdraw() -> Response:
        with open_unit(house.engine) as unit:
            write(unit, sign(viewer, house, sent.text("why"), sent), today_of(viewer, house))
        return lead_to(address, done)

    try:
        return write_or_show(withdraw, show)
    except (NotFound, HTTPException):
        with open_reading(house.engine) as reading:
            if is_taken(reading, viewer, sent):
                return lead_to(address, done)
        raise HTTPException(404) from None
