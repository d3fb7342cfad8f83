"""The floor: the same morning with bare SQL, Jinja2 and one kept SMTP connection, and nothing else.

It leaves the same rows as the product does (follow-ups, log entries, messages, notices, attempts) and sends letters that
say as much (7 kB beside our 11, which carry the rules for dark mode and phones), with one commit a message so that it
could be restarted. It has no policy, no holidays, no ladder, no languages, no facts: what is overdue or due is one
comparison in SQL.
`python benchmarks/floor.py DATABASE SMTP_PORT`
"""

import json
import smtplib
import sqlite3
import sys
import time
from email.utils import formatdate

from jinja2 import Environment

TODAY, SOON = "2026-03-11", "2026-03-18"
NOW = "2026-03-11 12:00:00.000000"
CARD = "margin:0 0 16px 0;padding:16px;border:1px solid #d8dde3;border-radius:8px;background-color:#ffffff;"
QUIET = "margin:0 0 4px 0;font-size:13px;line-height:1.5;color:#54606c;font-family:system-ui,sans-serif;"
LOUD = "margin:0 0 8px 0;font-size:17px;line-height:1.5;color:#1c2733;font-family:system-ui,sans-serif;"
TEXT = Environment(autoescape=False).from_string(  # noqa: S701 - the text part is no HTML
    """Dear {{ name }},

{{ items|length }} promises need you today.
{% for item in items %}
{{ item.title }}
  {{ item.summary }}
  {% if item.overdue %}Overdue since{% else %}Due on{% endif %} {{ item.due }}
  What is expected: say how it stands, or record what was done, by {{ item.due }}.
  Reply to this mail, or: tally report-progress {{ item.reference }} --rating on_track --note "..."
{% endfor %}
"""
)
HTML = Environment(autoescape=True).from_string(
    f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{{{ items|length }}}} promises</title></head>
