"""In which language and by which channel a person is written to who chose none, of one agreement and of several."""

from dataclasses import replace

from commitments.channels import find_kind
from commitments.choices import Choices
from commitments.policy import Policy, adapt_policy
from commitments.reconcile import group_rules
from commitments.vocabulary import Channel, ChannelKind
from notifications.parts import list_rulings
from notifications.usual import address, find_source, vote
from tests.rules.cases import ANN, by_id, table

FRENCH, GERMAN, CHATTING = {"language": "fr"}, {"language": "de"}, {"channels": ["chat", "mail"]}
TEXTING = {"channels": ["sms"]}
MAIL, SLACK, SMS = (Channel.MAIL, "a@b.example"), (Channel.SLACK, "hall"), (Channel.SMS, "house/+447700900123")
SILENT = replace(ANN, states_language=False, ways=(MAIL, SLACK, SMS))


def rulings(house, **own):
    """Agreements by name with the rules that differ in them; those with none are as the house has it."""
    usual = adapt_policy(Policy(), house)
    rules = group_rules(usual, {name: adapt_policy(usual, one) for name, one in own.items() if one}, by_id(ANN))
    return list_rulings(own, rules)


@table(
    ("without any rule it is English", {}, {"a": None}, "en"),
    ("a house has its own", {"language": "bg"}, {"a": None}, "bg"),
    ("an agreement's own comes before the house's", {"language": "bg"}, {"a": FRENCH}, "fr"),
    ("an agreement that states none has the house's", {"language": "bg"}, {"a": {"lead_days": [3]}}, "bg"),
    ("of one agreement each its own comes before that of one without", {}, {"a": None, "b": FRENCH}, "fr"),
    ("of several that of most", {}, {"a": FRENCH, "b": GERMAN, "c": GERMAN}, "de"),
    ("those that state none count for the house's", {}, {"a": FRENCH, "b": None, "c": None}, "en"),
    ("of as many the first by its reference", {}, {"z": FRENCH, "b": GERMAN}, "de"),
    ("in whichever order they come", {}, {"b": GERMAN, "z": FRENCH}, "de"),
    ("what tells of no agreement is in the house's", {"language": "bg"}, {}, "bg"),
)
def test_the_language_of_who_states_none(house, agreements, language):
    assert address(SILENT, rulings(house, **agreements)).language == language


def test_who_states_a_language_is_written_to_in_it_whatever_the_agreements_say():
    stated = replace(SILENT, states_language=True, language="tr")
    assert address(stated, rulings({"language": "bg"}, a=FRENCH)).language == "tr"


@table(
    ("without any rule the order of the register holds", {}, {"a": None}, None, [MAIL, SLACK, SMS]),
    ("a house prefers a chat", CHATTING, {"a": None}, None, [SLACK, MAIL, SMS]),
    ("an agreement prefers another", CHATTING, {"a": TEXTING}, None, [SMS, MAIL, SLACK]),
    ("of several what most prefer", {}, {"a": TEXTING, "b": CHATTING, "c": CHATTING}, None, [SLACK, MAIL, SMS]),
    ("of as many the first by its reference", {}, {"b": CHATTING, "a": TEXTING}, None, [SMS, MAIL, SLACK]),
    ("who chose one has it in any case", {}, {"a": TEXTING}, Channel.MAIL, [MAIL, SLACK, SMS]),
)
def test_the_channel_of_who_has_several(house, agreements, chosen, ways):
    person = replace(SILENT, choices=Choices(channel=chosen))
    assert list(address(person, rulings(house, **agreements)).ways) == ways


def test_a_preferred_kind_that_a_person_does_not_have_leaves_them_reachable():
    one = replace(SILENT, ways=(MAIL,))
    assert address(one, rulings({}, a=TEXTING)).ways == (MAIL,)


def test_every_channel_is_of_one_kind_and_services_in_which_people_talk_are_chats():
    kinds = {find_kind(one) for one in Channel}
    assert kinds == set(ChannelKind)
    assert {find_kind(one) for one in (Channel.WECOM, Channel.SLACK, Channel.NTFY)} == {ChannelKind.CHAT}


def test_a_rule_that_holds_is_said_to_be_of_the_house_or_of_the_agreement_that_set_it():
    found = rulings({}, a={"send_at": "09:00"}, b={"send_at": "07:00"})
    house = Policy()
    assert find_source(found, house, "send_at", min(one.policy.send_at for one in found)) == "b"
    assert find_source(found, house, "language", vote(found, [one.policy.language for one in found])) is None
