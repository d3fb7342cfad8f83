"""What keeps a form from being written, and the page that comes back then: the same form, saying so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi.responses import Response

from commitments.answers import AnswerRefused, Fault, NotOneSides
from commitments.errors import RefusedChange
from commitments.filling import Flawed, Flaws
from commitments.people import ContactFault, ContactRefused
from commitments.sketch_flaws import Flaw
from commitments.terms import Undrawn
from notifications.wording import Words
from portal.oversteps import NotTheirs, Overstep
from portal.pages import say_changed


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was written: what was filled in has flaws, or the matter has changed since it was shown."""

    flaws: Flaws = ()
    undrawn: Sequence[Flaw] = ()
    """Flaws of a form that is filled in like the steps for registering."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """What is wrong in words, by field, of a form that has words of its own for it."""
    lacks: Sequence[Fault] = ()
    """What an answer lacks."""
    misfits: Sequence[ContactFault] = ()
    """What is wrong with a contact."""
    oversteps: Sequence[Overstep] = ()
    """What is not theirs to change."""
    is_anothers: bool = False
    """Whether it is not for one side alone to say."""
    has_changed: bool = False

    @property
    def status(self) -> int:
        wrong = self.flaws or self.undrawn or self.faults or self.lacks or self.misfits or self.oversteps
        return 409 if self.has_changed or self.is_anothers else 422 if wrong else 200

    def say(self, words: Words) -> str:
        """What stands above the form; flaws stand at their fields."""
        return say_changed(words) if self.has_changed else ""

    def say_kept(self, words: Words) -> str:
        """The same above a form that keeps what was typed beside what stands now."""
        return say_kept(words) if self.has_changed else ""


NOT_REFUSED = Refusal()
"""As a form is shown at first."""


def write_or_show(write: Callable[[], Response], show: Callable[[Refusal], Response]) -> Response:
    """Write what a form says and lead on, or show the form again with why not."""
    try:
        return write()
    except Flawed as refused:
        return show(Refusal(refused.flaws))
    except Undrawn as refused:
        return show(Refusal(undrawn=refused.flaws))
    except AnswerRefused as refused:
        return show(Refusal(lacks=refused.faults))
    except ContactRefused as refused:
        return show(Refusal(misfits=refused.faults))
    except NotTheirs as refused:
        return show(Refusal(oversteps=refused.oversteps))
    except NotOneSides:
        return show(Refusal(is_anothers=True))
    except RefusedChange:
        return show(Refusal(has_changed=True))


def say_kept(words: Words) -> str:
    return words.gettext(
        "Nothing was recorded, because this has changed meanwhile. What you typed is still here, and where it differs "
        "from how it stands now, that is said beside it."
    )
