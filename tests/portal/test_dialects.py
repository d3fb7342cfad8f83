"""The pages of people, dates, briefs, rules and public pages do the same on SQLite and on PostgreSQL."""

import re
from pathlib import Path

from sqlalchemy import Engine
from starlette.testclient import TestClient

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from commitments.tables import contact
from notifications.links import open_links
from portal.app import make_portal
from tests.portal.desk import FORM, NOW, TODAY, Desk
from tests.portal.test_calendar import make_feed, read_feed
from tests.portal.test_people import hand_over, owners, take_back

PAGES = (
    "/people", "/people/ann", "/people/ann/hand-over", "/orphans", "/brief?party=south", "/calendar?month=2026-02",
    "/calendar?month=2026-12&party=north&whose=own", "/agreements/north-south/brief",
    "/agreements/north-south/policy", "/agreements/north-south/public", "/calendar?day=2026-02-13", "/agreements",
    "/messages?show=unsent",
)  # fmt: skip


def test_the_same_is_read_and_written_on_both_databases(engine: Engine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, base_url="https://tally.example", requests_a_minute=1000)
    with open_unit(engine) as unit:
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), Author("test", NOW), TODAY.replace(year=2024))
    reconcile_register(engine, NOW, TODAY)
    links = open_links(settings)
    assert links is not None
    app = make_portal(settings, engine, read_clock=lambda: NOW)
    with TestClient(app, base_url="https://tally.example", raise_server_exceptions=False) as client:
        desk = Desk(engine, settings, links, client, [NOW])
        desk.sign_in("cy")
        for page in PAGES:
            desk.get(page)
        desk.act("/add-person", name="Bo Berg", mail="bo@north.example", role="owner")
        desk.act("/people/dee/end", last_day="2026-03-01", why="Retired")
        hand_over(desk, "ann", to="north.bo-berg", last_day="2026-03-31")
        assert owners(desk)["survey"] == "north.bo-berg"
        mark = re.search(r'name="mark" value="(\w+)"', desk.get("/agreements/north-south/policy"))
        assert mark
        rules = {"lead_days": "5", "send_days": [*"0123456"], "always_sent": "notice"}
        desk.act("/agreements/north-south/policy", mark=mark[1], why="x", **rules)
        desk.act("/agreements/north-south/policy/try", 200, lead_days="5", send_days=[*"0123456"])
        desk.act("/agreements/north-south/public")
        desk.get("/public/north-south")
        desk.act("/agreements/north-south/public/withdraw")
        desk.get("/public/north-south", 404)
        assert read_feed(desk, make_feed(desk, "north.bo-berg"))
        assert desk.rows(contact, contact.c.reference == "ann")[0].valid_to == "2026-03-31"
        desk.sign_in("cy")
        take_back(desk, "ann")
        assert owners(desk)["survey"] == "ann"
        assert desk.rows(contact, contact.c.reference == "ann")[0].valid_to is None
