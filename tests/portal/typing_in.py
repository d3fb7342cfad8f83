"""Types an agreement file into the steps for registering, as a person would who reads it from paper."""

import re
from typing import Any

from tests.portal.desk import Desk

Plain = dict[str, Any]
HAPPENED = ("measurements", "evidence", "reports", "occurrences", "state", "state_on", "state_reason", "state_until")
"""What the register is told of a commitment once it is registered."""


def leave_out_history(plain: Plain) -> Plain:
    """The agreement as it was made: without what happened under it since, which is recorded and not registered."""
    promises = [
        {name: value for name, value in one.items() if name not in HAPPENED} for one in plain.get("commitments", [])
    ]
    for one in promises:
        one["milestones"] = [
            {name: value for name, value in step.items() if name not in ("state", "met_on", "source")}
            for step in one.get("milestones", [])
        ]
        one.pop("quote_sources", None)
    budget = [{name: value for name, value in one.items() if name != "source"} for one in plain.get("budget", [])]
    kept = {name: value for name, value in plain.items() if name not in ("activities", "open_ended")}
    return kept | {"commitments": promises, **({"budget": budget} if budget else {})}


def type_in(desk: Desk, plain: Plain) -> str:
    """Go through the steps with what the file says; gives the page that says what came of it."""
    token = desk.token()

    def send(path: str, fields: Plain, do: str = "next") -> None:
        said = {name: value if isinstance(value, list) else str(value) for name, value in fields.items()}
        answer = desk.client.post(path, data={"token": token, "do": do, **said}, follow_redirects=False)
        assert answer.status_code == 303, re.findall(
            r'class="fault"[^>]*>[^<]*|<li><a href="#[^<]*</a>[^<]*', answer.text
        )

    begun = desk.client.post("/register/drafts", data={"token": token}, follow_redirects=False)
    address = str(begun.headers["location"]).removesuffix("/parties")
    for _ in plain["parties"][2:]:
        send(f"{address}/parties", {}, do="more")
    page = desk.get(f"{address}/parties")
    keys = dict(zip((one["reference"] for one in plain["parties"]), _find(r'name="(k\d+)-name"', page), strict=False))
    send(f"{address}/parties", _write_parties(plain, keys))
    send(f"{address}/dates", _write_dates(plain, keys))
    for one in plain["commitments"]:
        send(f"{address}/commitments/new", _write_promise(one, keys))
    found = dict.fromkeys(_find(rf'href="{address}/commitments/(k\d+)', desk.get(f"{address}/commitments")))
    promises = dict(zip((one["reference"] for one in plain["commitments"]), found, strict=True))
    people = [(one["reference"], person) for one in plain["parties"] for person in one.get("contacts", [])]
    for _ in people:
        send(f"{address}/owners", {}, do="more")
    page = desk.get(f"{address}/owners")
    named = dict(zip((person["reference"] for _, person in people), _find(r'name="(k\d+)-mail"', page), strict=False))
    written = {}
    for party, person in people:
        key = named[person["reference"]]
        written |= {f"{key}-{name}": person[name] for name in person if name not in ("channels", "deputy")}
        written |= {f"{key}-party": keys[party], f"{key}-mail": person["channels"]["mail"]}
        written |= {f"{key}-deputy": named[person["deputy"]]} if "deputy" in person else {}
    for one in plain["commitments"]:
        for owner in one["owners"]:
            if "contact" in owner:
                written[f"{promises[one['reference']]}-{keys[owner['party']]}"] = named[owner["contact"]]
    send(f"{address}/owners", written)
    send(f"{address}/more", _write_more(plain, promises))
    return desk.act(f"{address}/check", why="typed in")


def _find(pattern: str, page: str) -> list[str]:
    return re.findall(pattern, page)


def _texts(name: str, texts: dict[str, str], first: str = "") -> Plain:
    others = [(language, text) for language, text in texts.items() if language != first]
    return {
        key: value
        for at, (language, text) in enumerate(others)
        for key, value in ((f"{name}-{at}", text), (f"{name}-{at}-language", language))
    }


def _write_parties(plain: Plain, keys: dict[str, str]) -> Plain:
    fields = {"title": plain["title"]["en"], "title_language": "en", "kind": plain["kind"]}
    fields |= {"reference": plain["agreement"], **_texts("titles", plain["title"], "en")}
    for one in plain["parties"]:
        key = keys[one["reference"]]
        fields |= {f"{key}-{name}": one[name] for name in one if name not in ("names", "contacts")}
        fields |= {f"{key}-name": one["names"]["en"], **_texts(f"{key}-names", one["names"], "en")}
    return fields


