"""Sample messages of every kind, after the agreements the product started from, in our own words."""

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from commitments.facts import Reason
from commitments.questions import list_answers
from commitments.vocabulary import (
    AgreementState,
    CommitmentKind,
    CommitmentState,
    FollowUpKind,
    MatterKind,
    MilestoneState,
    NotificationKind,
    Rating,
    ReasonCode,
    StandingState,
)
from notifications.languages import load_words
from notifications.messages import (
    Age,
    AgreementLine,
    ComingDate,
    Digest,
    Ground,
    Item,
    KindLine,
    Message,
    News,
    PartyLine,
    Reported,
    Stuck,
    Summary,
    Troubled,
    Waiting,
)
from notifications.reasons import ChangeKind, Why

DAY = date(2026, 11, 23)
BASE = "https://tally.leeds.example"
TEXTS: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "samples.toml").read_text(encoding="utf-8"))
LANGUAGES = tuple(TEXTS)


def _find_texts(language: str) -> dict[str, str]:
    """The texts in a language; in English if there are none."""
    return TEXTS.get(load_words(language).tag, TEXTS["en"])


def _item(t: dict[str, str], **given: Any) -> Item:
    usual: dict[str, Any] = {
        "kind": NotificationKind.REMINDER,
        "agreement": "leeds-hangzhou-2018",
        "agreement_title": t["memorandum"],
        "matter": "leeds-hangzhou-2018/libraries",
        "matter_kind": MatterKind.COMMITMENT,
        "promise": t["libraries_quote"],
        "is_quote": True,
        "part_title": None,
        "to_whom": (t["hangzhou"],),
        "standing": StandingState.DUE_SOON,
        "reason": Reason(ReasonCode.DUE_SOON, {"due": "2026-11-30", "days": 7}),
        "ground": Ground(Why.LEAD_REACHED, {"days": 7, "due": "2026-11-30"}),
        "due_on": date(2026, 11, 30),
        "party": t["leeds"],
        "party_reference": "leeds",
        "link": f"{BASE}/agreements/leeds-hangzhou-2018",
        "summary": t["libraries"],
    }
    return Item(**(usual | given))


