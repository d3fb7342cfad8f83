"""What changed this week, on Home: one list, the newest day first, each title once."""

import re
from datetime import timedelta

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author, Change, record_changes
from commitments.register import import_agreement
from tests.portal.desk import FORM, NOW, TODAY, Desk

LONG = "Memorandum between the two cities on culture, schools, water, trade and whatever else may be agreed upon"


def read_week(desk: Desk) -> str:
    return desk.get("/home").partition("What changed this week")[2].partition("</section>")[0]


def test_what_was_changed_and_what_was_done_stand_in_one_list_the_newest_day_first(desk: Desk) -> None:
    for days in (1, 4):
        with open_unit(desk.engine) as unit:
            changes = {"summary": ("Build.", f"Build {days}.")}
            author = Author("cy", NOW + timedelta(days=days))
            record_changes(unit, author, [Change("amended", "commitment", days, "x", 1, changes)])
    desk.clock[0] = NOW + timedelta(days=2)
    desk.sign_in("ann")
    asked = desk.find("overdue", "/survey").id
    desk.act(f"/asked/{asked}/on_track", mark=re.findall(r'name="mark" value="(\w+)"', desk.get(f"/asked/{asked}"))[0])
    desk.clock[0] = NOW + timedelta(days=5)
    desk.sign_in("cy")
    week = read_week(desk)
    assert re.findall(r"<strong>(\d+) March 2026</strong>", week) == ["6", "4", "3", "2"]
    assert week.count("<ul") == 1


def test_a_long_title_of_a_new_agreement_is_said_once(desk: Desk) -> None:
    form = FORM.replace(b"agreement: north-south", b"agreement: long").replace(
        b"en: Memorandum", f'en: "{LONG}"'.encode()
    )
    with open_unit(desk.engine) as unit:
        import_agreement(unit, parse_agreement(form, "long.yaml"), Author("test", NOW), TODAY)
    desk.clock[0] = NOW + timedelta(hours=1)
    desk.sign_in("cy")
    week = read_week(desk)
    assert LONG[:40] in week and week.count(LONG[:40]) == 1
