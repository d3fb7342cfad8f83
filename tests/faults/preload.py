"""Loads what a day's job needs into the server that its processes are forked from."""

from datetime import date

from commitments.calendar import is_working_day
from notifications.delivery import _load_apprise
from notifications.wording import load_words
from tests.faults import day
from tests.faults.dataset import CITIES

assert day

_load_apprise()
for _, _country, _, _language in CITIES:
    is_working_day(date(2026, 3, 11), _country)
    load_words(_language)
