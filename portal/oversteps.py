"""What somebody may not change, as it is told to them: why, where, and what was found there."""

from dataclasses import dataclass
from enum import StrEnum

from commitments.errors import Problem, TallyError


class Limit(StrEnum):
    """Why somebody may not change something."""

    AGREEMENT_OF_OTHERS = "agreement_of_others"
    OWN_PARTY_MISSING = "own_party_missing"
    PARTY_OF_OTHERS = "party_of_others"
    PERSON_OF_OTHERS = "person_of_others"
    OWNERS_ONLY = "owners_only"
    TIE_OF_OTHERS = "tie_of_others"
    SAID_BY_OTHERS = "said_by_others"
    OWED_BY_OTHERS = "owed_by_others"
    CONFIRMED_BY_FILE = "confirmed_by_file"
    KEPT_BY_FILE = "kept_by_file"
    MEASURED_BY_OTHERS = "measured_by_others"
    STEP_SAID_BY_OTHERS = "step_said_by_others"
    STEP_OF_OTHERS = "step_of_others"
    WHO_OWES = "who_owes"
    OWNER_OF_OTHERS = "owner_of_others"
    PLACE_OF_OTHERS = "place_of_others"
    ADMINISTRATORS_ADDRESS = "administrators_address"
    OPERATORS_ROLE = "operators_role"
    ADDRESS_OF_ANOTHER_SIDE = "address_of_another_side"
    DEPUTY_OF_ANOTHER_SIDE = "deputy_of_another_side"
    WORD_OF_ANOTHER_SIDE = "word_of_another_side"
    LAST_COORDINATOR = "last_coordinator"


@dataclass(frozen=True, slots=True)
class Overstep:
    """One change that is not this person's to make; with the table and column, and what was found, where one is."""

    limit: Limit
    reference: str
    subject: str = ""
    column: str = ""
    found: str = ""
    place: Problem | None = None
    """Where it stands in the file that was brought, where it stands at one place."""


class NotTheirs(TallyError):
    """A difference holds changes that whoever brought it may not make; carries each."""

    def __init__(self, oversteps: tuple[Overstep, ...]) -> None:
        self.oversteps = oversteps
        super().__init__("\n".join(f"{one.limit}: {one.reference}" for one in oversteps))
