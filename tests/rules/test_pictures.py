"""The month's summary is drawn, in every language, and on one page that can be read aloud and searched."""

import builtins
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateSyntaxError
from pypdf import PdfReader

from commitments.vocabulary import StandingState
from notifications.house import PAGE
from notifications.languages import load_words
from notifications.messages import Message
from notifications.pictures import NOTES, describe_page, draw_summary
from notifications.rendering import write_message
from notifications.samples import LANGUAGES, make_messages
from notifications.styles import TONES


def make_summary(language: str) -> Message:
    return make_messages(language)["summary"]


def squeeze(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_in_its_language_what_the_message_says_and_its_text_can_be_taken_out(language: str) -> None:
    words, message = load_words(language), make_summary(language)
    drawn = draw_summary(words, message)
    assert drawn is not None and message.summary is not None
    (page,) = PdfReader(io.BytesIO(drawn.page)).pages
    text = squeeze(page.extract_text())
    said = describe_page(words, message, message.summary)
    names = [row["name"] for section in said["sections"] for row in section["rows"]]
    told = [said["title"], said["day"], *said["figures"].split(" · "), *said["notes"], *names]
    told += [section["title"] for section in said["sections"]]
    assert len(names) == 5 + 5 + 3 + 5
    assert [one for one in told if squeeze(one) not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fullest_page_is_one_page(language: str) -> None:
    message = make_summary(language)
    assert message.summary is not None
    long = "Ğğ Şş Iı İi Щъ 长城 한글 " * 8
    lines = [replace(line, title=long, worst_promise=long) for line in message.summary.agreements[:3]] * 10
    parties = tuple(replace(line, party=long) for line in message.summary.parties) * 5
    drawn = draw_summary(
        load_words(language),
        replace(message, summary=replace(message.summary, agreements=tuple(lines), parties=parties)),
    )
    assert drawn is not None
    assert len(PdfReader(io.BytesIO(drawn.page)).pages) == 1


def test_the_page_counts_the_agreements_that_need_attention_and_are_not_named() -> None:
    message = make_summary("en")
    assert message.summary is not None
    line = message.summary.agreements[0]
    many = replace(message.summary, agreements=(line,) * 45)
    said = describe_page(load_words("en"), message, many)
    assert len(said["notes"]) == NOTES and said["notes_more"] == f"and {45 - NOTES} more in the register"
    assert describe_page(load_words("en"), message, message.summary)["notes_more"] == "", "all three are named"


def test_the_page_can_be_read_aloud() -> None:
    drawn = draw_summary(load_words("de"), make_summary("de"))
    assert drawn is not None
    reader = PdfReader(io.BytesIO(drawn.page))
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/Lang"] == "de" and catalogue["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None and reader.metadata.title == "Der Stand im November 2026"


def test_the_picture_is_a_png_small_enough_for_mail() -> None:
    drawn = draw_summary(load_words("en"), make_summary("en"))
    assert drawn is not None
    assert drawn.picture.startswith(b"\x89PNG\r\n\x1a\n") and len(drawn.picture) < 300_000 and len(drawn.page) < 300_000


def _find_right_edge(pdf: bytes) -> float:
    """How far to the right anything is drawn, as a share of the sheet."""
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    found = [0.0]

    def look(operator: Any, operands: Any, place: Any, _: Any) -> None:
        corners = {b"re": [(0, 1), (2, 1)], b"l": [(0, 1)], b"m": [(0, 1)]}.get(operator, [])
        for across, up in corners:
            x = operands[across] + (operands[0] if across else 0)
            found.append(float(place[0] * x + place[2] * operands[up] + place[4]))

    page.extract_text(visitor_operand_before=look)
    return max(found) / float(page.mediabox.width)


@pytest.mark.parametrize("counts", [(20, 9, 1, 5), (30, 1, 1, 1), (400, 1, 1, 1, 1, 1), (7, 7, 7, 7)])
def test_a_bar_with_small_parts_ends_where_the_longest_may(counts: tuple[int, ...]) -> None:
    message = make_summary("en")
    assert message.summary is not None
    states = list({TONES[state]: state for state in StandingState}.values())
    line = replace(message.summary.agreements[0], counts=tuple(zip(states, counts, strict=False)))
    drawn = draw_summary(load_words("en"), replace(message, summary=replace(message.summary, agreements=(line,))))
    assert drawn is not None
    assert _find_right_edge(drawn.page) == pytest.approx((210 - 17) / 210, abs=0.001)


def _shine(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_shine(one), _shine(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_word_number_and_edge_in_the_picture_stands_out_from_what_is_behind_it() -> None:
    words, message = load_words("en"), make_summary("en")
    assert message.summary is not None
    said = describe_page(words, message, message.summary)
    parts = [part for section in said["sections"] for row in section["rows"] for part in row["parts"]]
    parts += [one for section in said["sections"] for one in section["legend"]]
    pairs = {(said[ink], said["ground"]) for ink in ("ink", "soft")}
    pairs |= {(part["ink"], ground) for part in parts for ground in (part["ground"], said["ground"])}
    assert {pair: round(_contrast(*pair), 1) for pair in pairs if _contrast(*pair) < 4.5} == {}


def test_text_from_the_register_is_never_a_program() -> None:
    message = make_summary("en")
    assert message.summary is not None
    hostile = '#panic("x") #{1+1} $x$ *b* "quoted" \\ ] } @ref <label> //'
    line = replace(message.summary.agreements[0], title=hostile)
    drawn = draw_summary(load_words("en"), replace(message, summary=replace(message.summary, agreements=(line,))))
    assert drawn is not None
    assert squeeze('#panic("x")#{1+1}$x$*b*') in squeeze(PdfReader(io.BytesIO(drawn.page)).pages[0].extract_text())


@pytest.mark.parametrize(
    "strange", ["Visit \N{GRINNING FACE}", "مذكرة تفاهم", "מזכר", "บันทึก", "მემორანდუმი", "Հուշագիր", "ᠮᠣᠩᠭᠣᠯ", "\ue000"]
)
def test_a_letter_that_no_font_has_costs_neither_the_picture_nor_the_page(strange: str) -> None:
    message = make_summary("en")
    assert message.summary is not None
    line = replace(message.summary.agreements[0], title=strange)
    agreements = (line, *message.summary.agreements[1:])
    drawn = draw_summary(load_words("en"), replace(message, summary=replace(message.summary, agreements=agreements)))
    assert drawn is not None and drawn.picture.startswith(b"\x89PNG")
    (page,) = PdfReader(io.BytesIO(drawn.page)).pages
    assert "By kind of commitment" in page.extract_text()


def test_without_the_drawing_library_the_summary_goes_in_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usual = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "typst":
            raise ImportError("no typst here")
        return usual(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    written = write_message(make_summary("en"))
    assert written.picture is None and written.page is None
    assert "<img" not in written.html and "PDF" not in written.text
    assert "By kind of commitment" in written.text and "no typst here" in caplog.text


def test_what_is_wrong_in_a_page_of_the_house_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "summary").mkdir()
    (tmp_path / PAGE).write_text("= Ours\n#nothing-of-that-name")
    with pytest.raises(TemplateSyntaxError, match="unknown variable") as wrong:
        draw_summary(load_words("en"), make_summary("en"), tmp_path)
    assert (wrong.value.name, wrong.value.lineno) == (PAGE, 2)


def test_a_house_may_draw_its_own_page(tmp_path: Path) -> None:
    (tmp_path / "summary").mkdir()
    own = (
        "#let said = json(bytes(sys.inputs.said))\n#set document(title: said.title)\n#set text(font: said.font)\n= Ours"
    )
    (tmp_path / PAGE).write_text(own)
    drawn = draw_summary(load_words("en"), make_summary("en"), tmp_path)
    assert drawn is not None
    assert PdfReader(io.BytesIO(drawn.page)).pages[0].extract_text().strip() == "Ours"


def test_other_messages_draw_nothing() -> None:
    assert write_message(make_messages("en")["digest"]).picture is None
