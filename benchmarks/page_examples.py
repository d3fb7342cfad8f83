"""What is asked of the portal where its speed is measured: an example of every page, and of every form that is waited for.

An address holds names in braces, as a route does; what stands for them comes from the example's pool
(`benchmarks.page_pools`), another for each request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fastapi import FastAPI

from benchmarks.large_house import CROWDED, HEARD
from portal.viewing import list_declared

INSIDE = "/agreements/{reference}"
PROMISE = INSIDE + "/commitments/{promise}"
PROPOSAL = INSIDE + "/proposals/{proposal}"
AHEAD = "/ahead/{reference}/{promise}/{part}"
PART_AHEAD = "/ahead/{reference}/{promise}"
DRAFT = "/register/drafts/{number}"


@dataclass(frozen=True, slots=True)
class Example:
    """A page as one person asks for it, or a form as they send it."""

    name: str
    route: str
    """The path of the app that it stands for."""
    address: str = ""
    """As the route, where empty."""
    pool: str = "once"
    who: str = "cy"
    """Who is signed in; nobody where empty."""
    method: str = "GET"
    form_on: str = ""
    """The page with the form, read before and not timed; for a form that is its own page as the address."""
    fields: Mapping[str, str | list[str]] = field(default_factory=dict)
    """What is filled in; the rest is sent as the page has it."""
    file: str = ""
    """The field in which the pool's `content` is sent as a file."""
    after: "Example | None" = None
    """What is sent before, not timed: the page that it leads to has the form, where none is named."""
    is_by_script: bool = False
    """Whether a script sends it, which shows a part of the page in its place."""
    ends_visit: bool = False
    """Whether it signs out, so that each request needs a visit of its own."""
    is_rare: bool = False
    """Whether it is about what hardly any register has."""

    @property
    def part(self) -> str:
        """The part of the measuring that it belongs to."""
        return "rare" if self.is_rare else "forms" if self.method == "POST" else "pages"

    @property
    def path(self) -> str:
        return self.address or self.route


def _ask(name: str, route: str, address: str = "", pool: str = "once", who: str = "cy") -> Example:
    return Example(name, route, address, pool, who)


def _find_rare(name: str, route: str, address: str, who: str = "cy") -> Example:
    return Example(name, route, address, who=who, is_rare=True)


def _send(
    name: str, route: str, pool: str, fields: Mapping[str, str | list[str]] | None = None, *, form_on: str = "",
    who: str = "cy", address: str = "", file: str = "", is_rare: bool = False,
    after: Example | None = None, is_by_script: bool = False, ends_visit: bool = False,
) -> Example:  # fmt: skip
    form_on = form_on or ("" if after is not None else address or route)
    return Example(
        name, route, address, pool, who, "POST", form_on, fields or {}, file, after, is_by_script, ends_visit, is_rare
    )  # fmt: skip


_LISTS = {
    "list": "",
    "list, page 20": "?page=20",
    "list by title": "?sort=title",
    "list by expiry": "?sort=expiry",
    "list, the newest": "?sort=newest",
    "list by silence": "?sort=silence",
    "list: search": "?q=teachers+number+4711",
    "list: nothing found": "?q=nowhere+to+be+found",
    "list: party": "?party=partner-0042",
    "list: a party of 500": "?party=network",
    "list: kind": "?kind=memorandum",
    "list: overdue": "?standing=overdue",
    "list: on track": "?standing=on_track",
    "list: theme": "?theme=culture",
    "list: silent": "?silence=12",
    "list: all at once": "?q=teachers&party=partner-0042&standing=overdue&theme=culture&silence=6&sort=silence",
}
_MESSAGES = {
    "messages": "",
    "messages to one": "?q=owner-00042",
    "messages: agreement": "?agreement=agreement-00042",
    "messages: queued": "?show=queued&kind=follow_up",
    "messages: nobody's": "?q=nobody-at-all",
    "messages, far back": "?before=200",
    "not sent": "?show=unsent",
    "not sent: agreement": "?show=unsent&agreement=agreement-00042",
}
_STEPS = ("parties", "dates", "commitments", "owners", "more", "check")
_ACTS = ("report", "confirm", "evidence", "edit", "terms", "kind", "owners", "date", "milestones")

