"""A link in a message is good as long as the address to which it went is its person's, as a link to sign in is."""

import re

import pytest
from sqlalchemy import insert, select, update

from commitments.database import open_reading, open_unit
from commitments.reconcile import load_rules
from commitments.tables import agreement, channel_state, choices, contact
from notifications.composing import compose_messages
from notifications.links import Ask, Purpose, name_place
from notifications.names import load_names
from notifications.tables import notification
from tests.portal.desk import NOW, TODAY, Desk

FORMER = "ann@north.example"
MOVED = "This message went to a former address"


def write_links(desk: Desk, address: str = FORMER) -> dict[str, str]:
    """What a message to this address holds, by what it is for."""
    ann, bound = desk.person("ann"), desk.links.bind(name_place(address))
    asked = desk.find("overdue", "/survey").id
    written = {
        "answer": bound.write_answer(Ask(ann, follow_up_id=asked)),
        "choices": bound.write_choices(ann),
        "short": bound.write_short_choices(ann),
        "unsubscribe": bound.write_unsubscribe(ann, "reminder"),
    }
    return {name: link.removeprefix(desk.links.base_url) for name, link in written.items()}


def move(desk: Desk, **channels: str) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(channels=channels))


def press(desk: Desk, link: str) -> int:
    """Answer by a link of which the page was opened while it still worked."""
    page = desk.client.get(link).text
    mark = re.search(r'name="mark" value="(\w+)"', page)
    return int(desk.client.post(f"{link}/on_track", data={"mark": mark[1] if mark else "x"}).status_code)


def test_one_unsubscribes_by_a_message_to_a_former_address_all_the_same(desk: Desk) -> None:
    link = write_links(desk)["unsubscribe"]
    move(desk, mail="ann@elsewhere.example")
    assert MOVED not in desk.get(link)
    assert desk.client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert desk.rows(choices)[0].unsubscribed == ["reminder"]


@pytest.mark.parametrize("purpose", ["answer", "choices", "short"])
def test_a_link_that_went_to_a_former_address_says_so_and_does_nothing(desk: Desk, purpose: str) -> None:
    link = write_links(desk)[purpose]
    assert MOVED not in desk.get(link)
    move(desk, mail="ann@elsewhere.example")
    before = desk.snapshot()
    page = desk.get(link, 410)
    assert MOVED in page and 'href="/home"' in page and "elsewhere.example" not in page and "survey" not in page
    for path in (link, f"{link}/on_track"):
        assert desk.client.post(path.replace("/c/", "/choices/"), data={"mark": "x"}).status_code in (404, 405, 410)
    assert desk.snapshot() == before


def test_the_page_is_in_the_language_of_its_person(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "ann").values(language="zh"))
    link = write_links(desk, "ann@former.example")["answer"]
    assert "这条消息发往的是旧地址" in desk.get(link, 410)


@pytest.mark.parametrize(
    "channels",
    [{"mail": "Ann@North.example "}, {"mail": "ann@elsewhere.example", "slack": FORMER}],
    ids=["written otherwise", "on another channel"],
)
def test_it_works_while_the_address_is_theirs(desk: Desk, channels: dict[str, str]) -> None:
    links = write_links(desk)
    move(desk, **channels)
    assert all(MOVED not in desk.get(link) for link in links.values())
    assert press(desk, links["answer"]) == 200


def test_what_came_back_from_an_address_takes_it_from_nobody(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        off = {"channel": "mail", "address": FORMER, "state": "off", "reason": {}, "since": NOW}
        unit.execute(insert(channel_state).values(contact_id=desk.person("ann"), **off))
    assert press(desk, write_links(desk)["answer"]) == 200


def test_what_follows_an_answer_by_link_goes_with_the_address_too(desk: Desk) -> None:
    link = write_links(desk)["answer"]
    mark = re.search(r'name="mark" value="(\w+)"', desk.client.get(link).text)
    assert mark is not None
    page = desk.client.post(f"{link}/on_track", data={"mark": mark[1]}, follow_redirects=False).headers["location"]
    choices = re.search(r'href="[^"]*(/choices/[^"?]+)', desk.get(page))
    assert choices is not None
    move(desk, mail="ann@elsewhere.example")
    for path in (page, choices[1]):
        assert MOVED in desk.get(path, 410)
    assert desk.client.post(f"{page}/undo").status_code == 410


def test_every_link_of_a_letter_bears_the_address_to_which_it_goes(desk: Desk) -> None:
    desk.morning(TODAY)
    with open_reading(desk.engine) as reading:
        rows = reading.execute(select(notification).where(notification.c.address == FORMER)).all()
        rules = load_rules(reading, select(agreement.c.id))
        messages = compose_messages(reading, rows, rules, load_names(reading), TODAY, links=desk.links)
    assert messages
    for one in messages.values():
        links = [(Purpose.CHOICES, one.choices_link), (Purpose.CHOICES, one.short_choices_link)]
        links += [(Purpose.ANSWER, item.answer_link) for item in one.items]
        assert len(links) > 2
        for purpose, link in links:
            assert desk.links.read_place(purpose, str(link).rpartition("/")[2]) == name_place(FORMER)


def test_a_link_of_an_earlier_version_bears_none_and_works_until_it_expires(desk: Desk) -> None:
    link = desk.link("ann", "overdue", "/survey")
    move(desk, mail="ann@elsewhere.example")
    assert "Hand over the survey." in desk.get(link)
