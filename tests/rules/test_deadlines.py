"""An agreement's own dates: term, notice, renewal, reports, and whether anything happens under it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commitments.dates import add_days, add_months, move_end, parse_date
from commitments.deadlines import (
    assess_deadlines,
    derive_state,
    find_report_cycles,
)
from commitments.facts import Kept, PartyPlace
from commitments.policy import Policy
from commitments.renewals import find_expiry, find_notice_deadline
from commitments.vocabulary import (
    AgreementState,
    MatterKind,
    PartyRole,
    ReasonCode,
    RenewalRule,
    StandingState,
)
from tests.effort import try_examples
from tests.rules.cases import DAYS, HANGZHOU, LEEDS, column, day, pact, partial, promise, situations, table

ON_TRACK, DUE_SOON, OVERDUE = StandingState.ON_TRACK, StandingState.DUE_SOON, StandingState.OVERDUE
SILENT = StandingState.SILENT
AUTOMATIC = {"renewal_rule": RenewalRule.AUTOMATIC}
YEAR_BY_YEAR = {**AUTOMATIC, "renewal_months": 12, "expires": "2020-12-31"}
UCCN = {"designated": "2014-12", "reporting_cycle_years": 4, "registered_on": "2015-01-01"}
SIGNED = {
    "parties": (
        PartyPlace(LEEDS, "leeds", PartyRole.PARTY, partial("2018-05-20")),
        PartyPlace(HANGZHOU, "hangzhou", PartyRole.PARTY, partial("2018-06")),
    )
}


@table(
    ("without any date it is proposed", {}, AgreementState.PROPOSED),
    ("with signatories it is signed, even without a date", {"has_signatories": True}, AgreementState.SIGNED),
    ("after the first signature it is signed", SIGNED, AgreementState.SIGNED),
    ("before the day on which it takes effect it is signed if somebody signed",
     {"effective": "2026-03-03", **SIGNED}, AgreementState.SIGNED),
    ("or is named as signatory", {"effective": "2026-03-03", "has_signatories": True}, AgreementState.SIGNED),
    ("and else proposed, as no signature is known", {"effective": "2026-03-03"}, AgreementState.PROPOSED),
    ("on the day on which it takes effect it is in force", {"effective": "2026-03-02"}, AgreementState.IN_FORCE),
    ("one that takes effect some day in March is in force from the first",
     {"effective": "2026-03"}, AgreementState.IN_FORCE),
    ("a designation puts a membership in force", {"designated": "2014"}, AgreementState.IN_FORCE),
    ("on its last day it is in force", {"effective": "2018", "expires": "2026-03-02"}, AgreementState.IN_FORCE),
    ("the day after it is expired", {"effective": "2018", "expires": "2026-03-01"}, AgreementState.EXPIRED),
    ("one that expires in 2026 is in force in March 2026",
     {"effective": "2018", "expires": "2026"}, AgreementState.IN_FORCE),
    ("one that renews itself stays in force", {"effective": "2018", **YEAR_BY_YEAR}, AgreementState.IN_FORCE),
    ("one that was ended is ended", {"effective": "2018", "ended": "2026-03-02"}, AgreementState.ENDED),
    ("one that is to end tomorrow is in force",
     {"effective": "2018", "ended": "2026-03-03"}, AgreementState.IN_FORCE),
    ("one that was ended before it expired is ended", {"expires": "2020", "ended": "2019"}, AgreementState.ENDED),
)  # fmt: skip
def test_the_state(dates, state):
    assert derive_state(pact(**dates), day("2026-03-02")) is state


def test_a_signature_of_tomorrow_signs_nothing_today():
    assert derive_state(pact(**SIGNED), day("2018-05-19")) is AgreementState.PROPOSED
    assert derive_state(pact(**SIGNED), day("2018-05-20")) is AgreementState.SIGNED
    in_june = {"parties": SIGNED["parties"][1:]}
    assert derive_state(pact(**in_june), day("2018-06-01")) is AgreementState.SIGNED


@table(
    ("a term ends on its stated day", {"expires": "2027-06-30"}, "2026-03-02", "2027-06-30"),
    ("a term that ends in 2027 ends with the year", {"expires": "2027"}, "2026-03-02", "2027-12-31"),
    ("a term that is over stays over", {"expires": "2020-12-31"}, "2026-03-02", "2020-12-31"),
    ("the first term of one that renews itself ends on its day", YEAR_BY_YEAR, "2020-12-31", "2020-12-31"),
    ("it then renews itself for a year", YEAR_BY_YEAR, "2021-01-01", "2021-12-31"),
    ("and again every year", YEAR_BY_YEAR, "2026-03-02", "2026-12-31"),
    ("for five years at a time if so stated", {**YEAR_BY_YEAR, "renewal_months": 60}, "2026-03-02", "2030-12-31"),
    ("for a year if nothing is stated", {**AUTOMATIC, "expires": "2020-06-30"}, "2026-03-02", "2026-06-30"),
    ("a term since 29 February ends on the 28th in other years",
     {**AUTOMATIC, "expires": "2024-02-29"}, "2025-02-28", "2025-02-28"),
    ("and the next one begins the day after", {**AUTOMATIC, "expires": "2024-02-29"}, "2025-03-01", "2026-02-28"),
    ("and on the 29th in a leap year", {**AUTOMATIC, "expires": "2024-02-29"}, "2027-12-01", "2028-02-29"),
    ("from a term known by its year months run from the end of that year",
     {**AUTOMATIC, "expires": "2020", "renewal_months": 1}, "2021-01-10", "2021-01-31"),
    ("months may be short", {**AUTOMATIC, "expires": "2026-01-31", "renewal_months": 1}, "2026-02-10", "2026-02-28"),
    ("and do not stay short",
     {**AUTOMATIC, "expires": "2026-01-31", "renewal_months": 1}, "2026-03-10", "2026-03-31"),
    ("half a year after some day in April ends with October",
     {**AUTOMATIC, "expires": "2026-04", "renewal_months": 6}, "2026-05-01", "2026-10-31"),
    ("and again with April", {**AUTOMATIC, "expires": "2026-04", "renewal_months": 6}, "2026-11-01", "2027-04-30"),
    ("half a year after 30 April ends on 30 October",
     {**AUTOMATIC, "expires": "2026-04-30", "renewal_months": 6}, "2026-05-01", "2026-10-30"),
    ("a year after some day in February of a leap year ends with February",
     {**AUTOMATIC, "expires": "2023-02"}, "2023-03-01", "2024-02-29"),
    ("without an end there is none", {}, "2026-03-02", None),
)  # fmt: skip
def test_the_end_of_the_present_term(dates, on, end):
    assert find_expiry(pact(**dates), day(on)) == (day(end) if end else None)


YEARS_NOTICE = {**YEAR_BY_YEAR, "notice_months": 12}


@table(
    ("six months before 31 December is 30 June",
     {"expires": "2026-12-31", "notice_months": 6}, "2026-03-02", "2026-06-30"),
    ("six months before 31 August is the end of February",
     {"expires": "2026-08-31", "notice_months": 6}, "2026-01-02", "2026-02-28"),
    ("three months before 29 February is 29 November",
     {"expires": "2024-02-29", "notice_months": 3}, "2023-03-02", "2023-11-29"),
    ("ninety days are counted as days", {"expires": "2026-12-31", "notice_days": 90}, "2026-03-02", "2026-10-02"),
    ("one day before New Year's Eve", {"expires": "2026", "notice_days": 1}, "2026-03-02", "2026-12-30"),
    ("no notice period is the last day itself", {"expires": "2026", "notice_days": 0}, "2026-03-02", "2026-12-31"),
    ("notice of a term known by its year counts from the end of the year",
     {"expires": "2027", "notice_months": 12}, "2026-03-02", "2026-12-31"),
    ("notice that is over stays over", {"expires": "2026", "notice_months": 12}, "2026-03-02", "2025-12-31"),
    ("each term that renews itself has its own", {**YEAR_BY_YEAR, "notice_months": 6}, "2026-03-02", "2026-06-30"),
    ("once over it is over for that term", {**YEAR_BY_YEAR, "notice_months": 6}, "2026-07-01", "2026-06-30"),
    ("and comes again with the next", {**YEAR_BY_YEAR, "notice_months": 6}, "2027-01-01", "2027-06-30"),
    ("a year's notice of a term of a year falls on the last day of the term before",
     YEARS_NOTICE, "2026-03-02", "2026-12-31"),
    ("on that last day it can still be given", YEARS_NOTICE, "2026-12-31", "2026-12-31"),
    ("a year's notice is the first term's while it can be given", YEARS_NOTICE, "2019-12-31", "2019-12-31"),
    ("then, still in the first term, it is the second's", YEARS_NOTICE, "2020-01-01", "2020-12-31"),
    ("six months' notice of a term of six months falls on the last day of the term before",
     {**YEARS_NOTICE, "renewal_months": 6, "notice_months": 6}, "2026-03-02", "2026-06-30"),
    ("where no term is stated a year's notice is the next year's",
     {**AUTOMATIC, "expires": "2020", "notice_months": 12}, "2026-03-02", "2026-12-31"),
    ("the end of a long month is not forgotten over a short one",
     {**AUTOMATIC, "expires": "2020-12-31", "renewal_months": 6, "notice_days": 184}, "2026-03-02", "2026-06-30"),
    ("eighteen months' notice of a term of a year falls in the middle of another",
     {**YEAR_BY_YEAR, "notice_months": 18}, "2026-03-02", "2026-06-30"),
    ("and is over after it", {**YEAR_BY_YEAR, "notice_months": 18}, "2026-07-01", "2026-06-30"),
    ("four hundred days' notice of a term of a year falls in an earlier term too",
     {**YEAR_BY_YEAR, "notice_days": 400}, "2026-03-02", "2026-11-26"),
    ("a month's notice of a term that ends with April can be given to the end of March",
     {"expires": "2026-04", "notice_months": 1}, "2026-03-02", "2026-03-31"),
    ("also once it has renewed itself",
     {**AUTOMATIC, "expires": "2026-04", "renewal_months": 6, "notice_months": 1}, "2026-11-01", "2027-03-31"),
    ("a month before 30 April is 30 March", {"expires": "2026-04-30", "notice_months": 1}, "2026-03-02", "2026-03-30"),
    ("thirty days before the end of April are counted from its last day",
     {"expires": "2026-04", "notice_days": 30}, "2026-03-02", "2026-03-31"),
    ("without a notice period there is none", {"expires": "2026"}, "2026-03-02", None),
    ("without an end of the term there is none", {"notice_months": 6}, "2026-03-02", None),
)  # fmt: skip
def test_the_last_day_for_notice(dates, on, by):
    assert find_notice_deadline(pact(**dates), day(on)) == (day(by) if by else None)


@table(
    ("a city designated in 2014 reports in 2018", UCCN, "2015-03-02", (2018,)),
    ("in 2018 it still does", UCCN, "2018-12-31", (2018,)),
    ("after 2018 the report of 2018 is open beside that of 2022", UCCN, "2019-01-01", (2018, 2022)),
    ("a report submitted is not open", {**UCCN, "submitted": (2018,)}, "2019-01-01", (2022,)),
    ("a report submitted late was open until then", {**UCCN, "submitted": ((2018, "2019-03"),)}, "2019-02-28",
     (2018, 2022)),
    ("from the day on which it was submitted it is open no more", {**UCCN, "submitted": ((2018, "2019-03"),)},
     "2019-03-01", (2022,)),
    ("a report submitted early was coming until then", {**UCCN, "submitted": ((2018, "2017-11-02"),)}, "2017-11-01",
     (2018,)),
    ("then it reports in 2022", {**UCCN, "submitted": (2018,)}, "2022-06-01", (2022,)),
    ("and in 2026", {**UCCN, "submitted": (2018, 2022)}, "2026-03-02", (2026,)),
    ("a report submitted early leads on to the next",
     {**UCCN, "submitted": (2018, 2022, 2026)}, "2026-03-02", (2030,)),
    ("a report that fell due before the register knew of it is not called missed",
     {**UCCN, "registered_on": "2019-01-01"}, "2019-03-02", (2022,)),
    ("a report that fell due on the day of the registration is",
     {**UCCN, "registered_on": "2018-12-31"}, "2019-03-02", (2018, 2022)),
    ("no more than one past report is open", UCCN, "2026-03-02", (2022, 2026)),
    ("a network may ask every year",
     {**UCCN, "reporting_cycle_years": 1, "registered_on": "2026-01-01"}, "2026-03-02", (2026,)),
    ("without a cycle there is no report", {"designated": "2014"}, "2026-03-02", ()),
    ("without a designation there is no report", {"reporting_cycle_years": 4}, "2026-03-02", ()),
    ("there is no report after the calendar ends", {**UCCN, "designated": "9998"}, "2026-03-02", ()),
)  # fmt: skip
def test_the_reports_that_are_open(facts, on, cycles):
    assert find_report_cycles(pact(**facts), day(on)) == cycles


EXPIRY, NOTICE, RENEWAL = MatterKind.EXPIRY, MatterKind.NOTICE, MatterKind.RENEWAL
REPORT, DORMANCY = MatterKind.REPORT, MatterKind.DORMANCY
LEFT = Kept(date(2026, 3, 2), date(2026, 6, 30), "It rests")


@table(
    ("an agreement tells its expiry a year before",
     pact(expires="2027-03-02"), "2026-03-02", EXPIRY, DUE_SOON, ReasonCode.EXPIRES, {"on": "2027-03-02", "days": 365}),
    ("a year and a day before it does not",
     pact(expires="2027-03-03"), "2026-03-02", EXPIRY, ON_TRACK, ReasonCode.EXPIRES, {"days": 366}),
    ("an agreement that expires in 2026 is not expired on New Year's Eve",
     pact(expires="2026"), "2026-12-31", EXPIRY, DUE_SOON, ReasonCode.EXPIRES, {"on": "2026", "days": 0}),
    ("an agreement is expired the day after its last",
     pact(expires="2026"), "2027-01-01", EXPIRY, OVERDUE, ReasonCode.EXPIRED, {"on": "2026", "days": 1}),
    ("an agreement that renews itself does not call",
     pact(**YEAR_BY_YEAR), "2026-12-31", EXPIRY, ON_TRACK, ReasonCode.RENEWS_ITSELF, {"on": "2026-12-31", "days": 0}),
    ("the first term keeps its own words",
     pact(**AUTOMATIC, expires="2026"), "2026-12-31", EXPIRY, ON_TRACK, ReasonCode.RENEWS_ITSELF, {"on": "2026"}),
    ("notice is near ninety days before its last day",
     pact(expires="2026-12-31", notice_months=6), "2026-04-01", NOTICE, DUE_SOON, ReasonCode.NOTICE_BY,
     {"by": "2026-06-30", "days": 90}),
    ("notice is not near ninety-one days before",
     pact(expires="2026-12-31", notice_months=6), "2026-03-31", NOTICE, ON_TRACK, ReasonCode.NOTICE_BY, {"days": 91}),
    ("notice can be given on its last day",
     pact(expires="2026-12-31", notice_months=6), "2026-06-30", NOTICE, DUE_SOON, ReasonCode.NOTICE_BY, {"days": 0}),
    ("notice not given is nobody's fault",
     pact(expires="2026-12-31", notice_months=6), "2026-07-01", NOTICE, ON_TRACK, ReasonCode.NOTICE_PASSED,
     {"days": 1}),
    ("a year's notice of a yearly term is near in October",
     pact(**YEARS_NOTICE), "2026-10-02", NOTICE, DUE_SOON, ReasonCode.NOTICE_BY, {"by": "2026-12-31", "days": 90}),
    ("a renewal is near ninety days before its last day",
     pact(renew_by="2026-05-31"), "2026-03-02", RENEWAL, DUE_SOON, ReasonCode.RENEW_BY,
     {"by": "2026-05-31", "days": 90}),
    ("a renewal is not near ninety-one days before",
     pact(renew_by="2026-06-01"), "2026-03-02", RENEWAL, ON_TRACK, ReasonCode.RENEW_BY, {"days": 91}),
    ("a renewal due in May is not late on the 31st",
     pact(renew_by="2026-05"), "2026-05-31", RENEWAL, DUE_SOON, ReasonCode.RENEW_BY, {"by": "2026-05", "days": 0}),
    ("a renewal not decided in time is overdue",
     pact(renew_by="2026-05"), "2026-06-01", RENEWAL, OVERDUE, ReasonCode.RENEW_PASSED, {"by": "2026-05", "days": 1}),
    ("a report is near half a year before the end of its year",
     pact(**UCCN, submitted=(2018, 2022)), "2026-07-04", REPORT, DUE_SOON, ReasonCode.REPORT_DUE,
     {"cycle": 2026, "days": 180}),
    ("a report is not near earlier in its year",
     pact(**UCCN, submitted=(2018, 2022)), "2026-07-03", REPORT, ON_TRACK, ReasonCode.REPORT_DUE, {"days": 181}),
    ("a report is not late on the last day of its year",
     pact(**UCCN, submitted=(2018, 2022)), "2026-12-31", REPORT, DUE_SOON, ReasonCode.REPORT_DUE, {"days": 0}),
    ("a report not submitted in its year is overdue",
     pact(**UCCN, submitted=(2018, 2022)), "2027-01-01", REPORT, OVERDUE, ReasonCode.REPORT_PASSED,
     {"cycle": 2026, "days": 1}),
    ("nothing under any promise for two years is dormancy",
     pact(promise(activities=["2024-03-02"])), "2026-03-02", DORMANCY, SILENT, ReasonCode.DORMANT,
     {"since": "2024-03-02", "months": 24, "from": "activity"}),
    ("twenty-three months are not",
     pact(promise(activities=["2024-03-03"])), "2026-03-02", DORMANCY, ON_TRACK, ReasonCode.ALIVE, {"months": 23}),
    ("a sign of life under one promise keeps all awake",
     pact(promise(activities=["2018"]), promise(reports=[(LEEDS, "2026-02-01")])), "2026-03-02", DORMANCY, ON_TRACK,
     ReasonCode.ALIVE, {"since": "2026-02-01", "from": "report"}),
    ("of what happened and was reported on one day it is told that it happened",
     pact(promise(activities=["2026-02-01"]), promise(reports=[(LEEDS, "2026-02-01")])), "2026-03-02", DORMANCY,
     ON_TRACK, ReasonCode.ALIVE, {"since": "2026-02-01", "from": "activity"}),
    ("also where it served no promise",
     pact(promise(reports=[(LEEDS, "2026-02-01")]), other_activities=["2026-02-01"]), "2026-03-02", DORMANCY,
     ON_TRACK, ReasonCode.ALIVE, {"since": "2026-02-01", "from": "activity"}),
    ("a later report is told as one, whatever happened before",
     pact(promise(activities=["2026-01-05"], reports=[(LEEDS, "2026-02-01")])), "2026-03-02", DORMANCY,
     ON_TRACK, ReasonCode.ALIVE, {"since": "2026-02-01", "from": "report"}),
    ("silence since a report is silence since a report",
     pact(promise(reports=[(LEEDS, "2023-02-01")])), "2026-03-02", DORMANCY, SILENT, ReasonCode.DORMANT,
     {"since": "2023-02-01", "from": "report"}),
    ("an activity that serves no promise keeps it awake",
     pact(promise(activities=["2018"]), other_activities=["2026-01"]), "2026-03-02", DORMANCY, ON_TRACK,
     ReasonCode.ALIVE, {"since": "2026-01"}),
    ("an activity of some day in March wakes from the first",
     pact(promise(activities=["2018"]), other_activities=["2026-03"]), "2026-03-01", DORMANCY, ON_TRACK,
     ReasonCode.ALIVE, {"since": "2026-03"}),
    ("an activity to come wakes nobody",
     pact(promise(activities=["2018"]), other_activities=["2026-04"]), "2026-03-02", DORMANCY, SILENT,
     ReasonCode.DORMANT, {"since": "2018"}),
    ("an activity known by its year may be later than a day in it",
     pact(promise(activities=["2024-02-05"]), other_activities=["2024"]), "2026-03-02", DORMANCY, ON_TRACK,
     ReasonCode.ALIVE, {"since": "2024", "months": 14}),
    ("without any activity dormancy counts from the start",
     pact(promise(), effective="2023"), "2026-03-02", DORMANCY, SILENT, ReasonCode.DORMANT,
     {"since": "2023", "from": "start", "months": 26}),
    ("an agreement that begins tomorrow has not started",
     pact(effective="2026-03-03"), "2026-03-02", DORMANCY, ON_TRACK, ReasonCode.NOT_YET, {"from": "2026-03-03"}),
    ("one that is left as it is is not asked about from the day on which that was said",
     pact(effective="2023", kept=LEFT), "2026-03-02", DORMANCY, ON_TRACK, ReasonCode.KEPT,
     {"until": "2026-06-30", "note": "It rests"}),
    ("nor on the last of the days for which it was said",
     pact(effective="2023", kept=LEFT), "2026-06-30", DORMANCY, ON_TRACK, ReasonCode.KEPT, {"since": "2023"}),
    ("the day after it is dormant again",
     pact(effective="2023", kept=LEFT), "2026-07-01", DORMANCY, SILENT, ReasonCode.DORMANT, {"since": "2023"}),
    ("the day before it was said it was dormant",
     pact(effective="2023", kept=LEFT), "2026-03-01", DORMANCY, SILENT, ReasonCode.DORMANT, {"since": "2023"}),
    ("one under which something happened meanwhile lives, whatever was said",
     pact(other_activities=["2026-04"], kept=LEFT), "2026-05-02", DORMANCY, ON_TRACK, ReasonCode.ALIVE, {}),
    ("one that begins today has", pact(effective="2026-03-02"), "2026-03-02", DORMANCY, ON_TRACK, ReasonCode.ALIVE,
     {"from": "start", "months": 0}),
)  # fmt: skip
def test_a_date_of_the_agreement_stands(facts, on, kind, state, code, numbers):
    found = [one for one in assess_deadlines(facts, Policy(), day(on)) if one.matter.kind is kind]
    assert len(found) == 1 or kind is REPORT
    standing = found[0]
    assert (standing.state, standing.reason.code) == (state, code), found
    told = standing.reason.numbers
    assert told.items() >= numbers.items()
    stated = told.get("by") or told.get("on")
    if stated is not None:
        assert (standing.deadline, standing.cause) == (parse_date(stated).last, stated)


@table(
    ("an agreement that ended has no dates",
     {"expires": "2027", "renew_by": "2026-05", "effective": "2018", "ended": "2026-03-02", **UCCN}, []),
    ("an agreement that expired has only that",
     {"expires": "2025", "renew_by": "2025-05", "effective": "2018", "notice_months": 3, **UCCN}, ["expiry"]),
    ("a declared plan without dates has none", {}, []),
    ("each date that is known stands",
     {"expires": "2027", "renew_by": "2026-05", "effective": "2018", "notice_months": 3, "submitted": (2022,), **UCCN},
     ["expiry", "notice", "renewal", "report", "dormancy"]),
)  # fmt: skip
def test_what_stands(dates, kinds):
    standings = assess_deadlines(pact(**dates), Policy(), day("2026-03-02"))
    assert [str(one.matter.kind) for one in standings] == kinds


@pytest.mark.parametrize(
    ("rule", "days"), [("expiry_lead_days", 365), ("notice_lead_days", 122), ("report_lead_days", 304)]
)
def test_the_house_sets_its_lead_days(rule, days):
    agreement = pact(expires="2027-03-02", notice_months=8, **UCCN, submitted=(2018, 2022))
    kind = MatterKind(rule.split("_")[0])

    def stand(lead):
        found = assess_deadlines(agreement, Policy(**{rule: lead}), day("2026-03-02"))
        return next(one for one in found if one.matter.kind is kind).state

    assert (stand(days), stand(days - 1)) == (DUE_SOON, ON_TRACK)


def test_a_report_is_a_matter_of_its_own_for_each_cycle():
    standings = assess_deadlines(pact(**UCCN), Policy(), day("2019-03-02"))
    references = [one.matter.reference for one in standings if one.matter.kind is REPORT]
    assert references == ["leeds-hangzhou#2018:report", "leeds-hangzhou#2022:report"]


def test_every_date_and_state_has_its_sentence():
    promised = {MatterKind.COMMITMENT, MatterKind.MILESTONE, MatterKind.OCCURRENCE}
    promised |= {MatterKind.OPERATION, MatterKind.DRAFT}
    assert column(test_a_date_of_the_agreement_stands, "kind") == set(MatterKind) - promised
    assert column(test_the_state, "state") == set(AgreementState)


@given(situations(commitments=0))
@try_examples(200)
def test_a_term_that_renews_itself_is_never_over_and_notice_is_never_after_it(at):
    agreement, today = at.agreement, at.today
    end, by = find_expiry(agreement, today), find_notice_deadline(agreement, today)
    if agreement.expires is None:
        assert end is None and by is None
        return
    if agreement.renewal_rule is RenewalRule.AUTOMATIC:
        assert end >= today
        months = agreement.renewal_months or 12
        assert end == agreement.expires.last or add_months(end, -months) < today
    else:
        assert end == agreement.expires.last
    assert by is None or by <= end


@given(DAYS, st.sampled_from((4, 7, 10)), st.integers(-60, 600))
@try_examples(100)
def test_no_date_falls_earlier_for_being_known_by_its_month_or_year_alone(on, length, months):
    span = parse_date(on.isoformat()[:length])
    assert move_end(span, months) >= add_months(span.last, months)
    assert months < 0 or move_end(span, months) >= span.last
    if length < 10:
        assert add_days(move_end(span, months), 1).day == 1