PAGES = (
    _ask("front", "/", who=""),
    _ask("style", "/static/{version}/portal.css", "/static/1/portal.css", who=""),
    _ask("icon", "/static/{version}/icon.svg", "/static/1/icon.svg", who=""),
    _ask("own script", "/static/{version}/portal.js", "/static/1/portal.js", who=""),
    _ask("htmx", "/static/{version}/htmx.min.js", "/static/1/htmx.min.js", who=""),
    _ask("script", "/static/{version}/portal.js", "/static/1/portal.js", who=""),
    _ask("script: htmx", "/static/{version}/htmx.min.js", "/static/1/htmx.min.js", who=""),
    _ask("sign in", "/sign-in", who=""),
    _ask("sign in: asked", "/sign-in/asked", who=""),
    _ask("sign in: the link", "/sign-in/{token}", pool="sign_in", who=""),
    _ask("sign in: account", "/sign-in/account", who=""),
    Example("sign in: account, back", "/sign-in/back", "/sign-in/back?state=begun&code=given", who="",
            form_on="/sign-in/account"),
    _ask("link: answers", "/answer/{token}", pool="letters", who=""),
    _ask("link: one answer", "/answer/{token}/{answer}", "/answer/{token}/snooze", "letters", ""),
    _ask("link: answered", "/answered/{token}", pool="answered", who=""),
    _ask("link: choices", "/choices/{token}", pool="choices", who=""),
    _ask("link: short choices", "/c/{token}", pool="choices", who=""),
    _ask("link: unsubscribe", "/unsubscribe/{token}", pool="unsubscribe", who=""),
    _ask("feed", "/feed/{key}.ics", pool="feeds", who=""),
    _ask("public page", "/public/{reference}", pool="published", who=""),
    _ask("Home", "/home"),
    _ask("Home of an owner", "/home", who="busiest"),
    _ask("asked", "/asked/{follow_up_id}", pool="asked"),
    _ask("asked: one answer", "/asked/{follow_up_id}/{answer}", "/asked/{follow_up_id}/snooze", "asked"),
    _ask("ahead", AHEAD, PART_AHEAD + "/-", "owed"),
    _ask("ahead: one answer", AHEAD + "/{answer}", PART_AHEAD + "/-/more_time", "owed"),
    *(_ask(name, "/agreements", f"/agreements{query}") for name, query in _LISTS.items()),
    _ask("list of an owner", "/agreements", who="busiest"),
    _ask("agreement", INSIDE, pool="agreements"),
    _ask("change an agreement", INSIDE + "/edit", pool="agreements"),
    _ask("history", INSIDE + "/history", pool="agreements"),
    _ask("forecast", INSIDE + "/forecast", pool="agreements"),
    _ask("commitment", PROMISE, pool="promises"),
    _ask("agreement as YAML", INSIDE + "/file.yaml", pool="agreements"),
    _ask("agreement as XLSX", INSIDE + "/file.xlsx", pool="agreements"),
    _ask("brief of an agreement", INSIDE + "/brief", pool="agreements"),
    _ask("brief of an agreement, PDF", INSIDE + "/brief.pdf", pool="agreements"),
    _ask("policy", INSIDE + "/policy", pool="agreements"),
    _ask("proposal", PROPOSAL, pool="proposals"),
    _ask("publish", INSIDE + "/public", pool="agreements"),
    _ask("briefs", "/brief"),
    _ask("brief: a party", "/brief", "/brief?party=partner-0042"),
    _ask("brief: a party, PDF", "/brief.pdf", "/brief.pdf?party=partner-0042"),
    _ask("calendar", "/calendar"),
    _ask("calendar, December", "/calendar", "/calendar?month=2026-12"),
    _ask("calendar, own", "/calendar", "/calendar?whose=own"),
    *(_ask(name, "/messages", f"/messages{query}") for name, query in _MESSAGES.items()),
    _ask("people", "/people"),
    _ask("person", "/people/{reference}", pool="owners"),
    _ask("person: add", "/add-person"),
    _ask("hand over", "/people/{reference}/hand-over", pool="owners"),
    _ask("orphans", "/orphans"),
    _ask("settings", "/settings"),
    _ask("record: choose", "/record"),
    _ask("record", "/record", "/record?agreement={reference}", "agreements"),
    _ask("record: correct", INSIDE + "/activities/{name}", INSIDE + "/activities/visit-1", "visited"),
    *(_ask(f"act: {act}", f"{PROMISE}/{act}", pool="owed") for act in _ACTS),
    _ask("act: hold", PROMISE + "/decide/{turn}", PROMISE + "/decide/hold", "owed"),
    _ask("act: measure", PROMISE + "/measure", pool="targets"),
    _ask("act: a step", PROMISE + "/milestones/{milestone}", pool="steps"),
    _ask("act: a step met", PROMISE + "/milestones/{milestone}/met", pool="steps"),
    _ask("evidence", "/evidence/{evidence_id}", pool="files"),
    _ask("measurement: withdraw", PROMISE + "/{said}/{entry}/withdraw",
         PROMISE + "/measurements/m-1/withdraw", "targets"),
    _ask("report: withdraw", PROMISE + "/{said}/{entry}/withdraw", PROMISE + "/reports/r-1/withdraw", "reports"),
    _ask("confirmation: withdraw", PROMISE + "/confirm/{side}/withdraw", pool="confirmed"),
    _ask("evidence: withdraw", "/evidence/{evidence_id}/withdraw", pool="evidence"),
    _ask("document", "/documents/{document_id}", pool="documents"),
    _ask("document: withdraw", "/documents/{document_id}/withdraw", pool="documents"),
    _ask("document: add", INSIDE + "/documents", pool="agreements"),
    _ask("add a commitment", INSIDE + "/add-commitment", pool="agreements"),
    _ask("register", "/register"),
    *(_ask(f"register: {step}", DRAFT + "/{step}", f"{DRAFT}/{step}", "draft") for step in _STEPS),
    _ask("register: a commitment", DRAFT + "/commitments/{key}", DRAFT + "/commitments/new-00000001", "draft"),
    _ask("register: done", "/register/done/{reference}", pool="agreements"),
    _ask("register: bring a file", "/register/files"),
    _ask("register: what a file changes", "/register/files/{number}", pool="brought"),
    _ask("register: XLSX to fill in", "/register/template.xlsx"),
    _ask("register: CSV to fill in", "/register/template.csv"),
)  # fmt: skip