def make_items(language: str) -> dict[str, Item]:
    """Items of every sort, by name."""
    t = _find_texts(language)
    follow_up: dict[str, Any] = {
        "kind": NotificationKind.FOLLOW_UP,
        "ground": Ground(Why.OPENED, {"on": "2026-11-20"}),
        "due_on": None,
        "answer_by": date(2026, 12, 4),
        "is_quote": False,
        "summary": None,
    }
    chengdu: dict[str, Any] = {
        "agreement": "chengdu-gimcheon",
        "agreement_title": t["ties"],
        "party": t["chengdu"],
        "party_reference": "chengdu",
        "to_whom": (t["gimcheon"],),
        "link": f"{BASE}/agreements/chengdu-gimcheon",
    }
    stoke: dict[str, Any] = {
        "agreement": "stoke-jingdezhen",
        "agreement_title": t["partnership"],
        "party": t["stoke"],
        "party_reference": "stoke",
        "to_whom": (t["jingdezhen"],),
        "link": f"{BASE}/agreements/stoke-jingdezhen",
    }
    exchanges = Reason(
        ReasonCode.PERIOD_BEHIND,
        {"held": 2, "expected": 4, "period": "2026", "what": t["what"], "days_left": 38, "weeks_left": 5},
    )
    silence = {"since": "2018-03", "months": 104, "from": "activity", "level": "red"}
    items = {
        "libraries": _item(t),
        "reading_room": _item(
            t,
            matter_kind=MatterKind.MILESTONE,
            part_title=t["reading_room"],
            reason=Reason(ReasonCode.DUE_SOON, {"due": "2026-11-27", "days": 4}),
            due_on=date(2026, 11, 27),
        ),
        "overdue": _item(
            t,
            **follow_up | {"is_quote": True, "summary": t["libraries"]},
            standing=StandingState.OVERDUE,
            follow_up_kind=FollowUpKind.OVERDUE,
            follow_up="overdue:leeds-hangzhou-2018/libraries@leeds:2026-11-15",
            reason=Reason(ReasonCode.PAST_DUE, {"due": "2026-11-15", "days": 8}),
        ),
        "exchanges": _item(
            t,
            **follow_up | chengdu,
            matter="chengdu-gimcheon/exchanges",
            matter_kind=MatterKind.OCCURRENCE,
            part_title="2026",
            promise=t["exchanges"],
            standing=StandingState.BEHIND,
            follow_up_kind=FollowUpKind.BEHIND,
            follow_up="behind:chengdu-gimcheon/exchanges#2026@chengdu:2026",
            reason=exchanges,
        ),
        "investors": _item(
            t,
            **follow_up | stoke,
            matter="stoke-jingdezhen/investors",
            promise=t["investors"],
            standing=StandingState.SILENT,
            follow_up_kind=FollowUpKind.SILENT,
            follow_up="silent:stoke-jingdezhen/investors@stoke:2018-03",
            reason=Reason(ReasonCode.SILENT_SINCE, silence),
        ),
    }
    items["fund"] = replace(
        items["exchanges"],
        matter="chengdu-hightech/fund",
        matter_kind=MatterKind.COMMITMENT,
        promise=t["fund"],
        part_title=None,
        follow_up="behind:chengdu-hightech/fund@chengdu:2026",
        reason=Reason(
            ReasonCode.TARGET_BEHIND,
            {"value": 120e6, "target": 500e6, "unit": "CNY", "measured_on": "2026-03", "due": "2026", "days": 38},
        ),
    )
    items["unowned"] = replace(
        items["investors"],
        standing=StandingState.UNOWNED,
        follow_up_kind=FollowUpKind.UNOWNED,
        follow_up="unowned:stoke-jingdezhen/investors@stoke:none",
        reason=Reason(ReasonCode.NO_OWNER, {"parties": [t["stoke"]]}),
    )
    items["escalated"] = replace(
        items["investors"],
        kind=NotificationKind.ESCALATION,
        asked=t["asked"],
        ground=Ground(Why.ESCALATED, {"rung": 1, "on": "2026-11-16", "days": 5, "asked": "li.na"}),
    )
    items["confirmation"] = replace(
        items["overdue"],
        kind=NotificationKind.CONFIRMATION,
        standing=StandingState.DUE_SOON,
        report=Reported(t["hangzhou"], t["asked"], date(2026, 11, 23), Rating.ON_TRACK, True, t["note"]),
        follow_up_kind=FollowUpKind.CONFIRMATION_ASKED,
        follow_up="confirmation_asked:leeds-hangzhou-2018/teachers@leeds:r7",
        reason=Reason(ReasonCode.CONFIRMATION_ASKED, {"asked_on": "2026-11-23"}),
        ground=Ground(Why.ASKED, {}),
    )
    items["sent_back"] = replace(
        items["libraries"],
        kind=NotificationKind.CONFIRMATION,
        ground=Ground(Why.SENT_BACK, {"party": t["hangzhou"], "on": "2026-11-23", "note": t["note"]}),
    )
    items["handed_over"] = replace(
        items["investors"],
        kind=NotificationKind.HAND_OVER,
        ground=Ground(Why.HANDED_OVER, {"asked": t["asked"], "on": "2026-11-23"}),
    )
    items["alert"] = Item(
        NotificationKind.ALERT,
        "",
        "",
        "check-progress",
        MatterKind.OPERATION,
        "",
        False,
        None,
        (),
        StandingState.OVERDUE,
        Reason(ReasonCode.CHECK_MISSED, {"since": "2026-11-21", "hours": 49}),
        Ground(Why.OPENED, {"on": "2026-11-23"}),
        FollowUpKind.CHECK_MISSED,
        "check_missed:check-progress@2026-11-23",
        None,
        date(2026, 11, 24),
    )
    items["notice"] = replace(
        items["libraries"],
        matter="leeds-hangzhou-2018",
        matter_kind=MatterKind.NOTICE,
        promise=t["memorandum"],
        is_quote=False,
        summary=None,
        reason=Reason(ReasonCode.NOTICE_BY, {"by": "2026-12-31", "days": 38}),
        ground=Ground(Why.LEAD_REACHED, {"days": 30, "due": "2026-12-31"}),
        due_on=date(2026, 12, 31),
        follow_up_kind=FollowUpKind.NOTICE_DEADLINE,
        follow_up="notice_deadline:leeds-hangzhou-2018:notice@leeds:2026-12-31",
    )
    return items


TOKEN = "WzEyMzQsNTY3ODld.aR8kXw.kMf3oJZ0m5yq8VbXn2cQ7dLhT4wRs9uA1eG6pKjYxIo"  # noqa: S105 - as long as a real one, and signed by nobody
SHORT_TOKEN = "AAAAAVCkqfAbX2u4mR1c7Q"  # noqa: S105 - the same


