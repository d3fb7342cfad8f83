"""What the `tally` command promises: what it shows, what it writes, and with which code it ends."""

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from commitments.database import open_database
from commitments.log import Author
from commitments.settings import read_settings

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = CHECKOUT / "examples"
NOW = "2026-11-23T09:00:00+00:00"  # a Monday
COMMANDS = [
    "status", "follow-ups", "report-progress", "add-activity", "confirm", "import", "export", "schema", "check",
    "send", "messages", "choices", "forecast", "up", "portal", "rotate-secret", "migrate", "publish", "doctor", "watch",
]  # fmt: skip


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Tally = Callable[..., Result]


@pytest.fixture(scope="session")
def examples_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register with all example agreements in it."""
    path = tmp_path_factory.mktemp("examples") / "tally.db"
    shutil.copyfile(sqlite_template, path)
    register_files(path, sorted(EXAMPLES.glob("*.yaml")))
    return path


def register_files(path: Path, files: list[Path]) -> None:
    from commitments.agreement_file import read_files
    from commitments.register import import_files

    engine = open_database(f"sqlite:///{path}")
    author = Author("mei.lin", datetime.fromisoformat("2026-11-20T09:00:00+00:00"))
    import_files(engine, read_files(files), author, date(2026, 11, 20))
    engine.dispose()


@pytest.fixture(scope="session")
def checked_template(examples_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `tally check`."""
    folder = tmp_path_factory.mktemp("checked")
    shutil.copyfile(examples_template, folder / "tally.db")
    return check_register(folder)