RARE = (
    _find_rare("2,000 commitments", INSIDE, f"/agreements/{CROWDED}"),
    _find_rare("2,000 commitments: the last page", INSIDE, f"/agreements/{CROWDED}?page=40"),
    _find_rare("2,000 commitments: brief", INSIDE + "/brief", f"/agreements/{CROWDED}/brief"),
    _find_rare("2,000 commitments: PDF", INSIDE + "/brief.pdf", f"/agreements/{CROWDED}/brief.pdf"),
    _find_rare("2,000 commitments: publish", INSIDE + "/public", f"/agreements/{CROWDED}/public"),
    _find_rare("2,000 commitments: record", "/record", f"/record?agreement={CROWDED}"),
    _find_rare("2,000 commitments: YAML", INSIDE + "/file.yaml", f"/agreements/{CROWDED}/file.yaml"),
    _find_rare("2,000 commitments: XLSX", INSIDE + "/file.xlsx", f"/agreements/{CROWDED}/file.xlsx"),
    _find_rare("2,000 commitments: one of them", PROMISE, f"/agreements/{CROWDED}/commitments/promise-0077"),
    _find_rare("2,000 commitments: add one", INSIDE + "/add-commitment", f"/agreements/{CROWDED}/add-commitment"),
    _find_rare("500 reports of one commitment", PROMISE, f"/agreements/{CROWDED}/commitments/{HEARD}"),
    _find_rare("5,000 changes: history", INSIDE + "/history", f"/agreements/{CROWDED}/history"),
    _find_rare("5,000 changes: page 90", INSIDE + "/history", f"/agreements/{CROWDED}/history?page=90"),
    _find_rare("500 agreements: list of a party", "/agreements", "/agreements?party=network"),
    _find_rare("500 agreements: brief", "/brief", "/brief?party=network"),
    _find_rare("500 agreements: PDF", "/brief.pdf", "/brief.pdf?party=network"),
    _find_rare("500 agreements: Home", "/home", "/home", who="wide"),
    _find_rare("500 agreements: calendar", "/calendar", "/calendar", who="wide"),
    _find_rare("500 agreements: messages", "/messages", "/messages", who="wide"),
    _find_rare("3,000 owned: the officer", "/people/{reference}", "/people/busy"),
    _find_rare("3,000 owned: hand over", "/people/{reference}/hand-over", "/people/busy/hand-over"),
    _find_rare("3,000 owned: Home", "/home", "/home", who="busy"),
    _find_rare("3,000 owned: list", "/agreements", "/agreements", who="busy"),
    _find_rare("3,000 owned: calendar", "/calendar", "/calendar?month=2026-04", who="busy"),
    _find_rare("3,000 owned: record", "/record", "/record", who="busy"),
    _find_rare("1,000 dates on one day", "/calendar", "/calendar?month=2026-04"),
)

