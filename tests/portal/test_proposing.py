"""That fewer confirm what is reported is proposed by one side, and holds once the others have accepted it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from commitments.agreement_file import parse_agreement
from commitments.database import open_unit
from commitments.export import export_agreement
from commitments.house_rules import adopt_house_rules
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.tables import (
    agreement_party,
    contact,
    log_entry,
    party,
    policy,
    progress_report,
    rule_proposal,
    rule_proposal_side,
)
from tests.portal.desk import FORM, NOW, TODAY, Desk
from tests.portal.test_acting import as_guests, send
from tests.portal.test_files import bring
from tests.portal.test_policing import PAGE, find_mark, save, usual

BRIDGE = "/agreements/north-south/commitments/bridge"


def ask(desk: Desk, status: int = 303, **fields: Any) -> str:
    """Press “Ask the other side” on the rules as they stand."""
    said = {"confirmed_by": "those_who_owe", "why": "They never answer", **fields}
    return desk.act(f"{PAGE}/ask", status, mark=find_mark(desk.get(PAGE)), **usual(**said))


def propose(desk: Desk, **fields: Any) -> str:
    """Propose it as Cy of the North; gives the address of the proposal."""
    desk.sign_in("cy")
    ask(desk, **fields)
    return f"/agreements/north-south/proposals/{desk.rows(rule_proposal)[-1].id}"


def read_english(desk: Desk, who: str) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == who).values(language="en"))
    desk.sign_in(who)


def add_person(desk: Desk, reference: str, side: str, role: str = "coordinator") -> None:
    (own,) = desk.rows(party, party.c.reference == side)
    row = {"reference": reference, "party_id": own.id, "name": reference.title(), "role": role, "language": "en"}
    with open_unit(desk.engine) as unit:
        unit.execute(insert(contact).values(**row, channels={"mail": f"{reference}@{side}.example"}))


def add_third_side(desk: Desk) -> None:
    """East joins the agreement; Zoe coordinates it."""
    desk.add_elsewhere()
    (east,) = desk.rows(party, party.c.reference == "east")
    with desk.write_past_log() as unit:
        unit.execute(insert(agreement_party).values(agreement_id=1, party_id=east.id, role="party", position=9))


def rules_of(desk: Desk) -> dict[str, Any]:
    return next((dict(row.rules) for row in desk.rows(policy, policy.c.scope == "north-south")), {})


def states(desk: Desk) -> list[str]:
    return [row.state for row in desk.rows(rule_proposal)]


def test_who_would_loosen_it_is_offered_to_ask_the_other_side_in_place_of_a_dead_end(desk: Desk) -> None:
    desk.sign_in("cy")
    assert f'formaction="{PAGE}/ask"' not in desk.get(PAGE)
    page = save(desk, 422, confirmed_by="nobody", why="Quicker")
    assert "Ask the other side by the button at the end" in page and f'formaction="{PAGE}/ask"' in page
    assert 'value="Quicker"' in page and re.search(r'value="nobody"[^>]* checked', page), "what was filled in stands"
    assert desk.rows(rule_proposal) == []


def test_what_is_to_be_put_right_elsewhere_in_the_form_leaves_the_offer_to_ask(desk: Desk) -> None:
    desk.sign_in("cy")
    for fields in ({"lead_days": "soon"}, {"why": ""}):
        page = ask(desk, 422, **fields)
        assert f'formaction="{PAGE}/ask"' in page and "Ask the other side by the button" not in page
    assert desk.rows(rule_proposal) == []


def test_what_is_asked_is_kept_and_both_sides_see_by_whom_since_when_and_for_whom_it_waits(desk: Desk) -> None:
    desk.sign_in("cy")
    page = ask(desk, lead_days="60, 7")
    assert "Asked: the rule changes once the other side has accepted it; all else is saved." in page
    assert rules_of(desk) == {"lead_days": [60, 7]}, "what needs nobody's yes holds at once"
    (kept,) = desk.rows(rule_proposal)
    assert (kept.before, kept.after, kept.proposed_by, kept.state) == ("other_parties", "those_who_owe", "cy", "open")
    (side,) = desk.rows(rule_proposal_side)
    assert (side.party_id, side.answer) == (desk.rows(party, party.c.reference == "south")[0].id, None)
    said = (
        "“Only the parties that owe it too” in place of “The other parties of the agreement",
        "Proposed by Cy for North on 2 Mar 2026, 09:00.",
        "They never answer",
        "It waits for South: a coordinator there sees it on Home.",
    )
    for one in said:
        assert one in page
    assert "/withdraw" in page and "/accept" not in page, "one's own proposal is not one's own to accept"
    read_english(desk, "li")
    theirs = desk.get(PAGE)
    for one in (said[0], "Proposed by Cy for North on 2 Mar 2026, 17:00.", *said[2:]):
        assert one in theirs
    assert "/accept" in theirs and "/withdraw" not in theirs


def test_the_other_side_accepts_on_home_and_the_rule_changes_in_the_same_transaction(desk: Desk) -> None:
    desk.clock[0] += timedelta(minutes=30)
    address = propose(desk)
    assert "What another side proposes" not in desk.get("/home")
    read_english(desk, "li")
    home = desk.get("/home")
    assert "What another side proposes" in home and "They never answer" in home
    assert f'action="{address}/accept"' in home and f'action="{address}/refuse"' in home
    assert desk.client.get(f"{address}/accept").status_code == 405, "only a POST acts"
    page = desk.act(f"{address}/accept")
    assert "Accepted for your side." in page and "South has accepted it: Li, 2 Mar 2026, 17:30." in page
    assert rules_of(desk) == {"confirmed_by": "those_who_owe"} and states(desk) == ["accepted"]
    assert "What another side proposes" not in desk.get("/home")
    desk.sign_in("cy")
    history = desk.get("/agreements/north-south/history")
    assert "proposed by Cy, accepted by Li" in history
    assert "Proposal of who confirms “Memorandum”: put to the other side" in history
    assert (
        "Proposal of who confirms “Memorandum”: accepted by a side that was asked" in history
        and "Party: South" in history
    )
    told = desk.rows(log_entry, log_entry.c.subject.in_(["rule_proposal", "policy"]))
    assert [(one.who, one.action) for one in told] == [("cy", "proposed"), ("li", "agreed"), ("li", "amended")]
    assert told[1].at == told[2].at, "by the same hand at the same moment"
    assert "a side accepted that fewer are asked" in desk.get("/home")


def test_by_the_rule_that_was_accepted_nobody_is_asked_about_what_one_side_promised_alone(desk: Desk) -> None:
    address = propose(desk)
    desk.sign_in("li")
    desk.act(f"{address}/accept")
    desk.sign_in("ann")
    send(desk, "survey/report", fulfilled="yes", note="Handed over")
    asked = desk.rows(log_entry, log_entry.c.subject == "confirmation")
    assert len(desk.rows(progress_report)) == 1 and asked == []


def test_a_refusal_needs_a_reason_and_the_side_that_proposed_reads_it_on_home(desk: Desk) -> None:
    address = propose(desk)
    read_english(desk, "li")
    assert "A reason is needed: the side that proposed it reads it." in desk.act(f"{address}/refuse", 422, why=" ")
    too_long = desk.act(f"{address}/refuse", 422, why="x" * 301)
    assert "At most 300 characters are expected." in too_long and "x" * 301 in too_long
    assert states(desk) == ["open"]
    page = desk.act(f"{address}/refuse", why="Our mayor wants to see each")
    assert "Refused; the side that proposed it is told, with your reason." in page
    assert rules_of(desk) == {} and states(desk) == ["refused"]
    assert "What your side proposed" not in desk.get("/home")
    desk.sign_in("cy")
    home = desk.get("/home")
    assert "What your side proposed" in home
    assert "South has refused it: Li, 2 Mar 2026, 09:00. “Our mayor wants to see each”" in home
    desk.clock[0] += timedelta(days=15)
    desk.sign_in("cy")
    assert "What your side proposed" not in desk.get("/home"), "told for two weeks"
    assert "Our mayor wants to see each" in desk.get(PAGE), "and longer where it is proposed"


def test_what_was_refused_is_proposed_anew_and_the_old_answer_is_told_no_more(desk: Desk) -> None:
    address = propose(desk)
    desk.sign_in("li")
    desk.act(f"{address}/refuse", why="Not yet")
    propose(desk)
    assert states(desk) == ["refused", "open"], "the same words again are another proposal"
    assert "What your side proposed" not in desk.get("/home")


def test_who_proposed_it_takes_it_back_and_so_does_a_colleague_once_they_have_left(desk: Desk) -> None:
    add_person(desk, "kim", "north")
    address = propose(desk)
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "cy").values(valid_to="2026-03-01"))
    read_english(desk, "li")
    desk.act(f"{address}/withdraw", 403)
    desk.sign_in("kim")
    assert "Withdrawn: nobody is asked about it any more." in desk.act(f"{address}/withdraw")
    assert states(desk) == ["withdrawn"]
    desk.sign_in("li")
    assert "What another side proposes" not in desk.get("/home")
    assert "Nothing was recorded: it was answered, withdrawn or overtaken before." in desk.act(f"{address}/accept")
    assert rules_of(desk) == {}


def test_of_two_who_answer_for_one_side_the_first_counts(desk: Desk) -> None:
    add_person(desk, "mei", "south")
    address = propose(desk)
    desk.sign_in("mei")
    desk.act(f"{address}/accept")
    read_english(desk, "li")
    assert "Nothing was recorded" in desk.act(f"{address}/refuse", why="No")
    assert rules_of(desk) == {"confirmed_by": "those_who_owe"} and states(desk) == ["accepted"]


def test_two_presses_of_one_button_are_one_proposal_and_a_second_page_is_told_that_one_waits(desk: Desk) -> None:
    desk.sign_in("cy")
    mark = find_mark(desk.get(PAGE))
    form = usual(confirmed_by="nobody", why="Quicker", mark=mark)
    for _ in range(2):
        assert "Asked: the rule changes once" in desk.act(f"{PAGE}/ask", **form)
    assert len(desk.rows(rule_proposal)) == 1
    other = desk.act(f"{PAGE}/ask", 422, **usual(confirmed_by="those_who_owe", why="Other", mark=mark))
    assert "A proposal waits already, above" in other and f'formaction="{PAGE}/ask"' not in other
    assert "A proposal waits already, above" in save(desk, 422, confirmed_by="nobody", why="Now")
    assert len(desk.rows(rule_proposal)) == 1


OVERTAKING: dict[str, Callable[[Desk], object]] = {}


def overtakes(how: str) -> Callable[[Callable[[Desk], object]], Callable[[Desk], object]]:
    def keep(change: Callable[[Desk], object]) -> Callable[[Desk], object]:
        OVERTAKING[how] = change
        return change

    return keep


@overtakes("an administrator sets another rule")
def set_as_administrator(desk: Desk) -> None:
    house = desk.client.app.state.house  # type: ignore[attr-defined]
    chief = desk.settings.model_copy(update={"administrators": "max@north.example"})
    object.__setattr__(house, "settings", chief)
    desk.sign_in("max")
    save(desk, confirmed_by="those_who_owe", why="Both sides wrote to me")
    object.__setattr__(house, "settings", desk.settings)


@overtakes("a file of the operator says another rule")
def import_rule(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        form = FORM + b"policy: {confirmed_by: those_who_owe}\n"
        import_agreement(unit, parse_agreement(form, "x.yaml"), Author("test", NOW), TODAY)


@overtakes("the house has another rule")
def change_house(desk: Desk) -> None:
    folder = desk.settings.home
    (folder / "policy.yaml").write_text("confirmed_by: those_who_owe\n", encoding="utf-8")
    with open_unit(desk.engine) as unit:
        adopt_house_rules(unit, folder, NOW)


@overtakes("a statement past the log")
def write_past_log(desk: Desk) -> None:
    with open_unit(desk.engine) as unit:
        unit.execute(update(policy).values(rules={"confirmed_by": "those_who_owe"}))


@pytest.mark.parametrize("how", OVERTAKING)
def test_what_was_changed_meanwhile_overtakes_a_proposal_which_is_then_not_applied(desk: Desk, how: str) -> None:
    address = propose(desk, confirmed_by="nobody")
    OVERTAKING[how](desk)
    before = rules_of(desk)
    read_english(desk, "li")
    page = desk.act(f"{address}/accept")
    assert "Nothing was recorded" in page and "Overtaken on 2 Mar 2026, 17:00: the rule was changed otherwise" in page
    assert rules_of(desk) == before and states(desk) == ["overtaken"]
    desk.sign_in("cy")
    assert "Overtaken on 2 Mar 2026, 09:00: the rule was changed otherwise meanwhile" in desk.get("/home")
    assert "overtaken, as the rule was changed meanwhile" in desk.get("/agreements/north-south/history")


@pytest.mark.parametrize("how", [one for one in OVERTAKING if one != "a statement past the log"])
def test_what_is_overtaken_waits_for_nobody_from_the_change_on(desk: Desk, how: str) -> None:
    propose(desk, confirmed_by="nobody")
    OVERTAKING[how](desk)
    assert states(desk) == ["overtaken"]
    read_english(desk, "li")
    assert "What another side proposes" not in desk.get("/home")


def test_other_rules_saved_meanwhile_overtake_nothing(desk: Desk) -> None:
    address = propose(desk)
    save(desk, lead_days="9", why="Later")
    desk.sign_in("li")
    desk.act(f"{address}/accept")
    assert rules_of(desk) == {"lead_days": [9], "confirmed_by": "those_who_owe"}


def test_of_three_sides_both_others_accept_before_it_holds(desk: Desk) -> None:
    add_third_side(desk)
    address = propose(desk)
    read_english(desk, "li")
    page = desk.act(f"{address}/accept")
    assert "South has accepted it: Li" in page and "It waits for East" in page
    assert rules_of(desk) == {} and states(desk) == ["open"]
    desk.sign_in("zoe")
    desk.act(f"{address}/accept")
    assert rules_of(desk) == {"confirmed_by": "those_who_owe"}
    assert "proposed by Cy, accepted by Li and Zoe" in desk.get("/agreements/north-south/history")


def leave(desk: Desk, reference: str) -> None:
    """A side leaves the agreement, by a file that the operator imports."""
    with open_unit(desk.engine) as unit:
        kept = export_agreement(unit, "north-south")
        at = kept.index(f"- reference: {reference}\n") + len(f"- reference: {reference}\n")
        form = f"{kept[:at]}    ended: 2026-02-01\n{kept[at:]}".encode()
        import_agreement(unit, parse_agreement(form, "x.yaml"), Author("operator", NOW, "East left"), TODAY)
    reconcile_register(desk.engine, NOW, TODAY)


def test_a_side_that_has_left_is_not_asked_and_says_nothing_to_it(desk: Desk) -> None:
    add_third_side(desk)
    leave(desk, "east")
    address = propose(desk)
    desk.sign_in("zoe")
    assert "What another side proposes" not in desk.get("/home")
    desk.act(f"{address}/refuse", 403, why="No")
    read_english(desk, "li")
    desk.act(f"{address}/accept")
    assert rules_of(desk) == {"confirmed_by": "those_who_owe"}


def test_where_the_last_that_it_waits_for_leaves_it_holds_by_what_the_others_said(desk: Desk) -> None:
    add_third_side(desk)
    address = propose(desk)
    desk.sign_in("li")
    desk.act(f"{address}/accept")
    assert states(desk) == ["open"]
    leave(desk, "east")
    assert states(desk) == ["accepted"] and rules_of(desk) == {"confirmed_by": "those_who_owe"}


def test_the_first_that_refuses_ends_it_for_all(desk: Desk) -> None:
    add_third_side(desk)
    address = propose(desk)
    desk.sign_in("zoe")
    desk.act(f"{address}/refuse", why="No")
    read_english(desk, "li")
    assert "What another side proposes" not in desk.get("/home")
    assert "Nothing was recorded" in desk.act(f"{address}/accept")
    assert rules_of(desk) == {} and states(desk) == ["refused"]
    assert "South had not answered." in desk.get(address)


def test_a_side_that_has_somebody_to_answer_only_since_then_is_waited_for_too(desk: Desk) -> None:
    add_third_side(desk)
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "zoe").values(channels={}))
    address = propose(desk)
    assert len(desk.rows(rule_proposal_side)) == 1, "who cannot be asked is not waited for"
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "zoe").values(channels={"mail": "zoe@east.example"}))
    desk.sign_in("li")
    desk.act(f"{address}/accept")
    assert rules_of(desk) == {}
    desk.sign_in("zoe")
    assert f'action="{address}/accept"' in desk.get("/home")
    desk.act(f"{address}/accept")
    assert rules_of(desk) == {"confirmed_by": "those_who_owe"}


def test_what_was_put_to_a_side_whose_people_left_rests_and_says_who_can_set_the_rule(desk: Desk) -> None:
    address = propose(desk)
    with open_unit(desk.engine) as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(valid_to="2026-03-01"))
    page = desk.get(address)
    assert (
        "It waits for South, where nobody can answer now" in page and "only an administrator can set the rule" in page
    )
    assert states(desk) == ["open"]


def test_where_no_other_side_has_anybody_to_answer_it_is_saved_at_once(desk: Desk) -> None:
    with desk.write_past_log() as unit:
        unit.execute(update(contact).where(contact.c.reference == "li").values(channels={}))
    desk.sign_in("cy")
    assert "Saved." in ask(desk) and rules_of(desk) == {"confirmed_by": "those_who_owe"}
    assert desk.rows(rule_proposal) == []


def test_a_guest_who_coordinates_the_other_side_answers_for_it_and_no_other_guest(desk: Desk) -> None:
    add_person(desk, "eve", "south", role="owner")
    as_guests(desk)
    address = propose(desk)
    desk.sign_in("eve")
    assert "What another side proposes" not in desk.get("/home")
    assert "/accept" not in desk.get(address), "they read it, as whoever sees the agreement"
    desk.act(f"{address}/accept", 403)
    read_english(desk, "li")
    assert f'action="{address}/accept"' in desk.get("/home") and f'action="{address}/accept"' in desk.get(address)
    desk.act(f"{address}/withdraw", 403)
    desk.act(f"{address}/accept")
    assert rules_of(desk) == {"confirmed_by": "those_who_owe"}


@pytest.mark.parametrize(
    ("who", "answers", "reads"),
    [("ann", False, True), ("max", False, True), ("cy", False, True), ("zoe", False, False)],
)
def test_nobody_answers_for_a_side_that_is_not_theirs(desk: Desk, who: str, answers: bool, reads: bool) -> None:
    desk.add_elsewhere()
    address = propose(desk)
    desk.sign_in(who)
    page = desk.get(address, 200 if reads else 404)
    assert (f'action="{address}/accept"' in page) is answers
    for what in ("accept", "refuse"):
        desk.act(f"{address}/{what}", 403 if reads else 404, why="x")
    assert states(desk) == ["open"]


def test_a_proposal_is_found_only_under_its_own_agreement(desk: Desk) -> None:
    add_third_side(desk)
    number = propose(desk).rpartition("/")[2]
    desk.sign_in("zoe")
    desk.get(f"/agreements/elsewhere/proposals/{number}", 404)
    desk.act(f"/agreements/elsewhere/proposals/{number}/accept", 404)


def test_a_form_of_another_visit_answers_nothing(desk: Desk) -> None:
    address = propose(desk)
    desk.sign_in("li")
    assert desk.client.post(f"{address}/accept", data={"token": "0" * 32}).status_code == 403
    assert desk.client.post(f"{PAGE}/ask", data=usual(confirmed_by="nobody", why="x")).status_code == 403
    assert states(desk) == ["open"]


def test_a_file_that_would_loosen_it_leads_to_where_the_other_side_is_asked(desk: Desk) -> None:
    desk.sign_in("cy")
    page = bring(desk, FORM.decode() + "policy: {confirmed_by: nobody}\n", 422)
    assert "The other side is asked on the agreement's page “Rules for reminders”." in page


def test_what_stays_unconfirmed_says_that_fewer_can_be_proposed_and_leads_there(desk: Desk) -> None:
    desk.sign_in("cy")
    assert "propose it to the other side on its rules" not in desk.get(BRIDGE)
    desk.sign_in("ann")
    send(desk, "bridge/report", fulfilled="yes")
    assert "propose it to the other side on its rules" not in desk.get(BRIDGE), "an owner sets no rules"
    desk.sign_in("cy")
    page = desk.get(BRIDGE)
    assert "propose it to the other side on its rules" in page and f'href="{PAGE}"' in page


def test_home_tells_of_many_proposals_by_as_many_statements_as_of_one(
    desk: Desk, count_statements: Callable[..., Any]
) -> None:
    for number in range(4):
        form = FORM.replace(b"agreement: north-south", b"agreement: again-%d" % number)
        with open_unit(desk.engine) as unit:
            import_agreement(unit, parse_agreement(form, "again.yaml"), Author("test", NOW), TODAY)
    reconcile_register(desk.engine, NOW, TODAY)
    propose(desk)
    desk.sign_in("li")
    with count_statements(desk.engine) as few:
        assert desk.get("/home").count("/accept") == 1
    for number in range(4):
        with open_unit(desk.engine) as unit:
            head = {"agreement_id": number + 2, "rule": "confirmed_by", "before": "other_parties", "after": "nobody"}
            made = {"party_id": 1, "proposed_by": "cy", "proposed_at": NOW, "why": "x", "state": "open"}
            unit.execute(insert(rule_proposal).values(**head, **made))
    with count_statements(desk.engine) as many:
        assert desk.get("/home").count("/accept") == 5
    assert many.total == few.total