def link_item(item: Item) -> Item:
    """The item with the links by which it is answered."""
    kinds = {MatterKind.OCCURRENCE: CommitmentKind.RECURRING}
    kind = CommitmentKind.TARGET if "fund" in item.matter else kinds.get(item.matter_kind, CommitmentKind.DELIVERABLE)
    if "investors" in item.matter:
        kind = CommitmentKind.OPEN_ENDED
    dated = kind is CommitmentKind.DELIVERABLE
    answers = list_answers(item.follow_up_kind, item.matter_kind, kind, dated=dated, decides=True)
    return replace(item, link=None, answer_link=f"{BASE}/answer/{TOKEN}", answers=answers)


def make_digest(language: str) -> Digest:
    t = _find_texts(language)
    silent = Reason(ReasonCode.SILENT_SINCE, {"since": "2018-03", "months": 104, "from": "activity", "level": "red"})
    late = Reason(ReasonCode.PAST_DUE, {"due": "2026-11-15", "days": 8})
    fine = Reason(ReasonCode.NO_DATE_ACTIVE, {"since": "2026-09", "months": 1, "from": "activity"})
    lines = (
        AgreementLine(
            "leeds-hangzhou-2018",
            t["memorandum"],
            AgreementState.IN_FORCE,
            ((StandingState.OVERDUE, 1), (StandingState.DUE_SOON, 2), (StandingState.ON_TRACK, 4)),
            2,
            late,
            t["libraries"],
            (t["hangzhou"],),
            ((StandingState.OVERDUE, 1), (StandingState.ON_TRACK, 3)),
            ((StandingState.DUE_SOON, 2), (StandingState.ON_TRACK, 1)),
            Troubled(t["libraries"], t["leeds"], date(2026, 11, 20), Rating.AT_RISK),
        ),
        AgreementLine(
            "stoke-jingdezhen",
            t["partnership"],
            AgreementState.SIGNED,
            ((StandingState.SILENT, 3), (StandingState.UNOWNED, 1)),
            3,
            silent,
            t["investors"],
            (t["jingdezhen"],),
        ),
        AgreementLine(
            "osh-plans",
            t["plans"],
            AgreementState.PROPOSED,
            ((StandingState.UNCONFIRMED, 1),),
            1,
            Reason(ReasonCode.CONFIRM_PASSED, {"by": "2026-10", "days": 23}),
            t["pavilion"],
            (t["osh"],),
        ),
        AgreementLine(
            "creative-cities",
            t["network"],
            AgreementState.IN_FORCE,
            ((StandingState.ON_TRACK, 5), (StandingState.SETTLED, 2)),
            0,
            fine,
            None,
            (t["unesco"], t["leeds"], t["chengdu"], t["gimcheon"], t["osh"]),
        ),
        AgreementLine("chengdu-gimcheon", t["ties"], AgreementState.IN_FORCE, ((StandingState.ON_TRACK, 4),), 0, fine),
    )
    library = "agreements/leeds-hangzhou-2018/commitments/libraries"
    fund, investors = (
        "agreements/chengdu-gimcheon/commitments/fund",
        "agreements/stoke-jingdezhen/commitments/investors",
    )
    coming = (
        ComingDate(date(2026, 11, 27), t["memorandum"], t["reading_room"], MatterKind.MILESTONE, library),
        ComingDate(date(2026, 12, 15), t["ties"], t["fund"], MatterKind.COMMITMENT, fund),
        ComingDate(date(2026, 12, 18), t["network"], t["network"], MatterKind.REPORT, "agreements/creative-cities"),
    )
    waiting = (
        Waiting(t["coordinator"], t["leeds"], 1, date(2026, 11, 18), own_side=True, page="people/coordinator"),
        Waiting(t["asked"], t["hangzhou"], 3, date(2026, 11, 2)),
    )
    kind = ChangeKind
    news = (
        News(kind.REPORTED, date(2026, 11, 20), t["libraries"], t["memorandum"], t["leeds"], Rating.AT_RISK),
        News(kind.CONFIRMED, date(2026, 11, 19), t["libraries"], t["memorandum"], t["hangzhou"]),
        News(kind.MILESTONE, date(2026, 11, 19), t["catalogues"], t["memorandum"], state=MilestoneState.MET),
        News(kind.HELD, date(2026, 11, 18), t["visit"], t["ties"]),
        News(kind.MEASURED, date(2026, 11, 17), t["fund"], t["ties"], value=120e6, unit="CNY"),
        News(kind.SETTLED, date(2026, 11, 17), t["exchanges"], t["ties"], state=CommitmentState.FULFILLED),
        News(kind.REGISTERED, date(2026, 11, 16), t["plans"], t["plans"]),
    )
    stuck = (
        Stuck(
            t["libraries"],
            t["memorandum"],
            late,
            date(2026, 11, 18),
            t["coordinator"],
            t["leeds"],
            library,
            others=((t["asked"], t["hangzhou"]),),
        ),
        Stuck(t["investors"], t["partnership"], silent, date(2026, 10, 30), t["asked"], t["jingdezhen"], investors),
    )
    return Digest(date(2026, 11, 16), lines, 4, 2, coming, waiting, news, stuck)


