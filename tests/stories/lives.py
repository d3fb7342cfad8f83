"""Registers with a life behind them, drawn at random: dates near today, all kinds of promises, people with choices."""

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select, update

from commitments.agreement_form import AgreementForm
from commitments.database import open_reading, open_unit
from commitments.deciding import Turn, set_date, take_turn
from commitments.errors import TallyError
from commitments.log import Author
from commitments.policies import set_policy
from commitments.progress import add_activity, add_measurement, answer_follow_up, report_progress
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import choices, commitment, contact, follow_up
from notifications.planning import plan_messages
from notifications.tables import notification

START = date(2026, 3, 2)
ZONES = ("Europe/London", "Asia/Shanghai", "Pacific/Honolulu", "Pacific/Kiritimati", "UTC")
COUNTRIES = ("GB", "CN", "KR", "NO", None)
NAMES = ("north", "south", "east")


def draw_form(draw: random.Random) -> AgreementForm:
    """An agreement whose dates lie about the start."""

    def day(least: int = -120, most: int = 160) -> str:
        found = (START + timedelta(days=draw.randint(least, most))).isoformat()
        return found[: draw.choice((10, 10, 10, 7))]

    def maybe(**fields: Any) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if draw.random() < 0.5}

    names = NAMES[: draw.randint(1, 3)]
    people: dict[str, list[str]] = {}
    parties = []
    for name in names:
        contacts = []
        for number in range(draw.randint(0, 4)):
            one = {"reference": f"{name}-{number}", "name": f"{name} {number}"}
            one["role"] = draw.choice(("owner", "owner", "coordinator", "leader"))
            channels = {"channels": {"mail": f"{name}-{number}@{name}.example"}} if draw.random() < 0.85 else {}
            office = {"valid_to": day(-20, 90)} if draw.random() < 0.2 else {}
            deputy = {"deputy": contacts[-1]["reference"]} if contacts and draw.random() < 0.6 else {}
            language = {"language": draw.choice(("zh", "ko", "fr"))} if draw.random() < 0.2 else {}
            contacts.append({**one, **channels, **office, **deputy, **language})
        people[name] = [one["reference"] for one in contacts]
        country = {"country": country} if (country := draw.choice(COUNTRIES)) else {}
        place = {"reference": name, "kind": "city", "names": {"en": name.title()}, "time_zone": draw.choice(ZONES)}
        parties.append({**place, **country, "contacts": contacts})
    made: dict[str, Any] = {
        "agreement": "north-south", "title": {"en": "Memorandum"}, "kind": "memorandum", "parties": parties,
        **maybe(effective=day(-900, -10), ended=day(30, 300)),
    }  # fmt: skip
    if draw.random() < 0.6:
        made["expires"] = (START + timedelta(days=draw.randint(-5, 420))).isoformat()
        made |= maybe(notice={"months": draw.randint(1, 6)}, renewal=draw.choice(
            ({"rule": "automatic", "months": 6}, {"rule": "by_agreement", "renew_by": day(5, 100)})
        ))  # fmt: skip
    if draw.random() < 0.3:
        made["network"] = {"name": "Net", "designated": "2014-12-01", "reporting_cycle_years": 4}
    made["commitments"] = [_draw_promise(draw, number, names, people, day) for number in range(draw.randint(1, 9))]
    return AgreementForm.model_validate(made)


def _draw_promise(draw: random.Random, number: int, names: Any, people: Any, day: Any) -> dict[str, Any]:
    kind = draw.choice(("deliverable", "recurring", "target", "open_ended", "planned"))
    owing = draw.sample(names, draw.randint(1, min(2, len(names))))
    owners = [
        {"party": name, **({"contact": draw.choice(people[name])} if people[name] and draw.random() < 0.8 else {})}
        for name in owing
    ]
    made: dict[str, Any] = {"reference": f"p{number}", "summary": f"Promise {number}", "kind": kind, "owners": owners}
    if draw.random() < 0.7:
        made["due"] = day()
    for name, least, most in (("period_from", -300, 20), ("confirm_by", -20, 120)):
        if draw.random() < 0.2:
            made[name] = day(least, most)
    if kind == "recurring":
        made["recurrence"] = {
            "every": draw.choice(("month", "quarter", "year")),
            "count": draw.randint(1, 12),
            **({"starts": day(-200, 30)} if draw.random() < 0.3 else {}),
            **({"ends": (START + timedelta(days=draw.randint(31, 90))).isoformat()} if draw.random() < 0.2 else {}),
        }
    if kind == "target":
        made["target"] = {
            "quantity": 100, "unit": "visits", "comparator": draw.choice(("at_least", "about", "at_most")),
            **({"baseline_on": day(-200, -20)} if draw.random() < 0.5 else {}),
        }  # fmt: skip
    if draw.random() < 0.15:
        made["condition"] = {"text": "If asked", **({"met_on": day(-30, 60)} if draw.random() < 0.6 else {})}
    made["milestones"] = [
        {"reference": f"step-{at}", "title": f"Step {at}", "due": day(-60, 120),
         **({"party": draw.choice(owing)} if draw.random() < 0.3 else {})}
        for at in range(draw.choice((0, 0, 1, 2)))
    ]  # fmt: skip
    return made


