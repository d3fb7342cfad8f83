"""A message says the same in its subject, its text and its HTML, and nothing in it can do harm."""

import dataclasses
import html
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, UndefinedError, select_autoescape
from markupsafe import Markup, escape

from commitments.facts import Reason
from commitments.vocabulary import Answer, FollowUpKind, MatterKind, NotificationKind, ReasonCode, StandingState
from notifications.house import PARTS, TEMPLATES
from notifications.items import describe_item
from notifications.languages import load_words
from notifications.messages import Ground, Item, Message
from notifications.reasons import Why
from notifications.rendering import OwnEnvironment, build_environment, describe_message, describe_sign_in, write_message
from notifications.samples import DAY, LANGUAGES, TEXTS, TOKEN, link_item, make_items, make_messages
from notifications.styles import DARK, LIGHT, STYLE, TONE_COLOURS, TONES
from notifications.views import Written, check_link, clean_text, shorten_apart, shorten_text

SAMPLES = [(language, name) for language in LANGUAGES for name in make_messages(language)]
HOSTILE = (
    "<script>alert(1)</script> {{ view.subject }} {% raw %} %(count)s \r\nBcc: all@example.org\n\n"
    "\u202egnp.exe\u202c \u2067x\u2069 \x00\x1b[31m \" onmouseover='x' <img src=http://evil.example/p.png> & Co"
)
# shown in one of the two only: looks, and what an inbox shows beside the subject
NOT_SAID = {"tag", "direction", "preheader", "tone", "width", "picture", "look", "page"}