def make_summary(language: str) -> Summary:
    t = _find_texts(language)
    kinds = (
        KindLine(
            CommitmentKind.DELIVERABLE,
            ((StandingState.OVERDUE, 1), (StandingState.DUE_SOON, 2), (StandingState.ON_TRACK, 6)),
        ),
        KindLine(CommitmentKind.RECURRING, ((StandingState.BEHIND, 1), (StandingState.ON_TRACK, 2))),
        KindLine(CommitmentKind.TARGET, ((StandingState.BEHIND, 1),)),
        KindLine(
            CommitmentKind.OPEN_ENDED,
            ((StandingState.SILENT, 5), (StandingState.UNOWNED, 1), (StandingState.ON_TRACK, 9)),
        ),
        KindLine(CommitmentKind.PLANNED, ((StandingState.UNCONFIRMED, 1), (StandingState.ON_HOLD, 1))),
    )
    parties = (
        PartyLine(t["leeds"], 12, 4, 3),
        PartyLine(t["hangzhou"], 9, 5, 1),
        PartyLine(t["jingdezhen"], 1, 0, 1),
    )
    silence = ((Age.HALF_YEAR, 6), (Age.YEAR, 3), (Age.TWO_YEARS, 2), (Age.LONGER, 3), (Age.UNKNOWN, 1))
    return Summary(date(2026, 11, 1), make_digest(language).agreements, kinds, parties, silence)


def make_messages(language: str) -> dict[str, Message]:
    """One message of every kind, by name, and some that mix kinds."""
    t, items = _find_texts(language), make_items(language)

    def message(kind: NotificationKind, names: str = "", **given: Any) -> Message:
        chosen = tuple(link_item(items[name]) for name in names.split())
        usual: dict[str, Any] = {
            "coordinator_name": t["coordinator"],
            "coordinator_mail": "coordinator@leeds.example",
            "base_url": BASE,
            "choices_link": f"{BASE}/choices/{TOKEN}",
            "short_choices_link": f"{BASE}/c/{SHORT_TOKEN}",
            "unsubscribe_link": f"{BASE}/unsubscribe/{TOKEN}",
        }
        return Message(kind, DAY, t["reader"], language, chosen, **(usual | given))

    kind = NotificationKind
    many = tuple(
        replace(link_item(one), due_on=None, matter=f"{one.matter}-{number}")
        for number, one in enumerate((items["overdue"], items["exchanges"], items["fund"]) * 20)
    )
    return {
        "reminder": message(kind.REMINDER, "libraries"),
        "reminders": message(kind.REMINDER, "reading_room libraries notice"),
        "follow_up": message(kind.FOLLOW_UP, "exchanges"),
        "follow_ups": message(kind.FOLLOW_UP, "overdue exchanges investors unowned notice"),
        "escalation": message(kind.ESCALATION, "escalated", coordinator_mail=None),
        "confirmation": message(kind.CONFIRMATION, "confirmation"),
        "sent_back": message(kind.CONFIRMATION, "sent_back"),
        "hand_over": message(kind.HAND_OVER, "handed_over"),
        "alert": message(kind.ALERT, "alert", coordinator_mail=None, unsubscribe_link=None),
        "sign_in": Message(
            kind.SIGN_IN,
            DAY,
            t["reader"],
            language,
            (),
            sign_in=f"{BASE}/sign-in/{TOKEN}",
            base_url=BASE,
            choices_link=f"{BASE}/choices/{TOKEN}",
        ),
        "digest": message(kind.DIGEST, digest=make_digest(language), coordinator_mail=None),
        "digest_with_items": message(kind.DIGEST, "overdue fund reading_room", digest=make_digest(language)),
        "summary": message(kind.SUMMARY, summary=make_summary(language)),
        "summary_with_digest": message(
            kind.SUMMARY, "investors", digest=make_digest(language), summary=make_summary(language)
        ),
        "sixty": replace(message(kind.FOLLOW_UP), items=many, more=12),
        "empty": message(
            kind.FOLLOW_UP,
            choices_link=None,
            short_choices_link=None,
            unsubscribe_link=None,
            base_url=None,
            coordinator_mail=None,
        ),
    }