def draw_choices(draw: random.Random, engine: Engine) -> None:
    """What some of the people chose about their messages."""
    with open_unit(engine) as unit:
        for row in unit.execute(select(contact.c.id, contact.c.role)).all():
            if draw.random() < 0.35:
                paused = START + timedelta(days=draw.randint(10, 70))
                chosen: dict[str, Any] = draw.choice(
                    (
                        {"days": sorted(draw.sample(range(7), draw.randint(1, 3)))},
                        {"hour": "15:30"},
                        {"quiet_from": "06:00", "quiet_to": "12:00"},
                        {"paused_from": paused, "paused_to": paused + timedelta(days=draw.randint(0, 25))},
                        {"unsubscribed": [draw.choice(("reminder", "follow_up", "escalation"))]},
                        {"digest_day": 3},
                    )
                )
                unit.execute(insert(choices).values(contact_id=row.id, **{"unsubscribed": [], **chosen}))


def draw_rules(draw: random.Random) -> dict[str, Any]:
    """Rules of the agreement's own."""
    rules = {
        "lead_days": sorted(draw.sample(range(60), 3), reverse=True),
        "send_days": sorted(draw.sample(range(7), 2)),
        "escalation_working_days": [0, 2, 4, 6],
        "silence_amber_months": 2,
        "dormancy_months": 3,
        "next_step_days": 20,
        "always_sent": ["commitment"],
        "quiet_after_answer_days": 5,
        "expiry_lead_days": 90,
    }
    return {name: rules[name] for name in draw.sample(sorted(rules), draw.randint(0, 4))}


def live(engine: Engine, draw: random.Random, days: int) -> datetime:
    """So many days as they came, with what people did on them; returns the moment at which they end."""
    form = draw_form(draw)
    with open_unit(engine) as unit:
        begun = datetime.combine(START - timedelta(days=1), time(7), UTC)
        import_agreement(unit, form, Author("test", begun), begun.date())
        set_policy(unit, Author("test", begun, "x"), "north-south", draw_rules(draw), begun, begun.date())
    draw_choices(draw, engine)
    for ahead in range(days):
        now = datetime.combine(START + timedelta(days=ahead), time(1), UTC)
        reconcile_register(engine, now, now.date())
        plan_messages(engine, now, now.date(), domain="tally.example")
        with open_unit(engine) as unit:
            due = (notification.c.state == "queued") & (notification.c.next_at < now + timedelta(hours=23))
            if draw.random() < 0.9:
                unit.execute(update(notification).where(due).values(state="sent", sent_at=now + timedelta(hours=9)))
        if draw.random() < 0.5:
            do_something(engine, draw, now + timedelta(hours=10))
    return datetime.combine(START + timedelta(days=days), time(1), UTC)


def do_something(engine: Engine, draw: random.Random, now: datetime) -> None:
    """One of the things that people do; what is refused was not done."""
    today = now.date()
    with open_reading(engine) as reading:
        promised = reading.execute(select(commitment.c.reference, commitment.c.kind)).all()
        asked = reading.execute(select(follow_up.c.key).where(follow_up.c.state == "open")).scalars().all()
    one = draw.choice(promised)
    name, author = f"north-south/{one.reference}", Author("somebody", now, "because")
    later = (today + timedelta(days=draw.randint(1, 40))).isoformat()
    deeds = ["report", "activity", "hold", "resume", "date", "answer", "snooze", "measure", "end"]
    try:
        with open_unit(engine) as unit:
            match draw.choice(deeds):
                case "report":
                    report_progress(
                        unit, author, name, None, None, "on_track", today, fulfilled=draw.random() < 0.3
                    )  # fmt: skip
                case "activity":
                    served = [one.reference] if draw.random() < 0.8 else []
                    add_activity(unit, author, "north-south", "Visit", "visit", today.isoformat(), today, served)
                case "hold":
                    take_turn(unit, author, name, Turn.HOLD, later if draw.random() < 0.8 else None, today)
                case "resume":
                    take_turn(unit, author, name, Turn.RESUME, None, today)
                case "date":
                    set_date(unit, author, name, None, later, today)
                case "answer" if asked:
                    answer_follow_up(unit, author, draw.choice(asked), today, done=True, snooze_until=None, note=None)
                case "snooze" if asked:
                    until = date.fromisoformat(later)
                    answer_follow_up(unit, author, draw.choice(asked), today, done=False, snooze_until=until, note=None)
                case "measure":
                    add_measurement(unit, author, name, draw.randint(0, 120), today.isoformat(), today)
                case "end" if draw.random() < 0.3:
                    take_turn(unit, author, name, Turn.WITHDRAW, None, today)
    except TallyError:
        return
