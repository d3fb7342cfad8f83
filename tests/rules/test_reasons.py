"""Which differences that a file makes need a reason: those for which a form asks one."""

from commitments.changes import Change
from commitments.difference import Imported
from commitments.file_reasons import list_unexplained
from tests.rules.cases import table

PAIR = ("before", "after")


def new(subject: str, reference: str) -> Change:
    return Change("registered", subject, 1, f"pact/{reference}", 1, {"reference": (None, reference)})


def amended(subject: str, *columns: str, **pairs: tuple[object, object]) -> Change:
    return Change("amended", subject, 1, "pact/map/draft", 1, dict.fromkeys(columns, PAIR) | pairs)


PROMISE, STEP = new("commitment", "map"), new("milestone", "map/draft")


@table(
    ("another date", [amended("commitment", "due")], True),
    ("a commitment that is waived", [amended("commitment", "state", "state_on")], True),
    ("other words", [amended("commitment", "summary")], True),
    ("another owner", [amended("commitment_owner", "contact")], True),
    ("another end of the agreement", [amended("agreement", "expires")], True),
    ("a document", [amended("agreement", "sources")], True),
    ("other rules", [new("policy", "rules")], True),
    ("another role of a party", [amended("agreement_party", "role")], True),
    ("a party that joins", [new("agreement_party", "east")], True),
    ("a milestone with another date", [amended("milestone", "due")], True),
    ("a milestone that is waived", [amended("milestone", state=("scheduled", "waived"))], True),
    ("a milestone that was met needs none", [amended("milestone", "met_on", state=("scheduled", "met"))], False),
    ("a milestone for a commitment on record", [STEP], True),
    ("a new commitment needs none, nor do its parts", [PROMISE, STEP, new("commitment_owner", "map/leeds")], False),
    ("an activity that happened needs none", [new("activity", "visit"), new("activity_commitment", "visit/pact/map")],
     False),
    ("an activity on record that counts for one more", [new("activity_commitment", "visit/pact/map")], True),
    ("an activity on record with another day", [amended("activity", "held_on")], True),
    ("a measurement needs none", [new("measurement", "map/m")], False),
    ("a measurement on record with another value", [amended("measurement", "value")], True),
    ("a report needs none", [new("progress_report", "map/r")], False),
    ("evidence needs none", [new("evidence", "map/e")], False),
    ("a person needs none", [new("contact", "ann"), amended("contact", "name", "channels")], False),
    ("the end of an office", [amended("contact", "valid_to")], True),
    ("the order of the file", [amended("commitment", "position")], False),
    ("what only keeps what a file says", [amended("commitment", "filed_due")], False),
    ("one among many is enough", [new("evidence", "map/e"), amended("commitment", "due")], True),
    ("nothing", [], False),
)  # fmt: skip
def test_a_reason_is_asked_where_a_form_asks_one(changes, asked):
    assert bool(list_unexplained(Imported("pact", False, tuple(changes), ()))) is asked
    ends = [one for one in changes if one.subject == "contact" and "valid_to" in one.changes]
    found = list_unexplained(Imported("pact", True, tuple(changes), ()))
    assert list(found) == ends, "a new agreement says itself why, but for the end of an office on record"