class Page(HTMLParser):
    """What a reader of the HTML sees, and every tag in it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._silent = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag in ("style", "title"):
            self._silent += 1
        if "href" in given:
            self.links.append(given["href"] or "")
        if tag not in ("b", "span", "a"):
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "title"):
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())


def list_strings(value: Any, name: str = "") -> Iterator[str]:
    """Every string of a view that is said to its reader."""
    if name in NOT_SAID:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from list_strings(one, name)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from list_strings(getattr(value, field.name), field.name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_written_into_the_templates_beforehand_changes_no_letter(language: str) -> None:
    words = load_words(language)
    plain = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(("html",), ("txt",)), trim_blocks=True,
        lstrip_blocks=True, extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    plain.globals["style"] = STYLE
    plain.install_gettext_translations(words.translations, newstyle=True)  # type: ignore[attr-defined]
    ours = build_environment(words)
    for message in make_messages(language).values():
        if message.sign_in is None:
            view = describe_message(words, message)
            for part in PARTS:
                assert ours.get_template(part).render(view=view) == plain.get_template(part).render(view=view)


@given(st.text() | st.text("&<>\"'é…") | st.integers() | st.builds(Markup, st.text("<b>&")))
def test_html_is_escaped_as_jinja_does(value: Any) -> None:
    assert OwnEnvironment.escape(value) == escape(value)


def write_sample(language: str, name: str) -> tuple[Message, Written]:
    message = make_messages(language)[name]
    return message, write_message(message)


def describe(language: str, message: Message) -> Any:
    """What a message says, as a view."""
    words = load_words(language)
    return describe_message(words, message) if message.sign_in is None else describe_sign_in(words, message)


def make_message(*items: Item, kind: NotificationKind = NotificationKind.FOLLOW_UP, **given: Any) -> Message:
    return Message(kind, DAY, "Mei Lin", "en", items, **given)


@pytest.mark.parametrize(("language", "name"), SAMPLES)
def test_text_and_html_say_the_same(language: str, name: str) -> None:
    message, written = write_sample(language, name)
    page, text = Page(written.html), " ".join(written.text.split())
    said = [one for one in list_strings(describe(language, message)) if one]
    assert len(said) >= 3
    for one in said:
        plain = " ".join(one.split())
        assert plain in text
        assert plain in page.text or one in page.links
    assert set(re.findall(r"https?://\S+", written.text)) == set(page.links)
    hidden = page.text.split("Tallystick", 1)[1]
    assert set(re.findall(r"\d+", hidden)) == set(re.findall(r"\d+", re.sub(r"https?://\S+", "", text))) | {
        number for link in page.links if link in hidden for number in re.findall(r"\d+", link)
    }


@pytest.mark.parametrize(("language", "name"), SAMPLES)
def test_every_kind_of_message_is_sound(language: str, name: str) -> None:
    _, written = write_sample(language, name)
    page = Page(written.html)
    top = dict(page.tags)["html"]
    assert top == {"lang": language, "dir": "ltr"}
    assert written.html.startswith("<!DOCTYPE html>")
    assert f"<title>{html.escape(written.subject, quote=False)}</title>".replace("&#x27;", "'") in html.unescape(
        written.html
    ).replace("&", "&amp;") or written.subject in html.unescape(written.html)
    assert written.subject and len(written.subject) <= 150 and written.subject.isprintable()
    assert len(written.html.encode()) < 100_000
    assert not {"script", "link", "iframe", "form"} & {tag for tag, _ in page.tags}
    shown = [given for tag, given in page.tags if tag == "img"]
    assert len(shown) == name.startswith("summary")
    for one in shown:  # it goes along with the message, and says in words what it shows
        assert (one["src"] or "").startswith("cid:summary-2026-11@") and len(one["alt"] or "") > 30
    assert "url(" not in written.html and "None" not in written.text and "%(" not in written.html + written.text
    assert ("color-scheme", "light dark") in {(one.get("name"), one.get("content")) for _, one in page.tags}


@pytest.mark.parametrize(("language", "name"), [one for one in SAMPLES if one[0] != "en"])
def test_a_message_is_in_one_language_throughout(language: str, name: str) -> None:
    """No sentence of the English message stands in the other; no Latin word in one of another script."""
    view, english = (set(list_strings(describe(one, make_messages(one)[name]))) for one in (language, "en"))
    names = set(TEXTS["en"].values())
    shared = {one for one in view & english if " " in one and one not in names and not one.startswith("tally ")}
    assert {one for one in shared if re.search("[a-z]{3}", one)} == set()
    if language in ("zh-Hans", "ko", "bg"):
        text = re.sub(r"https?://\S+|tally .*", "", write_message(make_messages(language)[name]).text)
        assert set(re.findall(r"[A-Za-z]{3,}", text)) <= {"PDF", "Prefect", "Tallystick", "check", "progress"}


@pytest.mark.parametrize(
    ("language", "name", "subject"),
    [
        ("en", "reminder", "Due in 7 days: Link the two library services"),
        ("en", "reminders", "Due in 4 days: The shared reading room is tried out with readers — and 2 more"),
        ("en", "follow_up", "Behind: Hold at least four exchange activities every year"),
        ("en", "follow_ups", "4 commitments need an answer from you — and 1 more"),
        ("en", "escalation", "Still unanswered: Encourage investors to support growth in both cities"),
        ("en", "confirmation", "Please confirm: Link the two library services"),
        ("en", "digest", "Your week: 5 agreements, 3 need attention"),
        ("en", "digest_with_items", "2 commitments need an answer from you — and 1 more · Your week"),
        ("en", "summary", "November 2026: 5 agreements, 3 need attention"),
        ("en", "sixty", "60 commitments need an answer from you — and 12 more"),
        ("zh-Hans", "reminder", "7天后到期：实现两市图书馆服务互联互通"),
        ("zh-Hans", "follow_ups", "4项承诺待您答复，另有1项"),
        ("zh-Hans", "digest", "本周概况：5份协议，3份需要关注"),
        ("zh-Hans", "summary", "2026年11月：5份协议，3份需要关注"),
        ("tr", "reminder", "Son tarih 7 gün sonra: İki kütüphane hizmetini birbirine bağlamak"),
        ("tr", "follow_ups", "4 taahhüt yanıtınızı bekliyor — ve 1 konu daha"),
        ("ko", "reminder", "7일 후 기한: 두 도시의 도서관 서비스 연결"),
        ("ko", "digest", "이번 주 현황: 협약 5건, 3건 주의 필요"),
        ("bg", "reminder", "Срок след 7 дни: Свързване на двете библиотечни мрежи"),
        ("bg", "follow_ups", "4 ангажимента очакват Вашия отговор – и още 1"),
        ("de", "reminder", "Fällig in 7 Tagen: Die beiden Bibliotheksdienste verbinden"),
        ("de", "summary", "November 2026: 5 Vereinbarungen, 3 mit Handlungsbedarf"),
        ("fr", "reminder", "Échéance dans 7 jours : Relier les deux services de bibliothèque"),
        ("fr", "digest", "Votre semaine : 5 accords, 3 à surveiller"),
        ("fr", "summary", "Novembre 2026 : 5 accords, 3 à surveiller"),
        ("es", "summary", "Noviembre de 2026: 5 acuerdos, 3 requieren atención"),
        ("bg", "summary", "Ноември 2026 г.: 5 споразумения, 3 изискват внимание"),
        ("es", "reminder", "Vence dentro de 7 días: Conectar los dos servicios de bibliotecas"),
        ("es", "follow_ups", "4 compromisos esperan su respuesta — y 1 más"),
    ],
)
def test_the_subject_says_the_most_urgent_thing(language: str, name: str, subject: str) -> None:
    assert write_sample(language, name)[1].subject == subject


def test_a_date_of_the_agreement_is_named_in_the_subject() -> None:
    notice = make_items("en")["notice"]
    assert write_message(make_message(notice)).subject == (
        "Notice deadline in 5 weeks: Leeds–Hangzhou memorandum of 2018"
    )


def test_an_item_says_what_was_promised_to_whom_how_it_stands_what_is_expected_by_when_and_how_to_answer() -> None:
    written = write_sample("en", "follow_up")[1]
    for said in (
        "Hold at least four exchange activities every year",
        "Promised by Chengdu to Gimcheon",
        "[Behind] 2 of 4 exchange activities held in 2026, 5 weeks left: behind an even pace",
        "Expected: Record what has been done, or say what is planned for the time left.",
        "Please answer by 4 December 2026.",
        "Why now: follow-up opened on 20 November 2026",
        "To answer, reply to this mail: it goes to Tom Hartley.",
        f"Something happened: https://tally.leeds.example/answer/{TOKEN}/held",
        f"On its way: https://tally.leeds.example/answer/{TOKEN}/on_track",
        f"Remind me later: https://tally.leeds.example/answer/{TOKEN}/snooze",
        f"Somebody else: https://tally.leeds.example/answer/{TOKEN}/not_me",
        f"Choose when and what you get: https://tally.leeds.example/choices/{TOKEN}",
        f"Unsubscribe: https://tally.leeds.example/unsubscribe/{TOKEN}",
    ):
        assert said in written.text


def test_who_only_hears_that_nobody_answered_reads_by_when_it_was_asked_and_is_not_asked_to_answer() -> None:
    item = make_items("en")["notice"]
    link = f"https://tally.leeds.example/answer/{TOKEN}"
    late = replace(item, kind=NotificationKind.ESCALATION, answer_by=date(2026, 1, 15), answer_link=link)
    for answers, is_expected in (((), False), ((Answer.DONE,), True)):
        written = write_message(make_message(replace(late, answers=answers)))
        for said in (written.text, written.html):
            assert "An answer was asked for by 15 January 2026." in said and "Please answer by" not in said
            assert ("Expected:" in said) is is_expected, "what others are to do is no order to who cannot do it"
    first = replace(late, kind=NotificationKind.FOLLOW_UP, answers=(Answer.DONE,))
    assert "Please answer by 15 January 2026." in write_message(make_message(first)).text


@pytest.mark.parametrize(
    ("name", "hints"),
    [
        (
            "libraries",
            ('tally report-progress leeds-hangzhou-2018/libraries --party leeds --rating on_track --note "…"',),
        ),
        (
            "exchanges",
            (
                'tally add-activity chengdu-gimcheon --commitment exchanges --title "…" --kind exchange --on DATE',
                "tally follow-ups --done 'behind:chengdu-gimcheon/exchanges#2026@chengdu:2026'",
            ),
        ),
        ("unowned", ("tally follow-ups --done unowned:stoke-jingdezhen/investors@stoke:none",)),
        ("confirmation", ("tally confirm leeds-hangzhou-2018/libraries --party leeds",)),
        ("notice", ("tally follow-ups --done notice_deadline:leeds-hangzhou-2018:notice@leeds:2026-12-31",)),
    ],
)
def test_a_hint_is_a_command_that_answers_the_item(name: str, hints: tuple[str, ...]) -> None:
    assert describe_item(load_words("en"), make_items("en")[name], 400).hints == hints


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_from_the_register_is_shown_and_does_nothing(language: str) -> None:
    item = replace(
        make_items(language)["overdue"],
        promise=HOSTILE,
        summary=HOSTILE,
        agreement_title=HOSTILE,
        to_whom=(HOSTILE, HOSTILE),
        party=HOSTILE,
        follow_up=HOSTILE,
        matter=HOSTILE,
        link='https://ok.example/"onclick="x',
        reason=Reason(
            ReasonCode.PERIOD_MISSED, {"held": 1, "expected": 2, "period": "2026", "what": HOSTILE, "days_left": -1}
        ),
        ground=Ground(Why.ESCALATED, {"rung": 1, "days": 5, "asked": HOSTILE}),
    )
    sample = make_messages(language)["digest"]
    assert sample.digest is not None
    line = replace(sample.digest.agreements[0], title=HOSTILE, worst_promise=HOSTILE, partners=(HOSTILE,))
    message = replace(
        sample,
        items=(item,),
        to_name=HOSTILE,
        coordinator_name=HOSTILE,
        digest=replace(sample.digest, agreements=(line,)),
    )
    written = write_message(message)
    page = Page(written.html)
    assert "<script>alert(1)</script> {{ view.subject }}" in page.text
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert not [name for _, given in page.tags for name in given if name.startswith("on")]
    for part in (written.subject, written.text.replace("\n", ""), written.html.replace("\n", "")):
        assert not re.search(r"[\x00-\x1f\u202a-\u202e\u2066-\u2069]", part)
    assert not any(line.startswith("Bcc") for line in written.text.splitlines())
    assert "\r" not in written.subject + written.text and "\n" not in written.subject


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://a.example/x", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        ("https://a.example/ x", False),
        ("https://a.example/\n", False),
        ("", False),
        (None, False),
    ],
)
def test_only_links_to_pages_are_shown(link: str | None, kept: bool) -> None:
    assert check_link(link) == (link if kept else "")


def test_a_name_that_a_template_does_not_know_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "message").mkdir()
    (tmp_path / "message" / "body.txt").write_text("{{ view.no_such_thing }}")
    with pytest.raises(UndefinedError, match="no_such_thing"):
        write_message(make_messages("en")["reminder"], tmp_path)


def test_a_house_can_put_a_template_in_place_of_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "message").mkdir()
    (tmp_path / "message" / "subject.txt").write_text("[Leeds]\r\nBcc: x@example.org {{ view.subject }}\n")
    written = write_message(make_messages("en")["reminder"], tmp_path)
    assert written.subject == "[Leeds] Bcc: x@example.org Due in 7 days: Link the two library services"
    assert "Promised by Leeds City Council" in written.text
    assert write_message(make_messages("en")["reminder"]).subject.startswith("Due")


def test_templates_hold_no_logic_but_loops_and_ifs() -> None:
    folder = Path(__file__).parents[2] / "notifications" / "templates"
    for template in folder.rglob("*.*"):
        for statement in re.findall(r"{%-?\s*(\w+)", template.read_text()):
            assert statement in {"for", "endfor", "if", "else", "endif", "set"}, template
        assert not re.search(r"{%\s*(?:if|set)[^%]*[<>+*/]", template.read_text().replace('"<br>"', "")), template


def test_more_items_than_fit_are_counted() -> None:
    one = make_items("en")["overdue"]
    written = write_message(make_message(*[one] * 75, more=5))
    assert written.text.count("[Overdue]") == written.html.count(">Overdue<") == 60
    assert "and 20 more in the register" in written.text
    assert written.subject == "75 commitments need an answer from you — and 5 more"


@pytest.mark.parametrize("language", LANGUAGES)
def test_sixty_items_with_the_longest_sentences_stay_below_what_mail_programs_show(language: str) -> None:
    sentence = {"zh-Hans": "双方应在两地之间开展长期合作。", "ko": "양측은 두 도시에서 오래 협력한다. "}.get(
        language, "двете страни си сътрудничат " if language == "bg" else "the parties shall cooperate "
    ) * 60
    one = replace(link_item(make_items(language)["overdue"]), promise=sentence, summary=None)
    message = make_messages(language)["summary_with_digest"]
    assert message.digest is not None
    digest = replace(message.digest, agreements=message.digest.agreements[:3] * 10)
    message = replace(message, items=(one,) * 60, digest=digest)
    assert len(write_message(message).html.encode()) < 100_000


def test_ten_items_have_a_button_an_answer_and_more_have_one_each() -> None:
    one = link_item(make_items("en")["overdue"])
    few, many = (write_message(make_message(*[one] * number)).html for number in (10, 11))
    assert few.count("/answer/") == 50
    assert many.count("/answer/") == 11
    assert [many.count(f">Answer {number}</a>") for number in range(1, 13)] == [1] * 11 + [0], "no two of one name"
    assert 'aria-label="It is done: ' in few


def test_who_can_only_look_is_led_to_how_it_stands() -> None:
    item = replace(link_item(make_items("en")["escalated"]), answers=())
    written = write_message(make_message(item))
    assert f"See how it stands: https://tally.leeds.example/answer/{TOKEN}\n" in written.text


def test_the_buttons_can_be_tapped_and_the_first_stands_out() -> None:
    assert "padding:11px" in STYLE.first and "line-height:22px" in STYLE.first  # 44 pixels high
    assert "padding:11px" in STYLE.button and "line-height:22px" in STYLE.button
    page = Page(write_sample("en", "follow_up")[1].html)
    looks = [given["class"] for tag, given in page.tags if tag == "a" and "/answer/" in (given["href"] or "")]
    assert looks == ["x-first", "x-button", "x-button", "x-button"]


def test_the_most_urgent_section_comes_first() -> None:
    items = make_items("en")
    view = describe_message(load_words("en"), make_message(items["escalated"], items["libraries"], items["overdue"]))
    assert [section.title for section in view.sections] == [
        "Brought to you because nobody has answered (1)",
        "Coming dates (1)",
        "Needs an answer from you (1)",
    ]


def test_a_milestone_is_called_by_its_title_and_shows_its_promise() -> None:
    view = describe_item(load_words("en"), make_items("en")["reading_room"], 400)
    assert view.title == "The shared reading room is tried out with readers"
    assert view.quote.startswith("“The two cities shall link")


def test_a_sentence_without_a_summary_is_its_own_title_in_quotation_marks() -> None:
    item = replace(make_items("en")["libraries"], summary=None)
    view = describe_item(load_words("en"), item, 400)
    assert view.title.startswith("“The two cities") and view.title.endswith("”") and view.quote == ""


def test_who_is_asked_to_confirm_is_not_said_to_have_promised() -> None:
    view = describe_item(load_words("en"), make_items("en")["confirmation"], 400)
    assert view.promised == "Between Leeds City Council and Hangzhou Municipal People's Government"
    assert view.standing == "Confirmation asked for"


def test_who_is_asked_to_confirm_reads_what_was_reported_by_whom_and_in_which_words() -> None:
    item = make_items("en")["confirmation"]
    view = describe_item(load_words("en"), item, 400)
    assert view.report == (
        "Li Na (Hangzhou Municipal People's Government) reported on 23 November 2026 that it is done."
    )
    assert view.note == "“Readers of either city have borrowed from both libraries since October.”"
    assert item.report is not None
    halfway = replace(item, report=replace(item.report, name=None, is_done=False, note=None))
    view = describe_item(load_words("en"), halfway, 400)
    assert view.report == "Hangzhou Municipal People's Government reported on 23 November 2026: On track."
    assert view.note == ""
    written = write_message(make_message(replace(item, report=replace(item.report, note="<b>Bold</b>\r\nBcc: x"))))
    assert "“<b>Bold</b> Bcc: x”" in written.text and "“&lt;b&gt;Bold&lt;/b&gt; Bcc: x”" in written.html


def test_a_message_that_failed_is_not_called_a_promise() -> None:
    item = replace(
        make_items("en")["overdue"],
        follow_up_kind=FollowUpKind.MESSAGE_FAILED,
        promise="Leeds–Hangzhou memorandum of 2018",
        is_quote=False,
        summary=None,
        reason=Reason(ReasonCode.MESSAGE_FAILED, {"contact": "li.na", "reply": "550 no such user"}),
    )
    view = describe_item(load_words("en"), item, 400)
    assert (view.title, view.quote) == ("Message not sent: li.na", "")
    assert view.standing == "Message not sent" and not view.promised.startswith("Between")
    assert write_message(make_message(item)).subject == "Message not sent: li.na"
    assert write_message(make_message(item, item)).subject == "2 matters need an answer from you"


def test_what_climbed_about_an_agreement_itself_is_named_in_the_subject() -> None:
    item = replace(
        make_items("en")["escalated"], matter_kind=MatterKind.DORMANCY, follow_up_kind=FollowUpKind.DORMANT,
        matter="leeds-hangzhou-2018", agreement_title="Memorandum",
    )  # fmt: skip
    assert write_message(make_message(item)).subject == "Still unanswered: No activity for a long time (Memorandum)"


def test_many_parties_are_counted() -> None:
    item = replace(make_items("en")["libraries"], to_whom=tuple("ABCDEFG"))
    assert "to A, B, C and 4 others" in describe_item(load_words("en"), item, 400).promised


@pytest.mark.parametrize("state", StandingState)
def test_a_standing_is_a_word_and_a_colour(state: StandingState) -> None:
    item = replace(make_items("en")["overdue"], standing=state)
    page = write_message(make_message(item)).html
    assert f'class="t-{TONES[state]}"' in page and f">{load_words('en').name_standing(state)}<" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_follow_up_has_a_message(language: str) -> None:
    usual, about = make_messages(language)["follow_up"], make_items(language)["overdue"]
    for kind, matter in product(FollowUpKind, MatterKind):
        item = replace(about, follow_up_kind=kind, matter_kind=matter, due_on=None)
        assert write_message(replace(usual, items=(item,))).subject, (kind, matter)


def brightness(colour: str) -> float:
    colour = colour if len(colour) == 7 else "#" + "".join(one * 2 for one in colour[1:])
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((brightness(one), brightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_everything_can_be_read_in_light_and_dark() -> None:
    pairs = [
        (look[ink], look[ground])
        for look in (LIGHT, DARK)
        for ink in ("ink", "soft", "link")
        for ground in ("page", "card")
    ]
    pairs += [
        pair
        for ink, ground, dark_ink, dark_ground, _ in TONE_COLOURS.values()
        for pair in ((ink, ground), (dark_ink, dark_ground))
    ]
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []
    bars = [(colours[4], look["card"]) for colours in TONE_COLOURS.values() for look in (LIGHT, DARK)]
    assert [pair for pair in bars if contrast(*pair) < 2.5] == []


def test_every_rule_of_the_sheet_beats_the_inline_styles() -> None:
    rules = re.findall(r"{([^{}]+)}", STYLE.sheet)
    assert rules and all(part.endswith("!important") for rule in rules for part in rule.split(";"))
    used = set(re.findall(r'class="([^"{]+)', "".join(write_sample("en", name)[1].html for _, name in SAMPLES[:12])))
    classes = set(re.findall(r"\.((?:x|t)-\w+)", STYLE.sheet))
    assert {one for names in used for one in names.split()} <= classes


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("two  spaces ", "two spaces"),
        ("a\r\n\tb\x00c", "a b c"),
        ("a\u202eb\u2066c\u200f", "abc"),
        ("\u3000全角　空格", "全角 空格"),
        ("\ud83d", ""),
        ("née – 里兹", "née – 里兹"),
    ],
)
def test_text_becomes_one_harmless_line(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


def test_titles_side_by_side_are_short_where_they_differ_and_whole_where_they_begin_alike() -> None:
    titles = ["one two three four glazes", "one two three four kilns", "five six seven eight nine ten"]
    assert shorten_apart(titles, 20) == [*titles[:2], "five six seven…"]


def test_a_text_is_cut_between_words() -> None:
    assert shorten_text("one two three", 13) == "one two three"
    assert shorten_text("one two three", 10) == "one two…"
    assert shorten_text("实现两市图书馆服务互联互通", 6) == "实现两市图…"


def test_a_language_without_a_catalogue_is_written_in_english() -> None:
    written = write_message(replace(make_messages("en")["reminder"], language="ky"))
    assert written.subject == "Due in 7 days: Link the two library services"
    assert '<html lang="en" dir="ltr">' in written.html


def test_a_due_date_is_not_said_twice() -> None:
    words, items = load_words("en"), make_items("en")
    assert describe_item(words, items["libraries"], 400).by == ""
    period = replace(items["exchanges"], answer_by=None, due_on=date(2026, 12, 31))
    assert describe_item(words, period, 400).by == "The date is 31 December 2026."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_due_date_is_said_once_whatever_space_a_language_writes_in_it(language: str) -> None:
    words, items = load_words(language), make_items(language)
    assert describe_item(words, items["libraries"], 400).by == ""


def test_a_digest_of_four_items_is_quick_to_write() -> None:
    items = make_items("en")
    message = make_message(items["overdue"], items["exchanges"], items["investors"], items["libraries"])
    write_message(message)
    asked: set[str] = set()

    def notice(frame: FrameType, event: str, _: Any) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module in ("babel.dates", "babel.numbers"):
            asked.add(f"{module}.{frame.f_code.co_name}")

    before = sys.getprofile()
    sys.setprofile(notice)
    try:
        write_message(message)
    finally:
        sys.setprofile(before)
    assert not asked, "what takes longest, the words of dates and numbers, is known from the letter before"


def test_a_reply_is_spoken_of_only_where_it_reaches_somebody() -> None:
    message = make_messages("en")["follow_up"]
    assert "it goes to Tom Hartley" in write_message(message).text
    without = write_message(replace(message, coordinator_mail=None))
    assert "reply to this mail" not in without.text + without.html


def test_an_agreement_of_which_something_waits_for_an_answer_is_counted_as_it_is_listed() -> None:
    message = make_messages("en")["digest"]
    assert message.digest is not None
    fine = replace(message.digest.agreements[-1], open_follow_ups=1)
    written = write_message(replace(message, digest=replace(message.digest, agreements=(fine,))))
    assert written.subject == "Your week: 1 agreement, 1 needs attention"
    assert "1 agreement · 1 needs attention" in written.text and "Agreements that need attention" in written.text


def test_the_sample_digest_lists_as_coming_what_comes_in_its_days_and_is_not_told_as_done() -> None:
    digest = make_messages("en")["digest"].digest
    assert digest is not None
    assert all(0 <= (one.day - date(2026, 11, 23)).days <= 30 for one in digest.coming)
    assert {one.promise for one in digest.coming}.isdisjoint(one.title for one in digest.news if one.state)


def test_what_a_digest_lists_leads_to_its_page_with_the_same_links_in_text_and_html() -> None:
    message = make_messages("en")["digest"]
    written = write_message(message)
    for page in (
        "agreements/stoke-jingdezhen/commitments/investors",  # is stuck
        "people/coordinator",  # has not answered
        "agreements/creative-cities",  # comes
        "agreements/osh-plans",  # needs attention
    ):
        link = f"https://tally.leeds.example/{page}"
        assert f'href="{link}"' in written.html and f"\n  {link}\n" in written.text
    bare = write_message(replace(message, base_url=None))
    assert "agreements/" not in bare.html + bare.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_very_many_dates_and_people_a_digest_shows_the_first_and_says_how_many_more_there_are(language: str) -> None:
    message = make_messages(language)["digest"]
    assert message.digest is not None
    longer = replace(message.digest, coming=message.digest.coming[:1] * 1000, waiting=message.digest.waiting * 300)
    written = write_message(replace(message, digest=longer))
    assert len(written.html.encode()) < 100_000
    day = load_words(language).format_day(longer.coming[0].day)
    assert written.text.count(f"* {day} – ") == written.html.count(f"<b>{day}</b>") == 30
    calendar = f"https://tally.leeds.example/calendar?month={longer.coming[0].day:%Y-%m}"
    assert f'href="{calendar}"' in written.html and f"\n  {calendar}\n" in written.text
    more = load_words(language).ngettext(
        "and %(count)s more in the register", "and %(count)s more in the register", 970
    )
    assert more % {"count": 970} in written.text and more % {"count": 970} in written.html


def test_a_reference_in_a_link_of_a_digest_does_nothing() -> None:
    message = make_messages("en")["digest"]
    assert message.digest is not None
    line = replace(message.digest.agreements[0], reference='"><script>')
    written = write_message(replace(message, digest=replace(message.digest, agreements=(line,))))
    assert "<script>" not in written.html and "/agreements/%22%3E%3Cscript%3E" in written.html


def test_an_end_in_twelve_months_is_a_date_ahead_and_one_in_a_month_is_due_soon() -> None:
    far = replace(
        make_items("en")["libraries"], matter_kind=MatterKind.EXPIRY, standing=StandingState.DUE_SOON,
        reason=Reason(ReasonCode.EXPIRES, {"on": "2027-11-23", "days": 365}), part_title=None,
    )  # fmt: skip
    near = replace(far, reason=Reason(ReasonCode.EXPIRES, {"on": "2026-12-23", "days": 30}))
    told = [describe_item(load_words("en"), one, 400) for one in (far, near)]
    assert [(one.standing, one.tone) for one in told] == [("Date ahead", "grey"), ("Due soon", "amber")]
