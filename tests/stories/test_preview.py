"""`tally preview` shows a message as its reader gets it, from the register if it can, and says what is wrong."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine

from cli.main import run_command
from commitments.agreement_file import read_files
from commitments.database import open_reading
from commitments.log import Author
from commitments.person_queries import load_people
from commitments.reconcile import reconcile_register
from commitments.register import import_files
from commitments.settings import Settings, read_settings
from commitments.vocabulary import NotificationKind
from notifications.links import LinkInvalid, Purpose, open_links
from notifications.planning import plan_messages
from notifications.preview import find_message, make_sample, open_mock_links, preview_message
from notifications.samples import LANGUAGES

EXAMPLE = Path(__file__).parents[2] / "examples" / "harrowmere-songlan.yaml"
KINDS = list(NotificationKind)


@pytest.fixture
def today() -> date:
    """A Monday on which something falls due soon in the example."""
    return date(2026, 11, 23)


@pytest.fixture
def register(sqlite_engine: Engine, author: Author, today: date) -> Engine:
    """An agreement in English and Chinese, with what was queued for its people this morning."""
    night = datetime.combine(today, time(1), UTC)
    import_files(sqlite_engine, read_files([EXAMPLE]), author, today)
    reconcile_register(sqlite_engine, night, today)
    plan_messages(sqlite_engine, night, today, domain="tally.example")
    return sqlite_engine


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_written_whole_in_every_language(kind: NotificationKind, language: str, tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    shown = preview_message(make_sample(kind, language), Settings(), tmp_path, now, real=False)
    assert shown.faults == ()
    endings = {path.name.removeprefix(f"{kind}.{language}.") for path in shown.files}
    assert {"subject.txt", "txt", "html", "eml"} <= endings
    assert ({"png", "pdf"} <= endings) is (kind is NotificationKind.SUMMARY)
    letter = cast(
        EmailMessage,
        message_from_bytes((tmp_path / f"{kind}.{language}.eml").read_bytes(), policy=policy.default),
    )
    assert str(letter["Subject"]) == shown.subject == (tmp_path / f"{kind}.{language}.subject.txt").read_text().strip()
    assert "cid:" not in (tmp_path / f"{kind}.{language}.html").read_text()


def test_it_shows_what_the_register_holds_as_its_reader_would_read_it(register: Engine, today: date) -> None:
    with open_reading(register) as reading:
        message = find_message(reading, NotificationKind.DIGEST, today, to=None, language=None, links=None)
        assert message is not None and message.digest is not None
        kinds = {kind for kind in KINDS if find_message(reading, kind, today, to=None, language=None, links=None)}
        people = load_people(reading)
        reader = next(one for one in people.values() if one.language.startswith("zh"))
        asked = find_message(reading, NotificationKind.DIGEST, today, to=reader, language=None, links=None)
        turned = find_message(reading, NotificationKind.DIGEST, today, to=reader, language="fr", links=None)
    assert NotificationKind.FOLLOW_UP in kinds or NotificationKind.REMINDER in kinds
    assert asked is not None and asked.language == reader.language
    assert turned is not None and turned.language == "fr"


@pytest.fixture
def tally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setenv("TALLY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    read_settings.cache_clear()
    return lambda *words: run_command(list(words))


def test_the_links_of_a_preview_answer_nothing(register: Engine, today: date, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    mock, real = open_mock_links(settings), open_links(settings)
    assert mock is not None and real is not None
    with open_reading(register) as reading:
        message = find_message(reading, NotificationKind.DIGEST, today, to=None, language=None, links=mock)
    assert message is not None and message.choices_link is not None
    token = message.choices_link.rpartition("/")[2]
    assert len(mock.read(Purpose.CHOICES, token)) == 1
    with pytest.raises(LinkInvalid):
        real.read(Purpose.CHOICES, token)


def test_an_empty_register_shows_a_sample_and_says_so(
    tally: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert tally("preview", "escalation", "--language", "ko") == 0
    told = capsys.readouterr().out
    assert "From a sample" in told and "preview/escalation.ko.html" in told
    assert (tmp_path / "preview" / "escalation.ko.eml").is_file()


def test_a_broken_template_is_told_with_file_and_line_and_ends_with_1(
    tally: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "home" / "templates" / "message" / "body.txt"
    broken.parent.mkdir(parents=True)
    broken.write_text("{{ view.day }}\n{{ view.gretting }}\n")
    assert tally("preview", "reminder") == 1
    fault = capsys.readouterr().err
    assert f"{broken}:2: found .gretting of a MessageView" in fault and "did you mean 'greeting'?" in fault
    broken.write_text("{{ view.day }}\n{{ view.greeting }}\n")
    assert tally("preview", "reminder") == 0
    assert (tmp_path / "preview" / "reminder.en.txt").read_text().splitlines()[1].startswith("Hello ")


@pytest.mark.parametrize(("part", "source"), [("body.txt", ""), ("subject.txt", "  \n"), ("body.txt", "{# soon #}\n")])
def test_a_template_that_writes_nothing_is_told_and_the_usual_one_is_taken(
    tally: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path, part: str, source: str
) -> None:
    empty = tmp_path / "home" / "templates" / "message" / part
    empty.parent.mkdir(parents=True)
    empty.write_text(source)
    assert tally("preview", "reminder") == 1
    assert f"{empty}: this template writes nothing" in capsys.readouterr().err
    assert (tmp_path / "preview" / "reminder.en.subject.txt").read_text().strip()
    assert "Hello " in (tmp_path / "preview" / "reminder.en.txt").read_text()


def test_a_person_whom_nobody_knows_is_an_error_with_the_nearest(
    tally: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert tally("preview", "digest", "--to", "nobody") == 1
    assert "the register knows no contact 'nobody'" in capsys.readouterr().err
