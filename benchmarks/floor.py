"""The floor: the same morning with bare SQL, Jinja2 and one kept SMTP connection, and nothing else.

Reads the dated commitments, opens a follow-up for each overdue one, queues a message for each person, writes and
sends each, and keeps a commit for every message: restartable, but with no policy, holidays, ladder, reasons or log.
`python benchmarks/floor.py DATABASE SMTP_PORT`
"""

import smtplib
import sqlite3
import sys
import time
from email.utils import formatdate

from jinja2 import Environment

TODAY = "2026-03-11"
SOON = "2026-03-18"
TEXT = Environment(autoescape=False).from_string(  # noqa: S701 - the text part is no HTML
    """Dear {{ name }},

{% for item in items %}{{ item.title }}
  {{ item.summary }}
  {% if item.overdue %}overdue since{% else %}due on{% endif %} {{ item.due }}
{% endfor %}
"""
)
HTML = Environment(autoescape=True).from_string(
    """<html lang="en"><body style="font-family:sans-serif"><p>Dear {{ name }},</p>
{% for item in items %}<div style="border:1px solid #ccc;padding:8px"><p style="color:#555">{{ item.title }}</p>
<p>{{ item.summary }}</p><p style="color:#a00">{% if item.overdue %}overdue since{% else %}due on{% endif %} {{ item.due }}</p>
</div>{% endfor %}</body></html>
"""
)


def run(path: str, port: int) -> dict[str, float]:
    started = time.perf_counter()
    register = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16000"):
        register.execute(f"PRAGMA {pragma}")
    register.execute(
        "CREATE TABLE IF NOT EXISTS floor_task (commitment_id INTEGER PRIMARY KEY, contact_id, due, state)"
    )
    register.execute(
        "CREATE TABLE IF NOT EXISTS floor_outbox (id INTEGER PRIMARY KEY, key UNIQUE, contact_id, state, sent_at)"
    )
    register.execute("BEGIN IMMEDIATE")
    register.execute(
        "INSERT INTO floor_task SELECT c.id, o.contact_id, c.due, 'open' FROM commitment c"
        " JOIN commitment_owner o ON o.commitment_id = c.id WHERE c.state = 'active' AND c.due < ?"
        " ON CONFLICT DO NOTHING",
        (TODAY,),
    )
    register.execute("COMMIT")
    checked = time.perf_counter()
    people: dict[int, list[tuple[str, str, str]]] = {}
    rows = register.execute(
        "SELECT o.contact_id, c.summary, c.due, a.title FROM commitment c JOIN commitment_owner o ON o.commitment_id = c.id"
        " JOIN agreement a ON a.id = c.agreement_id WHERE c.state = 'active' AND c.due <= ? ORDER BY c.due",
        (SOON,),
    )
    for contact_id, summary, due, title in rows:
        people.setdefault(contact_id, []).append((summary, due, title))
    register.execute("BEGIN IMMEDIATE")
    register.executemany(
        "INSERT INTO floor_outbox (key, contact_id, state) VALUES (?,?,'queued') ON CONFLICT DO NOTHING",
        ((f"{contact_id}|{TODAY}", contact_id) for contact_id in people),
    )
    register.execute("COMMIT")
    planned = time.perf_counter()
    names = dict(register.execute("SELECT id, name FROM contact"))
    line = smtplib.SMTP("127.0.0.1", port, local_hostname="floor.example")
    writing = sending = 0.0
    queued = register.execute("SELECT id, contact_id FROM floor_outbox WHERE state = 'queued' ORDER BY id").fetchall()
    for row_id, contact_id in queued:
        begun = time.perf_counter()
        items = [
            {"summary": summary, "due": due, "title": title, "overdue": due < TODAY}
            for summary, due, title in people[contact_id]
        ]
        view = {"name": names[contact_id], "items": items}
        to = f"owner-{contact_id:05d}@north.example"
        wire = _assemble(row_id, to, TEXT.render(view), HTML.render(view))
        written = time.perf_counter()
        line.sendmail("floor@floor.example", [to], wire)
        sent = time.perf_counter()
        register.execute("UPDATE floor_outbox SET state = 'sent', sent_at = ? WHERE id = ?", (sent, row_id))
        writing += written - begun
        sending += sent - written
    line.quit()
    ended = time.perf_counter()
    return {
        "check": checked - started,
        "plan": planned - checked,
        "write": writing,
        "send": sending,
        "record": ended - planned - writing - sending,
        "all": ended - started,
        "messages": len(queued),
    }


def _assemble(row_id: int, to: str, text: str, html: str) -> bytes:
    boundary = f"floor-{row_id}"
    return (
        (
            f"Message-ID: <{row_id}@floor.example>\r\nDate: {formatdate()}\r\nFrom: floor@floor.example\r\nTo: {to}\r\n"
            f"Subject: {TODAY}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary={boundary}\r\n\r\n"
            f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
            f"--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{html}\r\n"
            f"--{boundary}--\r\n"
        )
        .replace("\r\n", "\n")
        .replace("\n", "\r\n")
        .encode()
    )


if __name__ == "__main__":
    import json

    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
