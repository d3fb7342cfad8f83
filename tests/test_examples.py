"""The agreement files in examples/: valid, true to their sources, in our own words, and free of real addresses.

The five source documents are not part of the project. Where they are at hand (the folder in TALLY_SOURCES, or
shared/seeds beside the checkout) every span is checked against them; where they are not, those tests are skipped.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from commitments.agreement_file import ParsedFile, read_files
from commitments.agreement_form import AgreementForm, CommitmentForm, SourcePlace
from commitments.vocabulary import CommitmentKind, ContactRole

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLES = CHECKOUT / "examples"
SOURCES = Path(os.environ.get("TALLY_SOURCES") or CHECKOUT.parent / "shared" / "seeds")
INVENTED = "harrowmere-songlan"
DOCUMENTS = {
    "000_e679933574322f04.txt",
    "001_d719f5932769ee19.txt",
    "002_e9a8c8925d9c52fc.txt",
    "003_953ee894df1880ce.txt",
    "004_8c1e17c0d672a4cc.txt",
}
# agreement: (commitments, activities)
COUNTS = {
    "bradford-qingdao-2018": (1, 1),
    "busan-chengdu-high-tech-zone": (1, 2),
    "busan-chengdu-plans": (3, 1),
    "chengdu-exchange-centre": (2, 2),
    "chengdu-gimcheon-ceramic-societies": (2, 2),
    "chengdu-korea-investment-partners-2016": (2, 1),
    "china-south-korea-innovation-park": (2, 1),
    "gimcheon-chengdu": (4, 4),
    "harrowmere-songlan": (11, 19),
    "icheon-jingdezhen-ceramic-institute": (3, 1),
    "iznik-jingdezhen": (1, 1),
    "jingdezhen-global-exchange": (3, 2),
    "jingdezhen-silk-road-alliance": (0, 1),
    "jingdezhen-uccn": (35, 38),
    "jingdezhen-university-unesco-chair": (4, 2),
    "leeds-city-region-mission-2018": (3, 2),
    "leeds-city-region-qingdao-2018": (0, 2),
    "leeds-hangzhou-2018": (7, 5),
    "osh-jingdezhen": (3, 1),
    "stoke-jingdezhen": (12, 0),
    "troyan-jingdezhen": (2, 1),
}
RUN = 8  # so many words in a row that are also in a document count as copied

documents_at_hand = pytest.mark.skipif(
    not all((SOURCES / name).is_file() for name in DOCUMENTS),
    reason=f"the five source documents are not in {SOURCES}; set TALLY_SOURCES to their folder",
)


@cache
def read_examples() -> dict[str, ParsedFile]:
    return {file.form.agreement: file for file in read_files(sorted(EXAMPLES.glob("*.yaml")))}


def forms() -> list[AgreementForm]:
    return [file.form for file in read_examples().values()]


def invented() -> AgreementForm:
    return read_examples()[INVENTED].form


@cache
def read_document(name: str) -> str:
    folder = EXAMPLES if name.startswith("texts/") else SOURCES
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return file.read()


def find_places(form: AgreementForm) -> Iterator[tuple[str, SourcePlace]]:
    """Every span of a file with the name of what it stands under."""
    for line in form.budget:
        if line.source:
            yield f"{form.agreement} budget {line.reference}", line.source
    for activity in form.activities:
        if activity.source:
            yield f"{form.agreement} activity {activity.reference}", activity.source
    for commitment in form.commitments:
        name = f"{form.agreement}/{commitment.reference}"
        if commitment.source:
            yield name, commitment.source
        for language, place in commitment.quote_sources.items():
            yield f"{name} quote {language}", place
        for milestone in commitment.milestones:
            if milestone.source:
                yield f"{name}#{milestone.reference}", milestone.source


def find_false_places(places: Iterator[tuple[str, SourcePlace]]) -> list[str]:
    faults = []
    for name, place in places:
        text = read_document(place.document)
        span = text[place.start : place.end]
        if hashlib.sha256(span.encode()).hexdigest() != place.sha256:
            faults.append(f"{name}: the hash is not that of characters {place.start} to {place.end}")
        elif place.end > len(text) or span != span.strip():
            faults.append(f"{name}: the span begins or ends beside the sentence")
        elif text[place.end - 1 : place.end + 1].isalnum() and place.end < len(text):
            faults.append(f"{name}: the span ends inside a word")
        elif place.start and text[place.start - 1 : place.start + 1].isalnum():
            faults.append(f"{name}: the span begins inside a word")
    return faults


def split_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@cache
def runs_of_the_documents() -> frozenset[tuple[str, ...]]:
    words = {name: split_words(read_document(name)) for name in DOCUMENTS}
    return frozenset(tuple(each[at : at + RUN]) for each in words.values() for at in range(len(each) - RUN + 1))


def find_copied(text: str) -> str | None:
    words = split_words(text)
    for at in range(len(words) - RUN + 1):
        if tuple(words[at : at + RUN]) in runs_of_the_documents():
            return " ".join(words[at : at + RUN])
    return None


def strings_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings_of(each)


def text_files_of_the_project() -> Iterator[Path]:
    suffixes = {".py", ".yaml", ".yml", ".md", ".txt", ".html", ".po", ".toml", ".json"}
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in ("build", "dist")]
        yield from (Path(folder) / name for name in files if Path(name).suffix in suffixes)


def test_every_example_file_is_valid() -> None:
    for reference, file in read_examples().items():
        assert file.path.name == f"{reference}.yaml"
        head = file.path.read_text(encoding="utf-8").splitlines()[:2]
        assert head[0] == "# yaml-language-server: $schema=../docs/reference/agreement.schema.json"
        assert re.match(r"# \S.*[.]$", head[1]), f"{file.path.name} does not say in its second line what it is"


def test_the_files_hold_every_undertaking_and_activity_that_was_found() -> None:
    found = {form.agreement: (len(form.commitments), len(form.activities)) for form in forms()}
    assert found == COUNTS


def test_every_document_is_covered() -> None:
    cited = {source.document for form in forms() if form.agreement != INVENTED for source in form.sources}
    assert cited == DOCUMENTS


def test_every_commitment_and_activity_of_the_documents_says_where_it_stands() -> None:
    for form in forms():
        if form.agreement != INVENTED:
            assert all(commitment.source for commitment in form.commitments), form.agreement
            assert all(activity.source for activity in form.activities), form.agreement


@documents_at_hand
def test_every_document_is_the_one_that_was_read() -> None:
    for form in forms():
        for source in form.sources:
            content = read_document(source.document).encode()
            assert hashlib.sha256(content).hexdigest() == source.sha256, f"{form.agreement}: {source.document}"


@documents_at_hand
def test_every_span_in_the_documents_has_the_hash_written_beside_it() -> None:
    places = [place for form in forms() if form.agreement != INVENTED for place in find_places(form)]
    assert len(places) > 150
    assert find_false_places(iter(places)) == []


@documents_at_hand
def test_no_summary_shares_eight_words_in_a_row_with_the_documents() -> None:
    """Nor does any title, note or comment; names of parties and networks are theirs."""
    for file in read_examples().values():
        head = file.path.read_text(encoding="utf-8").splitlines()[1]
        for text in [head, *strings_of(file.form.model_dump(exclude={"parties", "network"}))]:
            assert find_copied(text) is None, f"{file.form.agreement}: {text}"


@documents_at_hand
def test_no_sentence_of_the_documents_is_copied() -> None:
    sentences = set()
    for name in DOCUMENTS:
        for sentence in re.split(r"(?<=[.!?:;])\s+|\n", read_document(name)):
            words = split_words(sentence)
            if len(words) >= RUN:
                sentences.add(" ".join(words))
    assert len(sentences) > 200
    for path in text_files_of_the_project():
        text = " ".join(split_words(path.read_text(encoding="utf-8", errors="replace")))
        copied = [sentence for sentence in sentences if sentence in text]
        assert not copied, f"{path.relative_to(CHECKOUT)} copies: {copied[0]}"


def test_the_documents_sentences_are_not_kept_as_quotes() -> None:
    for form in forms():
        if form.agreement != INVENTED:
            assert not [commitment.reference for commitment in form.commitments if commitment.quote], form.agreement


def test_files_that_name_the_same_party_agree_about_it() -> None:
    known: dict[str, tuple[str, dict[str, object]]] = {}
    for form in forms():
        for party in form.parties:
            plain = party.model_dump(exclude={"role"})
            first, same = known.setdefault(party.reference, (form.agreement, plain))
            assert plain == same, f"{form.agreement} and {first} differ about {party.reference}"
    assert {form_party[1]["country"] for form_party in known.values()} >= {"GB", "CN", "TR", "KR", "KG", "BG"}


def test_files_that_name_the_same_relationship_agree_about_it() -> None:
    known: dict[str, object] = {}
    for form in forms():
        if form.relationship:
            assert known.setdefault(form.relationship.reference, form.relationship) == form.relationship, form.agreement


def test_every_contact_has_one_party_and_every_agreement_a_coordinator() -> None:
    home: dict[str, str] = {}
    for form in forms():
        for party in form.parties:
            for contact in party.contacts:
                assert home.setdefault(contact.reference, party.reference) == party.reference
        roles = [contact.role for party in form.parties for contact in party.contacts]
        assert ContactRole.COORDINATOR in roles, form.agreement


def test_no_contact_has_a_real_address() -> None:
    for path in [*EXAMPLES.glob("*.yaml"), *EXAMPLES.glob("texts/*")]:
        text = path.read_text(encoding="utf-8")
        addresses = re.findall(r"[\w.%+'-]+@([\w.-]+)", text)
        hosts = re.findall(r"https?://([\w.-]+)", text)
        assert [host for host in addresses + hosts if not host.endswith(".example")] == [], path.name


def test_persons_named_in_the_documents_appear_as_signatories_only() -> None:
    signatories = {signatory.name for form in forms() if form.agreement != INVENTED for signatory in form.signatories}
    assert signatories == {"Li Zhenfa", "Anthony Munday", "Judith Blake", "Zhang Jianting"}
    contacts = " ".join(contact.name for form in forms() for party in form.parties for contact in party.contacts)
    assert not [name for name in signatories if name in contacts]


def test_an_activity_counts_for_a_recurring_commitment_in_each_year_it_was_held() -> None:
    uccn = read_examples()["jingdezhen-uccn"].form
    years = [activity.held_on[:4] for activity in uccn.activities if "annual-meetings" in activity.commitments]
    assert years == ["2015", "2016", "2017", "2018"]


def test_the_action_plan_of_the_network_city_keeps_its_period() -> None:
    plan = [each for each in read_examples()["jingdezhen-uccn"].form.commitments if "plan-2019-2022" in each.tags]
    assert len(plan) == 26
    assert {(each.period_from, each.period_to) for each in plan} == {("2019", "2022")}
    assert [each.reference for each in plan if "borderline" in each.tags] == [
        "plan-exchange-centre", "plan-showcase", "plan-culture-plus", "plan-detailed-budget",
    ]  # fmt: skip


def test_the_invented_agreement_quotes_its_text_verbatim_in_both_languages() -> None:
    form = invented()
    assert find_false_places(find_places(form)) == []
    for commitment in form.commitments:
        assert commitment.quote.keys() == commitment.quote_sources.keys() == {"en", "zh"}, commitment.reference
        assert commitment.source == commitment.quote_sources["en"]
        for language, place in commitment.quote_sources.items():
            assert place.document == f"texts/{INVENTED}.{language}.txt"
            assert read_document(place.document)[place.start : place.end] == commitment.quote[language]


def test_the_invented_agreement_holds_every_undertaking_of_its_text() -> None:
    for language, duty in (("en", r"\b(shall|intend)\b"), ("zh", "应")):
        sentences = re.findall(r"^\d+\.\d+ (.*)$", read_document(f"texts/{INVENTED}.{language}.txt"), re.MULTILINE)
        duties = [sentence for sentence in sentences if re.search(duty, sentence)]
        assert duties == [commitment.quote[language] for commitment in invented().commitments]


def test_the_invented_agreement_shows_every_kind_with_owners_on_both_sides() -> None:
    form = invented()
    assert {commitment.kind for commitment in form.commitments} == set(CommitmentKind)
    for party in form.parties:
        assert {contact.role for contact in party.contacts} == set(ContactRole) - {ContactRole.OPERATOR}
        owning = {contact_of(commitment, party.reference) for commitment in form.commitments} - {None}
        assert len(owning) >= 3
        assert any(contact.deputy for contact in party.contacts if contact.reference in owning)


def contact_of(commitment: CommitmentForm, party: str) -> str | None:
    return next((owner.contact for owner in commitment.owners if owner.party == party), None)
