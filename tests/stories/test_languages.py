"""Each reader of the examples is written to in one language, the register's own words included."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import pytest

from commitments.agreement_file import read_files
from commitments.agreement_form import CommitmentForm
from commitments.database import open_database, open_reading
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.reconcile import reconcile_register
from commitments.register import import_files
from commitments.settings import Settings
from deployments.mailbox import start_mailbox
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
MONDAY = date(2026, 11, 2)  # the first of its month: reminders, digests and the month's summaries go out together


@dataclass
class Letter:
    language: str  # the reader's
    headers: EmailMessage
    text: str
    html: str


@pytest.fixture(scope="module")
def letters(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Letter]]:
    """What everybody in the examples gets on a first Monday, as it lies in the mailbox."""
    folder = tmp_path_factory.mktemp("languages")
    shutil.copyfile(sqlite_template, folder / "tally.db")
    engine = open_database(f"sqlite:///{folder / 'tally.db'}")
    night = datetime.combine(MONDAY, time(1), UTC)
    import_files(engine, read_files(EXAMPLES), Author("import", night), MONDAY)
    reconcile_register(engine, night, MONDAY)
    plan_messages(engine, night, MONDAY, domain="tally.example")
    with open_reading(engine) as reading:
        languages = {one.mail: one.language for one in load_people(reading).values()}
    with start_mailbox(folder / "letters", 0, 0) as box:
        address, port = box.smtp_address
        done = dispatch_messages(
            engine, Settings(mail_url=f"smtp://{address}:{port}"), read_clock=lambda: night, early=True
        )
    engine.dispose()
    found = []
    for path in (folder / "letters").glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        assert plain is not None and html is not None
        language = languages[message["To"].addresses[0].addr_spec]
        found.append(Letter(language, message, plain.get_content(), html.get_content()))
    assert len(found) == done.sent > 40
    yield found


@cache
def commitments() -> list[CommitmentForm]:
    return [commitment for file in read_files(EXAMPLES) for commitment in file.form.commitments]


@cache
def words_of(language: str) -> list[str]:
    """How every commitment and milestone of the examples is called in a language; a digest may cut the end off."""
    words = [one.summaries.get(language) if language != "en" else one.summary for one in commitments()]
    words += [
        step.titles.get(language) if language != "en" else step.title
        for one in commitments()
        for step in one.milestones
    ]
    return [word[:30].rstrip(".。") for word in words if word]


def test_every_commitment_and_milestone_of_the_examples_is_called_in_chinese_too() -> None:
    assert len(words_of("zh")) == len(words_of("en")) == 101 + 9


def test_the_mail_of_a_chinese_reader_holds_no_english_summary(letters: list[Letter]) -> None:
    chinese = [letter for letter in letters if letter.language.startswith("zh")]
    assert len(chinese) > 20
    for letter in chinese:
        for shown in (str(letter.headers["Subject"]), letter.text, letter.html):
            flat = " ".join(shown.split())
            assert [word for word in words_of("en") if word in flat] == [], letter.headers["To"]
    told = " ".join(letter.text for letter in chinese)
    assert len([word for word in words_of("zh") if word in told]) > 60


def test_the_mail_of_an_english_reader_holds_no_chinese_summary(letters: list[Letter]) -> None:
    english = [letter for letter in letters if letter.language.startswith("en")]
    assert len(english) > 10
    for letter in english:
        assert [word for word in words_of("zh") if word in letter.text + letter.html] == [], letter.headers["To"]


def test_the_language_of_a_letter_is_that_of_its_words(letters: list[Letter]) -> None:
    tags = {"zh": "zh-Hans", "ky": "en"}  # there is no Kyrgyz catalogue: English, whole
    greetings = {"en": "Hello ", "zh-Hans": "您好", "tr": "Sayın ", "ko": "안녕하십니까", "bg": "Здравейте"}
    assert {letter.language for letter in letters} >= {"en", "zh", "ko", "tr", "bg", "ky"}
    for letter in letters:
        tag = tags.get(letter.language, letter.language)
        assert str(letter.headers["Content-Language"]) == tag
        assert f'<html lang="{tag}"' in letter.html
        assert [one for one, greeting in greetings.items() if greeting in letter.text] == [tag]
