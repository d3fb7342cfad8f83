"""What a chat or a telephone gets: the same matters, within the limit, with the link, and honest about the rest."""

from dataclasses import replace

import pytest

from notifications.chat_text import cut_text, measure, write_chat
from notifications.languages import load_words
from notifications.messages import Message
from notifications.rendering import describe_message, write_message
from notifications.samples import LANGUAGES, make_items, make_messages
from notifications.services import SERVICES, Markup, Service, Unit


def many(language: str, count: int) -> Message:
    message = make_messages(language)["reminder"]
    return replace(message, items=tuple(replace(message.items[0], summary=f"Promise {one}") for one in range(count)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda one: one.name)
def test_every_message_fits_every_service_as_that_service_counts(language: str, service: Service) -> None:
    for name, message in make_messages(language).items():
        _, text = write_chat(message, service.markup, service.limit, service.unit)
        assert measure(text, service.unit) <= service.limit, name
        assert text.strip() == text
        assert "{" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_subject_is_that_of_the_mail(language: str) -> None:
    for message in make_messages(language).values():
        assert write_chat(message, Markup.PLAIN, 9999, Unit.CHARACTERS)[0] == write_message(message).subject


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_there_is_room_every_matter_is_told_with_its_link(language: str) -> None:
    message = make_messages(language)["reminders"]
    _, text = write_chat(message, Markup.PLAIN, 9999, Unit.CHARACTERS)
    for item in message.items:
        assert str(item.answer_link) in text
    assert text.endswith(str(message.base_url))


@pytest.mark.parametrize("limit", [700, 1500, 4000])
def test_what_does_not_fit_is_counted_and_the_link_stays_at_the_end(limit: int) -> None:
    message = many("en", 20)
    subject, text = write_chat(message, Markup.PLAIN, limit, Unit.CHARACTERS)
    told = sum(f"Promise {one} " in text for one in range(20))
    assert 0 < told < 20
    assert f"and {20 - told} more in the register" in text
    assert text.endswith(str(message.base_url))
    assert subject.endswith("and 19 more")


def test_a_digest_in_a_chat_tells_its_news_and_who_has_not_answered_as_far_as_there_is_room() -> None:
    message = make_messages("en")["digest"]
    mail = write_message(message).text
    whole = write_chat(message, Markup.PLAIN, 9999, Unit.CHARACTERS)[1]
    for title in ("What has changed", "What is stuck", "Coming in the next 30 days"):
        assert title in mail and title in whole
    assert f"Choose when and what you get\n{message.choices_link}\n" in whole
    assert message.digest is not None
    many = replace(message, digest=replace(message.digest, news=message.digest.news * 9))
    short = write_chat(many, Markup.PLAIN, 2000, Unit.CHARACTERS)[1]
    told = short.partition("What has changed")[2].partition("What is stuck")[0]
    assert f"and {len(many.digest.news if many.digest else ()) - told.count('• ')} more in the register" in told


def test_a_summary_in_a_chat_has_the_counts_by_kind_and_by_silence_of_the_mail() -> None:
    message = make_messages("en")["summary"]
    mail = write_message(message).text
    whole = write_chat(message, Markup.PLAIN, 9999, Unit.CHARACTERS)[1]
    for title in ("By kind of commitment", "How long nothing has been heard"):
        assert title in mail and title in whole


def test_a_digest_in_a_chat_says_of_each_agreement_what_waits_on_which_side() -> None:
    message = make_messages("en")["digest"]
    sides = [
        side for view in describe_message(load_words("en"), message).overviews[0].agreements for side in view.sides
    ]
    whole = write_chat(message, Markup.PLAIN, 9999, Unit.CHARACTERS)[1]
    assert sides and all(side in whole for side in sides)


def test_a_matter_in_a_chat_has_its_sentence_where_there_is_room() -> None:
    message = make_messages("en")["reminder"]
    whole = write_chat(message, Markup.PLAIN, 9999, Unit.CHARACTERS)[1]
    assert message.items[0].promise in whole
    brief = write_chat(message, Markup.PLAIN, len(whole) - 1, Unit.CHARACTERS)[1]
    assert message.items[0].promise not in brief and str(message.items[0].answer_link) in brief


def test_a_short_message_of_a_telephone_about_one_matter_leads_to_its_page() -> None:
    item = replace(make_messages("en")["reminder"].items[0], answer_link="https://t.example/a/1")
    message = replace(make_messages("en")["reminder"], items=(item,))
    text = write_chat(message, Markup.PLAIN, 120, Unit.CHARACTERS)[1]
    assert text.endswith(f"\nhttps://t.example/a/1\n{message.short_choices_link}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda one: one.name)
def test_every_message_on_every_channel_has_a_link_to_its_readers_choices(language: str, service: Service) -> None:
    for name, message in make_messages(language).items():
        if name not in ("empty", "sign_in"):  # one has no links at all, the other goes by mail alone
            text = write_chat(message, service.markup, service.limit, service.unit)[1]
            assert any(str(link) in text for link in (message.choices_link, message.short_choices_link)), name


@pytest.mark.parametrize("name", [name for name in make_messages("en") if name != "empty"])
def test_every_mail_has_a_link_to_its_readers_choices_in_text_and_html(name: str) -> None:
    message = make_messages("en")[name]
    written = write_message(message)
    assert str(message.choices_link) in written.text and str(message.choices_link) in written.html


def test_bytes_are_counted_where_the_service_counts_bytes() -> None:
    message = many("zh-Hans", 20)
    characters = write_chat(message, Markup.PLAIN, 2048, Unit.CHARACTERS)[1]
    octets = write_chat(message, Markup.PLAIN, 2048, Unit.BYTES)[1]
    assert len(octets.encode()) <= 2048 < len(characters.encode())


def test_a_short_message_of_a_telephone_holds_the_subject_and_the_link() -> None:
    message = make_messages("en")["reminders"]
    _, text = write_chat(message, Markup.PLAIN, 160, Unit.CHARACTERS)
    first, page, choices = text.splitlines()
    assert first.startswith("Due in 4 days:")
    assert (page, choices) == (message.base_url, message.short_choices_link)


def test_without_a_link_nothing_stands_in_its_place() -> None:
    message = replace(make_messages("en")["reminders"], base_url=None, short_choices_link=None)
    assert "http" not in write_chat(message, Markup.PLAIN, 120, Unit.CHARACTERS)[1]


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        (Markup.PLAIN, "<!channel> *all* [x](y) & <at user_id=\"all\">"),
        (Markup.ANGLED, "‹!channel› *all* [x](y) & ‹at user_id=\"all\"›"),
        (Markup.HTML, "&lt;!channel&gt; *all* [x](y) &amp; &lt;at user_id=\"all\"&gt;"),
        (Markup.MARKDOWN, "\\<!channel\\> \\*all\\* \\[x\\](y) & \\<at user\\_id=\"all\"\\>"),
    ],
)  # fmt: skip
def test_words_from_the_register_are_words_and_call_nobody(markup: Markup, shown: str) -> None:
    item = replace(make_items("en")["libraries"], summary='<!channel> *all* [x](y) & <at user_id="all">')
    message = replace(make_messages("en")["reminder"], items=(item,))
    assert shown in write_chat(message, markup, 9999, Unit.CHARACTERS)[1]


def test_a_line_break_in_a_title_starts_no_line() -> None:
    item = replace(make_items("en")["libraries"], summary="One\n# Two\r\n- three")
    message = replace(make_messages("en")["reminder"], items=(item,))
    text = write_chat(message, Markup.MARKDOWN, 9999, Unit.CHARACTERS)[1]
    assert "One \\# Two - three" in text


def test_a_cut_never_splits_a_character() -> None:
    for limit in range(4, 40):
        cut = cut_text("实现两市图书馆服务互联互通", limit, Unit.BYTES)
        assert len(cut.encode()) <= limit
