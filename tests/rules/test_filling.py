"""What is wrong with a form that a person filled in: a field, a sentence each."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from commitments.deciding import Texts, Turn, check_texts, check_turn
from commitments.evidence_files import LONGEST_NAME, clean_name
from commitments.filling import Flaw, check_ahead, check_link, check_past, check_text, check_whole, read_whole
from commitments.recording import Allowed, Happened, check_evidence, check_happened
from commitments.reporting import Reported, check_answer, check_measured, check_reported
from commitments.vocabulary import CommitmentKind
from tests.rules.cases import table

TODAY = date(2026, 3, 2)
ALL = Allowed({"north", "south"}, {"visits"}, needs_commitment=False)
OWN = Allowed({"north", "south"}, {"visits"}, needs_commitment=True)


@table(
    ("a day that has passed", "2026-03-01", ()),
    ("today", "2026-03-02", ()),
    ("tomorrow has not happened", "2026-03-03", (Flaw.AHEAD,)),
    ("a month that has begun", "2026-03", ()),
    ("a month to come", "2026-04", (Flaw.AHEAD,)),
    ("a year", "2019", ()),
    ("the first day that is taken", "1900-01-01", ()),
    ("so long ago that its year is a slip", "0001-01-01", (Flaw.TOO_LONG_AGO,)),
    ("the year before the first that is taken", "1899", (Flaw.TOO_LONG_AGO,)),
    ("no such day", "2026-02-30", (Flaw.NOT_A_DAY,)),
    ("words", "spring", (Flaw.NOT_A_DAY,)),
    ("nothing", None, (Flaw.MISSING,)),
)
def test_when_something_happened(text, flaws):
    assert tuple(flaw for _, flaw in check_past("held_on", text, TODAY)) == flaws


@table(
    ("tomorrow", "2026-03-03", ()),
    ("today is over before it is recorded", "2026-03-02", (Flaw.NOT_AHEAD,)),
    ("this month ends ahead", "2026-03", ()),
    ("last year", "2025", (Flaw.NOT_AHEAD,)),
    ("beyond what anybody plans", "9999-12-31", (Flaw.TOO_FAR,)),
    ("nothing, where it may be left open", None, ()),
)
def test_a_day_to_come(text, flaws):
    assert tuple(flaw for _, flaw in check_ahead("until", text, TODAY, needed=False)) == flaws


@table(
    ("an address", "https://leeds.example/news?a=1&b=ü", ()),
    ("without encryption", "http://leeds.example", ()),
    ("none", None, ()),
    ("without its beginning", "www.leeds.example", (Flaw.NOT_A_LINK,)),
    ("a script", "javascript:alert(1)", (Flaw.NOT_A_LINK,)),
    ("data", "data:text/html,x", (Flaw.NOT_A_LINK,)),
    ("a file of the machine", "file:///etc/passwd", (Flaw.NOT_A_LINK,)),
    ("no host", "https:///x", (Flaw.NOT_A_LINK,)),
    ("a host in disguise", "https://leeds.example@evil.example/", (Flaw.NOT_A_LINK,)),
    ("a space", "https://leeds.example/a b", (Flaw.NOT_A_LINK,)),
    ("a quotation mark", 'https://leeds.example/"x', (Flaw.NOT_A_LINK,)),
    ("too long", "https://leeds.example/" + "x" * 2000, (Flaw.TOO_LONG,)),
)
def test_a_link_that_can_be_shown(link, flaws):
    assert tuple(flaw for _, flaw in check_link("link", link)) == flaws


@table(
    ("a number", "25", 25),
    ("thousands with a comma", "1,200", 1200),
    ("thousands with a point", "1.200.000", 1_200_000),
    ("thousands with a space", "12 000", 12_000),
    ("half a person", "12.5", None),
    ("less than nothing", "-3", None),
    ("words", "many", None),
    ("other digits", "２５", None),
    ("nothing", None, None),
)
def test_a_whole_number_as_people_write_it(text, number):
    assert read_whole(text) == number


def test_a_whole_number_has_its_bounds():
    assert check_whole("count", "0", 1, 10) == (("count", Flaw.NOT_WHOLE),)
    assert check_whole("count", None, 1, 10) == check_whole("count", "10", 1, 10) == ()


VISIT = Happened("Visit", "visit", "2026-02-27", parties=("north",), commitments=("visits",))


@table(
    ("all that is needed", VISIT, ALL, False, ()),
    ("a coordinator may record what serves no commitment", Happened("V", "visit", "2026"), ALL, False, ()),
    ("an owner records for one of theirs", Happened("V", "visit", "2026"), OWN, False,
     (("commitments", Flaw.NO_COMMITMENT),)),
    ("a file is evidence of something", Happened("V", "visit", "2026"), ALL, True,
     (("commitments", Flaw.NO_COMMITMENT),)),
    ("a commitment of others", Happened("V", "visit", "2026", commitments=("theirs",)), ALL, False,
     (("commitments", Flaw.UNKNOWN),)),
    ("a party of another agreement", Happened("V", "visit", "2026", parties=("east",)), ALL, False,
     (("parties", Flaw.UNKNOWN),)),
    ("over before it began", Happened("V", "visit", "2026-02-27", "2026-02-26"), ALL, False,
     (("until", Flaw.BEFORE_BEGIN),)),
    ("over in the month in which it began", Happened("V", "visit", "2026-02-27", "2026-02"), ALL, False, ()),
    ("everything is told at once", Happened(None, "party", None, count="0", link="x"), ALL, False,
     (("title", Flaw.MISSING), ("kind", Flaw.UNKNOWN), ("held_on", Flaw.MISSING), ("count", Flaw.NOT_WHOLE),
      ("link", Flaw.NOT_A_LINK))),
)  # fmt: skip
def test_what_happened(said, allowed, has_file, flaws):
    assert check_happened(said, allowed, TODAY, has_file=has_file) == flaws


@table(
    ("a file", None, None, True, ()),
    ("a link", "T", "https://a.example", False, ()),
    ("neither", "T", None, False, (("file", Flaw.FILE_OR_LINK),)),
    ("both", "T", "https://a.example", True, (("link", Flaw.FILE_OR_LINK),)),
)
def test_evidence(title, link, has_file, flaws):
    assert check_evidence(title, link, has_file=has_file) == flaws


@table(
    ("a rating", Reported("on_track"), CommitmentKind.DELIVERABLE, ()),
    ("no rating", Reported(None), CommitmentKind.DELIVERABLE, (("rating", Flaw.UNKNOWN),)),
    ("what is done needs none", Reported(None, fulfilled=True), CommitmentKind.DELIVERABLE, ()),
    ("a number of a target", Reported("on_track", value=3.0, has_value=True), CommitmentKind.TARGET, ()),
    ("no number", Reported("on_track", value=None, has_value=True), CommitmentKind.TARGET,
     (("value", Flaw.NOT_A_NUMBER),)),
    ("a number where none is promised", Reported("on_track", value=3.0, has_value=True), CommitmentKind.OPEN_ENDED,
     (("value", Flaw.UNKNOWN),)),
    ("done and yet off track", Reported("off_track", fulfilled=True), CommitmentKind.DELIVERABLE,
     (("rating", Flaw.NOT_DONE),)),
    ("done and not started", Reported("on_track", completion="not_started", fulfilled=True),
     CommitmentKind.DELIVERABLE, (("completion", Flaw.NOT_DONE),)),
    ("done in substance", Reported("at_risk", completion="substantial", fulfilled=True),
     CommitmentKind.DELIVERABLE, ()),
    ("below nought", Reported("on_track", value=-3.0, has_value=True), CommitmentKind.TARGET,
     (("value", Flaw.BELOW_ZERO),)),
    ("no such completion", Reported("on_track", completion="half"), CommitmentKind.TARGET,
     (("completion", Flaw.UNKNOWN),)),
)  # fmt: skip
def test_a_report(said, kind, flaws):
    assert check_reported(said, kind) == flaws


def test_a_measurement_is_a_number_on_a_day_that_has_come():
    assert check_measured(float("nan"), "2026-03-03", None, TODAY) == (
        ("value", Flaw.NOT_A_NUMBER),
        ("measured_on", Flaw.AHEAD),
    )


def test_what_is_measured_is_below_nought_only_where_its_target_counts_from_there():
    assert check_measured(-1.0, "2026-03-02", None, TODAY) == (("value", Flaw.BELOW_ZERO),)
    assert check_measured(-1.0, "2026-03-02", None, TODAY, may_be_negative=True) == ()


def test_who_sends_back_says_what_is_missing_and_who_confirms_need_not():
    assert check_answer(None, confirmed=False) == (("note", Flaw.MISSING),)
    assert check_answer(None, confirmed=True) == ()


@table(
    ("a reason", Turn.WAIVE, "agreed", None, ()),
    ("no reason", Turn.WITHDRAW, None, None, (("why", Flaw.MISSING),)),
    ("a hold without an end", Turn.HOLD, "w", None, ()),
    ("a hold that is over", Turn.HOLD, "w", "2026-03-02", (("until", Flaw.NOT_AHEAD),)),
)
def test_a_decision(turn, why, until, flaws):
    assert check_turn(turn, why, until, TODAY) == flaws


def test_the_words_of_a_commitment_are_told_by_language():
    texts = Texts("s" * 301, {"zh": "s" * 301}, {"en": "q" * 4001}, None, None)
    assert [name for name, _ in check_texts(texts, "why")] == ["summary", "summary-zh", "quote-en"]
    assert check_text("summary", "s" * 300) == ()


@table(
    ("a plain name", "minutes.pdf", "minutes.pdf"),
    ("the ending in small letters", "PHOTO.JPG", "PHOTO.jpg"),
    ("letters of any script", "会议纪要 März.pdf", "会议纪要 März.pdf"),
    ("a folder goes", "/etc/passwd/../a.pdf", "a.pdf"),
    ("a folder of the other kind goes", "C:\\Users\\x\\a.pdf", "a.pdf"),
    ("a line break ends no header", "a\r\nSet-Cookie: x.pdf", "a__Set-Cookie_ x.pdf"),
    ("a quotation mark ends no name", 'a";filename="b.pdf', "a__filename=_b.pdf"),
    ("letters that turn the direction", "fdp.\u202eexe.pdf", "fdp._exe.pdf"),
    ("no hidden file", "...pdf", "pdf"),
    ("nothing", "", "file"),
    ("only an ending", ".pdf", "pdf"),
)
def test_the_name_of_a_file_is_cleaned(name, cleaned):
    assert clean_name(name) == cleaned


@given(st.text(max_size=400))
def test_a_cleaned_name_is_short_and_safe_and_stays_as_it_is(name):
    cleaned = clean_name(name)
    assert 0 < len(cleaned) <= LONGEST_NAME
    assert not set(cleaned) & set('/\\<>:"|?*\r\n\0%;') and not cleaned.startswith(".")
    assert clean_name(cleaned) == cleaned
