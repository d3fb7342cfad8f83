"""Messages a second beside bare smtplib: `python benchmarks/throughput.py [--messages N] [--senders N …] [--delay MS]`

Ours and the floors run one after the other, in rounds; told are the medians, and the median of each round's ratio with
the least and the greatest. What is measured is claiming, sending and recording together, each message on the disk
before the next: the letters are written beforehand, and all send the same bytes over as many kept connections. What a
run loads once (Apprise, the people) is told apart, as in `day.py`, and the figure with it beside. The bare floor keeps
no record; the recorded one writes the same rows with bare SQL, one commit a message, over one connection.

Told last is the memory of ours at each tenth of the way. `--sending` leaves out what follows.

Writing letters is reported apart (alone with `--letters`): rendering and MIME beside the same templates rendered from
ready strings by bare Jinja2, with the same calendar and MIME joined by hand, in rounds again; and composing, from the
rows to the message, which the bare step has nothing of.
"""

import argparse
import json
import shutil
import smtplib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import floor  # noqa: E402
import psutil  # noqa: E402
from dataset import NOW, TODAY, build_register  # noqa: E402
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: E402
from sqlalchemy import select  # noqa: E402

from commitments.database import open_database, open_reading  # noqa: E402
from commitments.reconcile import load_rules, reconcile_register  # noqa: E402
from commitments.settings import Settings  # noqa: E402
from notifications import delivery, desk, dispatch  # noqa: E402
from notifications.composing import compose_messages  # noqa: E402
from notifications.dates_file import write_dates  # noqa: E402
from notifications.house import PARTS, TEMPLATES  # noqa: E402
from notifications.languages import load_words
from notifications.messages import Message  # noqa: E402
from notifications.names import load_names  # noqa: E402
from notifications.planning import plan_messages  # noqa: E402
from notifications.rendering import WrittenStyles, describe_message  # noqa: E402
from notifications.styles import STYLE  # noqa: E402
from notifications.tables import notification  # noqa: E402

