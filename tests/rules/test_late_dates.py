"""Which dates are remarked for being later than what they belong to."""

from commitments.late_dates import Than, find_end, judge_date, judge_plain
from tests.rules.cases import table


@table(
    ("a step on the day of its promise is in time", "2027-06-30", "2027-06-30", None, None),
    ("a step on the day after it is late", "2027-07-01", "2027-06-30", None, Than.COMMITMENT),
    ("a step within the year that its promise names is in time", "2027-12-31", "2027", None, None),
    ("a step known only by its year may still be in time", "2027", "2027-06-30", None, None),
    ("a step in a later year is late", "2028", "2027-06-30", None, Than.COMMITMENT),
    ("a step of a promise without a date is held against the agreement's end", "2028", None, "2027-12", Than.AGREEMENT),
    ("what is later than both is told of its promise, which is nearer", "2030", "2027", "2028", Than.COMMITMENT),
    ("without any end nothing is late", "2099", None, None, None),
    ("what has no date is not late", None, "2027", "2027", None),
)  # fmt: skip
def test_a_date_is_held_against_what_it_belongs_to(due, promised, end, than):
    late = judge_date("The map", due, promised, end)
    assert (late.than if late is not None else None) == than


@table(
    ("an agreement ends when it expires", "2027", None, None, "2027"),
    ("one that renews itself does not", "2027", "automatic", None, None),
    ("but one that was ended has", "2027", "automatic", "2026-05", "2026-05"),
    ("one that is renewed by a new signature ends if it is not", "2027", "by_agreement", None, "2027"),
)
def test_when_an_agreement_ends_for_good(expires, rule, ended, end):
    assert find_end(expires, rule, ended) == end


def test_a_plan_is_confirmed_before_its_agreement_ends_and_its_steps_may_come_after_that():
    plan = {"summary": "Set up a pavilion", "confirm_by": "2028", "milestones": [{"title": "Rent it", "due": "2026"}]}
    plan["milestones"].append({"title": "Open it", "due": "2029"})
    assert [one.title for one in judge_plain({"commitments": [plan]})] == []
    late = [(one.title, one.than) for one in judge_plain({"expires": "2027", "commitments": [plan]})]
    assert late == [("Set up a pavilion", Than.AGREEMENT), ("Open it", Than.AGREEMENT)]
