"""A broken template stops no mail, and the operator is asked to mend it until it is."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from commitments import tables
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from commitments.vocabulary import FollowUpKind
from deployments.mailbox import Mailbox, start_mailbox
from notifications.dispatch import dispatch_messages
from notifications.forecast import forecast_messages
from notifications.planning import plan_messages
from tests.forms import as_form

NIGHT = time(1)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Mailbox]:
    with start_mailbox(tmp_path / "letters", 0, 0) as running:
        yield running


def read_subjects(box: Mailbox) -> list[str]:
    letters = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(box.folder.glob("*.eml"))
    ]
    return [str(letter["Subject"]) for letter in letters]


def trouble(engine: Engine) -> list[tuple[str, str]]:
    with open_reading(engine) as reading:
        found = reading.execute(
            select(tables.follow_up).where(tables.follow_up.c.kind == str(FollowUpKind.TEMPLATE_BROKEN))
        )
        return [(row.matter.partition("@")[0], row.state) for row in found]


def test_mail_goes_by_the_usual_template_while_the_operator_mends_the_houses(
    sqlite_engine: Engine, box: Mailbox, author: Author, tmp_path: Path
) -> None:
    host, port = box.smtp_address
    template = tmp_path / "house" / "message" / "subject.txt"
    template.parent.mkdir(parents=True)
    settings = Settings(mail_url=f"smtp://{host}:{port}", templates=tmp_path / "house")  # type: ignore[arg-type]

    def live(day: int) -> list[str]:
        night = datetime.combine(date(2026, 3, day), NIGHT, UTC)
        reconcile_register(sqlite_engine, night, night.date())
        plan_messages(sqlite_engine, night, night.date(), domain="tally.example")
        return dispatch_messages(sqlite_engine, settings, read_clock=lambda: night, early=True).faults

    with open_unit(sqlite_engine) as unit:
        import_agreement(
            unit, as_form(), Author("desk", datetime(2026, 3, 1, 9, tzinfo=UTC)), datetime(2026, 3, 1).date()
        )
    template.write_text("{{ view.subjekt }}")
    (fault,) = live(2)
    assert read_subjects(box) == ["Overdue: Link the two library services"]
    assert fault.startswith("message/subject.txt:1: found .subjekt of a MessageView")
    assert trouble(sqlite_engine) == [("message/subject.txt", "open")]
    template.write_text("[Ours] {{ view.subject }}")
    with open_unit(sqlite_engine) as unit:  # a second agreement gives something to say
        form = as_form(agreement="other", title={"en": "Another"})
        import_agreement(unit, form, author, date(2026, 3, 3))
    ahead = list(forecast_messages(sqlite_engine, settings, datetime(2026, 3, 4, 1, tzinfo=UTC), 10))
    assert ahead and all(one.subject.startswith("[Ours] ") for one in ahead)
    assert live(4) == []
    assert read_subjects(box)[-1].startswith("[Ours] ")
    assert trouble(sqlite_engine) == [("message/subject.txt", "done")]
