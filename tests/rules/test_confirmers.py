"""Who is asked to confirm that a promise was kept: a clear rule for every agreement (docs/decisions/0026)."""

from dataclasses import replace

from commitments.confirmations import choose_confirmers, find_confirmers, find_speaker, is_concerned
from commitments.followups import group_people
from commitments.policy import Policy
from commitments.vocabulary import Channel, ConfirmedBy, ContactRole, Owed, PartyRole
from tests.rules.cases import ANN, CAT, HANGZHOU, HE, LEEDS, LI, NETWORK, STAFF, by_id, day, person, table

OTHERS, OWING, NOBODY = ConfirmedBy.OTHER_PARTIES, ConfirmedBy.THOSE_WHO_OWE, ConfirmedBy.NOBODY
JOINTLY, EACH = Owed.JOINTLY, Owed.EACH
MAIL = ((Channel.MAIL, "somebody@city.example"),)
SECOND, REACHED = replace(HE, id=41, reference="z", ways=MAIL), replace(LI, ways=MAIL)
TWO, THREE = (LEEDS, HANGZHOU), (LEEDS, HANGZHOU, NETWORK)


@table(
    ("who was promised it confirms what one party alone owes", OTHERS, JOINTLY, (LEEDS,), TWO, TWO, (HANGZHOU,)),
    ("of two that owe it jointly the other one confirms", OTHERS, JOINTLY, TWO, TWO, TWO, (HANGZHOU,)),
    ("of three parties both others confirm, who owes it first", OTHERS, JOINTLY, (LEEDS, NETWORK), THREE, THREE,
     (NETWORK, HANGZHOU)),
    ("who cannot be asked is not waited for", OTHERS, JOINTLY, (LEEDS,), THREE, TWO, (HANGZHOU,)),
    ("where nobody else can be asked nobody is", OTHERS, JOINTLY, (LEEDS,), TWO, (LEEDS,), ()),
    ("nor is who owes it too and has nobody", OTHERS, JOINTLY, TWO, TWO, (LEEDS,), ()),
    ("all that owe it by themselves have said so", OTHERS, EACH, TWO, TWO, TWO, ()),
    ("who was promised what each owes confirms it", OTHERS, EACH, TWO, THREE, THREE, (NETWORK,)),
    ("a promise of all to all is confirmed by all others", OTHERS, JOINTLY, THREE, THREE, THREE, (HANGZHOU, NETWORK)),
    ("by the narrower rule who was promised it is not asked", OWING, JOINTLY, (LEEDS,), TWO, TWO, ()),
    ("but who owes it too is", OWING, JOINTLY, TWO, THREE, THREE, (HANGZHOU,)),
    ("nobody is asked where the word of one is enough", NOBODY, JOINTLY, TWO, THREE, THREE, ()),
)  # fmt: skip
def test_who_confirms_what_leeds_reports(rule, owed, owing, bound, living, asked):
    assert choose_confirmers(rule, owed, owing, LEEDS, bound, living) == asked


@table(
    ("a coordinator in office speaks for their side", STAFF, HE),
    ("else its owner of the promise", by_id(ANN, LI, CAT), LI),
    ("of two coordinators the one whom a channel reaches", by_id(HE, SECOND), SECOND),
    ("and an owner who can be reached before a coordinator who cannot", by_id(HE, REACHED), REACHED),
    ("a coordinator who left speaks for nobody",
     by_id(ANN, person(12, HANGZHOU, ContactRole.COORDINATOR, valid_to="2026-02")), None),
    ("nor does who is yet to come",
     by_id(ANN, person(12, HANGZHOU, ContactRole.COORDINATOR, valid_from="2026-04")), None),
    ("nobody of the other side takes their place", by_id(ANN, CAT), None),
    ("a leader reads and is not asked", by_id(ANN, CAT, person(3, HANGZHOU, ContactRole.LEADER)), None),
)  # fmt: skip
def test_who_speaks_for_a_party(people, speaker):
    coordinators = group_people(people.values(), ContactRole.COORDINATOR)
    owners = ((LEEDS, ANN.id), (HANGZHOU, LI.id))
    assert find_speaker(HANGZHOU, owners, people, coordinators, day("2026-03-02")) == speaker


def test_the_policy_of_an_agreement_says_who_is_asked():
    coordinators = group_people(STAFF.values(), ContactRole.COORDINATOR)
    arguments = (JOINTLY, ((LEEDS, ANN.id),), LEEDS, TWO, STAFF, coordinators, day("2026-03-02"))
    assert find_confirmers(Policy(), *arguments) == (HANGZHOU,)
    assert find_confirmers(Policy(confirmed_by=OWING), *arguments) == ()


def test_a_witness_is_promised_nothing_and_who_left_nothing_more():
    today = day("2026-03-02")
    assert [role for role in PartyRole if not is_concerned(role, None, today)] == [PartyRole.WITNESS]
    assert is_concerned(PartyRole.PARTY, "2026-03", today) and is_concerned(PartyRole.PARTY, "2026-03-02", today)
    assert not is_concerned(PartyRole.PARTY, "2026-03-01", today)
