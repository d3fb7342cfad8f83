"""Every code has words, in every language, with its numbers in them."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog

from commitments.facts import Reason
from commitments.vocabulary import (
    AgreementState,
    CommitmentKind,
    FollowUpKind,
    MatterKind,
    NotificationKind,
    ReasonCode,
    StandingState,
)
from notifications import phrases
from notifications.catalogue import CATALOGUES, extract_phrases, find_faults, read_catalogue, update_catalogue
from notifications.languages import find_catalogue, list_languages, load_words, speaks_language
from notifications.messages import Ground, Item
from notifications.reasons import Why
from notifications.samples import LANGUAGES

ACTIVITIES = {"held": 2, "expected": 4, "period": "2026", "what": "exchange activities", "days_left": 70}
FUND = {"value": 120e6, "target": 500e6, "unit": "CNY", "measured_on": "2026-03", "due": "2026", "days": 38}
SILENCE = {"since": "2018-03", "months": 104, "from": "activity"}

# (code, its numbers, English, Chinese); the numbers are those that the rules write down
REASONS: list[tuple[ReasonCode, dict[str, Any], str, str]] = [
    (ReasonCode.SETTLED, {"state": "fulfilled", "on": "2020-09"}, "fulfilled in September 2020", "已履行（2020年9月）"),
    (
        ReasonCode.REPORTED_DONE,
        {"on": "2020-09", "parties": ["leeds"]},
        "reported as done in September 2020, not yet confirmed by Leeds City Council",
        "2020年9月已报告完成，Leeds City Council尚未确认",
    ),
    (
        ReasonCode.REPORTED_DONE,
        {"on": None, "parties": ["leeds"]},
        "reported as done, not yet confirmed by Leeds City Council",
        "已报告完成，Leeds City Council尚未确认",
    ),
    (ReasonCode.SETTLED, {"state": "not_met", "on": None}, "not met", "未完成"),
    (
        ReasonCode.SETTLED,
        {"state": "ended", "on": "2020-09-30"},
        "ended on 30 September 2020",
        "已结束（2020年9月30日）",
    ),
    (ReasonCode.HELD, {"on": "2024"}, "put on hold in 2024", "自2024年起暂缓"),
    (ReasonCode.HELD, {"on": None}, "put on hold", "已暂缓"),
    (
        ReasonCode.HELD,
        {"on": "2026-11-26", "until": "2027-03"},
        "put on hold on 26 November 2026, until the end of March 2027",
        "自2026年11月26日起暂缓，至2027年3月底",
    ),
    (ReasonCode.HELD, {"on": None, "until": "2027-03-01"}, "put on hold until 1 March 2027", "暂缓至2027年3月1日"),
    (ReasonCode.CONDITION_OPEN, {}, "waits for a condition that is not met yet", "前提条件尚未满足，暂待"),
    (
        ReasonCode.AGREEMENT_ENDED,
        {"on": "2025-03-31"},
        "the agreement ended on 31 March 2025",
        "协议已于2025年3月31日终止",
    ),
    (ReasonCode.AGREEMENT_EXPIRED, {}, "the agreement has expired", "协议已到期"),
    (ReasonCode.NOT_YET, {"from": "2027-01-01"}, "begins on 1 January 2027", "自2027年1月1日起开始"),
    (
        ReasonCode.DUE_LATER,
        {"due": "2027", "days": 403},
        "due by the end of 2027, in 13 months",
        "应于2027年底前完成（13个月后）",
    ),
    (
        ReasonCode.DUE_SOON,
        {"due": "2026-11-30", "days": 7},
        "due by 30 November 2026, in 7 days",
        "应于2026年11月30日前完成（7天后）",
    ),
    (
        ReasonCode.DUE_SOON,
        {"due": "2026-11-24", "days": 1},
        "due by 24 November 2026, tomorrow",
        "应于2026年11月24日前完成（明天）",
    ),
    (
        ReasonCode.PAST_DUE,
        {"due": "2018-09", "days": 2976},
        "was due by the end of September 2018, 8 years ago",
        "应于2018年9月底前完成，已逾期8年",
    ),
    (
        ReasonCode.NO_DATE_ACTIVE,
        {"since": "2026-03", "months": 7, "from": "activity"},
        "last activity in March 2026; no date is stated",
        "最近一次活动为2026年3月；未约定完成期限",
    ),
    (
        ReasonCode.NO_DATE_ACTIVE,
        {"since": "2026-03", "months": 7, "from": "start"},
        "no activity on record since the start in March 2026; no date is stated",
        "自2026年3月开始以来尚无活动记录；未约定完成期限",
    ),
    (
        ReasonCode.SILENT_SINCE,
        SILENCE | {"level": "red"},
        "no activity since March 2018: silent for 8 years",
        "自2018年3月以来没有活动记录，已有8年无进展",
    ),
    (
        ReasonCode.SILENT_SINCE,
        {"since": "2025-06-02", "months": 17, "from": "start", "level": "amber"},
        "no activity on record since the start on 2 June 2025: silent for 17 months",
        "自2025年6月2日开始以来没有活动记录，已有17个月无进展",
    ),
    (ReasonCode.NOTHING_KNOWN, {}, "neither a date nor an activity is on record", "既无约定期限，也无活动记录"),
    (
        ReasonCode.PERIOD_MET,
        ACTIVITIES | {"held": 4},
        "4 of 4 exchange activities held in 2026",
        "exchange activities：2026年应开展4次，已开展4次",
    ),
    (
        ReasonCode.PERIOD_MET,
        ACTIVITIES | {"held": 6, "what": None},
        "6 held in 2026, 4 expected",
        "2026年已开展6次，超过应有的4次",
    ),
    (ReasonCode.PERIOD_MET, ACTIVITIES | {"held": 0, "expected": 0}, "none expected in 2026", "2026年无需开展"),
    (
        ReasonCode.PERIOD_ON_PACE,
        ACTIVITIES,
        "2 of 4 exchange activities held in 2026, 10 weeks left",
        "exchange activities：2026年应开展4次，已开展2次，还剩10周",
    ),
    (
        ReasonCode.PERIOD_ON_PACE,
        ACTIVITIES | {"what": "交流活动", "days_left": 0},
        "2 of 4 交流活动 held in 2026, today is the last day",
        "交流活动：2026年应开展4次，已开展2次，今天是最后一天",
    ),
    (
        ReasonCode.PERIOD_BEHIND,
        ACTIVITIES | {"held": 1, "period": "2026-04-01/2027-03-31", "days_left": 128},
        "1 of 4 exchange activities held in the period from 1 April 2026 to 31 March 2027, 4 months left: "
        "behind an even pace",
        "exchange activities：2026年4月1日至2027年3月31日应开展4次，已开展1次，还剩4个月，落后于进度",
    ),
    (
        ReasonCode.PERIOD_MISSED,
        ACTIVITIES | {"what": None, "period": "2026-Q3", "days_left": -54},
        "2 of 4 held in quarter 3 of 2026, which is over",
        "2026年第3季度应开展4次，实际开展2次，该期已结束",
    ),
    (
        ReasonCode.TARGET_MET,
        FUND | {"value": 500e6},
        "500 million measured in March 2026: the target of 500 million Chinese yuan is met",
        "截至2026年3月为5亿，5亿人民币的目标已达成",
    ),
    (
        ReasonCode.TARGET_ON_PACE,
        FUND,
        "120 million of 500 million Chinese yuan (March 2026), due by the end of 2026, in 5 weeks",
        "目标为5亿人民币，应于2026年底前达成（5周后）；截至2026年3月为1.2亿",
    ),
    (
        ReasonCode.TARGET_ON_PACE,
        {"value": 12, "target": 30, "unit": "apprentices", "measured_on": "2026-10-01"},
        "12 of 30 apprentices (1 October 2026)",
        "目标为30 apprentices；截至2026年10月1日为12",
    ),
    (
        ReasonCode.TARGET_ON_PACE,
        {"value": 0, "target": 1, "unit": "apprentices", "measured_on": "2026-10-01"},
        "0 of 1 (1 October 2026)",
        "目标为1；截至2026年10月1日为0",
    ),
    (
        ReasonCode.PERIOD_MET,
        ACTIVITIES | {"held": 1, "expected": 1},
        "1 of 1 held in 2026",
        "2026年应开展1次，已开展1次",
    ),
    (
        ReasonCode.TARGET_BEHIND,
        FUND | {"value": 1_234_567.5},
        "1,234,567.5 of 500 million Chinese yuan (March 2026), due by the end of 2026, in 5 weeks: behind an even pace",
        "目标为5亿人民币，应于2026年底前达成（5周后）；截至2026年3月为1,234,567.5，落后于进度",
    ),
    (
        ReasonCode.TARGET_MISSED,
        FUND | {"value": None, "measured_on": None, "days": 20},
        "no measurement on record; the target of 500 million Chinese yuan was due by the end of 2026, 2 weeks ago",
        "目标为5亿人民币，应于2026年底前达成，已逾期2周；尚无数据记录",
    ),
    (
        ReasonCode.TARGET_MISSED,
        {"value": 60, "target": 75.5, "unit": "%", "measured_on": "2026-03", "due": "2026-11-22", "days": 1},
        "60% of 75.5% (March 2026), was due by 22 November 2026, yesterday",
        "目标为75.5%，应于2026年11月22日前达成，已逾期1天；截至2026年3月为60%",
    ),
    (
        ReasonCode.TARGET_UNMEASURED,
        FUND | {"value": None, "measured_on": None},
        "no measurement on record; the target of 500 million Chinese yuan is due by the end of 2026, in 5 weeks",
        "目标为5亿人民币，应于2026年底前达成（5周后）；尚无数据记录",
    ),
    (
        ReasonCode.TO_CONFIRM,
        {"by": "2027-02", "days": 97},
        "a plan, to be confirmed by the end of February 2027, in 3 months",
        "计划事项，应于2027年2月底前确认（3个月后）",
    ),
    (
        ReasonCode.CONFIRM_PASSED,
        {"by": "2026-05-14", "days": 193},
        "a plan that was to be confirmed by 14 May 2026, 6 months ago",
        "计划事项，应于2026年5月14日前确认，已逾期6个月",
    ),
    (
        ReasonCode.NO_OWNER,
        {"parties": ["leeds", "hangzhou"]},
        "nobody in office answers for it: Leeds City Council and hangzhou",
        "尚无在任负责人：Leeds City Council和hangzhou",
    ),
    (
        ReasonCode.NO_NEXT_STEP,
        {"since": "2026-07-01", "days": 145},
        "no next step on record since 1 July 2026, 5 months ago",
        "自2026年7月1日以来未记录下一步安排，已有5个月",
    ),
    (
        ReasonCode.EXPIRES,
        {"on": "2027-06", "days": 219},
        "the agreement expires at the end of June 2027, in 7 months",
        "协议将于2027年6月底到期（7个月后）",
    ),
    (
        ReasonCode.EXPIRED,
        {"on": "2024-06-30", "days": 876},
        "the agreement expired on 30 June 2024, 2 years ago",
        "协议已于2024年6月30日到期，至今已有2年",
    ),
    (
        ReasonCode.NOTICE_BY,
        {"by": "2026-12-31", "days": 38},
        "notice can be given until 31 December 2026, in 5 weeks",
        "如需终止或不再续期，最迟应于2026年12月31日发出通知（5周后）",
    ),
    (
        ReasonCode.NOTICE_PASSED,
        {"by": "2026-11-13", "days": 10},
        "the last day for notice was 13 November 2026, 10 days ago",
        "发出通知的最后期限为2026年11月13日，已过10天",
    ),
    (
        ReasonCode.RENEW_BY,
        {"by": "2026-12", "days": 38},
        "renewal is to be agreed by the end of December 2026, in 5 weeks",
        "应于2026年12月底前商定续期事宜（5周后）",
    ),
    (
        ReasonCode.RENEW_PASSED,
        {"by": "2025", "days": 327},
        "renewal was to be agreed by the end of 2025, 11 months ago",
        "应于2025年底前商定续期事宜，已逾期11个月",
    ),
    (
        ReasonCode.RENEWS_ITSELF,
        {"on": "2027-03-31", "days": 128},
        "renews itself on 31 March 2027, in 4 months, unless notice is given",
        "如无终止通知，将于2027年3月31日自动续期（4个月后）",
    ),
    (
        ReasonCode.REPORT_DUE,
        {"cycle": 2026, "days": 38},
        "the 2026 report is due by 31 December 2026, in 5 weeks",
        "2026年报告应于2026年12月31日前提交（5周后）",
    ),
    (
        ReasonCode.REPORT_PASSED,
        {"cycle": 2022, "days": 1423},
        "the 2022 report was due by 31 December 2022, 3 years ago",
        "2022年报告应于2022年12月31日前提交，已逾期3年",
    ),
    (
        ReasonCode.DORMANT,
        SILENCE,
        "nothing has happened under the agreement since March 2018: dormant for 8 years",
        "自2018年3月以来，协议项下没有任何活动，已停滞8年",
    ),
    (
        ReasonCode.DORMANT,
        {"since": "2021", "months": 58, "from": "start"},
        "no activity under the agreement since its start in 2021: dormant for 4 years",
        "协议自2021年开始以来没有任何活动，已停滞4年",
    ),
    (
        ReasonCode.ALIVE,
        {"since": "2026-10-09", "months": 1, "from": "activity"},
        "last activity under the agreement on 9 October 2026",
        "协议项下最近一次活动为2026年10月9日",
    ),
    (
        ReasonCode.ALIVE,
        {"since": "2026-10-30", "months": 0, "from": "report"},
        "last heard of under the agreement by a report on 30 October 2026",
        "协议项下最近一次消息为2026年10月30日的报告",
    ),
    (
        ReasonCode.DORMANT,
        {"since": "2023-02-01", "months": 37, "from": "report"},
        "nothing heard under the agreement since a report of 1 February 2023: dormant for 3 years",
        "自2023年2月1日的报告以来，协议项下没有消息，已停滞3年",
    ),
    (
        ReasonCode.ALIVE,
        {"since": "2026", "months": 0, "from": "start"},
        "no activity under the agreement yet; it started in 2026",
        "协议自2026年开始，项下尚无活动",
    ),
    (
        ReasonCode.KEPT,
        {"since": "2024", "months": 26, "from": "start", "until": "2027-06-30", "note": "It rests"},
        "left as it is until 30 June 2027, though nothing has happened since 2024: It rests",
        "自2024年以来没有活动，保持现状至2027年6月30日：It rests",
    ),
    (
        ReasonCode.CONFIRMATION_ASKED,
        {"asked_on": "2026-11-20"},
        "a report has waited for confirmation since 20 November 2026",
        "一份进展报告自2026年11月20日起等待确认",
    ),
    (
        ReasonCode.MESSAGE_FAILED,
        {"contact": "li.na", "reply": "550 no such user"},
        "a message to li.na could not be sent: 550 no such user",
        "发给li.na的消息未能发出：550 no such user",
    ),
    (ReasonCode.MESSAGE_FAILED, {}, "a message could not be sent", "有一条消息未能发出"),
    (
        ReasonCode.CHECK_MISSED,
        {"since": "2026-11-20", "hours": 31},
        "no check of the commitments has finished since 20 November 2026, for 31 hours",
        "自2026年11月20日以来已有31小时没有完成对承诺的检查",
    ),
    (
        ReasonCode.CHECK_MISSED,
        {"hours": 31},
        "no check of the commitments has finished yet, 31 hours after the first was due",
        "首次检查应运行至今已31小时，仍没有完成对承诺的检查",
    ),
    (
        ReasonCode.RUN_FAILED,
        {"flow": "deliver", "run": "deliver: 3 sent", "ended": "Crashed", "fault": "the process ended with code -9"},
        "the run “deliver: 3 sent” of deliver ended as Crashed: the process ended with code -9",
        "deliver的运行“deliver: 3 sent”以Crashed结束：the process ended with code -9",
    ),
    (
        ReasonCode.RUN_FAILED,
        {"flow": "deliver", "run": "deliver", "ended": "Failed"},
        "the run “deliver” of deliver ended as Failed",
        "deliver的运行“deliver”以Failed结束",
    ),
    (
        ReasonCode.RUN_FAILED,
        {"flow": "deliver", "hours": 3},
        "a run of deliver began 3 hours ago and never finished",
        "deliver的一次运行于3小时前开始，至今没有完成",
    ),
    (
        ReasonCode.RUN_STUCK,
        {"flow": "deliver", "run": "deliver", "ended": "Pending", "minutes": 40},
        "the run “deliver” of deliver has been Pending for 40 minutes",
        "deliver的运行“deliver”处于Pending已有40分钟",
    ),
    (ReasonCode.NOTHING_RUNS, {"hours": 3}, "no flow has begun for 3 hours", "已有3小时没有任何流程开始运行"),
    (
        ReasonCode.REPORTS_MISSING,
        {"matter": "north-south/survey", "since": "2026-11-16", "others": 1},
        "no progress report on north-south/survey, asked for by 16 November 2026, nor on 1 more",
        "没有收到north-south/survey的进展报告（要求于2026年11月16日前提交），另有1项也未收到",
    ),
    (
        ReasonCode.REPORTS_MISSING,
        {"matter": "north-south/survey", "since": "2026-11-16"},
        "no progress report on north-south/survey, asked for by 16 November 2026",
        "没有收到north-south/survey的进展报告（要求于2026年11月16日前提交）",
    ),
    (
        ReasonCode.EVENTS_REFUSED,
        {"fault": "it refuses with 401"},
        "the Prefect server takes no events: it refuses with 401",
        "Prefect服务器不接收事件：it refuses with 401",
    ),
    (
        ReasonCode.TEMPLATE_BROKEN,
        {"file": "message/body.txt", "fault": "message/body.txt:3: found 'vew'"},
        "a file of the house could not be used: message/body.txt:3: found 'vew'",
        "本机构的一个文件无法使用：message/body.txt:3: found 'vew'",
    ),
    (
        ReasonCode.INBOUND_REFUSED,
        {"event": "e-1", "fault": "commitment: unknown"},
        "the event e-1 from elsewhere was refused: commitment: unknown",
        "外来事件e-1未被接受：commitment: unknown",
    ),
    (
        ReasonCode.DRAFT_WAITING,
        {"title": "Leeds and Plzeň", "since": "2026-11-25", "draft": "leeds-plzen"},
        "the agreement “Leeds and Plzeň” has waited for approval since 25 November 2026",
        "协议“Leeds and Plzeň”自2026年11月25日起等待批准",
    ),
]

GROUNDS: list[tuple[Why, dict[str, object], str, str]] = [
    (Why.LEAD_REACHED, {"days": 7, "due": "2026-11-30"}, "reminder 7 days before", "提前7天提醒"),
    (Why.LEAD_REACHED, {"days": 1, "due": "2026-11-24"}, "reminder 1 day before", "提前1天提醒"),
    (Why.LEAD_REACHED, {"days": 0, "due": "2026-11-23"}, "reminder on the day itself", "当天提醒"),
    (Why.OPENED, {"on": "2026-11-20"}, "follow-up opened on 20 November 2026", "2026年11月20日开始催办"),
    (
        Why.ESCALATED,
        {"rung": 1, "on": "2026-11-16", "days": 5, "asked": "li.na"},
        "Li Na has not answered for 5 working days; you are the deputy",
        "Li Na已有5个工作日未答复；您是其代理人",
    ),
    (
        Why.ESCALATED,
        {"rung": 2, "on": "2026-11-09", "days": 10, "asked": None},
        "unanswered for 10 working days; you are the coordinator",
        "已有10个工作日未获答复；您是协调员",
    ),
    (
        Why.ESCALATED,
        {"rung": 3, "on": "2026-11-02", "days": 15, "asked": "li.na"},
        "Li Na has not answered for 15 working days; the leaders of both sides are told",
        "Li Na已有15个工作日未答复；现告知双方领导",
    ),
    (Why.WEEKLY, {"week": "2026-W48"}, "the digest for week 48 of 2026", "2026年第48周周报"),
    (Why.MONTHLY, {"month": "2026-11"}, "the summary for November 2026", "2026年11月月报"),
    (Why.ASKED, {}, "your confirmation has just been asked for", "刚刚请您确认"),
    (
        Why.HANDED_OVER,
        {"asked": "li.na", "on": "2026-11-23"},
        "handed over to you by Li Na on 23 November 2026",
        "2026年11月23日由Li Na移交给您",
    ),
    (
        Why.HANDED_OVER,
        {"asked": "li.na", "contact": "Wu", "on": "2026-11-23"},
        "handed over to you from Wu by Li Na on 23 November 2026",
        "2026年11月23日由Li Na从Wu移交给您",
    ),
    (
        Why.HANDED_ON,
        {"asked": "li.na", "contact": "Wu", "on": "2026-11-23"},
        "handed over to Wu by Li Na on 23 November 2026",
        "2026年11月23日由Li Na移交给Wu",
    ),
    (Why.PAUSED, {"day": "2026-11-30"}, "paused until 30 November 2026", "暂停至2026年11月30日"),
    (Why.QUIET, {"day": "2026-11-30"}, "waits for the reader's morning", "等到收件人的早晨"),
    (
        Why.CHOSEN_DAYS,
        {"day": "2026-11-30"},
        "goes on 30 November 2026, on a day that the reader chose",
        "将于收件人选定的日子2026年11月30日发送",
    ),
    (Why.UNSUBSCRIBED, {"kind": "digest"}, "the reader has unsubscribed from this kind", "收件人已退订此类消息"),
    (Why.SENT_BACK, {"on": "2026-03-02"}, "your report was sent back on 2 March 2026", "您的报告于2026年3月2日被退回"),
    (Why.SENT_BACK, {}, "your report was sent back", "您的报告被退回"),
    (Why.RULES_CHANGED, {}, "the rules have been changed since", "规则此后有更改"),
    (Why.CHOICES_CHANGED, {}, "the reader has chosen otherwise since", "收件人此后更改了选择"),
    (Why.LATER_RUNG, {}, "a later reminder is the right one today", "今日应发的是其后的一次提醒"),
    (Why.NOBODY_ON_RUNG, {"rung": 1}, "there is nobody to tell: the deputy", "无可通知对象：代理人"),
    (Why.SAME_PERSON, {"rung": 2}, "the same person has been told already", "已通知过同一人"),
    (
        Why.REST_DAY,
        {"holiday": "国庆节", "next": "2026-10-08"},
        "国庆节 is a day of rest; looked at again on 8 October 2026",
        "国庆节放假；2026年10月8日再行处理",
    ),
    (
        Why.REST_DAY,
        {"holiday": None, "day": "2026-11-23"},
        "a day of rest; the message goes on 23 November 2026",
        "休息日；消息将于2026年11月23日发出",
    ),
    (Why.HAD_TODAYS_MESSAGE, {}, "today's message has gone to this person already", "今日消息已发给此人"),
    (
        Why.CARRIED_OVER,
        {"day": "2026-11-23"},
        "its day passed before it could be sent; what it says goes on 23 November 2026",
        "当日未能发出；其内容将于2026年11月23日告知",
    ),
    (
        Why.NEXT_SENDING_TIME,
        {"day": "2026-11-23"},
        "goes on 23 November 2026, in the reader's morning",
        "将于2026年11月23日在收件人当地早上发出",
    ),
    (Why.AT_ONCE, {"day": "2026-11-23"}, "goes at once", "立即发出"),
    (Why.NO_ADDRESS, {}, "no mail address is on record", "没有登记邮箱地址"),
    (Why.OUT_OF_OFFICE, {}, "no longer, or not yet, in office", "已不在任或尚未到任"),
    (Why.PASSED_ON, {"contact": "Dee"}, "passed on to Dee", "已转由Dee负责"),
    (Why.BOUNCED, {"code": "5.1.1", "reply": "User unknown"}, "came back: User unknown", "被退回：User unknown"),
    (
        Why.OTHER_CHANNEL,
        {"former": "mail", "channel": "slack", "code": 550, "reply": "no such user"},
        "failed by mail, so it goes by slack: no such user",
        "通过mail发送失败，改由slack发送：no such user",
    ),
    (
        Why.REGISTERED,
        {"asked": "Cy", "on": "2026-03-02"},
        "registered by Cy on 2 March 2026, with your party as one of the parties",
        "Cy于2026年3月2日登记，贵方为缔约方之一",
    ),
    (
        Why.REGISTERED,
        {"asked": "Cy", "on": "2026-03-02", "contact": "Wu"},
        "registered by Cy on 2 March 2026; Wu, named for your side, waits for your yes",
        "Cy于2026年3月2日登记；为贵方指定的Wu等待您同意",
    ),
    (
        Why.PROPOSED,
        {"asked": "Cy", "on": "2026-03-02", "people": 2},
        "2 people were named for your side by Cy on 2 March 2026, and wait for your yes",
        "Cy于2026年3月2日为贵方指定了2人，等待您同意",
    ),
    (
        Why.CHANNELS_OFF,
        {"notices": 2},
        "too much came back, so nothing is sent until there is a new address",
        "退信过多，在有新地址之前不再发送",
    ),
    (Why.SENT_AGAIN, {"who": "mei.lin"}, "sent again, as mei.lin asked", "应mei.lin的要求重新发送"),
    (Why.ANSWERED_MEANWHILE, {}, "it was answered meanwhile", "其间已获答复"),
    (Why.NOTHING_TO_SAY, {}, "there was nothing to say", "无需告知的内容"),
    (
        Why.UNCERTAIN_HELD,
        {},
        "nobody knows whether it arrived, so it was set aside rather than sent twice",
        "无法确知是否送达，为避免重复发送而搁置",
    ),
    (
        Why.REFUSED,
        {"code": 550, "reply": "no such user"},
        "refused by the mail server: 550 no such user",
        "被邮件服务器拒收：550 no such user",
    ),
    (
        Why.GIVEN_UP,
        {"attempts": 8, "reply": "try later"},
        "given up after 8 attempts: try later",
        "尝试8次后放弃：try later",
    ),
]


@pytest.mark.parametrize(("code", "numbers", "english", "chinese"), REASONS)
def test_a_reason_is_said_with_its_numbers(
    code: ReasonCode, numbers: dict[str, Any], english: str, chinese: str
) -> None:
    names = {"leeds": "Leeds City Council"}
    assert load_words("en").describe_reason(Reason(code, numbers), names) == english
    assert load_words("zh-Hans").describe_reason(Reason(code, numbers), names) == chinese


@pytest.mark.parametrize(("code", "numbers", "english", "chinese"), GROUNDS)
def test_a_ground_is_said_with_its_numbers(code: Why, numbers: dict[str, object], english: str, chinese: str) -> None:
    names = {"li.na": "Li Na"}
    assert load_words("en").describe_ground(Ground(code, numbers), names) == english
    assert load_words("zh-Hans").describe_ground(Ground(code, numbers), names) == chinese


def test_the_tables_leave_no_code_out() -> None:
    assert {row[0] for row in REASONS} == set(ReasonCode)
    assert {row[0] for row in GROUNDS} == set(Why)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_vocabulary_has_a_name(language: str) -> None:
    words = load_words(language)
    for kind, named in phrases.NAMES.items():
        for word in kind:
            assert words.name(word) != str(word), word
        assert set(named) == set(kind)
    assert {StandingState, CommitmentKind, FollowUpKind, AgreementState, MatterKind} <= set(phrases.NAMES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reader_is_told_what_is_expected_whatever_the_matter(language: str) -> None:
    words = load_words(language)
    asked = [words.describe_expected(make_item(follow_up_kind=kind)) for kind in FollowUpKind]
    asked += [words.describe_expected(make_item(matter_kind=kind)) for kind in MatterKind]
    assert all(one.endswith((".", "。")) for one in asked)
    assert len(set(asked[: len(FollowUpKind)])) == len(FollowUpKind)


@pytest.mark.parametrize(
    ("days", "ahead", "ago"),
    [
        (0, "today", "today"),
        (1, "tomorrow", "yesterday"),
        (9, "in 9 days", "9 days ago"),
        (13, "in 13 days", "13 days ago"),
        (14, "in 2 weeks", "2 weeks ago"),
        (27, "in 3 weeks", "3 weeks ago"),
        (83, "in 11 weeks", "11 weeks ago"),
        (84, "in 3 months", "3 months ago"),
        (512, "in 17 months", "17 months ago"),
        (729, "in 23 months", "23 months ago"),
        (730, "in 2 years", "2 years ago"),
        (2922, "in 8 years", "8 years ago"),
    ],
)
def test_a_span_is_said_in_the_unit_that_fits(days: int, ahead: str, ago: str) -> None:
    words = load_words("en")
    assert (words.format_ahead(days), words.format_ago(days)) == (ahead, ago)


def test_months_become_years_from_two_years_on() -> None:
    words = load_words("en")
    assert [words.format_months(months) for months in (1, 12, 23, 24, 35, 104)] == [
        "1 month", "12 months", "23 months", "2 years", "2 years", "8 years",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("2018", "2018", "2018年"),
        ("2018-03", "March 2018", "2018年3月"),
        ("2018-03-09", "9 March 2018", "2018年3月9日"),
    ],
)
def test_a_date_keeps_the_precision_in_which_it_is_known(text: str, english: str, chinese: str) -> None:
    assert load_words("en").format_partial(text) == english
    assert load_words("zh").format_partial(text) == chinese


@pytest.mark.parametrize(
    ("tag", "catalogue"),
    [
        ("zh", "zh_Hans"), ("zh-CN", "zh_Hans"), ("zh-Hans", "zh_Hans"), ("zh-SG", "zh_Hans"), ("ZH-cn", "zh_Hans"),
        ("zh-TW", "zh_Hans"), ("zh-HK", "zh_Hans"), ("zh-Hant", "zh_Hans"),
        ("en", "en_GB"), ("en-US", "en_GB"), ("ko", "ko"), ("ko-KR", "ko"), ("de-AT", "de"),
        ("fr-CA", "fr"), ("es-MX", "es"), ("tr", "tr"), ("bg", "bg"), ("ky", "en_GB"), ("", "en_GB"), ("../x", "en_GB"),
        ("no such language", "en_GB"), ("no", "en_GB"), ("nb", "en_GB"), ("1,5", "en_GB"),
    ],
)  # fmt: skip
def test_a_language_tag_finds_its_catalogue(tag: str, catalogue: str) -> None:
    assert find_catalogue(tag) == catalogue


@pytest.mark.parametrize(
    ("tag", "spoken"), [("en", True), ("en-US", True), ("EN_gb", True), ("zh-CN", True), ("ky", False), ("xx", False)]
)
def test_a_language_is_spoken_if_it_has_a_catalogue_or_is_english(tag: str, spoken: bool, tmp_path: Path) -> None:
    assert speaks_language(tag) is spoken
    assert list_languages() == ("bg", "de", "en", "es", "fr", "ko", "tr", "zh-Hans")
    assert speaks_language("zh-TW"), "simplified Chinese can be read"
    (tmp_path / "zh_Hant.po").touch()
    assert find_catalogue("zh-TW", tmp_path) == "zh_Hant", "a catalogue of the house's own goes before it"
    (tmp_path / "zh_Hant.po").unlink()
    (tmp_path / "ky.po").touch()
    assert speaks_language("ky", tmp_path) and "ky" in list_languages(tmp_path)


def test_a_language_without_a_catalogue_is_english_throughout() -> None:
    words = load_words("ky")
    assert words.tag == "en"
    assert words.format_day(date(2026, 11, 23)) == "23 November 2026"
    assert words.name_standing(StandingState.SILENT) == "Silent"


def test_what_was_said_once_is_said_again_only_of_the_very_same_numbers() -> None:
    words = load_words("en")
    for held in (1, True, 1.0, 1):
        reason = Reason(ReasonCode.PERIOD_BEHIND, {"held": held, "expected": 4, "period": "2026", "days_left": 9})
        assert f"{held} of 4" in words.describe_reason(reason)


def test_a_reason_without_its_numbers_still_says_something() -> None:
    assert load_words("en").describe_reason(Reason(ReasonCode.PAST_DUE, {})) == "past due"


def test_text_from_the_register_is_never_a_pattern() -> None:
    numbers = ACTIVITIES | {"what": "100 %(held)s %s visits"}
    said = load_words("en").describe_reason(Reason(ReasonCode.PERIOD_ON_PACE, numbers))
    assert "100 %(held)s %s visits" in said


# While one writes, one language beside English is enough; before a release every one of them is complete.
COMPLETE = [
    pytest.param(path, marks=[pytest.mark.slow] if path.stem != "zh_Hans" else [], id=path.stem)
    for path in sorted(CATALOGUES.glob("*.po"))
]


@pytest.fixture(scope="module")
def said() -> Catalog:
    """Everything that is said in messages."""
    return extract_phrases()


@pytest.mark.parametrize("catalogue", COMPLETE)
def test_a_catalogue_is_complete_and_names_no_unknown_number(catalogue: Path, said: Catalog) -> None:
    assert len(said) > 250
    assert sorted(find_faults(read_catalogue(catalogue), said)) == []


def test_there_is_a_catalogue_for_every_language_that_is_promised() -> None:
    assert {path.stem for path in CATALOGUES.glob("*.po")} == {"zh_Hans", "tr", "ko", "bg", "de", "fr", "es"}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "in %(month)s"\nmsgstr ""', "line 3: not translated: 'in %(month)s'"),
        ('#, fuzzy\nmsgid "today"\nmsgstr "heute"', "line 4: marked as unsure (fuzzy): 'today'"),
        ('msgid "todya"\nmsgstr "heute"', "line 3: no longer said: 'todya'"),
        ('msgid "in %(month)s"\nmsgstr "im %(mnth)s"', "line 3: %(mnth)s is not known here: 'in %(month)s'"),
        ('msgid "in %(month)s"\nmsgstr "im Monat"', "line 3: %(month)s is left out: 'in %(month)s'"),
        ('msgid "in %(month)s"\nmsgstr "im %(month) s"', "line 3: a % that begins no name: 'in %(month)s'"),
        (
            'msgid "%(count)s day"\nmsgid_plural "%(count)s days"\nmsgstr[0] "%(count)s Tag"',
            "line 3: not translated: '%(count)s day'",
        ),
        ('msgid "yesterday"\nmsgstr "gestern"', "missing: 'today'"),
    ],
)
def test_what_is_wrong_in_a_catalogue_is_said_with_its_line(
    entry: str, fault: str, tmp_path: Path, said: Catalog
) -> None:
    catalogue = tmp_path / "de.po"
    catalogue.write_text(f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n{entry}\n', encoding="utf-8")
    assert fault in list(find_faults(read_catalogue(catalogue), said))


def test_updating_adds_what_is_new_drops_what_is_gone_and_keeps_what_is_translated(tmp_path: Path) -> None:
    catalogue = tmp_path / "de.po"
    catalogue.write_text(
        '# ours\nmsgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "today"\nmsgstr "heute"\n\nmsgid "gone"\nmsgstr "weg"\n',
        encoding="utf-8",
    )
    update_catalogue(catalogue, extract_phrases())
    once = catalogue.read_text(encoding="utf-8")
    assert once.startswith("# ours") and 'msgid "today"\nmsgstr "heute"' in once
    assert 'msgid "yesterday"\nmsgstr ""' in once and 'msgid "gone"' not in once
    update_catalogue(catalogue, extract_phrases())
    assert catalogue.read_text(encoding="utf-8") == once


# What one would say in each language, read aloud: cases, plurals, prepositions and spacing as its readers expect them.
SAID: list[tuple[str, ReasonCode, dict[str, Any], str]] = [
    ("de", ReasonCode.PAST_DUE, {"due": "2018-09", "days": 2976}, "war fällig bis Ende September 2018, vor 8 Jahren"),
    ("de", ReasonCode.HELD, {"on": "2024"}, "im Jahr 2024 zurückgestellt"),
    ("de", ReasonCode.DUE_SOON, {"due": "2026-11-30", "days": 7}, "fällig bis 30. November 2026, in 7 Tagen"),
    ("fr", ReasonCode.DUE_SOON, {"due": "2026-12-01", "days": 8}, "échéance : 1er décembre 2026, dans 8 jours"),
    (
        "fr",
        ReasonCode.TARGET_ON_PACE,
        {"value": 1e6, "target": 500e6, "unit": "EUR"},
        "1 million sur 500 millions d’euros",
    ),
    (
        "es",
        ReasonCode.TARGET_ON_PACE,
        {"value": 60, "target": 75.5, "unit": "%"},
        "60 % de 75,5 %",
    ),
    ("es", ReasonCode.EXPIRES, {"on": "2027", "days": 403}, "el acuerdo vence a fines de 2027, dentro de 13 meses"),
    ("tr", ReasonCode.HELD, {"on": "2024"}, "2024 yılında beklemeye alındı"),
    ("tr", ReasonCode.TARGET_ON_PACE, {"value": 60, "target": 75.5, "unit": "%"}, "%60 / %75,5"),
    ("ko", ReasonCode.DUE_SOON, {"due": "2026-11", "days": 7}, "기한 2026년 11월 말까지, 7일 후"),
    ("ko", ReasonCode.SETTLED, {"state": "fulfilled", "on": "2020-09"}, "2020년 9월에 이행됨"),
    (
        "bg",
        ReasonCode.PAST_DUE,
        {"due": "2026-10", "days": 23},
        "срокът беше до края на октомври 2026 г., преди 3 седмици",
    ),
    (
        "bg",
        ReasonCode.PERIOD_ON_PACE,
        ACTIVITIES | {"what": None},
        "проведени 2 от 4 за 2026 г., остават 10 седмици",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("language", "code", "numbers", "said"), SAID)
def test_a_reason_reads_as_its_speakers_would_say_it(
    language: str, code: ReasonCode, numbers: dict[str, Any], said: str
) -> None:
    reads = load_words(language).describe_reason(Reason(code, numbers))
    assert reads.replace("\u00a0", " ").replace("\u202f", " ") == said


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", ["1 day", "2 days", "5 days"]),
        ("tr", ["1 gün", "2 gün", "5 gün"]),
        ("ko", ["1일", "2일", "5일"]),
        ("bg", ["1 ден", "2 дни", "5 дни"]),
        ("fr", ["1 jour", "2 jours", "5 jours"]),
        ("de", ["1 Tag", "2 Tage", "5 Tage"]),
    ],
)
def test_a_count_takes_the_plural_of_its_language(language: str, forms: list[str]) -> None:
    assert [load_words(language).format_span(days) for days in (1, 2, 5)] == forms
    assert load_words("fr").ngettext("%(count)s year", "%(count)s years", 0) == "%(count)s an"  # nought is singular


def make_item(**changes: Any) -> Item:
    given: dict[str, Any] = {
        "kind": NotificationKind.REMINDER,
        "agreement": "leeds-hangzhou",
        "agreement_title": "Leeds and Hangzhou",
        "matter": "leeds-hangzhou/libraries",
        "matter_kind": MatterKind.COMMITMENT,
        "promise": "Link the two library services",
        "is_quote": False,
        "part_title": None,
        "to_whom": ("Hangzhou",),
        "standing": StandingState.DUE_SOON,
        "reason": Reason(ReasonCode.DUE_SOON, {"due": "2026-11-30", "days": 7}),
        "ground": Ground(Why.LEAD_REACHED, {"days": 7, "due": "2026-11-30"}),
    }
    return Item(**(given | changes))


@pytest.mark.parametrize("language", ["en", "zh", "tr", "ko", "bg", "de", "fr", "es"])
def test_a_number_of_any_size_is_written(language: str) -> None:
    for number in (1e17, 1e18, 1e26, 123456789e20, -1e300):
        assert load_words(language).format_amount(number, "CNY")
