"""What people set for themselves: their zone, and by what they are reached."""

import re

from sqlalchemy import insert, update

from commitments.database import open_unit
from commitments.tables import contact, log_entry, policy
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
    assert re.findall(r">([^<]+)</option>", ways_shown[0]) == ["Mail, as it was entered for you", "Mail", "SMS"]
    assert "Other ways to reach you are entered by your coordinator." in page
    page = desk.get(desk.links.write_choices(desk.person("cy")).removeprefix(desk.links.base_url))
    assert "your coordinator" not in page and "Other ways to reach you stand on your own page among the people" in page


def test_who_came_to_their_choices_from_the_settings_goes_back_there_also_after_saving(desk: Desk) -> None:
    desk.sign_in("ann")
    link = re.search(r'href="(/choices/[^"]+)"', desk.get("/settings"))
    assert link is not None and 'href="/settings">Back to Settings' in desk.get(link[1])
    saved = desk.client.post(link[1], data={}, follow_redirects=False).headers["location"]
    assert "Saved." in desk.get(saved) and "Back to Settings" in desk.get(saved)
    assert "Back to Settings" not in desk.get(link[1].partition("?")[0]), "who came from a mail has no settings there"


def test_the_page_of_choices_says_what_holds_where_nothing_is_chosen_and_by_whose_rules(desk: Desk) -> None:
    choices = desk.links.write_choices(desk.person("ann")).removeprefix(desk.links.base_url)
    assert "08:00, as Tallystick has it" in desk.get(choices)
    assert "These hours are by the rules of Tallystick." in desk.get(choices)
    desk.sign_in("cy")
    rules = {"send_at": "07:00", "language": "fr", "channel_1": "chat", "channel_2": "mail", "why": "They asked for it"}
    page = desk.get("/agreements/north-south/policy")
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark is not None
    usual = {"send_days": [*map(str, range(7))], "always_sent": ["notice"], "mark": mark[1]}
    twice = desk.act("/agreements/north-south/policy", 422, **usual, **{**rules, "channel_2": "chat"})
    assert "Each kind can stand in one place only." in twice
    desk.act("/agreements/north-south/policy", 303, **usual, **rules)
    assert desk.rows(policy)[0].rules == {"send_at": "07:00", "language": "fr", "channels": ["chat", "mail"]}
    page = desk.get(choices)
    assert 'lang="fr"' in page, "the page is in the language of her letters"
    assert "Français, selon les règles de « Memorandum »" in page.replace("\u202f", " ").replace("\xa0", " ")
    assert "07:00, selon les règles de" in page
    shown = desk.get("/agreements/north-south/policy")
    assert re.search(r'<option value="fr" selected>French', shown) and re.search(r'value="chat" selected', shown)


def test_the_page_of_choices_tells_a_rule_of_the_house_from_what_nobody_has_changed(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        rules = {"send_at": "07:30", "send_days": [0, 3], "quiet_from": "19:00"}
        unit.execute(insert(policy).values(scope="house", rules=rules))
    page = desk.get(desk.links.write_choices(desk.person("cy")).removeprefix(desk.links.base_url))
    assert "07:30, as your house has it" in page and "every week, as Tallystick has it" in page
    assert "Left as they are: Monday and Thursday, as your house has it." in page
    assert "waits from 19:00 until 07:00" in page and "These hours are by the rules of your house." in page
