"""What people set for themselves: their zone, and by what they are reached."""

import re

from sqlalchemy import update

from commitments.database import open_unit
from commitments.tables import contact, log_entry
from tests.portal.desk import Desk


def test_a_person_chooses_their_own_zone_and_what_is_no_zone_is_refused_in_words(desk: Desk) -> None:
    desk.sign_in("ann")
    assert "Saved." in desk.act("/settings/zone", zone="Asia/Shanghai")
    assert desk.rows(contact, contact.c.reference == "ann")[0].time_zone == "Asia/Shanghai"
    assert "<dd>Asia/Shanghai</dd>" in desk.get("/settings")
    (entry,) = desk.rows(log_entry, log_entry.c.subject == "contact", log_entry.c.action == "amended")
    assert entry.who == "ann"
    page = desk.act("/settings/zone", 422, zone="Mars/Olympus")
    assert "This time zone is not known." in page and 'value="Mars/Olympus"' in page
    desk.act("/settings/zone", zone="")
    assert desk.rows(contact, contact.c.reference == "ann")[0].time_zone is None
    assert "<dd>Europe/London</dd>" in desk.get("/settings"), "as the party"


def test_only_ways_by_which_a_person_is_reached_can_be_chosen_each_by_its_name(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        ways = {"mail": "ann@north.example", "sms": "+440000000"}
        unit.execute(update(contact).where(contact.c.reference == "ann").values(channels=ways))
    page = desk.get(desk.links.write_choices(desk.person("ann")).removeprefix(desk.links.base_url))
    ways_shown = re.search(r'name="channel".*?</select>', page, re.S)
    assert ways_shown is not None
    assert re.findall(r">([^<]+)</option>", ways_shown[0]) == ["as usual", "Mail", "SMS"]
    assert "Other ways to reach you are entered by your coordinator." in page


def test_who_came_to_their_choices_from_the_settings_goes_back_there_also_after_saving(desk: Desk) -> None:
    desk.sign_in("ann")
    link = re.search(r'href="(/choices/[^"]+)"', desk.get("/settings"))
    assert link is not None and 'href="/settings">Back to Settings' in desk.get(link[1])
    saved = desk.client.post(link[1], data={}, follow_redirects=False).headers["location"]
    assert "Saved." in desk.get(saved) and "Back to Settings" in desk.get(saved)
    assert "Back to Settings" not in desk.get(link[1].partition("?")[0]), "who came from a mail has no settings there"