PARTS_COMPARED = ("ours", "bare", "recorded")
WRITING_ROUNDS = 15
SENDER = "tallystick@tallystick.example"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--senders", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay", type=int, default=0, help="milliseconds that the server takes for each answer")
    parser.add_argument("--letters", action="store_true", help="measure only how letters are written")
    parser.add_argument("--sending", action="store_true", help="measure only how they are sent")
    parser.add_argument("--part", choices=("ours", "bare", "recorded"), help=argparse.SUPPRESS)
    parser.add_argument("--register", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part is None:
        compare(asked)
    else:
        send = {"ours": send_ours, "bare": send_barely, "recorded": send_recorded}[asked.part]
        print(json.dumps(send(asked, write_sample(asked.register))))


def compare(asked: argparse.Namespace) -> None:
    """Both programs on the same queued messages, each in a process of its own, and the table of what they did."""
    with tempfile.TemporaryDirectory(prefix="tallystick-throughput-") as folder:
        if not asked.letters:
            compare_sending(asked, folder)
        if not asked.sending:
            compare_writing(Path(folder))


def compare_sending(asked: argparse.Namespace, folder: str) -> None:
    register = Path(folder) / "queued.db"
    queue_messages(register, asked.messages)
    print(f"{asked.messages:,} messages, {asked.delay} ms delay, medians of {asked.rounds} rounds\n")
    print("| | ours | bare | recorded | ours / bare | ours / recorded |\n|---|---|---|---|---|---|")
    last: dict[int, dict[str, Any]] = {}
    with running_sink(folder, asked.delay) as port:
        for senders in asked.senders:
            rounds = [
                [run_part(part, asked.messages, senders, register, port) for part in PARTS_COMPARED]
                for _ in range(asked.rounds)
            ]
            for name, key in (
                ("messages a second", "rate"),
                ("the same with what is loaded once", "rate_loaded"),
                ("CPU, ms a message", "cpu"),
            ):
                tell(f"{senders} at a time: {name}", [[part[key] for part in one] for one in rounds])
            last[senders] = rounds[-1][0]
    for senders, ours in last.items():
        print(f"\n{senders} at a time: loaded once: people {ours['people']:.2f} s, Apprise {ours['apprise']:.2f} s")
        print("memory of ours by tenths, MiB:", ", ".join(f"{mib:.1f}" for mib in ours["memory"]))


def compare_writing(folder: Path) -> None:
    rounds = measure_writing(folder)
    names = ("composing", "render and MIME", "bare render and MIME", "the floor's own letter")
    middle = [statistics.median(one[part] for one in rounds) for part in range(len(names))]
    print("\nwriting a letter, CPU ms:", ", ".join(f"{one} {ms:.3f}" for one, ms in zip(names, middle, strict=True)))
    print(f"render and MIME, ours / bare: {tell_ratio([one[1] / one[2] for one in rounds])}, {len(rounds)} rounds")


def tell(name: str, rounds: Sequence[Sequence[float]]) -> None:
    columns = [f"{statistics.median(one[part] for one in rounds):.2f}" for part in range(len(PARTS_COMPARED))]
    columns += [tell_ratio([one[0] / one[part] for one in rounds]) for part in (1, 2)]
    print(f"| {name} | {' | '.join(columns)} |", flush=True)


def tell_ratio(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def queue_messages(register: Path, messages: int) -> None:
    """A register with so many queued messages of one item each."""
    build_register(register, messages, recipients=messages)
    queue_day(register)


def queue_day(register: Path) -> None:
    engine = open_database(f"sqlite:///{register}", synchronous="NORMAL")
    reconcile_register(engine, NOW, TODAY)
    plan_messages(engine, NOW, TODAY, domain="tallystick.example")
    engine.dispose()


@contextmanager
def running_sink(folder: str, delay: int) -> Iterator[int]:
    command = [sys.executable, str(HERE / "sink.py"), "--log", f"{folder}/mail.log", "--delay", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sink:
        try:
            yield int(sink.stdout.readline() if sink.stdout else 0)
        finally:
            sink.terminate()


def run_part(part: str, messages: int, senders: int, register: Path, port: int) -> dict[str, Any]:
    copy = register.with_name(f"{part}.db")
    for leftover in register.parent.glob(f"{copy.name}*"):  # with an old log beside it, the copy would be of no use
        leftover.unlink()
    shutil.copy(register, copy)
    command = [sys.executable, __file__, "--part", part, "--register", str(copy), "--port", str(port)]
    command += ["--messages", str(messages), "--senders", str(senders)]
    figures: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return figures


def send_ours(asked: argparse.Namespace, wire: bytes) -> dict[str, Any]:
    """Our claim, send and record, with one letter that was written before."""
    memory: list[float] = []
    written = 0

    def take_written(crew: Any, row: Any, message: Any) -> tuple[bytes, str]:
        nonlocal written
        written += 1
        if written % max(asked.messages // 10, 1) == 0:
            memory.append(psutil.Process().memory_info().rss / 2**20)
        return wire, "written before"

    def compose_nothing(crew: Any, claimed: Sequence[Any], *rest: Any) -> tuple[list[Any], dict[int, Any]]:
        return list(claimed), dict.fromkeys(row.id for row in claimed)

    desk._write_letter = take_written
    dispatch.compose_batch = compose_nothing
    people = Load(dispatch.load_rules), Load(dispatch.load_names)
    dispatch.load_rules, dispatch.load_names = people
    apprise = Load(delivery._load_apprise)
    apprise()
    settings = Settings(
        database_url=f"sqlite:///{asked.register}",
        mail_url=f"smtp://127.0.0.1:{asked.port}",
        senders=asked.senders[0],
        rates={"mail:*": "off"},
    )
    engine = open_database(settings.register_url)
    with measured() as figures:
        figures["sent"] = dispatch.dispatch_messages(engine, settings, read_clock=lambda: NOW).sent
    for load in people:
        figures["wall"] -= load.wall
        figures["busy"] -= load.busy
    loads = {"people": sum(load.wall for load in people), "apprise": apprise.wall}
    return finish(figures, sum(loads.values())) | loads | {"memory": memory}


class Load:
    """Does what it is given, and keeps the seconds that it took."""

    def __init__(self, do: Callable[..., Any]) -> None:
        self.do, self.wall, self.busy = do, 0.0, 0.0

    def __call__(self, *given: Any) -> Any:
        with measured() as figures:
            done = self.do(*given)
        self.wall += figures["wall"]
        self.busy += figures["busy"]
        return done


def send_barely(asked: argparse.Namespace, wire: bytes) -> dict[str, Any]:
    """The same bytes to as many people, by smtplib over kept connections."""
    waiting: SimpleQueue[int] = SimpleQueue()
    for number in range(asked.messages):
        waiting.put(number)

    def send() -> None:
        line = smtplib.SMTP("127.0.0.1", asked.port, local_hostname="floor.example")
        try:
            while True:
                line.sendmail(SENDER, [f"owner-{waiting.get_nowait():05d}@north.example"], wire)
        except Empty:
            line.quit()

    with measured() as figures:
        threads = [Thread(target=send) for _ in range(asked.senders[0])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        figures["sent"] = asked.messages
    return finish(figures)


def send_recorded(asked: argparse.Namespace, wire: bytes) -> dict[str, Any]:
    """The same bytes by smtplib over one connection, each recorded with bare SQL before the next."""
    register = sqlite3.connect(asked.register, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16000", "foreign_keys=ON"):
        register.execute(f"PRAGMA {pragma}")
    queued = register.execute("SELECT id, address FROM notification WHERE state = 'queued' ORDER BY id").fetchall()
    line = smtplib.SMTP("127.0.0.1", asked.port, local_hostname="floor.example")
    with measured() as figures:
        register.execute("BEGIN IMMEDIATE")
        for row_id, address in queued:
            floor.begin_attempt(register, row_id)
            line.sendmail(SENDER, [address], wire)
            floor.record_sent(register, row_id)
        register.execute("COMMIT")
        figures["sent"] = len(queued)
    line.quit()
    return finish(figures)


@contextmanager
def measured() -> Iterator[dict[str, Any]]:
    figures: dict[str, Any] = {}
    started, busy = time.perf_counter(), time.process_time()
    yield figures
    figures["wall"], figures["busy"] = time.perf_counter() - started, time.process_time() - busy


def finish(figures: dict[str, Any], load: float = 0.0) -> dict[str, Any]:
    sent, wall = figures["sent"], figures["wall"]
    return {
        "sent": sent,
        "rate": sent / wall,
        "rate_loaded": sent / (wall + load),
        "cpu": figures["busy"] / sent * 1000,
    }


def write_sample(register: Path) -> bytes:
    """One letter of this register on the wire."""
    return write_letters(register, 1).wires[0]


@dataclass
class Letters:
    """Letters as the product writes them, and the seconds that it took."""

    wires: list[bytes] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    composing: float = 0.0
    writing: float = 0.0


def write_letters(register: Path, most: int) -> Letters:
    settings = Settings(database_url=f"sqlite:///{register}")
    writer: Any = SimpleNamespace(settings=settings, read_clock=lambda: NOW, house=None, faults=set())
    engine = open_database(settings.register_url)
    with open_reading(engine) as reading:
        rows = reading.execute(select(notification).order_by(notification.c.id).limit(most)).all()
        rules, names = load_rules(reading), load_names(reading)
        done = Letters()
        for start in range(0, len(rows), dispatch.BATCH):
            batch = rows[start : start + dispatch.BATCH]
            started = time.process_time()
            messages = compose_messages(reading, batch, rules, names, TODAY)
            composed = time.process_time()
            done.wires += [desk._write_letter(writer, row, messages[row.id])[0] for row in batch]
            done.composing += composed - started
            done.writing += time.process_time() - composed
            done.messages += [messages[row.id] for row in batch]
        return done


def measure_writing(folder: Path) -> list[list[float]]:
    """Milliseconds of CPU for a letter of four items in each round: composing, ours, bare, the floor's own letter."""
    register = folder / "letters.db"
    build_register(register, 10_000)
    bare = sqlite3.connect(shutil.copy(register, folder / "bare.db"), isolation_level=None)
    floor.open_follow_ups(bare)
    people = floor.queue_messages(bare)
    queue_day(register)
    write_barely(write_letters(register, len(people)).messages)  # not counted: it fills what is kept
    rounds = []
    for _ in range(WRITING_ROUNDS):
        ours = write_letters(register, len(people))
        spent = (ours.composing, ours.writing, write_barely(ours.messages), write_floor(people))
        rounds.append([seconds / len(people) * 1000 for seconds in spent])
    return rounds


def write_barely(messages: Sequence[Message]) -> float:
    """The seconds for the same text, HTML and calendar from ready strings: Jinja2 as it comes and joining."""
    words = load_words("en")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html",), ("txt",)),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", WrittenStyles],
    )
    environment.globals["style"] = STYLE
    environment.install_gettext_translations(words.translations, newstyle=True)  # type: ignore[attr-defined]
    text, html = (environment.get_template(part) for part in PARTS[1:])
    ready = [
        (
            {"view": describe_message(words, message)},
            (write_dates(words, message, sender_name="Floor", sender_address=SENDER, now=NOW) or b"").decode(),
        )
        for message in messages
    ]
    started = time.process_time()
    for number, (view, calendar) in enumerate(ready):
        floor.assemble(number, "owner@north.example", text.render(view), html.render(view), calendar)
    return time.process_time() - started


def write_floor(people: dict[int, list[tuple[str, str, str, str]]]) -> float:
    """The seconds for the floor's letters, which are half as long and have no calendar."""
    started = time.process_time()
    for number, rows in people.items():
        items = [
            {"summary": summary, "due": due, "title": title, "reference": matter, "overdue": due < floor.TODAY}
            for summary, due, title, matter in rows
        ]
        view = {"name": f"Owner {number}", "items": items}
        floor.assemble(number, "owner@north.example", floor.TEXT.render(view), floor.HTML.render(view))
    return time.process_time() - started


if __name__ == "__main__":
    main()
