"""A house sets rules for all, an agreement its own; what is not said stays as it was."""

from datetime import time

import pytest

from commitments.policy import Policy, adapt_policy, find_lead_days, is_always_sent
from commitments.vocabulary import ConfirmedBy, MatterKind, Rhythm
from tests.rules.cases import table

USUAL = Policy()


@table(
    ("no rules change nothing", {}, {}),
    ("a rule takes the place of the usual one", {"silence_amber_months": 6}, {"silence_amber_months": 6}),
    ("lead days are put in order, each once", {"lead_days": [7, 60, 7, 0]}, {"lead_days": (60, 7, 0)}),
    ("no lead days mean no reminders", {"lead_days": []}, {"lead_days": ()}),
    ("so are those of an agreement's own dates", {"agreement_lead_days": [7, 400]}, {"agreement_lead_days": (400, 7)}),
    ("the ladder keeps its order", {"escalation_working_days": [0, 2, 4]}, {"escalation_working_days": (0, 2, 4)}),
    ("the hour is read from text", {"send_at": "07:30"}, {"send_at": time(7, 30)}),
    ("who confirms is read from text", {"confirmed_by": "nobody"}, {"confirmed_by": ConfirmedBy.NOBODY}),
    ("so are quiet hours", {"quiet_from": "21:00", "quiet_to": "06:30"},
     {"quiet_from": time(21), "quiet_to": time(6, 30)}),
    ("a rhythm is one of those that there are", {"digest_rhythm": "monthly"}, {"digest_rhythm": Rhythm.MONTHLY}),
    ("nothing stands for the usual rule", {"silence_amber_months": None, "lead_days": None}, {}),
    ("an unknown rule is passed over", {"colour": "red", "dormancy_months": 36}, {"dormancy_months": 36}),
    ("nought is a rule, not nothing", {"answer_working_days": 0}, {"answer_working_days": 0}),
)  # fmt: skip
def test_rules_adapt(rules, changed):
    adapted = adapt_policy(USUAL, rules)
    for name in Policy.__slots__:
        assert getattr(adapted, name) == changed.get(name, getattr(USUAL, name)), name


def test_an_agreement_s_rules_stand_on_those_of_the_house():
    house = adapt_policy(USUAL, {"silence_amber_months": 6, "dormancy_months": 36})
    own = adapt_policy(house, {"silence_amber_months": 3})
    assert (own.silence_amber_months, own.dormancy_months) == (3, 36)


def test_the_usual_policy_is_the_one_that_is_promised():
    assert USUAL.lead_days == (30, 14, 7, 1, 0)
    assert USUAL.agreement_lead_days == (365, 180, 90, 30, 14, 7, 1, 0)
    assert (USUAL.escalation_near_days, USUAL.about_tolerance_percent) == (30, 10)
    assert USUAL.send_at == time(8)
    assert (USUAL.answer_working_days, USUAL.quiet_after_answer_days) == (10, 30)
    assert (USUAL.expiry_lead_days, USUAL.notice_lead_days, USUAL.report_lead_days) == (365, 90, 180)
    assert USUAL.escalation_working_days[0] == 0, "the owner is told at once"
    assert USUAL.digest_weekday == 0, "Monday"
    assert USUAL.confirmed_by is ConfirmedBy.OTHER_PARTIES, "each side keeps half of the tally"
    assert (USUAL.digest_rhythm, USUAL.summary_rhythm, USUAL.summary_day) == ("weekly", "monthly", 1)
    assert (USUAL.quiet_from, USUAL.quiet_to, USUAL.quiet_rest_days) == (time(20), time(7), True)
    assert (USUAL.silence_amber_months, USUAL.silence_red_months) == (12, 24)
    assert len(USUAL.escalation_working_days) == len(("owner", "deputy", "coordinator", "leaders"))
    assert list(USUAL.escalation_working_days) == sorted(USUAL.escalation_working_days)


FAR = {"agreement_lead_days": (400, 60, 0), "expiry_lead_days": 365, "notice_lead_days": 90, "report_lead_days": 60}


@table(
    ("a commitment has the leads of every date", MatterKind.COMMITMENT, {}, (30, 14, 7, 1, 0)),
    ("so has a milestone", MatterKind.MILESTONE, FAR, (30, 14, 7, 1, 0)),
    ("an expiry is told when it shows as coming, and then by the leads that lie nearer", MatterKind.EXPIRY, FAR,
     (365, 60, 0)),
    ("usually a year before", MatterKind.EXPIRY, {}, (365, 180, 90, 30, 14, 7, 1, 0)),
    ("a notice opens a follow-up then, and reminders come after", MatterKind.NOTICE, {}, (30, 14, 7, 1, 0)),
    ("a renewal is as near as a notice", MatterKind.RENEWAL, FAR, (60, 0)),
    ("a report has no lead on the day on which its follow-up opens", MatterKind.REPORT, FAR, (0,)),
    ("usually it is reminded of from ninety days on", MatterKind.REPORT, {}, (90, 30, 14, 7, 1, 0)),
    ("without leads an agreement's dates are not reminded of", MatterKind.EXPIRY, {"agreement_lead_days": ()}, ()),
)  # fmt: skip
def test_the_leads_of_a_date(kind, rules, leads):
    assert find_lead_days(Policy(**rules), kind) == leads


@table(
    ("a notice usually is", {}, "notice", 0, True),
    ("a promise is not", {}, "commitment", 0, False),
    ("but where the rules name its kind", {"always_sent": ("commitment",)}, "commitment", 0, True),
    ("a final call is where the rules name it", {"always_sent": ("final",)}, "commitment", 3, True),
    ("a rung below it is not", {"always_sent": ("final",)}, "commitment", 2, False),
    ("usually no rung is", {}, "commitment", 3, False),
    ("the last rung of a shorter ladder is its final call",
     {"always_sent": ("final",), "escalation_working_days": (0, 5)}, "commitment", 1, True),
    ("a ladder of one rung has none", {"always_sent": ("final",), "escalation_working_days": (0,)}, "commitment", 0,
     False),
)  # fmt: skip
def test_what_is_always_sent(rules, kind, rung, always):
    assert is_always_sent(Policy(**rules), kind, rung) is always


def test_a_policy_cannot_be_changed_where_it_is():
    with pytest.raises(AttributeError):
        USUAL.dormancy_months = 1