def _write_dates(plain: Plain, keys: dict[str, str]) -> Plain:
    fields = {name: plain[name] for name in ("effective", "expires", "term", "note") if name in plain}
    fields["end"] = "date" if "expires" in plain else "unknown"
    fields |= {f"{keys[party]}-signed": day for party, day in plain.get("signed", {}).items()}
    if "renewal" in plain:
        fields["renewal"] = plain["renewal"]["rule"]
    for unit, length in plain.get("notice", {}).items():
        fields |= {"notice": length, "notice_unit": unit}
    for at, one in enumerate(plain.get("signatories", [])):
        fields |= {f"s{at}-name": one["name"], f"s{at}-office": one["office"], f"s{at}-party": keys[one["party"]]}
    for at, one in enumerate(plain.get("sources", [])):
        fields |= {f"d{at}-{name}": value for name, value in one.items()}
    return fields


def _write_promise(one: Plain, keys: dict[str, str]) -> Plain:
    plain_names = ("summary", "due", "confirm_by", "owed", "period_from", "period_to", "theme", "note", "reference")
    fields = {name: one[name] for name in plain_names if name in one}
    fields |= {"tags": ", ".join(one.get("tags", [])), "implementers": "; ".join(one.get("implementers", []))}
    fields |= _texts("summaries", one.get("summaries", {}))
    fields["owed_by"] = [keys[owner["party"]] for owner in one["owners"]]
    fields["is_plan"] = "yes" if one["kind"] == "planned" else "no"
    fields["has_date"] = "yes" if "due" in one else "once" if one["kind"] == "deliverable" else "no"
    if "recurrence" in one:
        repeated = one["recurrence"]
        fields |= {name: repeated[name] for name in ("interval", "starts", "ends") if name in repeated}
        fields |= {"repeats": repeated["every"], "times": repeated.get("count", 1), "counted": repeated.get("what", "")}
        fields["months"] = ", ".join(map(str, repeated.get("months", [])))
    if "target" in one:
        fields |= {"has_number": "yes", **one["target"]}
    if "quote" in one:
        fields |= {"quote": one["quote"]["en"], "quote_language": "en", **_texts("quotes", one["quote"], "en")}
    fields |= {f"place-{name}": value for name, value in one.get("source", {}).items()}
    fields |= {"condition": one["condition"]["text"]} if "condition" in one else {}
    for at, step in enumerate(one.get("milestones", [])):
        fields |= {f"m{at}-{name}": step[name] for name in ("title", "due", "reference") if name in step}
        fields |= {f"m{at}-party": keys[step["party"]]} if "party" in step else {}
        fields |= _texts(f"m{at}-titles", step.get("titles", {}))
    return fields


def _write_more(plain: Plain, promises: dict[str, str]) -> Plain:
    fields = {name: plain[name] for name in ("parent", "amends", "replaces", "ended") if name in plain}
    if "relationship" in plain:
        tie = plain["relationship"]
        fields |= {f"tie-{name}": tie[name] for name in ("reference", "since", "kind") if name in tie}
        fields |= {"tie-chosen": "-", "tie-title": tie["title"]["en"], "tie-language": "en"}
        fields |= _texts("tie-titles", tie["title"], "en")
    if "network" in plain:
        network = plain["network"]
        fields |= {f"network-{name}": network[name] for name in ("name", "field", "designated") if name in network}
        fields |= {"network-cycle": network.get("reporting_cycle_years", "")}
        for at, report in enumerate(network.get("reports", [])):
            fields |= {f"r{at}-cycle": report["cycle"], f"r{at}-submitted": report["submitted"]}
    for at, line in enumerate(plain.get("budget", [])):
        fields |= {f"b{at}-{name}": value for name, value in line.items() if name not in ("commitment", "approximate")}
        fields |= {f"b{at}-approximate": "1"} if line.get("approximate") else {}
        fields |= {f"b{at}-commitment": promises[line["commitment"]]} if "commitment" in line else {}
    for at, language in enumerate(plain.get("languages", [])):
        counts = "yes" if language in plain.get("authentic", []) else ""
        fields |= {f"l{at}-language": language, f"l{at}-authentic": counts}
    if "binding" in plain:
        fields["binding"] = "yes" if plain["binding"] else "no"
    return fields