<body style="margin:0;padding:0;background-color:#f3f5f7;"><div style="max-width:640px;margin:0 auto;padding:24px;">
<p style="{LOUD}">Dear {{{{ name }}}},</p><p style="{LOUD}">{{{{ items|length }}}} promises need you today.</p>
{{% for item in items %}}<div style="{CARD}"><p style="{QUIET}">{{{{ item.title }}}}</p>
<p style="{LOUD}">{{{{ item.summary }}}}</p>
<p style="{QUIET}">{{% if item.overdue %}}Overdue since{{% else %}}Due on{{% endif %}} {{{{ item.due }}}}</p>
<p style="{QUIET}">What is expected: say how it stands, or record what was done, by {{{{ item.due }}}}.</p>
<p style="{QUIET}">Reply to this mail, or:</p>
<p style="{QUIET}">tally report-progress {{{{ item.reference }}}} --rating on_track --note "..."</p>
</div>{{% endfor %}}<p style="{QUIET}">This message was written by a programme.</p></div></body></html>
"""
)
REASON = json.dumps({"code": "past_due", "numbers": {"due": TODAY, "days": 1}})
CHANGES = json.dumps({"state": [None, "open"], "assignee_id": [None, 1]})


def run(path: str, port: int) -> dict[str, float]:
    started = time.perf_counter()
    register = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16000", "foreign_keys=ON"):
        register.execute(f"PRAGMA {pragma}")
    open_follow_ups(register)
    checked = time.perf_counter()
    people = queue_messages(register)
    planned = time.perf_counter()
    writing, sending, sent = send_messages(register, people, port)
    ended = time.perf_counter()
    return {
        "check": checked - started,
        "plan": planned - checked,
        "write": writing,
        "send": sending,
        "record": ended - planned - writing - sending,
        "all": ended - started,
        "messages": sent,
    }


def open_follow_ups(register: sqlite3.Connection) -> None:
    register.execute("BEGIN IMMEDIATE")
    register.execute(
        "INSERT INTO follow_up (key, kind, matter, matter_kind, agreement_id, commitment_id, party_id, period, assignee_id,"
        " due_on, reason, state, opened_on)"
        " SELECT 'overdue:' || a.reference || '/' || c.reference || '@' || o.party_id || ':' || c.due, 'overdue',"
        " a.reference || '/' || c.reference, 'commitment', a.id, c.id, o.party_id, c.due, o.contact_id, ?, ?, 'open', ?"
        " FROM commitment c JOIN agreement a ON a.id = c.agreement_id JOIN commitment_owner o ON o.commitment_id = c.id"
        " WHERE c.state = 'active' AND c.due < ? ON CONFLICT DO NOTHING",
        (SOON, REASON, TODAY, TODAY),
    )
    register.execute(
        "INSERT INTO log_entry (at, who, action, subject, row_id, reference, agreement_id, changes)"
        " SELECT ?, 'floor', 'registered', 'follow_up', id, key, agreement_id, ? FROM follow_up",
        (NOW, CHANGES),
    )
    register.execute("COMMIT")


def queue_messages(register: sqlite3.Connection) -> dict[int, list[tuple[str, str, str, str]]]:
    people: dict[int, list[tuple[str, str, str, str]]] = {}
    notices = []
    rows = register.execute(
        "SELECT o.contact_id, c.summary, c.due, a.title, a.reference || '/' || c.reference, a.id, c.id, f.id, o.party_id"
        " FROM commitment c JOIN commitment_owner o ON o.commitment_id = c.id JOIN agreement a ON a.id = c.agreement_id"
        " LEFT JOIN follow_up f ON f.commitment_id = c.id WHERE c.state = 'active' AND c.due <= ? ORDER BY c.due",
        (SOON,),
    )
    for contact_id, summary, due, title, matter, agreement_id, commitment_id, follow_up_id, party_id in rows:
        people.setdefault(contact_id, []).append((summary, due, title, matter))
        notices.append(
            (
                f"{matter}|{due}|{contact_id}", contact_id, contact_id, agreement_id, commitment_id, follow_up_id,
                party_id, matter, due, REASON, REASON, TODAY, NOW,
            )
        )  # fmt: skip
    register.execute("BEGIN IMMEDIATE")
    register.executemany(
        "INSERT INTO notification (id, key, contact_id, channel, address, kind, state, reason, local_day, message_id,"
        " queued_at, next_at, attempts, repeated)"
        " VALUES (?,?,?,'mail',?,'follow_up','queued','{}',?,?,?,?,0,0) ON CONFLICT DO NOTHING",
        (
            (one, f"scheduled|{one}|{TODAY}", one, f"owner-{one:05d}@north.example", TODAY, f"<{one}@floor>", NOW, NOW)
            for one in people
        ),
    )
    register.executemany(
        "INSERT INTO notice (key, kind, contact_id, notification_id, agreement_id, commitment_id, follow_up_id, party_id,"
        " matter, matter_kind, standing, rung, due_on, reason, decision, decision_reason, decided_on, decided_at)"
        " VALUES (?,'follow_up',?,?,?,?,?,?,?,'commitment','overdue',0,?,?,'told',?,?,?) ON CONFLICT DO NOTHING",
        notices,
    )
    register.execute("COMMIT")
    return people


def send_messages(
    register: sqlite3.Connection, people: dict[int, list[tuple[str, str, str, str]]], port: int
) -> tuple[float, float, int]:
    names = dict(register.execute("SELECT id, name FROM contact"))
    line = smtplib.SMTP("127.0.0.1", port, local_hostname="floor.example")
    writing = sending = 0.0
    queued = register.execute(
        "SELECT id, contact_id, address FROM notification WHERE state = 'queued' ORDER BY id"
    ).fetchall()
    register.execute("BEGIN IMMEDIATE")
    for row_id, contact_id, address in queued:
        begun = time.perf_counter()
        items = [
            {"summary": summary, "due": due, "title": title, "reference": matter, "overdue": due < TODAY}
            for summary, due, title, matter in people[contact_id]
        ]
        view = {"name": names[contact_id], "items": items}
        wire = assemble(row_id, address, TEXT.render(view), HTML.render(view))
        written = time.perf_counter()
        begin_attempt(register, row_id)
        begun_sending = time.perf_counter()
        line.sendmail("floor@floor.example", [address], wire)
        sent = time.perf_counter()
        record_sent(register, row_id)
        writing += written - begun
        sending += sent - begun_sending
    register.execute("COMMIT")
    line.quit()
    return writing, sending, len(queued)


def begin_attempt(register: sqlite3.Connection, row_id: int) -> None:
    """Write that an attempt begins, with what became of the one before: one commit a message."""
    register.execute(
        "INSERT INTO attempt (notification_id, number, started_at, worker) VALUES (?,1,?,'floor')", (row_id, NOW)
    )
    register.execute("COMMIT")


def record_sent(register: sqlite3.Connection, row_id: int) -> None:
    register.execute("BEGIN IMMEDIATE")
    register.execute(
        "UPDATE attempt SET ended_at = ?, outcome = 'accepted', code = 250, reply = 'ok' WHERE notification_id = ?",
        (NOW, row_id),
    )
    register.execute("UPDATE notification SET state = 'sent', sent_at = ?, attempts = 1 WHERE id = ?", (NOW, row_id))


def assemble(row_id: int, to: str, text: str, html: str, calendar: str = "") -> bytes:
    boundary = f"floor-{row_id}"
    head = (
        f"Message-ID: <{row_id}@floor.example>\nDate: {formatdate()}\nFrom: floor@floor.example\nTo: {to}\n"
        f"Subject: {TODAY}\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary={boundary}\n\n"
    )
    part = "--{}\nContent-Type: text/{}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{}\n"
    letter = f"{head}{part.format(boundary, 'plain', text)}{part.format(boundary, 'html', html)}"
    letter += f"{part.format(boundary, 'calendar', calendar) if calendar else ''}--{boundary}--\n"
    return letter.replace("\n", "\r\n").encode()


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