@pytest.fixture(scope="session")
def narrow_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of one of the agreements: a month is foreseen in a quarter of the time."""
    folder = tmp_path_factory.mktemp("narrow")
    shutil.copyfile(sqlite_template, folder / "tally.db")
    register_files(folder / "tally.db", [EXAMPLES / "harrowmere-songlan.yaml"])
    return check_register(folder)


def check_register(folder: Path) -> Path:
    from cli.main import run_command

    with pytest.MonkeyPatch.context() as patched:
        for name, value in {"TALLY_HOME": str(folder), "TALLY_CLOCK": NOW}.items():
            patched.setenv(name, value)
        read_settings.cache_clear()
        assert run_command(["check"]) == 0
    read_settings.cache_clear()
    return folder / "tally.db"


@pytest.fixture
def home(examples_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TALLY_HOME that holds the examples, in a working folder of its own."""
    shutil.copyfile(examples_template, tmp_path / "tally.db")
    settings = {
        "TALLY_HOME": str(tmp_path),
        "TALLY_CLOCK": NOW,
        "TALLY_MAIL_URL": "smtp://127.0.0.1:9",
        "TALLY_PREFECT_PORT": "9",
        "COLUMNS": "120",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "examples").symlink_to(EXAMPLES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def tally(home: Path, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Runs a command line in this process, as the entry point does."""
    from cli.main import run_command

    def run(*arguments: str) -> Result:
        read_settings.cache_clear()
        code = run_command(list(arguments))
        shown = capsys.readouterr()
        return Result(code, shown.out, shown.err)

    return run


@pytest.fixture
def letters(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a mailbox that runs, and to which mail is sent."""
    from deployments.mailbox import start_mailbox

    with start_mailbox(home / "letters") as box:
        monkeypatch.setenv("TALLY_MAIL_URL", "smtp://{}:{}".format(*box.smtp_address))
        yield box.folder


def look(home: Path, query: str) -> list[Any]:
    with sqlite3.connect(home / "tally.db") as connection:
        return connection.execute(query).fetchall()


def dump(home: Path) -> list[str]:
    """Every row of the register."""
    with sqlite3.connect(home / "tally.db") as connection:
        return list(connection.iterdump())


def commitment_of(result: Result, reference: str) -> dict[str, Any]:
    commitments = [one for agreement in result.json["agreements"] for one in agreement["commitments"]]
    return next(one for one in commitments if one["reference"] == reference)


# Help and codes


def test_help_starts_without_loading_the_database_layer() -> None:
    script = "import sys; from cli.main import run_command; run_command(['--help']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    loaded = set(re.findall(r"'([a-z_]+)'", done.stdout.splitlines()[-1]))
    heavy = {"sqlalchemy", "prefect", "apprise", "holidays", "pydantic", "jinja2", "fastapi", "alembic", "babel"}
    assert not loaded & heavy


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_examples(tally: Tally, command: str) -> None:
    shown = tally(command, "--help")
    assert shown.code == 0
    assert "Examples:" in shown.out
    assert f"$ tally {command}" in shown.out


def test_the_reference_page_names_every_command_and_option() -> None:
    from typer.main import get_command

    from cli.main import app

    page = (CHECKOUT / "docs" / "reference" / "command.md").read_text(encoding="utf-8")
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        said = page.split(f"**`tally {name}", 1)[-1].split("**`tally ")[0]
        assert f"**`tally {name}" in page
        options = [option for one in command.params for option in one.opts if option.startswith("--")]
        assert [option for option in options if option not in said and option != "--help"] == [], name


def list_examples() -> list[str]:
    from cli.main import app

    text = "\n".join(command.epilog or "" for command in app.registered_commands)
    return [line.strip()[2:] for line in text.splitlines() if line.strip().startswith("$ ")]


_NEED_A_SERVER = ("tally up", "tally publish", "tally deploy", "PREFECT_API_URL=", "tally portal")


@pytest.mark.parametrize("example", [one for one in list_examples() if not one.startswith(_NEED_A_SERVER)])
def test_every_example_of_the_help_is_true_on_the_example_files(
    tally: Tally, home: Path, checked_template: Path, narrow_template: Path, letters: Path, example: str
) -> None:
    shutil.copyfile(narrow_template if "forecast" in example else checked_template, home / "tally.db")
    if example.startswith("tally confirm"):
        tally("report-progress", "harrowmere-songlan/reading-room", "--party", "harrowmere", "--rating", "on_track",
              "--fulfilled")  # fmt: skip
    if example.startswith("tally withdraw-report"):
        tally("report-progress", "harrowmere-songlan/tree-survey", "--party", "songlan", "--rating", "on_track")
    words = [word for part in shlex.split(example)[1:] for word in (sorted(map(str, Path().glob(part))) or [part])]
    done = tally(*words)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status", "nothing-like-it"], 1),
        (["status", "--as-of", "2026-02-30"], 2),
        (["status", "--known"], 2),
        (["no-such-command"], 2),
        (["import", "missing.yaml"], 1),
        (["report-progress", "harrowmere-songlan/tree-survey", "--rating", "splendid"], 2),
        (["follow-ups", "--snooze", "1"], 2),
        (["check", "--as-of", "2020-01-01"], 1),
    ],
)
def test_a_user_error_ends_with_1_and_a_usage_error_with_2(tally: Tally, arguments: list[str], code: int) -> None:
    done = tally(*arguments)
    assert done.code == code
    assert done.err
    assert "Traceback" not in done.err


