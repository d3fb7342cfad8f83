"""The morning as the product does it, with the time of each part. `python benchmarks/ours.py DATABASE SMTP_PORT`

What a run loads once (Apprise, the templates of a language) is told apart, as `load`: the floor has its libraries loaded
and its templates compiled before its clock starts. It is part of the whole process's time.
"""

import json
import sys
import time

from commitments.database import open_database
from commitments.reconcile import reconcile_register
from commitments.settings import Settings
from notifications import delivery, rendering
from notifications.dispatch import dispatch_messages
from notifications.languages import load_words
from notifications.planning import plan_messages

from dataset import NOW, TODAY  # isort: skip - the folder of this script


def run(path: str, port: int) -> dict[str, float]:
    began = time.perf_counter()
    delivery._load_apprise()
    rendering._load_layout(load_words("en"), None, ())
    started = time.perf_counter()
    settings = Settings(
        database_url=f"sqlite:///{path}", mail_url=f"smtp://127.0.0.1:{port}", clock=NOW, rates={"mail:*": "off"}
    )
    engine = open_database(settings.register_url)
    reconciled = reconcile_register(engine, NOW, TODAY)
    checked = time.perf_counter()
    planned = plan_messages(engine, NOW, TODAY, domain="tallystick.example")
    queued = time.perf_counter()
    sent = dispatch_messages(engine, settings, read_clock=lambda: NOW)
    ended = time.perf_counter()
    return {
        "load": started - began,
        "check": checked - started,
        "plan": queued - checked,
        "send": ended - queued,
        "all": ended - started,
        "messages": sent.sent,
        "follow_ups": reconciled.opened,
        "notices": planned.notices,
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