_ANSWER = _send("asked: answer", "/asked/{follow_up_id}/{answer}", "asked", {"day": "2026-03-20"},
                address="/asked/{follow_up_id}/snooze")  # fmt: skip
_ANSWERS: Mapping[str, Mapping[str, str | list[str]]] = {
    "done": {}, "on_track": {"note": "The partner has agreed."}, "more_time": {"day": "2026-06-30"},
    "not_me": {"to": "{colleague}"},
}  # fmt: skip
"""What can be answered to a question about a promise that is overdue, besides to be asked later."""
_ANSWER_BY_LINK = _send("link: answer", "/answer/{token}/{answer}", "letters", {"day": "2026-03-20"}, who="",
                        address="/answer/{token}/snooze")  # fmt: skip
_HOLD = _send("put on hold", PROMISE + "/decide/{turn}", "owed", {"why": "Until the budget is voted."},
              address=PROMISE + "/decide/hold")  # fmt: skip
_HAND_OVER = _send("hand over", "/people/{reference}/hand-over", "handing",
                   {"to": "{successor}", "why": "A new post."})  # fmt: skip
_MEET = _send("a step was met", PROMISE + "/milestones/{milestone}/met", "steps_to_meet", {"met_on": "2026-03-05"})
_KEEP_SEARCH = _send("keep a search", "/searches", "searches", {"name": "{name}"}, form_on="/agreements?q=teachers")
_MAKE_FEED = _send("feed: make one", "/calendar/feed", "once", form_on="/calendar")
_TRY = _send("try a policy", INSIDE + "/policy/try", "agreements", {"lead_days": "14 7 1"}, form_on=INSIDE + "/policy",
             is_by_script=True)  # fmt: skip
_TRY_PLAINLY = replace(_TRY, name="try a policy, without a script", is_by_script=False)

_LOOSEN = _send("save a policy that the other side is to accept", INSIDE + "/policy", "agreements",
                {"confirmed_by": "nobody", "why": "Quicker."})  # fmt: skip