def test_a_database_that_does_not_answer_ends_with_3_and_one_line_without_its_password(
    tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLY_DATABASE_URL", "postgresql://tally:geheim@127.0.0.1:9/tally")
    done = tally("status")
    assert done.code == 3
    assert done.err.count("\n") == 1
    assert "geheim" not in done.err


def test_a_database_of_ones_own_is_not_migrated_unasked(
    tally: Tally, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLY_DATABASE_URL", f"sqlite:///{home}/own.db")
    refused = tally("status")
    assert refused.code == 1
    assert "run `tally migrate`" in refused.err
    assert tally("migrate").code == 0
    assert tally("status").code == 0


def test_the_embedded_register_makes_itself(tally: Tally, home: Path) -> None:
    (home / "tally.db").unlink()
    assert "register is empty" in tally("status").out


# Status


def test_status_as_json_gives_every_commitment_with_its_standing_and_reason(tally: Tally, home: Path) -> None:
    done = tally("status", "--json")
    found = done.json
    assert found["as_of"] == "2026-11-23"
    commitments = [one for agreement in found["agreements"] for one in agreement["commitments"]]
    assert len(commitments) == look(home, "select count(*) from commitment")[0][0]
    for one in commitments:
        assert one["standing"] and one["reason"] and one["reason_code"]
        assert {"reference", "kind", "summary", "quote", "source", "owners", "due", "numbers"} <= one.keys()
        assert one["source"] is None or {"document", "start", "end"} <= one["source"].keys()
    survey = commitment_of(done, "tree-survey")
    assert survey["standing"] == "overdue"
    assert survey["reason"] == "was due by 30 September 2026, 7 weeks ago"
    assert survey["owners"] == [{"party": "songlan", "contact": "songlan-fu"}]
    assert survey["quote"]["zh"].startswith("松岚市")
    assert "松岚市" in done.out  # written out, not escaped


def test_a_sentence_is_shown_only_from_a_source_that_still_says_it(
    tally: Tally, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (EXAMPLES / "texts" / "harrowmere-songlan.en.txt").read_text(encoding="utf-8")
    (home / "examples").unlink()  # the texts of the examples lie beside them
    with sqlite3.connect(home / "tally.db") as connection:
        connection.execute("update commitment set quote = '{}' where reference = 'tree-survey'")
    reference = "harrowmere-songlan/tree-survey"
    far = commitment_of(tally("status", reference, "--json"), "tree-survey")
    assert far["quote"] is None
    assert "set TALLY_SOURCES" in far["quote_note"]
    monkeypatch.setenv("TALLY_SOURCES", str(home / "sources"))
    document = home / "sources" / "texts" / "harrowmere-songlan.en.txt"
    document.parent.mkdir(parents=True)
    document.write_text(text, encoding="utf-8")
    near = commitment_of(tally("status", reference, "--json"), "tree-survey")
    assert near["quote"]["en"].startswith("Songlan shall hand over")
    document.write_text(text.replace("30 September 2026", "30 September 2036"), encoding="utf-8")
    forged = commitment_of(tally("status", reference, "--json"), "tree-survey")
    assert forged["quote"] is None
    assert "SHA-256 differs" in forged["quote_note"]


def test_a_past_day_leaves_out_what_is_dated_later(tally: Tally) -> None:
    then = commitment_of(tally("status", "harrowmere-songlan", "--as-of", "2026-09-01", "--json"), "tree-survey")
    assert then["standing"] == "due_soon"


def test_known_leaves_out_what_was_recorded_later(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    tally("add-activity", "gimcheon-chengdu", "--title", "Visit", "--kind", "visit", "--on", "2026-11-21",
          "--commitment", "exchange-activities")  # fmt: skip
    question = ("status", "gimcheon-chengdu", "--as-of", "2026-11-22", "--json")
    assert commitment_of(tally(*question), "exchange-activities")["numbers"]["held"] == 1
    assert commitment_of(tally(*question, "--known"), "exchange-activities")["numbers"]["held"] == 0


def test_an_unknown_reference_suggests_the_nearest(tally: Tally) -> None:
    assert "did you mean 'leeds-hangzhou-2018'" in tally("status", "leeds-hangzou-2018").err
    assert "did you mean 'harrowmere-songlan/tree-survey'" in tally("status", "harrowmere-songlan/tree-surve").err
    assert "did you mean 'songlan-fu'" in tally("follow-ups", "--assignee", "songlan-fo").err


def test_names_with_markup_are_shown_as_they_are(tally: Tally, home: Path) -> None:
    with sqlite3.connect(home / "tally.db") as connection:
        named = json.dumps({"en": "Leeds [red]and[/] Hangzhou \x1b[31m:smile:"})
        connection.execute("update agreement set title = ? where reference = 'leeds-hangzhou-2018'", [named])
    shown = tally("status", "leeds-hangzhou-2018").out
    assert "Leeds [red]and[/] Hangzhou [31m:smile:" in shown
    assert "\x1b[31m" not in shown
    assert "Leeds [red]and[/] Hangzhou [31m:smile:" in tally("status", "leeds-hangzhou-2018/library-link").out


@pytest.mark.parametrize("width", [80, 120])
def test_tables_stay_within_the_terminal(tally: Tally, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", str(width))
    tally("check")
    for command in ("status", "status jingdezhen-uccn", "follow-ups", "messages", "forecast --days 2", "doctor"):
        table = [line for line in tally(*command.split()).out.splitlines() if "─" in line or "  " in line]
        assert max(map(cell_len, table)) <= width, command


# Follow-ups, reports, activities


def test_follow_ups_as_json_say_whom_they_ask_and_why(tally: Tally) -> None:
    tally("check")
    found = tally("follow-ups", "--agreement", "harrowmere-songlan", "--json").json
    survey = next(one for one in found if one["matter"] == "harrowmere-songlan/tree-survey")
    asked = {name: survey[name] for name in ("key", "kind", "party", "assignee", "due", "reason", "state")}
    assert asked == {
        "key": "overdue:harrowmere-songlan/tree-survey@songlan:2026-09-30",
        "kind": "overdue",
        "party": "songlan",
        "assignee": "songlan-fu",
        "due": "2026-12-07",
        "reason": "was due by 30 September 2026, 7 weeks ago",
        "state": "open",
    }


def test_weeks_later_follow_ups_tell_the_numbers_that_status_tells_and_for_which_party_each_is_asked(
    tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally("check")
    monkeypatch.setenv("TALLY_CLOCK", "2026-12-23T09:00:00+00:00")
    (survey,) = [one for one in tally("follow-ups", "--json").json if one["matter"].endswith("/tree-survey")]
    told = commitment_of(tally("status", "harrowmere-songlan", "--json"), "tree-survey")
    assert survey["reason"] == told["reason"] == "was due by 30 September 2026, 3 months ago"
    assert "asks songlan-fu for songlan" in tally("follow-ups").out


def test_an_answer_to_what_is_still_overdue_says_when_it_is_asked_again(tally: Tally) -> None:
    tally("check")
    done = tally("report-progress", "harrowmere-songlan/tree-survey", "--rating", "at_risk")
    assert "overdue, harrowmere-songlan/tree-survey of songlan (answered; asked again after 2026-12-22)" in done.out


def test_a_report_closes_its_follow_up_in_the_same_breath(tally: Tally) -> None:
    tally("check")
    done = tally("report-progress", "harrowmere-songlan/tree-survey", "--rating", "on_track", "--fulfilled")
    assert "1 follow-up closed: overdue, harrowmere-songlan/tree-survey" in done.out


def test_an_activity_counts_at_once(tally: Tally) -> None:
    tally("check")
    added = ("add-activity", "harrowmere-songlan", "--title", "Music", "--kind", "exchange", "--on", "2026-11-12")
    assert "2 follow-ups closed" in tally(*added, "--commitment", "school-exchange").out


def test_a_refused_activity_tells_every_fault_and_writes_nothing(tally: Tally, home: Path) -> None:
    before = dump(home)
    done = tally("add-activity", "harrowmere-songlan", "--title", "Music", "--kind", "exchange", "--on", "2026-13",
                 "--commitment", "school-exchang", "--commitment", "craft-market")  # fmt: skip
    assert done.code == 1
    assert {"school-exchange", "craft-markets"} <= set(re.findall(r"mean 'harrowmere-songlan/([a-z-]+)'", done.err))
    assert "expected a month from 01 to 12" in done.err
    assert dump(home) == before


def test_a_follow_up_can_be_answered_by_its_key_or_its_number(tally: Tally, home: Path) -> None:
    tally("check")
    first, second = tally("follow-ups", "--json").json[:2]
    assert tally("follow-ups", "--done", first["key"], "--note", "dealt with").code == 0
    assert tally("follow-ups", "--snooze", str(second["number"]), "--until", "2027-01-15").code == 0
    rows = look(home, "select key, state, closed_why, snoozed_until from follow_up order by due_on, id")
    assert rows[0] == (first["key"], "done", "dealt with", None)
    assert rows[1][:2] + rows[1][3:] == (second["key"], "open", "2027-01-15")


# Import and export


def test_an_import_with_one_fault_writes_nothing_and_tells_them_all(tally: Tally, home: Path) -> None:
    before = dump(home)
    (home / "bad.yaml").write_text("agreement: x\nkind: memorandumm\n", encoding="utf-8")
    done = tally("import", "bad.yaml", "gone.yaml", "examples/leeds-hangzhou-2018.yaml")
    assert done.code == 1
    assert "did you mean 'memorandum'?" in done.err
    assert "bad.yaml:1: title" in done.err
    assert "gone.yaml" in done.err
    assert dump(home) == before


def test_what_is_exported_is_imported_without_a_change(tally: Tally, home: Path) -> None:
    assert tally("export", "leeds-hangzhou-2018", "--to", "leeds.yaml").code == 0
    assert (home / "leeds.yaml").read_text(encoding="utf-8") == tally("export", "leeds-hangzhou-2018").out
    before = dump(home)
    assert "0 new, 0 changed, 1 unchanged" in tally("import", "leeds.yaml").out
    assert dump(home) == before
    changed = (
        (home / "leeds.yaml").read_text(encoding="utf-8").replace("reference: library-link", "reference: libraries", 1)
    )
    (home / "leeds.yaml").write_text(changed, encoding="utf-8")
    rehearsed = tally("import", "leeds.yaml", "--dry-run").out
    assert "new commitment libraries" in rehearsed
    assert "vanished from the file, kept in the register: commitment library-link" in rehearsed
    assert dump(home) == before


def bring_waived(tally: Tally, home: Path) -> Path:
    """The file of an agreement that waives what is overdue."""
    exported = tally("export", "harrowmere-songlan").out
    waived, number = re.subn(r"(?m)^( *)- reference: tree-survey\n", r"\g<0>\1  state: waived\n", exported)
    assert number == 1
    (home / "waived.yaml").write_text(waived, encoding="utf-8")
    return home / "waived.yaml"


def test_a_file_that_changes_what_is_on_record_needs_a_reason_and_a_rehearsal_says_so(tally: Tally, home: Path) -> None:
    bring_waived(tally, home)
    before = dump(home)
    for words in ([], ["--dry-run"], ["--why", "  "]):
        done = tally("import", "waived.yaml", *words)
        assert done.code == 1 and "needs a reason; give it with --why" in done.err, words
        assert "commitment tree-survey: state changed from active to waived" in done.err
        assert ("This was a dry run" in done.out) == ("--dry-run" in words)
        assert dump(home) == before
    assert tally("import", "waived.yaml", "--dry-run", "--why", "Letter of May").code == 0
    assert dump(home) == before
    assert tally("import", "waived.yaml", "--reason", "Letter of May").code == 0
    with sqlite3.connect(home / "tally.db") as connection:
        found = connection.execute("SELECT why FROM log_entry WHERE subject = 'commitment' AND action = 'amended'")
        assert set(found) == {("Letter of May",)}


def test_with_one_file_that_lacks_a_reason_none_is_taken(tally: Tally, home: Path) -> None:
    bring_waived(tally, home)
    (home / "another.yaml").write_text(
        "agreement: another\ntitle: {en: Another}\nkind: memorandum\nparties: [{reference: harrowmere}]\n",
        encoding="utf-8",
    )
    before = dump(home)
    assert tally("import", "another.yaml", "waived.yaml").code == 1
    assert dump(home) == before
    long = tally("import", "waived.yaml", "--why", "x" * 301)
    assert (long.code, "why: found 301 characters; expected at most 300" in long.err) == (1, True)
    assert dump(home) == before
    done = tally("import", "another.yaml")
    assert done.code == 0, "what is new needs none"
    assert "`tally check` opens the follow-ups that the new agreements need." in done.out


def test_a_file_that_settles_a_promise_closes_what_was_asked_about_it_at_once(tally: Tally, home: Path) -> None:
    assert tally("check").code == 0
    asked = tally("follow-ups", "--json").json
    assert any("tree-survey" in str(one) for one in asked)
    done = tally("import", str(bring_waived(tally, home)), "--why", "Letter of May")
    assert "closed: overdue, harrowmere-songlan/tree-survey of songlan" in done.out
    assert not any("tree-survey" in str(one) for one in tally("follow-ups", "--json").json)
    assert "tree-survey" not in tally("check").out, "nothing was left to a look"


def test_choices_of_digest_and_summary_are_shown_and_taken_back_as_on_the_page(tally: Tally) -> None:
    before = tally("choices", "songlan-he", "--json").json
    rhythms = ("--digest-rhythm", "fortnightly", "--summary-day", "15", "--summary-rhythm", "quarterly")
    chosen = tally("choices", "songlan-he", *rhythms, "--json")
    assert chosen.code == 0
    assert [chosen.json[one] for one in ("digest_rhythm", "summary_day", "summary_rhythm")] == [
        "fortnightly", "15", "quarterly",
    ]  # fmt: skip
    usual = ("--digest-rhythm", "usual", "--summary-day", "usual", "--summary-rhythm", "usual")
    assert tally("choices", "songlan-he", *usual, "--json").json == before


def test_choices_say_of_what_is_not_chosen_what_holds_and_whose_it_is(tally: Tally, home: Path) -> None:
    with sqlite3.connect(home / "tally.db") as connection:
        rules = [("house", '{"digest_weekday": 2}'), ("harrowmere-songlan", '{"send_at": "07:00"}')]
        connection.executemany("insert or replace into policy (scope, rules) values (?, ?)", rules)
    tally("choices", "songlan-he", "--summary-day", "15")
    shown = " ".join(tally("choices", "songlan-he").out.split())
    assert "digest day wed, as the house has it" in shown
    assert "hour 07:00, as agreement harrowmere-songlan has it" in shown
    assert "digest rhythm weekly, as Tallystick has it" in shown
    assert "quiet 20:00-07:00, as Tallystick has it" in shown
    assert "summary day 15 summary rhythm" in shown, "their own choice, and nobody's rule"
    assert "pause none" in shown
    found = tally("choices", "songlan-he", "--json").json
    assert (found["hour"], found["usual"]["hour"]) == (None, {"value": "07:00", "by": "agreement harrowmere-songlan"})
    assert found["usual"]["language"]["by"] in ("contact", "party")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (("--unsubscribe", "alert"), "'alert' comes in any case"),
        (("--language", "xx"), "no message is written in 'xx'; there are bg, de, en, es, fr, ko, tr, zh-Hans"),
        (("--hour", "8"), "hour: found '8'; expected an hour such as 08:30"),
        (("--summary-day", "31"), "summary_day: found '31'; expected 28 or less"),
        (("--digest-rhythm", "daily"), "expected one of weekly, fortnightly, monthly"),
    ],
)
def test_a_choice_that_would_have_no_effect_is_refused(tally: Tally, wanted: tuple[str, ...], told: str) -> None:
    before = tally("choices", "songlan-he", "--json").json
    done = tally("choices", "songlan-he", *wanted)
    assert done.code != 0
    assert told in read_plainly(done.err)
    assert tally("choices", "songlan-he", "--json").json == before


def test_a_preview_in_a_language_that_no_message_is_written_in_is_refused(tally: Tally) -> None:
    done = tally("preview", "reminder", "--language", "xx")
    assert done.code != 0
    assert "no message is written in 'xx'" in read_plainly(done.err)


def test_a_preview_shows_nobody_a_digest_or_a_summary_that_they_never_get(tally: Tally) -> None:
    for kind in ("digest", "summary"):
        done = tally("preview", kind, "--to", "songlan-fu")
        assert done.code != 0
        assert f"songlan-fu gets no {kind}" in read_plainly(done.err)


def read_plainly(framed: str) -> str:
    """What an error says, without the frame that is drawn around it."""
    return " ".join(framed.replace("│", " ").split())