FORMS = (
    _send("sign in: ask for a link", "/sign-in", "mails", {"address": "{mail}"}, who=""),
    _send("sign in: by the link", "/sign-in/{token}", "sign_in", who=""),
    _ANSWER_BY_LINK,
    *(
        _send(f"link: {answer}", "/answer/{token}/{answer}", "letters", said, who="",
              address=f"/answer/{{token}}/{answer}")
        for answer, said in _ANSWERS.items()
    ),
    _ANSWER,
    _send("record an activity", "/record", "owed", {
        "title": "Visit of the librarians", "kind": "visit", "held_on": "2026-03-05", "commitments": ["{promise}"],
    }, form_on="/record?agreement={reference}"),
    _send("report progress", PROMISE + "/report", "owed", {"rating": "on_track", "note": "On its way."}),
    _send("report as done", PROMISE + "/report", "owed", {"rating": "on_track", "fulfilled": "1"}),
    _send("confirm", PROMISE + "/confirm", "reported"),
    _send("send back", PROMISE + "/send-back", "reported", {"note": "A photo is missing."},
          form_on=PROMISE + "/confirm"),
    _send("take a confirmation back", PROMISE + "/confirm/{side}/withdraw", "confirmed", {"why": "It was another one."}),
    _send("record a measurement", PROMISE + "/measure", "targets", {"value": "180", "measured_on": "2026-03-05"}),
    _send("withdraw a measurement", PROMISE + "/{said}/{entry}/withdraw", "targets",
          {"why": "Counted twice."}, address=PROMISE + "/measurements/m-1/withdraw"),
    _send("withdraw a report", PROMISE + "/{said}/{entry}/withdraw", "reports", {"why": "It was another promise."},
          address=PROMISE + "/reports/r-1/withdraw"),
    _MEET,
    _send("a step was not met", PROMISE + "/milestones/{milestone}/met/{part}", "steps_met_by_mistake",
          {"why": "Another step."},
          address=PROMISE + "/milestones/{milestone}/met/withdraw", form_on=PROMISE + "/milestones/{milestone}/met",
          after=_MEET),
    _send("amend a date", PROMISE + "/date", "owed", {"due": "2027-06-30", "why": "The partner asked for it."}),
    _send("amend the words", PROMISE + "/edit", "owed",
          {"summary": "Hold the exchange of teachers every autumn", "why": "Said more plainly."}),
    _send("amend the terms", PROMISE + "/terms", "owed", {"tags": "teachers, schools", "why": "To be found by."}),
    _send("change the kind", PROMISE + "/kind", "owed", {"repeats": "year", "times": "2", "why": "Agreed anew."}),
    _send("name an owner", PROMISE + "/owners", "owned_by_us",
          {"to": "{successor}", "why": "She knows the schools."}),
    _send("waive", PROMISE + "/decide/{turn}", "owed", {"why": "Both sides agreed."},
          address=PROMISE + "/decide/waive"),
    _send("withdraw a commitment", PROMISE + "/decide/{turn}", "owed", {"why": "Agreed by letter."},
          address=PROMISE + "/decide/withdraw"),
    _HOLD,
    _send("take up again", PROMISE + "/decide/{turn}", "owed", {"why": "It was voted."},
          address=PROMISE + "/decide/resume", form_on=PROMISE + "/decide/resume", after=_HOLD),
    _send("add a step", PROMISE + "/milestones", "owed",
          {"title": "The first meeting", "due": "2026-06-30", "why": "Agreed at the table."}),
    _send("evidence by a link", PROMISE + "/evidence", "owed",
          {"title": "A photo", "link": "https://north.example/photo-2"}),
    _send("change an agreement", INSIDE + "/edit", "agreements", {"term": "Until further notice", "why": "Agreed."}),
    _send("add a commitment", INSIDE + "/add-commitment", "agreements",
          {"summary": "Exchange two librarians", "has_date": "yes", "due": "2027-01-31", "owed_by": ["north"]}),
    _send("register: dates", DRAFT + "/{step}", "draft", {"effective": "2026-04-01"}, address=DRAFT + "/dates"),
    _send("register: parties", DRAFT + "/{step}", "draft", address=DRAFT + "/parties"),
    _send("register: owners", DRAFT + "/{step}", "draft", address=DRAFT + "/owners"),
    _send("register: a commitment", DRAFT + "/commitments/{key}", "draft",
          {"summary": "Exchange two librarians", "has_date": "yes", "due": "2027-01-31"},
          address=DRAFT + "/commitments/new-00000001"),
    _send("register: more", DRAFT + "/{step}", "draft", {"network-name": "Cities of Light", "network-designated": "2014"},
          address=DRAFT + "/more"),
    _send("register: the last step", DRAFT + "/check", "drafts"),
    _send("register: bring YAML", "/register/files", "yaml", file="file"),
    _send("register: bring XLSX", "/register/files", "xlsx", file="file"),
    _send("register: apply a file", "/register/files/{number}", "brought_once", {"why": "The annex of 2026."}),
    _send("add a person", "/add-person", "names", {"name": "{name}", "mail": "{mail}"}),
    _send("amend a person", "/people/{reference}", "owners", {"office": "International office"}),
    _send("end an office", "/people/{reference}/end", "owners", {"last_day": "2026-03-31", "why": "A new post."},
          form_on="/people/{reference}"),
    _send("sign a person out", "/people/{reference}/sign-out", "visitors", who="boss", form_on="/people/{reference}"),
    _HAND_OVER,
    _send("orphans: name an owner", "/orphans", "orphans",
          {"place": ["{place}"], "to": "{successor}", "why": "She knows the schools."}),
    _TRY,
    *(
        _send(f"try a policy: {half}", INSIDE + "/policy/try/{half}", "agreements", after=_TRY, is_by_script=True,
              address=f"{INSIDE}/policy/try/{half}")
        for half in ("past", "coming")
    ),
    *(
        _send(f"try a policy: {half}, without the change", INSIDE + "/policy/try/{half}/held", "agreements", after=_TRY,
              is_by_script=True, address=f"{INSIDE}/policy/try/{half}/held")
        for half in ("past", "coming")
    ),
    _TRY_PLAINLY,
    *(
        _send(f"try a policy, without a script: {part}", INSIDE + "/policy/try/" + path, "agreements",
              after=_TRY_PLAINLY, address=f"{INSIDE}/policy/try/{part}")
        for part, path in (("coming", "{half}"), ("past/held", "{half}/held"))
    ),
    _send("save a policy", INSIDE + "/policy", "agreements", {"lead_days": "14 7 1", "why": "Earlier."}),
    _send("ask for another policy", INSIDE + "/policy/ask", "agreements", after=_LOOSEN),
    *(
        _send(f"{said} a proposal", f"{PROPOSAL}/{said}", "proposals", {"why": "Both sides know."}, form_on=PROPOSAL)
        for said in ("accept", "refuse")
    ),
    _send("withdraw a proposal", PROPOSAL + "/withdraw", "own_proposals", form_on=PROPOSAL),
    _send("publish", INSIDE + "/public", "agreements", {"why": "Both sides agreed."}),
    _KEEP_SEARCH,
    _MAKE_FEED,
    _send("feed: end it", "/calendar/feed/end", "once", form_on="/calendar", after=_MAKE_FEED),
    _send("asked: take back", "/asked/undo", "asked", after=_ANSWER),
    _send("ahead: answer", AHEAD + "/{answer}", "owed", {"day": "2027-06-30"},
          address=PART_AHEAD + "/-/more_time"),
    _send("link: take back", "/answered/{token}/undo", "letters", who="", after=_ANSWER_BY_LINK),
    _send("link: choices", "/choices/{token}", "choices", {"hour": "09:00"}, who=""),
    _send("link: unsubscribe", "/unsubscribe/{token}", "unsubscribe", who=""),
    _send("amend an activity", INSIDE + "/activities/{name}", "visited",
          {"title": "Visit of the librarians", "why": "Said more plainly."}, address=INSIDE + "/activities/visit-1"),
    _send("withdraw an activity", INSIDE + "/activities/{name}/withdraw", "visited", {"why": "It was another year."},
          address=INSIDE + "/activities/visit-2/withdraw", form_on=INSIDE + "/activities/visit-2"),
    _send("withdraw evidence", "/evidence/{evidence_id}/withdraw", "evidence", {"why": "Another photo."}),
    _send("document", INSIDE + "/documents", "texts",
          {"title": "Signed text", "kind": "signed_text", "language": "en", "why": "Scanned."}, file="file"),
    _send("withdraw a document", "/documents/{document_id}/withdraw", "documents", {"why": "Another version."}),
    _send("amend a step", PROMISE + "/milestones/{milestone}/{part}", "steps",
          {"title": "The plan is agreed", "why": "Said more plainly."}, form_on=PROMISE + "/milestones/{milestone}",
          address=PROMISE + "/milestones/{milestone}/title"),
    _send("amend a step's date", PROMISE + "/milestones/{milestone}/{part}", "steps",
          {"due": "2026-08-31", "why": "The hall is taken."}, form_on=PROMISE + "/milestones/{milestone}",
          address=PROMISE + "/milestones/{milestone}/date"),
    _send("settle a step", PROMISE + "/milestones/{milestone}/{part}", "steps",
          {"state": "waived", "why": "It is not needed any more."}, form_on=PROMISE + "/milestones/{milestone}",
          address=PROMISE + "/milestones/{milestone}/state"),
    _send("publish: withdraw", INSIDE + "/public/withdraw", "published", {"why": "Not yet."}, form_on=INSIDE + "/public"),
    _send("hand over: take back", "/people/{reference}/take-back", "handing", after=_HAND_OVER),
    _send("register: begin", "/register/drafts", "once", form_on="/register"),
    _send("register: delete", DRAFT + "/delete", "drafts", form_on=DRAFT + "/check"),
    _send("forget a search", "/searches/forget", "searches", after=_KEEP_SEARCH),
    _send("end a visit", "/settings/visits/end", "visits", {"visit": "{visit}"}, form_on="/settings"),
    _send("own zone", "/settings/zone", "once", {"zone": "Europe/London"}, form_on="/settings"),
    _send("sign out", "/sign-out", "once", form_on="/home", ends_visit=True),
    _send("3,000 owned: hand over", "/people/{reference}/hand-over", "busy", {"to": "{successor}", "why": "A new post."},
          is_rare=True),
    _send("3,000 owned: end the office", "/people/{reference}/end", "busy",
          {"last_day": "2026-03-31", "why": "A new post."}, form_on="/people/{reference}", is_rare=True),
    _send("2,000 commitments: report", PROMISE + "/report", "crowded", {"rating": "on_track"}, is_rare=True),
    _send("2,000 commitments: amend a date", PROMISE + "/date", "crowded", {"due": "2027-06-30", "why": "Later."},
          is_rare=True),
    _send("2,000 commitments: bring YAML", "/register/files", "crowded_yaml", file="file", is_rare=True),
    _send("accept a person", "/people/{reference}/accept", "proposed", form_on="/home"),
    _send("refuse a person", "/people/{reference}/refuse", "proposed", form_on="/home"),  # last: it ends offices
)  # fmt: skip

EXAMPLES = (*PAGES, *RARE, *FORMS)


def compile_route(route: str) -> re.Pattern[str]:
    """The pattern of the addresses of a route."""
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route)))


def list_unmeasured(app: FastAPI, method: str = "GET") -> list[str]:
    """The routes of the app for which nobody has put an example here."""
    known = {one.route for one in EXAMPLES if one.method == method}
    return sorted({path for path, methods, _ in list_declared(app) if method in methods and path not in known})
